"""flushd -H: hosts that name each other pass on each request once.

Two Postfix instances, in containers of their own that share a network namespace. The mail lies on the other host than the
one that is asked. Both run in a chroot jail, as Debian has it.
"""

import re
import socket
import threading
from pathlib import Path

from harness import IS_FLUSHD, SmtpClient, customer_postfix, etrn, expect, expect_equal, expect_match, run_command, wait_until
from harness import peer
from harness.postfix import FLUSH_SOCKET
from harness.tool import flushd

TIME_LIMIT = 240
PEERS = 1
# Postfix listens only at addresses that an interface has.
CONTAINER_OPTIONS = ["--cap-add", "NET_ADMIN"]

if not IS_FLUSHD:
    raise SystemExit(0)

HERE, THERE = "127.0.0.2", "127.0.0.3"
is_peer = peer.number() > 0
address = THERE if is_peer else HERE
run_command("ip", "address", "add", f"{address}/8", "dev", "lo")
if is_peer: # one finds the other in a file, the other asks a name server
    with open("/etc/hosts", "a", encoding="ascii") as hosts:
        hosts.write(f"{HERE} mx1.example\n")
else:
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
postfix, sink = customer_postfix(start=False, inet_interfaces=address, myhostname=f"mx{2 if is_peer else 1}.example")
postfix.use_flush(options="-H mx1.example" if is_peer else "-H mx2.example,[127.0.0.9],127.0.0.10:2526")


def name_server():
    """Knows mx2.example, by IPv4."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        question, client = server.recvfrom(512)
        is_known = question[12:].startswith(b"\3mx2\7example\0\0\1")
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(THERE)
        server.sendto(question[:2] + b"\x81\x80" + question[4:6] + bytes((0, is_known)) + question[8:] + record * is_known, client)


def answers():
    try:
        with SmtpClient(address) as client:
            return client.greeting.startswith("220")
    except OSError:
        return False


if not is_peer:
    threading.Thread(target=name_server, daemon=True).start()
run_command("postfix", "start", check=True)
wait_until("it answers", answers)
if is_peer:
    peer.serve()

other = peer.Peer(1)
silent = socket.create_server(("127.0.0.10", 2526))


def log_there():
    return other.run("cat /var/log/maillog")


def etrns(log):
    """How many sessions there were with an ETRN."""
    return len(re.findall(r"disconnect from .* etrn=1 ", log))


expect_match("it is in a chroot jail", run_command("postconf", "-F", "flush/unix/chroot").output, "= y")
with SmtpClient(THERE) as client:
    client.expect("250", "EHLO my.client.tld")
    client.send_mail("someone@sender.tld", ["there@customer.tld"])
wait_until("listed there", lambda: other.run("cat /var/spool/postfix/flush/customer_tld 2>/dev/null"))

# Nothing is listed here. The one that is silent does not keep the client waiting: it has been heard nothing of yet.
sink.accept()
expect_equal("ETRN", etrn("customer.tld", HERE), "250 Queuing started")
sink.wait_for_recipients(["there@customer.tld"])
postfix.log.wait_for(r"flushd\[\d+\]: etrn site=customer.tld, host=mx2.example, answer=250 Queuing started$")
postfix.log.wait_for(r"flushd\[\d+\]: warning: etrn site=customer.tld, host=127.0.0.9: connect to 127.0.0.9\[127.0.0.9\]:25: Connection refused$")
silent.accept()[0].close()
postfix.log.wait_for(r"flushd\[\d+\]: warning: etrn site=customer.tld, host=127.0.0.10:2526: lost connection with .* \(greeting\)$")

# The other host has asked back, once, and this was not passed on. Requests in the same minute are not, either.
wait_until("it has asked back", lambda: "etrn site=customer.tld, host=mx1.example, answer=250 Queuing started" in log_there())
expect_equal("ETRN again", etrn("customer.tld", HERE), "250 Queuing started")
expect_equal("ETRN there", etrn("customer.tld", THERE), "250 Queuing started")
expect_equal("not eligible", etrn("not.a.customer.domain", HERE)[:3], "459")
# A site that comes after them is asked for; what was before it would have come before.
expect_equal("ETRN of another", etrn("other.customer.tld", HERE), "250 Queuing started")
wait_until("it has asked back", lambda: "etrn site=other.customer.tld, host=mx1.example" in log_there())
silent.accept()[0].close()
wait_until("all sessions are in the log", lambda: etrns(log_there()) >= 3)
expect_equal("ETRN at the other: each site once, and ours", etrns(log_there()), 3)
wait_until("here, too", lambda: etrns(Path("/var/log/maillog").read_text()) >= 5)
log = Path("/var/log/maillog").read_text()
expect_equal("ETRN here: each site once, and ours", etrns(log), 5)
expect("not.a.customer" not in "".join(re.findall(r"flushd\[.*", log)), "what is not eligible is not asked for")

# A reload does not wait for a host, nor break the conversation off: a process that finishes it goes on.
expect_equal("ETRN of a third", etrn("sub.customer.tld", HERE), "250 Queuing started")
postfix.log.wait_for(r"flushd\[\d+\]: etrn site=sub.customer.tld, host=mx2.example")
postfix.reload()
postfix.log.wait_for(r"this process finishes its work in hand: 1$")
expect_equal("ETRN after a reload", etrn("sub.customer.tld", HERE), "250 Queuing started")
for _ in range(2): # the new process remembers nothing
    client = silent.accept()[0]
    client.sendall(b"220 ready\r\n")
    expect_match("after the greeting", client.recv(1000).decode(), r"^EHLO mx1.example\r$")
    client.sendall(b"502 no\r\n")
    client.close()
postfix.log.wait_for(r"flushd\[\d+\]: warning: etrn site=sub.customer.tld, .* said: 502 no \(EHLO\)$")

expect_match("flushd check knows the line", flushd("check").output, r"ok: flush/unix in /etc/postfix/master.cf runs flushd")

# An option that makes no sense.
postfix.set_service_field("flush/unix", "command", "flushd -H mx..example")
run_command("postfix", "reload", check=True)
with socket.socket(socket.AF_UNIX) as client:
    client.connect(FLUSH_SOCKET)
    postfix.log.wait_for(r"flushd\[\d+\]: fatal: -H option: not a host such as mx2.example, .*: mx..example$")
