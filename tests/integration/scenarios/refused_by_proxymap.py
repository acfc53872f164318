"""fast_flush_domains names a table that proxymap(8) may not look up: until 3.10 each program that may defer mail ends, with stock flush
as with flushd; since 3.11 mail is moved, and the destinations are not served. flushd check says what to do, and to the letter it helps.
"""

import sys

from harness import FAIL, IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, expect_match, wait_until
from harness.advice import expect_mail_flows, follow
from harness.postfix import postfix_version
from harness.tool import flushd

TABLE = "proxy:inline:{customer.tld=x}"

postfix, sink = customer_postfix()
sink.accept()
expect_mail_flows(postfix, sink, "user@customer.tld")
mark = postfix.log.mark()
ends_programs = postfix_version() < (3, 11)
if not ends_programs:  # its default has $fast_flush_domains, but a main.cf from before may set it
    postfix.configure(proxy_read_maps="$relay_domains $transport_maps")
postfix.configure(fast_flush_domains=TABLE)
postfix.reload()
severity = "fatal" if ends_programs else "error"
postfix.log.wait_for(rf"postfix/\w+\[\d+\]: {severity}: proxymap service is not configured for table", since=mark)
if not ends_programs:
    expect_mail_flows(postfix, sink, "user@customer.tld")
    expect_equal("its destinations", ask_flush("add", site="customer.tld", queue_id="AB1"), FAIL)
if not IS_FLUSHD:
    sys.exit(0)

result = flushd("check")
print(result.output)
expect_equal("exit status", result.status, 2)
finding = next(line for line in result.output.splitlines() if "proxy_read_maps" in line)
expect_match("the finding", finding, r"^error: fast_flush_domains names proxy:inline:.*, but proxy_read_maps does not: "
             + ("every Postfix program that opens it terminates, so no mail is moved: postconf -e " if ends_programs else
                "destinations that depend on it are not served: postconf -e "))
follow(finding.rsplit(": ", 1)[1].split(" && "))
wait_until("flushd answers", lambda: postfix.running() and ask_flush("add", site="customer.tld", queue_id="AB1") == OK)
expect_mail_flows(postfix, sink, "user@customer.tld")
result = flushd("check")
expect("proxy_read_maps" not in result.output, "the finding is gone")
expect_equal("exit status", result.status, 0)
