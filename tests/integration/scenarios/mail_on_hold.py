"""What is on hold stays listed, and is delivered when it has been released: nobody would list it again."""

from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, run_command, wait_until

postfix, sink = customer_postfix()
recipients = [f"user{number}@customer.tld" for number in range(3)]
ids = deferred_mail(postfix, *recipients)
run_command("postsuper", "-h", "ALL", check=True)
expect_equal("on hold", postfix.queue_ids("hold"), sorted(ids))

sink.accept()
mark = postfix.log.mark()
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld"), (0, ""))
if IS_FLUSHD:
    postfix.log.wait_for(r"flush site=customer.tld, moved=0, missing=0, held=3, ", since=mark)
    expect_equal("still listed", sorted(postfix.logfile("customer.tld")), sorted(ids))
expect_equal("still on hold", postfix.queue_ids("hold"), sorted(ids))
expect(not sink.messages, "nothing has been delivered")

run_command("postsuper", "-H", "ALL", check=True)
postfix.wait_deferred(ids)
mark = postfix.log.mark()
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld"), (0, ""))
if IS_FLUSHD: # stock has forgotten them
    sink.wait_for_recipients(recipients)
    postfix.wait_gone(ids)
    postfix.log.wait_for(r"flush site=customer.tld, moved=3, missing=0, held=0, ", since=mark)
    wait_until("nothing is listed", lambda: postfix.logfile("customer.tld") == [])

# One that is deleted while it is on hold is not listed for ever.
sink.off()
gone = deferred_mail(postfix, "user3@customer.tld")
run_command("postsuper", "-h", *gone, check=True)
run_command("postsuper", "-d", *gone, check=True)
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld"), (0, ""))
wait_until("nothing is listed", lambda: postfix.logfile("customer.tld") == [])
