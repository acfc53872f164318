"""Howto, "Testing": if the destination is not reachable, the queue IDs will be
added back to its logfile. In between the logfile is empty.
"""

from harness import customer_postfix, deferred_mail, etrn, expect, expect_equal, wait_until

postfix, sink = customer_postfix()
ids = deferred_mail(postfix, *(f"user{number}@customer.tld" for number in range(5)))

for attempt, switch in (("refused", sink.off), ("450", sink.reject), ("refused", sink.off)):
    switch()
    mark = postfix.log.mark()
    expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
    for queue_id in ids:
        postfix.log.wait_for(rf"{queue_id}: to=<.*status=deferred \(.*{attempt}", since=mark)
    postfix.wait_deferred(ids)
    wait_until("listed again", lambda: set(postfix.logfile("customer.tld")) == set(ids))
    # Had it not been truncated, the IDs of each round would be there.
    expect_equal("how often each ID is listed", sorted(postfix.logfile("customer.tld")), sorted(ids))

# With delivery, the logfile stays behind, empty.
sink.accept()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients([f"user{number}@customer.tld" for number in range(5)])
expect_equal("the logfile after delivery", postfix.logfile("customer.tld"), [])
expect(postfix.logfile_path("customer.tld") is not None, "an empty logfile stays")
