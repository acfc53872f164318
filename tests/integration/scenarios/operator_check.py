"""flushd check: says what keeps ETRN from working, and how to mend it. Each finding is made
here, mended by the words of the finding where these are a command, and gone then.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from harness import (IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, expect, expect_equal, expect_match, run_command,
                     wait_until)
from harness.postfix import CONFIG_DIRECTORY, FLUSH_DIRECTORY

if not IS_FLUSHD:
    print("stock Postfix has no such command")
    sys.exit(0)

TIME_LIMIT = 600

FLUSHD = run_command("postconf", "-h", "daemon_directory").output.strip() + "/flushd"


def check(*patterns, **options):
    """Runs it; each finding must match one of the patterns, and each pattern a finding. The exit status is that of the worst."""
    result = run_command(FLUSHD, "check", **options)
    print(f"$ flushd check\n{result.output}[exit {result.status}]", flush=True)
    findings = [line for line in result.output.splitlines() if not line.startswith("ok: ")]
    words = {finding.split(":")[0] for finding in findings}
    expect_equal("exit status", result.status, 2 if "error" in words else 1 if "warning" in words else 3 if "unknown" in words else 0)
    expect_equal("findings", len(findings), len(patterns))
    for finding, pattern in zip(findings, patterns):
        expect_match("finding", finding, pattern)
    return findings


def mend(finding):
    """Does what the finding says behind its last colon."""
    command = finding.rsplit(": ", 1)[1].replace(", then ", " && ").replace("CUSTOMER.TLD", "customer.tld")
    print("mending:", command)
    run_command("sh", "-c", command, check=True)


# Stopped, and fast_flush_domains comes to nothing.
postfix, sink = customer_postfix(start=False)
postfix.configure(relay_domains="")
check(r"^error: fast_flush_domains is \$relay_domains, which expands to nothing.*postconf -e 'relay_domains",
      r"^error: Postfix is not running")
findings = check("", "")
mend(findings[0])
postfix.configure(relay_domains="customer.tld, other.customer.tld")
postfix.start()
check()
result = run_command(FLUSHD, "check", user="nobody")
expect_equal("as somebody", result.status, 3)
expect_match("what it could not know", result.output, r"(?m)^unknown: which program answers, .*: \"flushd check\" as root tells\n\Z")

postfix.configure(fast_flush_domains="")
time.sleep(3)
postfix.reload()
(finding,) = check(r"^error: fast_flush_domains is empty")
mend(finding)
postfix.reload()
check()

# Postfix has an older main.cf, or master.cf.
time.sleep(4)
postfix.configure(fast_flush_domains="$relay_domains, hash:/etc/postfix/missing")
check(r"^error: fast_flush_domains: .*/etc/postfix/missing.*", r"^warning: /etc/postfix/main.cf has changed")
postfix.configure(fast_flush_domains="$relay_domains")
(finding,) = check(r"^warning: /etc/postfix/main.cf has changed.*: postfix reload")
mend(finding)
wait_until("nothing is left", lambda: run_command(FLUSHD, "check").status == 0)

# Tables by way of proxymap.
(CONFIG_DIRECTORY / "sites").write_text("customer.tld x\n")
postfix.configure(fast_flush_domains="proxy:texthash:/etc/postfix/sites", proxy_read_maps="$fast_flush_domains")
postfix.reload()
check()
postfix.configure(fast_flush_domains="$relay_domains")
run_command("postconf", "-X", "proxy_read_maps", check=True)
postfix.reload()

# The service's line.
for field, value, pattern in (("wakeup", "0", r"^warning: .* has no wakeup time"),
                              ("unprivileged", "n", r"^warning: .* runs as root")):
    postfix.set_service_field("flush/unix", field, value)
    postfix.reload()
    (finding,) = check(pattern)
    mend(finding)
    wait_until("nothing is left", lambda: run_command(FLUSHD, "check").status == 0)
time.sleep(4) # a change right after the reload might have been read
postfix.set_service_field("flush/unix", "command", "flush")
check(r"^warning: .* still runs Postfix's own flush: flushd install",
      r"^error: flushd answers on .*, but .* names flush: postfix reload",
      r"^warning: .*master.cf has changed since Postfix read it: postfix reload") if postfix.flush_processes() else None
postfix.reload()
(finding,) = check(r"^warning: .* still runs Postfix's own flush: flushd install")
postfix.set_service_field("flush/unix", "process_limit", "1")
postfix.reload()
check(r"^warning: .* still runs", r"^error: .* process limit 1, .*process_limit=0", r"^error: .*public/flush does not answer")
mend(finding.replace("flushd install", f"{FLUSHD} install"))
check()
postfix.set_service_field("flush/unix", "process_limit", "0")
postfix.set_service_field("flush/unix", "command", "flushd -o fast_flush_domains=static:all")
postfix.reload()
check(r"^warning: .* sets fast_flush_domains for the flush service only")
postfix.use_flush()

# A release of the future.
postfix.configure(mail_version="3.99.0")
postfix.reload()
check(r"^note: Postfix 3\.99 is newer than the releases that flushd was tested with")
run_command("postconf", "-X", "mail_version", check=True)
postfix.reload()
check()

# What is on disk.
logfile = FLUSH_DIRECTORY / "stray_tld"
logfile.write_text("")
(finding,) = check(r"^error: .*/flush/stray_tld is owned by another user: chown -R postfix ")
mend(finding)
FLUSH_DIRECTORY.chmod(0o500)
(finding,) = check(r"^error: .*/flush is not accessible to its owner: ")
mend(finding)
check()

# The file that runs has been replaced.
expect_equal("a process is there", ask_flush("add", site="customer.tld", queue_id="AB1"), OK)
shutil.copy(FLUSHD, FLUSHD + ".new")
os.rename(FLUSHD + ".new", FLUSHD)
(finding,) = check(r"^warning: process \d+ still runs the old flushd, which has been replaced: postfix reload")
mend(finding)
wait_until("nothing is left", lambda: run_command(FLUSHD, "check").status == 0)

# Deferred mail that is not listed. Two at one site, and one at another; the third site is not eligible.
ids = deferred_mail(postfix, "a@customer.tld", "b@customer.tld", "c@other.customer.tld")
check()
postfix.remove_logfiles()
check(r"^warning: 3 of 3 deferred messages .*: customer_tld \(2\), other_customer_tld \(1\): flushd rebuild")
for queue_id, site in zip(ids, ("customer.tld", "customer.tld", "other.customer.tld")):
    expect_equal(f"listing {queue_id}", ask_flush("add", site=site, queue_id=queue_id), OK)
check()

# The queue manager hangs.
postfix.set_service_field("qmgr/unix", "command", "no-such-qmgr")
postfix.reload()
wait_until("it is found", lambda: "the queue manager does not answer" in run_command(FLUSHD, "check").output, timeout=60)
postfix.set_service_field("qmgr/unix", "command", "qmgr")
postfix.stop()
postfix.start()

postfix.configure(smtpd_etrn_restrictions="reject")
postfix.reload()
(finding,) = check(r"^error: smtpd_etrn_restrictions begins with reject")
mend(finding)
postfix.reload()
check()
expect_equal("complaints", postfix.log.find_all(r"/(flushd|qmgr)\[\d+\]: (fatal|panic)"), [])
expect(Path(FLUSHD).exists(), "the end")
