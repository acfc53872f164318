"""flushd send --wait tells delivered, returned, deferred (why, and by whom), held and unfinished mail apart.

With three messages and with 300; with mail that is on its way already; after Ctrl-C; as JSON, and for --notify.
"""

import json
import signal
import subprocess
import tempfile
from pathlib import Path

import harness.sink
from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, expect_match, run_command, wait_until
from harness.postfix import QUEUE_DIRECTORY
from harness.sink import Session
from harness.tool import flushd, tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

MANY = 300
slow = False


def reply(session, text):
    """What the server says of a recipient tells what becomes of the message."""
    if text.startswith("250 2.1.5"):
        verdicts = {"bounce": "550 5.1.1 no such user", "grey": "450 4.7.1 come back later", "full": "452 4.2.2 mailbox is full"}
        text = verdicts.get(session.recipient.split("@")[0].split("+")[0], text)
    session.wfile.write(text.encode() + b"\r\n")


class Lines:
    """The lines of the client; remembers the recipient, and stops while the server is to be slow."""

    def __init__(self, session, file):
        self.session, self.file = session, file

    def __iter__(self):
        for line in self.file:
            if line[:4].upper() == b"RCPT":
                self.session.recipient = line.decode()[8:].split(">")[0].lstrip("<")
                wait_until("the server is to answer", lambda: not slow, timeout=100)
            yield line

    def readline(self):
        return self.file.readline()

    def close(self):
        self.file.close()


class VerdictSession(Session):
    def talk(self, sink):
        self.rfile = Lines(self, self.rfile)
        super().talk(sink)

    reply = reply


harness.sink.Session = VerdictSession

postfix, sink = customer_postfix(smtpd_client_connection_rate_limit="0", smtp_destination_concurrency_limit="20",
                                 default_destination_concurrency_failed_cohort_limit="0")


def mail(*users):
    return deferred_mail(postfix, *(f"{user}@customer.tld" for user in users))


def lines_of(*arguments, status):
    """The JSON objects that it prints."""
    done = subprocess.run((tool_path(),) + arguments, stdout=subprocess.PIPE, timeout=100, check=False)
    print(f"$ flushd {' '.join(arguments)}\n{done.stdout.decode()}", flush=True)
    expect_equal("exit status", done.returncode, status)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


# One of each. The three that are tried differ in what comes of them.
ok, bounce, grey, full, held = mail("ok", "bounce", "grey", "full", "held")
run_command("postsuper", "-h", held, check=True)
sink.accept()
status, output = flushd("send", "--wait", "customer.tld")
print(output)
expect_equal("exit status while some is deferred", status, 75)
expect_match("the line", output, r"^customer\.tld: of 5 messages, 1 delivered, 1 returned to sender, 2 deferred again, 1 on hold\n")
expect_match("a reason, and who gave it", output, r"(?m)^    1 deferred: host 127\.0\.1\.1\[127\.0\.1\.1\] said: 450 4\.7\.1 come back later")
expect_match("the other reason", output, r"(?m)^    1 deferred: host 127\.0\.1\.1\[127\.0\.1\.1\] said: 452 4\.2\.2 mailbox is full")

# As JSON, and for a command. The two are deferred once more, each for its own sake.
told = Path(tempfile.mkdtemp()) / "told"
objects = lines_of("send", "--json", "--wait", "--notify", f'cat > {told}; echo "$FLUSHD_STATUS $FLUSHD_EXIT_STATUS $FLUSHD_DEFERRED: $FLUSHD_SUMMARY" >> {told}; exit 3',
                   "customer.tld", status=75)
result = objects[-1]
expect_equal("events", {each["event"] for each in objects[:-1]}, {"progress"})
(one,) = result["destinations"]
expect_equal("the result", (result["event"], result["status"], one["destination"], one["deferred"], one["on_hold"], one["delivered"]),
             ("result", "deferred", "customer.tld", 2, 1, 0))
expect_equal("hosts", {reason["host"] for reason in one["reasons"]}, {"127.0.1.1"})
verdict, words = told.read_text().splitlines()
expect_equal("standard input of the command", json.loads(verdict), result)
expect_equal("its environment", words, f"deferred 75 2: {result['summary']}")

run_command("postsuper", "-d", "ALL", check=True)
sink.off()
mail("bounce", "ok")
sink.accept()
expect_equal("some is returned, the rest delivered", flushd("send", "--wait", "customer.tld"),
             (65, "customer.tld: of 2 messages, 1 delivered, 1 returned to sender\n"))

# The destination is away: told as such.
sink.off()
(away,) = mail("ok")
expect_match("why not", flushd("send", "--wait", "customer.tld").output, r"of 1 message, 1 deferred again \(connect to .*refused\)\n$")

# Mail that is on its way already is not listed any more. Ctrl-C ends the waiting, and not the delivery.
slow = True
sink.accept()
expect_equal("send without waiting", flushd("send", "customer.tld").output, "customer.tld: sending 1 message\n")
wait_until("it is in delivery, and not listed", lambda: (QUEUE_DIRECTORY / "active" / away).exists() and not postfix.logfile("customer.tld"))
status, output = flushd("send", "--wait", "--timeout", "1s", "customer.tld")
expect_equal("it is not forgotten", (status, output.splitlines()[0]), (124, "customer.tld: of 1 message, 1 still in delivery"))
for number in (signal.SIGINT, signal.SIGTERM):
    waiting = subprocess.Popen([tool_path(), "wait", "--json", "customer.tld"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    waiting.stdout.readline() # it is waiting
    waiting.send_signal(number)
    output, errors = waiting.communicate(timeout=60)
    expect_equal("exit status after a signal", waiting.returncode, 130)
    expect_equal("where things stand", (json.loads(output)["status"], json.loads(output)["destinations"][0]["in_delivery"]), ("interrupted", 1))
    expect_equal("what to do", errors, "flushd: interrupted; delivery goes on: `flushd wait customer.tld` looks again\n")
again = subprocess.Popen([tool_path(), "wait", "--json", "customer.tld"], stdout=subprocess.PIPE, text=True)
again.stdout.readline() # it is waiting
slow = False
expect_equal("wait", json.loads(again.communicate(timeout=60)[0].splitlines()[-1])["summary"], "customer.tld: of 1 message, 1 delivered")
expect_equal("its exit status", again.returncode, 0)
expect_equal("nothing is on its way", flushd("wait", "customer.tld"), (0, "customer.tld: no mail to send\n"))

# Many.
sink.off()
users = (["ok"] * 4 + ["bounce"] + ["grey"] * 3 + ["full"] * 2) * (MANY // 10)
ids = [postfix.send_smtp(f"{user}+{number}@customer.tld") for number, user in enumerate(users)]
postfix.wait_deferred(ids)
wait_until("all are listed", lambda: set(ids) <= set(postfix.logfile("customer.tld")))
sink.accept()
one = lines_of("send", "--json", "--wait", "customer.tld", status=75)[-1]["destinations"][0]
expect_equal(f"of {MANY} messages", {key: one[key] for key in ("messages", "delivered", "bounced", "left_queue", "deferred", "on_hold", "in_delivery", "not_moved")},
             {"messages": MANY, "delivered": MANY * 4 // 10, "bounced": MANY // 10, "left_queue": 0, "deferred": MANY // 2, "on_hold": 0, "in_delivery": 0, "not_moved": 0})
counts = [reason["count"] for reason in one["reasons"]]
expect(sum(counts) == MANY // 2 and len(counts) >= 2 and counts == sorted(counts, reverse=True), f"reasons have counts: {counts}")
