"""flushd status: what is listed for each destination, and how old it is.

As root before anything is configured, with an empty queue, with mail, while Postfix is stopped, and as a user, who is
refused. The service does not notice: access times, by which housekeeping goes, stay what they are.
"""

import os
import time

from harness import IS_FLUSHD, customer_postfix, deferred_mail, etrn, expect, expect_equal, expect_match, wait_until
from harness.postfix import CONFIG_DIRECTORY
from harness.tool import flushd, flushd_json, flushd_on_terminal

if not IS_FLUSHD:
    raise SystemExit(0)

if not (CONFIG_DIRECTORY / "main.cf").exists():
    # Installed with "No configuration", as an image of a Debian is.
    status, output = flushd("status")
    expect_equal("status before there is a main.cf", status, 78)
    expect_match("and why", output, r"^flushd: .*main\.cf.*\n$")

postfix, sink = customer_postfix(start=False)
os.utime(CONFIG_DIRECTORY / "main.cf", (time.time() - 10, time.time() - 10))
status, output = flushd("status")
expect(status in (0, 69), f"status before the first start: {status} {output!r}")
postfix.start()

expect_equal("an empty queue", flushd("status"), (0, "No mail is listed for any destination.\n"))
expect_equal("an empty queue, for programs", flushd_json("status", "--json")["sites"], [])
status, output = flushd("status", user="nobody")
expect_equal("status of an ordinary user", status, 77)
expect_match("the refusal", output, r"^flushd: cannot read /var/spool/postfix/flush: Permission denied: run this as root\n$")

# Not looking into the logfiles, because that is what changes their access times.
ids = deferred_mail(postfix, "user@customer.tld", "user@customer.tld", "user@sub.customer.tld", listed=False)
wait_until("they are listed", lambda: flushd_json("status", "--json")["total"]["listed"] == 3)
path = postfix.logfile_path("customer.tld")
with path.open("a") as logfile:
    logfile.write(ids[0] + "\n" + ids[0] + "\n")
before = path.stat()
status, output = flushd("status")
expect_equal("status", status, 0)
expect_match("a line for the customer", output, r"(?m)^customer\.tld +2 +2 +\d+s +\d+ +- +2$")
expect_match("a line for the logfile of a subdomain", output, r"(?m)^sub_customer_tld +1 +1 ")
expect_match("the sum", output, r"(?m)^total +3 +3 ")
expect(path.stat().st_atime_ns == before.st_atime_ns and path.stat().st_mtime_ns == before.st_mtime_ns,
       "the logfile's times are what they were")
expect("\033" not in output, "no colour in a file")
expect_match("names from the queue", flushd("status", "--names").output, r"(?m)^sub\.customer\.tld +1 +1 ")
expect_equal("one destination", flushd("status", "SUB.customer.tld").output.splitlines()[1].split()[:3],
             ["SUB.customer.tld".lower(), "1", "1"])
expect_equal("a destination without mail", flushd("status", "other.customer.tld").output.splitlines()[1].split()[:4],
             ["other.customer.tld", "0", "0", "-"])
expect_equal("not a name", flushd("status", "bad..name"), (64, "flushd: not a domain name: bad..name\n"))

report = flushd_json("status", "--json", "--sort", "site")
expect_equal("logfiles", [site["logfile"] for site in report["sites"]], ["customer_tld", "sub_customer_tld"])
first = report["sites"][0]
queue = {entry["queue_id"]: entry for entry in postfix.queue()}
expect_equal("sizes as postqueue has them", first["size"], sum(queue[i]["message_size"] for i in ids[:2]))
expect_equal("arrival as postqueue has it", first["oldest_arrival"], min(queue[i]["arrival_time"] for i in ids[:2]))
expect_equal("duplicates", first["duplicates"], 2)
expect_equal("no send yet", first["last_send"], None)

expect_equal("--top", [site["logfile"] for site in flushd_json("status", "--json", "--top", "1")["sites"]],
             ["customer_tld"])
expect_match("--top, for a person", flushd("status", "--top", "1").output, r"(?m)^and 1 more$")
expect_equal("--older-than", flushd("status", "--older-than", "1h"), (0, "No destination has older mail.\n"))
status, output = flushd("status", "--older-than", "soon")
expect_equal("a mistyped time", (status, "not a length of time" in output), (64, True))
status, output = flushd("status", "--sort", "colour")
expect_equal("a mistyped key", status, 64)

screen = flushd_on_terminal("status", columns=60)
expect("\033[1mDESTINATION" in screen and max(map(len, screen.replace("\033[1m", "").replace("\033[0m", "").split("\r\n")))
       <= 66, f"a terminal: colour, and it fits: {screen!r}")
expect("\033" not in flushd_on_terminal("status", environment={"NO_COLOR": "1"}), "NO_COLOR")
screen = flushd_on_terminal("status", "--watch", "--interval", "1s", seconds=3.5)
expect(screen.count("DESTINATION") in (3, 4), f"--watch draws again: {screen.count('DESTINATION')} times")

sink.reject()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
wait_until("the send shows", lambda: flushd_json("status", "customer.tld", "--json")["sites"][0]["last_send"])
sink.off()
postfix.stop()
expect_match("while Postfix is stopped", flushd("status").output, r"(?m)^sub_customer_tld +1 +1 ")
status, output = flushd("status", "--names")
expect_equal("names while Postfix is stopped", (status, "mail system is down" in output), (69, True))

# A hashed flush queue.
postfix.configure(hash_queue_names="deferred, defer, flush", hash_queue_depth="2")
postfix.start()
mine, = deferred_mail(postfix, "user@other.customer.tld")
wait_until("listed in the hashed queue", lambda: "/".join(postfix.logfile_path("other.customer.tld").parts[-3:-1]) == "o/t")
expect_match("a hashed flush queue", flushd("status", "other.customer.tld").output, r"(?m)^other\.customer\.tld +1 +1 ")
