"""Howto, "Configuring": smtpd_etrn_restrictions = permit_mynetworks, reject."""

from harness import customer_postfix, deferred_mail, etrn, expect_equal

postfix, sink = customer_postfix(smtpd_etrn_restrictions="permit_mynetworks, reject", mynetworks="192.0.2.0/24")
(mine,) = deferred_mail(postfix, "user@customer.tld")
sink.accept()

mark = postfix.log.mark()
expect_equal("ETRN by a client outside mynetworks", etrn("customer.tld"),
             "554 5.7.1 <customer.tld>: Etrn command rejected: Access denied")
postfix.expect_untouched([mine], since=mark)

postfix.configure(mynetworks="127.0.0.0/8")
postfix.reload()
expect_equal("ETRN by a client of mynetworks", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld"])
