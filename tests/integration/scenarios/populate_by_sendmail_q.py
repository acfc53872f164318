"""Howto, "Testing": the first time, "sendmail -q" populates the logfiles.

Without it nothing is lost: mail that was deferred before is simply not listed.
"""

from harness import customer_postfix, deferred_mail, etrn, expect_equal, run_command, wait_until

postfix, sink = customer_postfix()
ids = deferred_mail(postfix, "user@customer.tld", "user@other.customer.tld")
postfix.remove_logfiles()

mark = postfix.log.mark()
sink.accept()
expect_equal("ETRN before sendmail -q", etrn("customer.tld"), "250 Queuing started")
postfix.expect_untouched(ids, since=mark)

sink.off()
expect_equal("sendmail -q", run_command("sendmail", "-q"), (0, ""))
for queue_id, site in zip(ids, ("customer.tld", "other.customer.tld")):
    wait_until(f"the logfile of {site} is populated", lambda: set(postfix.logfile(site)) == {queue_id})
postfix.wait_deferred(ids)

sink.accept()
expect_equal("ETRN after sendmail -q", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld"])
