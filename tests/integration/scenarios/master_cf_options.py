"""Options in master.cf: -o overrides a parameter, -v logs more."""

from harness import DENY, OK, ask_flush, customer_postfix, expect, expect_equal, wait_until
from harness.expect import DAEMON
from harness.flush_client import ask_raw, attributes

postfix, sink = customer_postfix()


def adds(*sites):
    return [ask_flush("add", site=site, queue_id="ABCDEF0123") for site in sites]


expect_equal("without options", adds("customer.tld", "only.here.tld"), [OK, DENY])
mark = postfix.log.mark()
quiet = len(postfix.log.of_daemon())

postfix.use_flush(options="-o fast_flush_domains=only.here.tld -o syslog_name=postfix/xyz")
expect_equal("-o fast_flush_domains", adds("customer.tld", "only.here.tld"), [DENY, OK])
mark = postfix.log.mark()
ask_raw(attributes(("request", "add"), ("site", "only.here.tld")))
postfix.log.wait_for(rf"postfix/xyz/{DAEMON}\[\d+\]: warning: ", since=mark)
expect_equal("lines under the usual name", postfix.log.of_daemon(since=mark), [])

postfix.use_flush(options="-v")
mark = postfix.log.mark()
expect_equal("-v", adds("customer.tld", "only.here.tld"), [OK, DENY])
wait_until("-v logs more", lambda: len(postfix.log.of_daemon(since=mark)) > quiet)
expect(postfix.log.of_daemon(since=mark), "lines with -v")
