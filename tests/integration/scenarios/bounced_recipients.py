"""Since 3.11 showq lists the recipients in the bounce log, too. No mail is waiting for these: check, rebuild, status and install
take none of them for a deferred one.
"""

import os
import sys

from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, expect_match, run_command
from harness.postfix import QUEUE_DIRECTORY, postfix_version
from harness.tool import flushd

if not IS_FLUSHD:
    print("stock Postfix has no such commands")
    sys.exit(0)

postfix, sink = customer_postfix()
(queue_id,) = deferred_mail(postfix, "user@customer.tld")

# A notice that has not been sent, because bounce(8) was stopped on the way, say.
(deferred,) = (QUEUE_DIRECTORY / "defer").rglob(queue_id)
bounced = QUEUE_DIRECTORY / "bounce" / queue_id
bounced.write_text(deferred.read_text().replace("user@customer.tld", "gone@other.customer.tld").replace("refused", "unheard of"))
os.chown(bounced, postfix.mail_owner_uid(), -1)
bounced.chmod(0o600)
listing = run_command("postqueue", "-j", check=True).output
print(listing)
expect_equal("showq lists it", "gone@other.customer.tld" in listing, postfix_version() >= (3, 11))

result = flushd("check")
print(result.output)
expect("not listed" not in result.output, "check misses nothing in a logfile")
result = flushd("rebuild")
print(result.output)
expect_equal("rebuild", result.status, 0)
expect_equal("logfile of the one that bounced", postfix.logfile("other.customer.tld"), [])
expect_equal("logfile of the one that waits", postfix.logfile("customer.tld"), [queue_id])
result = flushd("status")
print(result.output)
expect("other.customer.tld" not in result.output, "no name of a destination without mail")
for command in ("uninstall", "install"):  # install asks about the destinations of the queue by adding to their logfiles
    result = flushd(command)
    print(result.output)
    expect_equal(command, result.status, 0)
expect_match("what install asks about", result.output, r"(?m)^asked about 1 destinations of the deferred queue ")
expect_equal("logfile of the one that bounced", postfix.logfile("other.customer.tld"), [])
result = flushd("send", "--wait", "--timeout", "15s", "customer.tld")
print(result.output)
expect("refused" in result.output and "unheard" not in result.output, "why it was deferred again")
