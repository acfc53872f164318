"""Howto, "Configuring": with an empty fast_flush_domains every request is
refused and no logfiles are made; the exit codes are those of stock Postfix.
"""

from harness import DENY, ask_flush, customer_postfix, deferred_mail, etrn, expect_equal, run_command

postfix, sink = customer_postfix(fast_flush_domains="")
(mine,) = deferred_mail(postfix, "user@customer.tld", listed=False)
sink.accept()

mark = postfix.log.mark()
expect_equal("ETRN customer.tld", etrn("customer.tld"), "459 <customer.tld>: service unavailable")

refused = 'Flush service is not configured for destination "customer.tld"'
for command in (["postqueue", "-s", "customer.tld"], ["sendmail", "-qRcustomer.tld"]):
    result = run_command(*command)
    expect_equal(" ".join(command), (result.status, refused in result.output), (69, True))

postfix.expect_untouched([mine], since=mark)

# One who asks the service itself gets the same answer.
expect_equal("add", ask_flush("add", site="customer.tld", queue_id=mine), DENY)
expect_equal("send_site", ask_flush("send_site", site="customer.tld"), DENY)

# A message can be asked for by its ID all the same: that needs no list.
expect_equal("postqueue -i ID", run_command("postqueue", "-i", mine), (0, ""))
sink.wait_for_recipients(["user@customer.tld"])
expect_equal("sendmail -qIID", run_command("sendmail", "-qI" + mine), (0, ""))
expect_equal("logfiles", postfix.logfile_names(), [])
