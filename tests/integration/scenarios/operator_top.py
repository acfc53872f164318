"""flushd top: what waits on the whole screen, in a terminal of 80 columns and 24 lines, and smaller.

What a person sees is read from the sequences that it draws with, by a small terminal of our own (harness/screen.py), whose
size can change. Keys sort, open, filter, mark and send; it quits cleanly by q, Ctrl-C and signals.
"""

import signal

from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, expect_match, wait_until
from harness.postfix import run_command
from harness.screen import Screen
from harness.tool import flushd, tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

expect_match("without a terminal", flushd("top").output, r"^flushd: top needs a terminal; see `flushd status --watch`\n$")
for kind in ("dumb", "nonsense", ""):
    with Screen(tool_path(), "top", term=kind) as screen:
        expect_equal(f"TERM={kind}", screen.wait(), 64)
        expect_match("says so", screen.text(), r"flushd: top cannot use this terminal \(TERM is ")

postfix, sink = customer_postfix()
ids = deferred_mail(postfix, "user@customer.tld", "user@customer.tld", "user@sub.customer.tld", "user@other.customer.tld")

for kind in ("xterm", "screen", "linux", "xterm-256color"):
    with Screen(tool_path(), "top", term=kind) as screen:
        screen.expect(r"4 messages by destination, 3 rows, sorted by messages")
        screen.expect(r"> ?customer\.tld +2 ")
        screen.keys("q")
        expect_equal(f"q ends it with TERM={kind}", screen.wait(), 0)
        expect(screen.is_restored(), f"the terminal is as it was with TERM={kind}")

with Screen(tool_path(), "top") as screen:
    screen.expect(r"> ?customer\.tld +2 ")
    print(screen.text())
    expect_match("the keys are told in the last line", screen.lines()[-1], r"Enter open .* q quit")
    # Opening one shows its messages.
    screen.keys("\r")
    screen.expect(r"2 messages of customer\.tld")
    for queue_id in ids[:2]:
        screen.expect(queue_id)
    print(screen.text())
    screen.keys("\033")
    screen.expect("by destination")
    # Groups, a filter, an order.
    screen.keys("b")
    screen.expect("by relay, 3 rows")
    screen.keys("b")
    screen.expect("by reason, 1 row")
    screen.expect(r"connect to \*: Connection")
    screen.keys("b", "b")
    screen.expect("by destination")
    screen.keys("/", "sub", "\r")
    screen.expect('with "sub"')
    expect(not any(" other.c" in line for line in screen.lines()), "the filter leaves others out")
    screen.keys("\033")
    screen.expect(r" other\.c")
    screen.keys("\033OC")
    screen.expect("sorted by oldest")
    # A smaller terminal, and a larger one.
    for rows, columns in ((10, 40), (5, 20), (50, 200), (24, 80)):
        screen.resize(rows, columns)
        screen.expect(r"customer\.tld" if columns > 20 else r"> ?sub\.c")
        expect(len(screen.lines()) == rows, f"{rows} lines")
    # New mail shows by itself.
    ids += deferred_mail(postfix, "user@sub.customer.tld")
    screen.expect(r"5 messages by destination")
    # Sending one: asked first.
    sink.accept()
    screen.keys("<", "\033OH", "s")
    screen.expect(r"send customer\.tld\? \(y/n\)")
    screen.keys("n")
    screen.expect("Enter open")
    screen.keys("s", "y")
    postfix.wait_gone(ids[:2])
    screen.expect(r"3 messages by destination, 2 rows")
    # Marking and sending the others.
    screen.keys("\033OH", " ", " ")
    screen.expect("2 marked")
    screen.keys("S")
    screen.expect(r"send these 2\? \(y/n\)")
    screen.keys("y")
    wait_until("they are delivered", lambda: not postfix.queue())
    screen.expect("0 messages by destination")
    screen.keys("\003")
    expect_equal("Ctrl-C ends it", screen.wait(), 0)
    expect(screen.is_restored(), "the terminal is as it was")

sink.off()
# Quitting before a send is done: the terminal comes back at once, and what came of the send is said there.
ids = deferred_mail(postfix, "user@customer.tld")
sink.accept()
with Screen(tool_path(), "top") as screen:
    screen.expect(r"> ?customer\.tld +1 ")
    screen.keys("s", "yq")
    expect_equal("q ends it", screen.wait(), 0)
    expect(screen.is_restored(), "the terminal is as it was")
    expect_match("what came of the send", screen.after_restoring(), r"customer\.tld: sending 1 message")
    postfix.wait_gone(ids)

sink.off()
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    with Screen(tool_path(), "top") as screen:
        screen.expect("No mail waits")
        screen.signal(number)
        screen.wait()
        expect(screen.is_restored(), f"the terminal is as it was after {number.name}")
# A queue that can no longer be read ends it with a reason, on a terminal as before.
with Screen(tool_path(), "top") as screen:
    screen.expect("No mail waits")
    run_command("postfix", "stop", check=True)
    run_command("mv", "/var/spool/postfix/incoming", "/var/spool/postfix/elsewhere", check=True)
    expect_equal("the queue has gone", screen.wait(), 69)
    run_command("mv", "/var/spool/postfix/elsewhere", "/var/spool/postfix/incoming", check=True)
    expect(screen.is_restored(), "the terminal is as it was after a failure")
    expect_match("the reason is left to read", screen.after_restoring(), r"flushd: there is no /var/spool/postfix/incoming")
