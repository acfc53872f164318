"""flushd status: what waits for each destination, why, and whether it is listed.

As root before anything is configured, with an empty queue, with mail, while Postfix is stopped, and as a user, who sees
what postqueue lists. The service does not notice: access times, by which housekeeping goes, stay what they are.
"""

import os
import stat
import time
from pathlib import Path

from harness import IS_FLUSHD, customer_postfix, deferred_mail, etrn, expect, expect_equal, expect_match, wait_until
from harness.postfix import CONFIG_DIRECTORY, run_command
from harness.sites import SITES, transport_for
from harness.tool import flushd, flushd_json, flushd_on_terminal

if not IS_FLUSHD:
    raise SystemExit(0)

if not (CONFIG_DIRECTORY / "main.cf").exists():
    # Installed with "No configuration", as an image of a Debian is.
    status, output = flushd("status")
    expect_equal("status before there is a main.cf", status, 78)
    expect_match("and why", output, r"^flushd: .*main\.cf.*\n$")

postfix, sink = customer_postfix(start=False)
postfix.configure(transport_maps=transport_for({**SITES, "sub-customer.tld": "127.0.1.6"}))
os.utime(CONFIG_DIRECTORY / "main.cf", (time.time() - 10, time.time() - 10))
status, output = flushd("status")
expect(status in (0, 69), f"status before the first start: {status} {output!r}")
postfix.start()

expect_equal("an empty queue", flushd("status"), (0, "No mail waits.\n"))
expect_equal("an empty queue, for programs", flushd_json("status", "--json")["sites"], [])
postfix.configure(authorized_mailq_users="root")
status, output = flushd("status", user="nobody")
expect_equal("status of a user who may not see the queue", status, 77)
expect_match("the refusal is Postfix's own", output, r"nobody.* is not allowed to view the mail queue")
postfix.configure(authorized_mailq_users="static:anyone")

# Not looking into the logfiles, because that is what changes their access times.
ids = deferred_mail(postfix, "user@customer.tld", "user@customer.tld", "user@sub.customer.tld", listed=False)
wait_until("they are listed", lambda: flushd_json("status", "--json")["total"]["listed"] == 3)
path = postfix.logfile_path("customer.tld")
with path.open("a") as logfile:
    logfile.write(ids[0] + "\n" + ids[0] + "\n")
before = path.stat()
status, output = flushd("status")
expect_equal("status", status, 0)
expect_match("a line for the customer", output,
             r"(?m)^customer\.tld +2 +\d+s +\d+m +(?:5d|4d 23h) +0 +0 +2 +\d+ +- +Connection refused \(connect to 127\.0\.1\.1\[")
expect_match("a line for a subdomain, by its own name", output, r"(?m)^sub\.customer\.tld +1 +\d+s ")
expect_match("the sum", output, r"(?m)^total +3 +\d+s ")
expect(path.stat().st_atime_ns == before.st_atime_ns and path.stat().st_mtime_ns == before.st_mtime_ns,
       "the logfile's times are what they were")
expect("\033" not in output, "no colour in a file")
expect_equal("one destination", flushd("status", "SUB.customer.tld").output.splitlines()[1].split()[:2],
             ["SUB.customer.tld".lower(), "1"])
expect_equal("a destination without mail", flushd("status", "other.customer.tld").output.splitlines()[1].split()[:3],
             ["other.customer.tld", "0", "-"])
expect_equal("not a name", flushd("status", "bad..name"), (64, "flushd: not a domain name: bad..name\n"))

report = flushd_json("status", "--json", "--sort", "site")
expect_equal("logfiles", [site["logfile"] for site in report["sites"]], ["customer_tld", "sub_customer_tld"])
first = report["sites"][0]
queue = {entry["queue_id"]: entry for entry in postfix.queue()}
expect_equal("sizes as postqueue has them", first["size"], sum(queue[i]["message_size"] for i in ids[:2]))
expect_equal("arrival as postqueue has it", first["oldest_arrival"], min(queue[i]["arrival_time"] for i in ids[:2]))
expect_equal("duplicates", first["duplicates"], 2)
expect_equal("no send yet", first["last_send"], None)

# Messages of one destination, and other ways to group.
output = flushd("status", "customer.tld").output
for queue_id in ids[:2]:
    expect_match(f"message {queue_id}", output,
                 rf"(?m)^{queue_id} +\d+s +\d+m +\d+ +someone@sender\.tld +user@customer\.tld +Connection refused")
expect(ids[2] not in output, "no message of another destination")
expect(ids[2] in flushd("status", "sub_customer_tld").output, "a logfile's name stands for its destinations")
expect_match("by relay", flushd("status", "--by", "relay").output, r"(?m)^127\.0\.1\.1 +2 ")
expect_match("by reason: one line", flushd("status", "--by", "reason").output, r"\nconnect to \*: Connection refused +3 .*\n$")
expect_match("by sender", flushd("status", "--by", "sender").output, r"\nsomeone@sender\.tld +3 .*\n$")
expect_match("a destination by sender", flushd("status", "--by", "sender", "customer.tld").output, r"\nsomeone@sender\.tld +2 .*\n$")
expect_match("by transport", flushd("status", "--by", "transport").output, r"(?m)^(?:smtp|relay) +3 ")
expect_equal("transports are for root", flushd("status", "--by", "transport", user="nobody").status, 69)
expect_equal("a mistyped group", flushd("status", "--by", "colour").status, 64)

