"""flushd log: the last sends, who asked, how many, how long, what came of them.

Sends by another user's postqueue -s, by ETRN and by flushd send; to a site that is down, and with 300 messages. The
history outlives a reload and a process that is killed. A service of another name has one of its own.
"""

import os
import signal
from pathlib import Path

from harness import (IS_FLUSHD, SINK_PORT, customer_postfix, deferred_mail, etrn, expect, expect_equal, expect_match,
                     run_command, wait_until)
from harness.big_spool import TEMPLATE_SITE, fill_deferred, list_all
from harness.tool import flushd, flushd_json, flushd_on_terminal

if not IS_FLUSHD:
    raise SystemExit(0)

BULK = 300
DEAD_SITE = "dead.tld"
SERVERS = {"customer.tld": f"127.0.1.1]:{SINK_PORT}", "other.customer.tld": f"127.0.1.3]:{SINK_PORT}",
           TEMPLATE_SITE: f"127.0.1.6]:{SINK_PORT}", DEAD_SITE: "127.0.1.7]:9"}

postfix, sink = customer_postfix(start=False)
postfix.configure(relay_domains=", ".join(SERVERS),
                  transport_maps="inline:{ " + ", ".join(f"{{ {site} = smtp:[{server} }}" for site, server in SERVERS.items()) + " }")
history = Path(postfix.parameter("data_directory")) / "flushd.history"
history.unlink(missing_ok=True)
status, output = flushd("log")
expect_equal("before flushd has run", status, 69)
expect_match("why", output, rf"^flushd: no history of sends: {history}: No such file or directory; flushd creates the file when .*\n$")
postfix.start()


def sends(*arguments):
    return flushd_json("log", "--json", *arguments)["sends"]


def wait_for_send(number):
    """The send of this number, once its end is known."""
    wait_until(f"send {number} is recorded", lambda: len(sends("-n", "0")) >= number, timeout=60)
    found = sends("-n", "0")
    expect_equal("sends", [send["number"] for send in found], list(range(1, number + 1)))
    return found[-1]


def told(send, *names):
    return tuple(send[name] for name in names)


COUNTS = ("moved", "delivered", "bounced", "gone", "deferred", "in_delivery")

# A request for nothing starts the service, and leaves no trace.
expect_equal("ETRN without mail", etrn("customer.tld"), "250 Queuing started")
expect_equal("nothing yet", flushd("log"), (0, "No send is recorded.\n"))
expect_equal("nothing yet, for programs", sends(), [])
status, output = flushd("log", user="nobody")
expect_equal("an ordinary user", (status, output),
             (77, f"flushd: cannot read {history}: Permission denied: run this as root\n"))

deferred_mail(postfix, "user@customer.tld", "user@customer.tld")
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld", user="nobody"), (0, ""))
send = wait_for_send(1)
expect_equal("of nobody, while the customer is away", told(send, "site", "asked_by", "resumed", *COUNTS),
             ("customer.tld", "nobody", False, 2, 0, 0, 0, 2, 0))
expect("refused" in send["reason"], f"with a reason: {send['reason']}")
wait_until("listed again", lambda: len(postfix.logfile("customer.tld")) == 2)

sink.accept()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
send = wait_for_send(2)
expect_equal("of ETRN", told(send, "site", "asked_by", "uid", *COUNTS),
             ("customer.tld", "ETRN", postfix.mail_owner_uid(), 2, 2, 0, 0, 0, 0))
sink.off()

deferred_mail(postfix, "user@other.customer.tld", f"user@{DEAD_SITE}")
sink.accept()
expect_equal("flushd send", flushd("send", "other.customer.tld").status, 0)
send = wait_for_send(3)
expect_equal("of flushd send", told(send, "site", "asked_by", "uid", *COUNTS), ("other.customer.tld", "root", 0, 1, 1, 0, 0, 0, 0))
expect_equal("a site that is down", etrn(DEAD_SITE), "250 Queuing started")
expect_equal("of it", told(wait_for_send(4), "site", *COUNTS), (DEAD_SITE, 1, 0, 0, 0, 1, 0))

sink.off()
ids = fill_deferred(postfix, BULK, sites=1)
list_all(ids)
sink.accept()
expect_equal("many", etrn(TEMPLATE_SITE), "250 Queuing started")
send = wait_for_send(5)
expect_equal("of them", told(send, "site", *COUNTS), (TEMPLATE_SITE, BULK, BULK, 0, 0, 0, 0))
expect(send["seconds"] > 0, f"it took some time: {send['seconds']} s")

# --- for a person
status, output = flushd("log")
print(output, flush=True)
expect_equal("log", (status, len(output.splitlines())), (0, 6))
expect_match("its titles", output, r"^DESTINATION +ASKED +BY +TOOK +MOVED +RESULT\n")
expect_match("nobody's send first", output.splitlines()[1], r"^customer\.tld +\S.* nobody +[\d.]+s +2  2 deferred \(connect to .*refused\)$")
expect_match("the newest last", output.splitlines()[-1], rf"^{TEMPLATE_SITE} .* ETRN +[\d.]+s +{BULK}  {BULK} delivered$")
expect_equal("the last two", [send["number"] for send in sends("-n", "2")], [4, 5])
expect_equal("of one destination, whatever its case", [send["number"] for send in sends("Customer.TLD")], [1, 2])
expect_equal("of two", [send["number"] for send in sends("dead.tld", "other.customer.tld")], [3, 4])
expect_equal("of one without any", flushd("log", "some.other.domain"), (0, "No send is recorded for this destination.\n"))
expect_equal("not a name", flushd("log", "bad..name"), (64, "flushd: not a domain name: bad..name\n"))
for columns in (60, 80, 200):
    screen = flushd_on_terminal("log", columns=columns).replace("\033[1m", "").replace("\033[0m", "").split("\r\n")
    expect(max(map(len, screen)) <= columns and any("300 delivered" in line for line in screen), f"it fits into {columns} columns")

# --- it outlives processes
before = sends()
postfix.reload()
for pid in postfix.flush_processes():
    os.kill(pid, signal.SIGKILL)
wait_until("the process has gone", lambda: not postfix.flush_processes())
expect_equal("after a reload and a kill", sends(), before)
sink.off()
deferred_mail(postfix, "user@customer.tld")
sink.accept()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
expect_equal("the next one follows", told(wait_for_send(6), "site", "delivered"), ("customer.tld", 1))

# A send in delivery when the process ends is told as such.
sink.off()
deferred_mail(postfix, "user@other.customer.tld")
for process in postfix.processes(("qmgr",)):
    os.kill(process, signal.SIGSTOP)
expect_equal("ETRN", etrn("other.customer.tld"), "250 Queuing started")
for process in postfix.processes(("qmgr",)):
    os.kill(process, signal.SIGCONT)
postfix.reload()
found = wait_for_send(7)
expect_equal("once, by whichever process", found["delivered"] + found["deferred"] + found["in_delivery"], 1)

# --- another service name
postfix.set_service("flush2/unix", "flush2 unix n - y 1000? 0 flushd")
postfix.configure(flush_service_name="flush2")
postfix.reload()
deferred_mail(postfix, "user@customer.tld")
sink.accept()
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld"), (0, ""))
expect_equal("its first send", told(wait_for_send(1), "site", "asked_by", "delivered"), ("customer.tld", "root", 1))
expect(history.with_name("flushd-flush2.history").exists(), "it has a file of its own")
