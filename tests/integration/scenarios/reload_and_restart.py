"""postfix reload, and postfix stop and start, between deferral and ETRN: nothing
is lost, and the service answers before and after.
"""

from harness import OK, ask_flush, customer_postfix, deferred_mail, etrn, expect_equal

postfix, sink = customer_postfix()
recipients = [f"user{number}@customer.tld" for number in range(3)]


def restart():
    postfix.stop()
    postfix.start()


ids = []
for recipient, interrupt in zip(recipients, (postfix.reload, restart, postfix.reload)):
    ids += deferred_mail(postfix, recipient)
    interrupt()
    expect_equal("an add after it", ask_flush("add", site="other.customer.tld", queue_id="ABCDEF0123"), OK)
    expect_equal("the logfile after it", postfix.logfile("customer.tld"), ids)

sink.accept()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(recipients)
