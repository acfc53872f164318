"""flushd send: have mail delivered now, and see what comes of it.

For one destination, several, all, those with old mail, and single messages; with --wait until each message has been
tried. What is refused says how to mend it.
"""

from harness import (IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, expect_match, run_command,
                     wait_until)
from harness.tool import flushd, flushd_on_terminal

if not IS_FLUSHD:
    raise SystemExit(0)

postfix, sink = customer_postfix()
postfix.stop()
status, output = flushd("send", "customer.tld")
expect_equal("send while Postfix is stopped", status, 69)
expect_match("says so", output, r"^flushd: Cannot flush mail queue - mail system is down .*; `postfix start` starts it\n$")
postfix.start()

expect_equal("an empty queue", flushd("send", "customer.tld"), (0, "customer.tld: no mail is listed\n"))
expect_equal("all of an empty queue", flushd("send", "--all"), (0, "No mail to send.\n"))
expect_equal("an empty queue, waiting", flushd("send", "--wait", "customer.tld"), (0, "customer.tld: no mail to send\n"))
expect_equal("an ordinary user", flushd("send", "customer.tld", user="nobody"), (0, "customer.tld: requested\n"))
expect_equal("nothing said", flushd("send").status, 64)
expect_equal("too much said", flushd("send", "--all", "customer.tld").status, 64)

mine, mine2, sub, other = deferred_mail(postfix, "user@customer.tld", "user@customer.tld", "user@sub.customer.tld",
                                        "user@other.customer.tld")
(foreign,) = deferred_mail(postfix, "user@not.a.customer.domain", listed=False)

status, output = flushd("send", "no.customer.domain")
expect_equal("not eligible", status, 69)
expect_match("and what to do", output, r"(?m)^    postconf -e 'fast_flush_domains = \$relay_domains, no\.customer\.domain'$")

status, output = flushd("send", "--wait", "customer.tld")
expect_equal("the customer is still away", status, 75)
expect_match("why", output, r"^customer\.tld: of 2 messages, 2 deferred again \(connect to .*refused\)\n$")
wait_until("listed again", lambda: set(postfix.logfile("customer.tld")) == {mine, mine2})

sink.accept()
screen = flushd_on_terminal("send", "--wait", "customer.tld")
expect("customer.tld: of 2 messages, 2 delivered" in screen, f"on a terminal: {screen!r}")
sink.wait_for_recipients(["user@customer.tld"] * 2)

expect_equal("older than", flushd("send", "--older-than", "1h"), (0, "No mail to send.\n"))
status, output = flushd("send", "--all", "--wait")
expect_equal("all, a subdomain that is in no list by its own name included", status, 0)
expect_match("its summary", output, r"(?m)^sub\.customer\.tld: of 1 message, 1 delivered$")
sink.wait_for_recipients(["user@customer.tld"] * 2 + ["user@sub.customer.tld", "user@other.customer.tld"])
expect_equal("a message of another destination", flushd("send", "--id", foreign, "--wait").output,
             f"{foreign}: of 1 message, 1 delivered\n")
status, output = flushd("send", "--id", foreign)
expect_equal("a message that has gone", (status, output), (69, f"flushd: {foreign}: no such message is queued\n"))
expect_equal("not a queue ID", flushd("send", "--id", "../x").status, 64)

sink.off()
(held,) = deferred_mail(postfix, "user@customer.tld")
run_command("postsuper", "-h", held, check=True)
expect_match("a message on hold", flushd("send", "--id", held).output, r"is on hold; `postsuper -H")

# Nobody delivers: the time is bounded.
(late,) = deferred_mail(postfix, "user@other.customer.tld")
for process in postfix.processes(("qmgr",)):
    run_command("kill", "-STOP", str(process), check=True)
status, output = flushd("send", "--wait", "--timeout", "2s", "other.customer.tld")
for process in postfix.processes(("qmgr",)):
    run_command("kill", "-CONT", str(process), check=True)
expect_equal("time is up", status, 124)
expect_match("what is known then", output, r"of 1 message, 1 still in delivery\n"
                                           r"flushd: stopped waiting after 2s; delivery goes on: `flushd wait other\.customer\.tld` looks again\n")