def destinations(*options):
    return sorted(row["name"] for row in flushd_json("status", "--json", *options)["groups"])


expect_equal("--to", destinations("--to", "sub.*"), ["sub.customer.tld"])
expect_equal("--not", destinations("--not", "to=sub.*", "--reason", "refused"), ["customer.tld"])
expect_equal("--relay", destinations("--relay", "127.0.1.1", "--from", "*@sender.tld"), ["customer.tld"])
expect_equal("--from", flushd("status", "--from", "<>"), (0, "No mail waits.\n"))
expect_equal("only send looks up MX hosts", flushd("status", "--not", "mx=x.tld").status, 64)
status, output = flushd("status", user="nobody")
expect_equal("status of an ordinary user", status, 0)
expect_match("says what it cannot know", output, r"^flushd: this is what postqueue\(1\) lists: ")
expect_match("and shows the rest", output, r"(?m)^customer\.tld +2 +\d+s +\? +(?:5d|4d 23h) +0 +0 +\? .*Connection refused")
# Two destinations that share a logfile.
shared = deferred_mail(postfix, "user@sub-customer.tld", listed=False)
rows = {row["name"]: row["messages"] for row in flushd_json("status", "--json")["groups"]}
expect_equal("two destinations that share a logfile are two rows", (rows["sub.customer.tld"], rows["sub-customer.tld"]), (1, 1))
run_command("postsuper", "-h", *ids[:1], check=True)
first = flushd_json("status", "customer.tld", "--json")
expect_equal("on hold", (first["groups"][0]["on_hold"], first["groups"][0]["deferred"]), (1, 1))
run_command("postsuper", "-H", *ids[:1], check=True)
run_command("postsuper", "-d", *shared, check=True)

expect_equal("--top", [site["logfile"] for site in flushd_json("status", "--json", "--top", "1")["sites"]],
             ["customer_tld"])
expect_match("--top, for a person", flushd("status", "--top", "1").output, r"(?m)^and 1 more$")
expect_equal("--older-than", flushd("status", "--older-than", "1h"), (0, "No destination has older mail.\n"))
status, output = flushd("status", "--older-than", "soon")
expect_equal("a mistyped time", (status, "not a length of time" in output), (64, True))
status, output = flushd("status", "--sort", "colour")
expect_equal("a mistyped key", status, 64)

screen = flushd_on_terminal("status", columns=60)
for columns in range(40, 301, 20):
    for arguments in (("status",), ("status", "customer.tld"), ("status", "--by", "reason")):
        lines = flushd_on_terminal(*arguments, columns=columns).replace("\033[1m", "").replace("\033[0m", "").split("\r\n")
        expect(max(map(len, lines)) <= columns, f"{arguments} fits {columns} columns: {lines}")
expect("\033[1mDESTINATION" in screen and max(map(len, screen.replace("\033[1m", "").replace("\033[0m", "").split("\r\n")))
       <= 66, f"a terminal: colour, and it fits: {screen!r}")
expect("\033" not in flushd_on_terminal("status", environment={"NO_COLOR": "1"}), "NO_COLOR")
screen = flushd_on_terminal("status", "--watch", "--interval", "1s", seconds=3.5)
expect(screen.count("DESTINATION") in (3, 4), f"--watch draws again: {screen.count('DESTINATION')} times")

# A page for a web server, in the directory of whoever asks.
os.chdir("/tmp")
os.umask(0o077)
expect_equal("--html says nothing", flushd("status", "--html", "waits.html"), (0, ""))
page = Path("/tmp/waits.html").read_text()
expect_equal("its mode", oct(stat.S_IMODE(os.stat("/tmp/waits.html").st_mode)), "0o644")
expect_equal("nothing else", [name for name in os.listdir("/tmp") if name.startswith("waits")], ["waits.html"])
for part in ("<bdi>customer.tld</bdi>", "<svg ", "Connection refused", "</html>\n"):
    expect(part in page, f"the page has {part}")
expect_equal("grouped", flushd("status", "--html", "waits.html", "--by", "reason-class"), (0, ""))
expect_match("the page of reasons", Path("/tmp/waits.html").read_text(), r"<bdi>connection refused</bdi>")
expect_equal("where it cannot be", flushd("status", "--html", "/no/such/dir/x.html").status, 73)
expect_equal("not both", flushd("status", "--html", "waits.html", "--json").status, 64)

sink.reject()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
wait_until("the send shows", lambda: flushd_json("status", "customer.tld", "--json")["sites"][0]["last_send"])
sink.off()
postfix.stop()
expect_match("while Postfix is stopped", flushd("status").output, r"(?m)^sub\.customer\.tld +1 +\d+s ")

# A hashed flush queue.
postfix.configure(hash_queue_names="deferred, defer, flush", hash_queue_depth="2")
postfix.start()
mine, = deferred_mail(postfix, "user@other.customer.tld")
wait_until("listed in the hashed queue", lambda: "/".join(postfix.logfile_path("other.customer.tld").parts[-3:-1]) == "o/t")
expect_match("a hashed flush queue", flushd("status", "other.customer.tld").output, r"(?m)^other\.customer\.tld +1 +\d+s +\d+m +(?:5d|4d 23h) +0 +0 +1 ")
