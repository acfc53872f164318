"""flushd can be taken out again: each daemon finds and serves what the other has
listed. With --daemon flush this only shows that a reload loses nothing.
"""

from harness import DAEMON, customer_postfix, deferred_mail, etrn, expect_equal

postfix, sink = customer_postfix()
sent = []

for number, (writer, reader) in enumerate(((DAEMON, "flush"), ("flush", DAEMON))):
    # Half of the mail is listed by each, and either serves all of it.
    site = ("customer.tld", "other.customer.tld")[number]
    sink.off()
    postfix.use_flush(writer)
    first = deferred_mail(postfix, f"first@{site}", f"second@{site}")
    postfix.use_flush(reader)
    second = deferred_mail(postfix, f"third@{site}")
    # In any order: two messages are attempted, and so listed, side by side.
    expect_equal(f"listed by {writer}, then {reader}", sorted(postfix.logfile(site)), sorted(first + second))

    sink.accept()
    expect_equal(f"ETRN served by {reader}", etrn(site), "250 Queuing started")
    sent += [f"{name}@{site}" for name in ("first", "second", "third")]
    sink.wait_for_recipients(sent)
    expect_equal("the logfile after delivery", postfix.logfile(site), [])

expect_equal("warnings", postfix.log.find_all(r"/(flush|flushd|master)\[\d+\]: (warning|fatal|panic)"), [])
