"""flushd send: any part of the queue, without any configuration.

A domain that is not eligible, and mail by sender, recipient, host, MX host, reason, age, size and ID, in one send: at a pace, called
off, after a kill -9. What is for a destination that is down does not keep back the rest. Held mail is told, and released if that
is wanted. The user nobody sends as with postqueue; with stock flush, each message is asked for.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from harness import DAEMON, IS_FLUSHD, PostfixInstance, expect, expect_equal, expect_match, run_command, wait_until
from harness.advice import put_into_path
from harness.big_spool import bulk_site, fill_deferred
from harness.etrn_only import Progress
from harness.postfix import FLUSH_DIRECTORY
from harness.tool import flushd, flushd_exits, flushd_json, tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 300

DEAD = bulk_site(0)

postfix = PostfixInstance()
Path("/etc/postfix/delivers").write_text(r"/@(d000[1-9]\.bulk|up|other)\.tld$/ discard:" + "\n")
postfix.configure(default_transport="smtp:[127.0.1.9]:2525", smtpd_error_sleep_time="0", relay_domains="")
postfix.use_flush()
postfix.start()


def deliver(is_up=True):
    postfix.configure(transport_maps="regexp:/etc/postfix/delivers" if is_up else "")
    postfix.reload()


def queued(recipient, **options):
    queue_id = postfix.send_smtp(recipient, **options)
    postfix.wait_deferred([queue_id])
    return queue_id


def left():
    return set(postfix.queue_ids("deferred"))


def chosen(*arguments):
    """What flushd would send: messages by destination."""
    found = flushd_json("send", "--dry-run", "--json", *arguments)
    return {one["destination"]: one["messages"] for one in found["destinations"]}


def selections():
    return [path.name for path in FLUSH_DIRECTORY.rglob("SELECTED_*")]


# --- a domain that is not eligible

ours = {queued("a@up.tld"), queued("b@UP.tld")}
others = {queued("a@other.tld"), queued("a@dead.tld", sender="shop@sender.tld")}
expect_equal("dry run", chosen("up.tld"), {"up.tld": 2})
expect_match("for a person", flushd_exits("send", "--dry-run", "up.tld"), r"^DESTINATION +MESSAGES +ON HOLD +OLDEST\nup\.tld +2 +0 +\d+s\n$")
deliver()
mark = postfix.log.mark()
output = flushd_exits("send", "up.tld")
expect_match("which way", output, r"^up\.tld: sending 2 messages found in the queue\nup\.tld is not eligible: ")
expect_match("and how to make it eligible", output, r"(?m)^    postconf -e 'fast_flush_domains = \$relay_domains, up\.tld'$")
postfix.log.wait_for(r"flush site=up\.tld, moved=2, ", since=mark)
postfix.log.wait_for(r"flush site=up\.tld, delivered=2, ", since=mark)
expect_equal("the others wait", left(), others)
wait_until("its list has gone", lambda: not selections())
expect_match("the history", flushd("log", "up.tld").output, r"up\.tld .* root .* 2  2 delivered\n")
expect_match("nothing of it", flushd("send", "none.tld").output, r"^flushd: none\.tld is not eligible")

# --- by what is said of it

deliver(False)
large = postfix.send_sendmail("c@up.tld", sender="shop@sender.tld")
postfix.wait_deferred([large])
old = set(sum(fill_deferred(postfix, 3, sites=3).values(), []))
for arguments, domains in (
        (("--to", "*.BULK.tld"), 3), (("--to", "d000[12].bulk.tld"), 2), (("--to", "user@d*"), 3), (("--to", "a@*", "--to", "c@up.tld"), 3),
        (("--from", "shop@sender.tld"), 2), (("--from", "sender.tld", "--to", "*.tld", "--not", "to=*.bulk.tld"), 3),
        (("--relay", "127.0.1.9"), 6), (("--relay", "127.0.1.9", "--not", "from=shop@*"), 4), (("--relay", "mx.big.tld"), 0),
        (("--reason", "connection REFUSED"), 6), (("--reason", "*full*"), 0), (("--not", "reason=refused"), 0),
        (("--transport", "smtp"), 6), (("--transport", "s*", "--not", "transport=smtp"), 0), (("--transport", "discard"), 0),
        (("--older-than", "1h"), 3), (("--older-than", "3h"), 0), (("--older-than", "0s", "--not", "older-than=1h"), 3),
        (("--larger-than", "1M"), 0), (("--larger-than", "10"), 6), (("--id", large), 1), (("--id", large, "--from", "nobody"), 0)):
    expect_equal(f"--dry-run {' '.join(arguments)}", len(chosen(*arguments)), domains)
expect_equal("nothing is moved", left(), others | old | {large})

deliver()
mark = postfix.log.mark()
output = flushd_exits("send", "--wait", "--to", "d000?.bulk.tld", "--not", "to=d0002.bulk.tld", "--older-than", "1h", status=75)
expect_match("verdict", output, r"^selected messages: of 2 messages, 1 delivered, 1 deferred again \(connect to .*refused\)\n$")
found = postfix.log.wait_for(r"flush site=(\S+), moved=2, .*", since=mark)
expect_equal("what the log says", found.group(1), "selected(to=d000?.bulk.tld,older-than=1h,not-to=d0002.bulk.tld)")
wait_until("two of the old are left", lambda: len(left() & old) == 2)
results = [json.loads(line) for line in flushd_exits("send", "--wait", "--json", "--to", "d0002*").splitlines()]
expect_equal("as JSON", [(one["exit_status"], one["destinations"][0]["delivered"]) for one in results if one["event"] == "result"], [(0, 1)])
done = subprocess.run(f"{tool_path()} send --wait -", input=f"{large}*\nother.tld\n", shell=True, text=True, stdout=subprocess.PIPE, timeout=60)
expect_match("from standard input", done.stdout, rf"(?m)^{large}: of 1 message, 1 delivered$")
expect_match("a site", done.stdout, r"(?m)^other\.tld: of 1 message, 1 delivered$")

# --- MX hosts


def name_server():
    """Says that mx.provider.tld takes the mail of d0003.bulk.tld, and nothing of others."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, client = server.recvfrom(512)
        is_known = query[12:].lower().startswith(b"\5d0003\4bulk\3tld\0")
        answer = b"\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\x13\0\x0a\2mx\x08provider\3tld\0"
        header = query[:2] + (b"\x81\x80" if is_known else b"\x81\x83") + b"\0\1" + (b"\0\1" if is_known else b"\0\0") + b"\0\0\0\0"
        server.sendto(header + query[12:query.index(b"\0", 12) + 5] + (answer if is_known else b""), client)


