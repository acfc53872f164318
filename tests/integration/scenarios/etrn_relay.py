"""flushd -H: hosts that name each other pass on each request once.

Three Postfix instances, in containers of their own that share a network namespace. The mail lies on the other hosts than the
one that is asked. All run in a chroot jail, as Debian has it.
"""

import re
import socket
import threading
from pathlib import Path

from harness import IS_FLUSHD, SmtpClient, customer_postfix, etrn, expect, expect_equal, expect_match, run_command, wait_until
from harness import peer
from harness.postfix import FLUSH_SOCKET, smtp_answers
from harness.tool import flushd

TIME_LIMIT = 240
PEERS = 2
# Postfix listens only at addresses that an interface has.
CONTAINER_OPTIONS = ["--cap-add", "NET_ADMIN"]

if not IS_FLUSHD:
    raise SystemExit(0)

ADDRESSES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
HERE = ADDRESSES[0]
is_peer = peer.number() > 0
address = ADDRESSES[peer.number()]
run_command("ip", "address", "add", f"{address}/8", "dev", "lo")
if is_peer: # these find the others in a file, the first one asks a name server
    with open("/etc/hosts", "a", encoding="ascii") as hosts:
        hosts.writelines(f"{its} mx{number + 1}.example\n" for number, its in enumerate(ADDRESSES))
else:
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
postfix, sink = customer_postfix(start=False, inet_interfaces=address, myhostname=f"mx{peer.number() + 1}.example")
# The others name themselves, too.
postfix.use_flush(options="-H mx1.example,mx2.example -H mx3.example" if is_peer else "-H mx2.example,mx3.example,[127.0.0.9],127.0.0.10:2526")


def name_server():
    """Knows mx2.example and mx3.example, by IPv4."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        question, client = server.recvfrom(512)
        number = question[15] - ord("1")
        is_known = question[12:15] + question[16:27] == b"\3mx\7example\0\0\1" and number < len(ADDRESSES)
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + (socket.inet_aton(ADDRESSES[number]) if is_known else b"")
        server.sendto(question[:2] + b"\x81\x80" + question[4:6] + bytes((0, is_known)) + question[8:] + record * is_known, client)


if not is_peer:
    threading.Thread(target=name_server, daemon=True).start()
run_command("postfix", "start", check=True)
wait_until("it answers", lambda: smtp_answers(address))
if is_peer:
    peer.serve()

others = [peer.Peer(1), peer.Peer(2)]
silent = socket.create_server(("127.0.0.10", 2526))


def log_of(other):
    return other.run("cat /var/log/maillog")


def wait_until_asked_back(site):
    for other in others:
        for host in ("mx1", "mx2", "mx3"):
            wait_until(f"peer {other.number} has asked {host} for {site}",
                       lambda: f"etrn site={site}, host={host}.example, answer=250 Queuing started" in log_of(other))


def etrns(log):
    """How many sessions there were with an ETRN."""
    return len(re.findall(r"disconnect from .* etrn=1 ", log))


expect_match("it is in a chroot jail", run_command("postconf", "-F", "flush/unix/chroot").output, "= y")
for other in others:
    with SmtpClient(ADDRESSES[other.number]) as client:
        client.expect("250", "EHLO my.client.tld")
        client.send_mail("someone@sender.tld", [f"there{other.number}@customer.tld"])
    wait_until("listed there", lambda: other.run("cat /var/spool/postfix/flush/customer_tld 2>/dev/null"))

# Nothing is listed here. The one that is silent does not keep the client waiting: it has been heard nothing of yet.
sink.accept()
expect_equal("ETRN", etrn("customer.tld", HERE), "250 Queuing started")
sink.wait_for_recipients(["there1@customer.tld", "there2@customer.tld"])
for host in ("mx2", "mx3"):
    postfix.log.wait_for(rf"flushd\[\d+\]: etrn site=customer.tld, host={host}.example, answer=250 Queuing started$")
postfix.log.wait_for(r"flushd\[\d+\]: warning: etrn site=customer.tld, host=127.0.0.9: connect to 127.0.0.9\[127.0.0.9\]:25: Connection refused$")
silent.accept()[0].close()
postfix.log.wait_for(r"flushd\[\d+\]: warning: etrn site=customer.tld, host=127.0.0.10:2526: lost connection with .* \(greeting\)$")

def is_counted():
    metrics = flushd("metrics").output
    return all(f'postfix_flush_other_host_requests_total{{result="{result}"}} 2' in metrics for result in ("accepted", "failed"))


wait_until("the metrics have what came of it", is_counted)

# The others have asked all, once, and this was not passed on. Requests in the same minute are not, either.
wait_until_asked_back("customer.tld")
expect_equal("ETRN again", etrn("customer.tld", HERE), "250 Queuing started")
expect_equal("ETRN there", etrn("customer.tld", ADDRESSES[1]), "250 Queuing started")
expect_equal("not eligible", etrn("not.a.customer.domain", HERE)[:3], "459")
# A site that comes after them is asked for; what was before it would have come before.
expect_equal("ETRN of another", etrn("other.customer.tld", HERE), "250 Queuing started")
wait_until_asked_back("other.customer.tld")
silent.accept()[0].close()
for other, ours in zip(others, (1, 0)):
    wait_until("all sessions are in its log", lambda: etrns(log_of(other)) >= 6 + ours)
    expect_equal("ETRN there: each site once from each of three hosts, and ours", etrns(log_of(other)), 6 + ours)
wait_until("here, too", lambda: etrns(Path("/var/log/maillog").read_text()) >= 7)
log = Path("/var/log/maillog").read_text()
expect_equal("ETRN here: each site once from each of two, and our three", etrns(log), 7)
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
