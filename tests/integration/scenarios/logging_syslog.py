"""Without maillog_file the daemon logs to syslog(3): here a datagram socket at /dev/log
stands for the system's logger. A chrooted daemon keeps the connection.
"""

import re

from harness import IS_FLUSHD, ask_flush, customer_postfix, deferred_mail, etrn, expect_equal, expect_match, wait_until
from harness.expect import DAEMON
from harness.flush_client import ask_raw, attributes
from harness.maillog import collect_syslog

MAIL = 2 << 3
WARNING, INFO = 4, 6


collect_syslog()
postfix, sink = customer_postfix(start=False, maillog_file="")
postfix.start()
(mine,) = deferred_mail(postfix, "user@customer.tld")
sink.accept()
ask_raw(attributes(("request", "add"), ("site", "customer.tld")))
warning = postfix.log.wait_for(rf"^<(\d+)>.*postfix/{DAEMON}\[\d+\]: (warning: .*)$")
expect_equal("priority of a warning", int(warning.group(1)), MAIL | WARNING)

expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld"])
if IS_FLUSHD:
    line = wait_until("the line", lambda: postfix.log.search(rf"^<(\d+)>(.*postfix/{DAEMON}\[\d+\]: .*site=.*)$"))
    expect_equal("priority", int(line.group(1)), MAIL | INFO)
    expect_match("its beginning is that of syslog(3)", line.group(2), r"^\w\w\w [ \d]\d \d\d:\d\d:\d\d postfix/")
    expect_match("its fields", line.group(2), r"site=customer\.tld\b.*moved=1\b")
expect_equal("another request", ask_flush("purge"), 0)
# What other programs warn of is their business, such as a file system's clock that is a second ahead.
expect_equal("nothing else was complained of", [line for line in postfix.log.of_daemon() if re.search("(warning|fatal): ", line)
                                                and not re.search("queue_id|malformed|attribute", line)], [])