threading.Thread(target=name_server, daemon=True).start()
Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
deliver(False)
fill_deferred(postfix, 8, sites=4)
expect_equal("--mx", chosen("--mx", "*.Provider.TLD"), {bulk_site(3): 2})
expect_equal("--not mx", set(chosen("--mx", "*", "--not", "mx=mx.provider.tld")), set())
run_command("postsuper", "-d", "ALL", check=True)

# --- on hold

held = queued("a@up.tld")
run_command("postsuper", "-h", held, check=True)
expect_match("is told", flushd_exits("send", "up.tld"), r"(?m)^up\.tld: 1 message is on hold, and not sent: --release releases first$")
expect_equal("and stays", postfix.queue_ids("hold"), [held])
deliver()
expect_match("is released", flushd_exits("send", "--release", "--wait", "up.tld"), r"^up\.tld: of 1 message, 1 delivered\n$")

# --- a destination that is down beside one that is up

deliver(False)
ids = fill_deferred(postfix, 4000, sites=2)
# One in twenty of the one that is up, so that it has less than the other in any part of the list.
for queue_id in ids[bulk_site(1)][100:]:
    for queue in ("deferred", "defer"):
        (postfix_path,) = (Path("/var/spool/postfix") / queue / queue_id[0]).glob(queue_id)
        postfix_path.unlink()
