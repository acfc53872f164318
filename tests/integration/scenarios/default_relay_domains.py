"""Howto, "Configuring" and "Testing": $relay_domains are eligible by default.

A mail for customer.tld is deferred and its ID stands in that site's logfile.
ETRN answers 250, the queue manager opens the message, and it is delivered.
No other site's mail is touched; a subdomain has a logfile of its own.
"""

from harness import customer_postfix, deferred_mail, etrn, expect_equal

postfix, sink = customer_postfix()
expect_equal("fast_flush_domains", postfix.parameter("fast_flush_domains"), "$relay_domains")

mine, sub, other = deferred_mail(postfix, "user@customer.tld", "user@sub.customer.tld", "user@other.customer.tld")
(foreign,) = deferred_mail(postfix, "user@not.a.customer.domain", listed=False)

expect_equal("logfiles", postfix.logfile_names(), ["customer_tld", "other_customer_tld", "sub_customer_tld"])
expect_equal("the logfile of customer.tld", postfix.logfile("customer.tld"), [mine])
expect_equal("the logfile of its subdomain", postfix.logfile("sub.customer.tld"), [sub])
stat = postfix.logfile_path("customer.tld").stat()
expect_equal("mode of a logfile", oct(stat.st_mode & 0o7777), "0o600")
expect_equal("owner of a logfile", stat.st_uid, postfix.mail_owner_uid())

sink.accept()
mark = postfix.log.mark()
expect_equal("ETRN customer.tld", etrn("customer.tld"), "250 Queuing started")
postfix.log.wait_for(rf"postfix/qmgr\[\d+\]: {mine}: from=<\S+>, size=\d+, nrcpt=1 \(queue active\)", since=mark)
sink.wait_for_recipients(["user@customer.tld"])
postfix.wait_gone([mine])
postfix.expect_untouched([sub, other, foreign], since=mark)
expect_equal("the logfile of the subdomain after ETRN for its parent", postfix.logfile("sub.customer.tld"), [sub])

mark = postfix.log.mark()
expect_equal("ETRN sub.customer.tld", etrn("sub.customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld", "user@sub.customer.tld"])
postfix.expect_untouched([other, foreign], since=mark)
