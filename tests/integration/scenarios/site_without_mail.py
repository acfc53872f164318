"""Howto, "Testing", the second and third exercise: ETRN for a site without mail,
and for a destination this server does not relay to.

The first is answered 250 and delivers nothing at all; the second is refused,
whether or not there is mail for it.
"""

from harness import customer_postfix, deferred_mail, etrn, expect_equal

postfix, sink = customer_postfix()
(customers,) = deferred_mail(postfix, "user@customer.tld")
(foreign,) = deferred_mail(postfix, "user@not.a.customer.domain", listed=False)
sink.accept()

mark = postfix.log.mark()
expect_equal("ETRN for a site without mail", etrn("other.customer.tld"), "250 Queuing started")
expect_equal("ETRN for a site that is not a customer", etrn("not.a.customer.domain"),
             "459 <not.a.customer.domain>: service unavailable")
postfix.expect_untouched([customers, foreign], since=mark, seconds=2)
expect_equal("messages delivered", sink.recipients(), [])
expect_equal("messages made active", postfix.log.find_all(r"queue active", since=mark), [])
expect_equal("logfiles", postfix.logfile_names(), ["customer_tld"])