up = set(ids[bulk_site(1)][:100])
deliver()
mark, progress = postfix.log.mark(), Progress(postfix, up | set(ids[DEAD]))
expect_equal("dry run", chosen("--to", "*.bulk.tld"), {DEAD: 2000, bulk_site(1): 100})
expect_match("sent", flushd_exits("send", "--to", "*.bulk.tld"), r"^selected messages: sending 2100 messages for 2 destinations\n$")
found = postfix.log.wait_for(r"flush site=selected\(to=\*\.bulk\.tld\), moved=(\d+), .*left=(\d+) \(.*refused\)", since=mark, timeout=60)
progress.wait(lambda: progress.sent >= up)
expect_equal("all of the one that is up is delivered", progress.sent, up)
expect(int(found.group(2)) > 1000, f"most of the one that is down is not tried: {found.group(0)}")
wait_until("its list has gone", lambda: not selections())

# --- at a pace, through the death of the service, and called off

put_into_path()
postfix.configure(transport_maps="static:discard:")
postfix.reload()
mark = postfix.log.mark()
expect_equal("as JSON", flushd_json("send", "--rate", "20/s", "--json", "--to", DEAD)["destinations"][0]["status"], "requested")
wait_until("some are sent", lambda: postfix.log.search(rf"to=<user@{DEAD}>.*status=sent", since=mark))
for pid in postfix.flush_processes():
    os.kill(pid, signal.SIGKILL)
mark = postfix.log.mark()
run_command("postqueue", "-i", "ANY", check=True) # any client: master(8) starts a process for it
wait_until("it goes on", lambda: len([1 for line in postfix.log.lines(since=mark) if "status=sent" in line]) > 5)
(name,) = selections()
expect_match("status shows no such destination", flushd("status", "--json").output, r'(?s)\A(?!.*"logfile": ?"SELECTED_).*"sends"')
expect_equal("nor does housekeeping send it", run_command("postfix", "flush").status, 0)
expect_match("--cancel", flushd_exits("send", "--cancel", name), rf"^{name}: called off")
wait_until("its list has gone", lambda: not selections())
expect(len(left()) > 500, "the rest is deferred")
run_command("postsuper", "-d", "ALL", check=True)

# --- when it is up

deliver(False)
postfix.reload()
waiting_ids = {queued("a@up.tld"), queued("b@up.tld")}
mark = postfix.log.mark()
expect_match("--keep", flushd_exits("send", "--when-up", "--keep", "up.tld"), r"`flushd send --cancel up\.tld` calls it off")
postfix.log.wait_for(r"flush site=up\.tld, delivered=0, .*deferred=1", since=mark, timeout=60)
deliver()
postfix.wait_gone(waiting_ids)
wait_until("its list has gone", lambda: not selections())

# --- a user, who may what postqueue lets him

deliver(False)
ours = {queued("a@up.tld"), queued("b@up.tld")}
wanted = {queued("c@other.tld", sender="shop@sender.tld")}
expect_equal("a transport", flushd("send", "--transport", "smtp", user="nobody"), (69, "flushd: only root may ask for the transports of mail\n"))
deliver()
expect_match("a domain", flushd("send", "up.tld", user="nobody").output, r"^up\.tld: requested for 2 messages found in the queue\n$")
postfix.wait_gone(ours)
expect_equal("by sender", flushd("send", "--from", "shop@*", user="nobody"),
             (0, "selected messages: requested for 1 message found in the queue\n"))
postfix.wait_gone(wanted)
expect_equal("a pace", flushd("send", "--rate", "1/s", "up.tld", user="nobody"), (77, "flushd: only root and postfix may use --rate\n"))
postfix.configure(authorized_flush_users="!nobody, static:anyone")
postfix.reload()
status, output = flushd("send", "up.tld", user="nobody")
expect_equal("one who may not", status, 77)
expect_match("in postqueue's words", output, r"^flushd: postqueue: fatal: .* is not allowed to flush the mail queue\n$")

# --- with stock flush

deliver(False)
ours = {queued("a@up.tld"), queued("b@up.tld")}
deliver()
postfix.use_flush("flush")
expect_match("with stock flush", flushd_exits("send", "--to", "up.tld"), r"^selected messages: sending 2 messages for 1 destination\n$")
postfix.wait_gone(ours)
expect_equal("no list is left", selections(), [])
expect_match("a pace", flushd_exits("send", "--rate", "1/s", "--to", "*", status=0), "No mail to send")
postfix.use_flush(DAEMON)
