"""Howto, "Configuring": fast_flush_domains = $relay_domains, some.other.domain."""

from harness import customer_postfix, deferred_mail, etrn, expect_equal

postfix, sink = customer_postfix(fast_flush_domains="$relay_domains, some.other.domain")
mine, extra = deferred_mail(postfix, "user@customer.tld", "user@some.other.domain")
(foreign,) = deferred_mail(postfix, "user@not.a.customer.domain", listed=False)
expect_equal("logfiles", postfix.logfile_names(), ["customer_tld", "some_other_domain"])

sink.accept()
mark = postfix.log.mark()
expect_equal("ETRN not.a.customer.domain", etrn("not.a.customer.domain"),
             "459 <not.a.customer.domain>: service unavailable")
expect_equal("ETRN some.other.domain", etrn("some.other.domain"), "250 Queuing started")
sink.wait_for_recipients(["user@some.other.domain"])
postfix.wait_gone([extra])
postfix.expect_untouched([mine, foreign], since=mark)

expect_equal("ETRN customer.tld", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld", "user@some.other.domain"])
