"""flushd send --host: mail for one site that lies on three hosts is delivered by one command.

Three Postfix instances, in containers of their own that share a network namespace. One is down, one refuses, one does
not know the destination; and servers that want STARTTLS and a password, are silent, or answer oddly.
"""

import base64
import json
import os
import socketserver
import ssl
import threading

from harness import IS_FLUSHD, SmtpClient, customer_postfix, deferred_mail, expect, expect_equal, expect_match, run_command, wait_until
from harness import peer
from harness.postfix import smtp_answers
from harness.tool import flushd, flushd_exits

TIME_LIMIT = 400
PEERS = 2
PROGRAMS = ["curl"]
# Postfix listens only at addresses that an interface has.
CONTAINER_OPTIONS = ["--cap-add", "NET_ADMIN"]

if not IS_FLUSHD:
    raise SystemExit(0)

address = f"127.0.0.{peer.number() + 1}"
run_command("ip", "address", "add", f"{address}/8", "dev", "lo")
postfix, sink = customer_postfix(start=False, inet_interfaces=address, myhostname=f"mx{peer.number() + 1}.example")


run_command("postfix", "start", check=True)
wait_until("it answers", lambda: smtp_answers(address))
if peer.number() > 0:
    peer.serve()

HOSTS = {"127.0.0.2": peer.Peer(1), "127.0.0.3": peer.Peer(2)}


def mail_everywhere(sites=("customer.tld",)):
    """A message for each site on each host; all are listed there."""
    for site in sites:
        deferred_mail(postfix, f"mx1@{site}")
        for host, other in HOSTS.items():
            with SmtpClient(host) as client:
                client.expect("250", "EHLO my.client.tld")
                client.send_mail("someone@sender.tld", [f"mx{other.number + 1}@{site}"])
            name = site.replace(".", "_")
            wait_until("listed there", lambda: other.run(f"cat /var/spool/postfix/flush/{name} 2>/dev/null"))


def send(*arguments, status=0):
    lines = flushd_exits("send", *arguments, status=status).splitlines()
    return sorted(lines[:-1]), lines[-1]


output = flushd_exits("send", "--host", "127.0.0.2", "customer.tld", status=69)
expect_match("without curl", output, r"^flushd: --host needs curl\(1\), which is not installed")
os.symlink("/programs/curl", "/usr/local/bin/curl")

mail_everywhere()
sink.accept()
lines, verdict = send("--host", "127.0.0.2,127.0.0.3", "--wait", "customer.tld")
expect_equal("each host", lines, ["127.0.0.2: customer.tld: accepted (250 Queuing started)",
                                  "127.0.0.3: customer.tld: accepted (250 Queuing started)",
                                  "customer.tld: of 1 message, 1 delivered"])
expect_equal("the verdict", verdict, "other hosts: of 2 requests, 2 accepted")
sink.wait_for_recipients(["mx1@customer.tld", "mx2@customer.tld", "mx3@customer.tld"])

# One is down, one refuses.
HOSTS["127.0.0.3"].run("postfix stop")
lines, verdict = send("--host", "127.0.0.2", "--host", "127.0.0.3", "customer.tld", status=75)
expect_match("the one that is down", lines[1], r"^127\.0\.0\.3: customer\.tld: .*(refused|connect)")
expect_equal("the verdict", verdict, "other hosts: of 2 requests, 1 accepted, 1 could not be asked")
HOSTS["127.0.0.2"].run("postconf -e smtpd_etrn_restrictions=reject && postfix reload")
wait_until("it refuses", lambda: "554" in flushd("send", "--host", "127.0.0.2", "customer.tld").output)
lines, verdict = send("--host", "127.0.0.2,127.0.0.3", "customer.tld", status=69)
expect_match("the one that refuses", lines[0], r"^127\.0\.0\.2: customer\.tld: this host may not use ETRN there \(554 .*Access denied\)$")
expect_equal("the verdict", verdict, "other hosts: of 2 requests, 1 refused, 1 could not be asked")
HOSTS["127.0.0.2"].run("postconf -e smtpd_etrn_restrictions= relay_domains=none.tld && postfix reload")
wait_until("it is not eligible", lambda: "459" in flushd("send", "--host", "127.0.0.2", "customer.tld").output)
lines, verdict = send("--host", "127.0.0.2", "customer.tld", status=69)
expect_match("not eligible there", lines[0], r"^127\.0\.0\.2: customer\.tld: the destination is not eligible there.* \(459 ")
# It is asked also while Postfix is stopped here.
postfix.stop()
lines, verdict = send("--host", "127.0.0.2", "customer.tld", status=69)
expect_match("here it is down", " ".join(lines), r"127\.0\.0\.2: customer\.tld: .* flushd: ")
run_command("postfix", "start", check=True)
wait_until("it answers", lambda: smtp_answers(address))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


class Ipv6Server(Server):
    address_family = socketserver.socket.AF_INET6


class Session(socketserver.StreamRequestHandler):
    """Wants a password, and that only after STARTTLS; ETRN of a site tells what to answer."""
    heard = []

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 odd ESMTP")
        is_safe, user = False, None
        while line := self.rfile.readline(): # another file after STARTTLS
            words = line.decode().split()
            self.heard.append(" ".join(words))
            verb = words[0].upper()
            if verb == "EHLO":
                self.say("250-odd\r\n250-ETRN\r\n250-AUTH PLAIN" if is_safe else "250-odd\r\n250-STARTTLS")
                self.say("250 ETRN")
            elif verb == "STARTTLS":
                self.say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain("/tests/integration/harness/self_signed.pem")
                try:
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                except OSError: # it does not like the certificate
                    return
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                is_safe = True
            elif verb == "AUTH":
                given = words[2] if len(words) > 2 else self.ask("")
                user = base64.b64decode(given).split(b"\0")[1:]
                good = user == [b"etrn", b"secret word"]
                self.say("235 good" if good else "535 5.7.8 no")
                if not good:
                    return
            elif verb == "ETRN":
                code = words[1].split(".")[0].lstrip("s")
                self.say(f"{code} it says" if code.isdigit() else "250 as " + (user[0].decode() if user else "nobody"))
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("502 no")

    def ask(self, text):
        self.say("334 " + text)
        return self.rfile.readline().decode().strip()


threading.Thread(target=Server(("127.0.0.9", 2526), Session).serve_forever, daemon=True).start()
ODD = "127.0.0.9:2526"
expect_match("TLS if it is offered", send("--host", ODD, "customer.tld")[0][0], r"accepted \(250 as nobody\)$")
expect("STARTTLS" in Session.heard, "it was used")
for arguments, status, pattern in (((), 69, r"^flushd: /tmp/netrc has passwords, but other users may .*chmod 600"),
                                   (("--tls", "may"), 64, r"--auth-file needs --tls verify, encrypt or none")):
    with open("/tmp/netrc", "w", encoding="ascii") as file:
        file.write('machine 127.0.0.9 login etrn password "secret word"\n')
    os.chmod("/tmp/netrc", 0o644)
    output = flushd_exits("send", "--host", ODD, "--auth-file", "/tmp/netrc", *arguments, "customer.tld", status=78 if not arguments else 64)
    expect_match("refused", output, pattern)
os.chmod("/tmp/netrc", 0o600)
Session.heard.clear()
lines, _ = send("--host", ODD, "--auth-file", "/tmp/netrc", "customer.tld", status=75)
expect_match("a certificate of somebody", lines[0], r"127\.0\.0\.9:2526: customer\.tld: .*certificate")
expect(not any("AUTH" in line for line in Session.heard), "no password was sent")
expect_match("with a password", send("--host", ODD, "--auth-file", "/tmp/netrc", "--tls", "encrypt", "customer.tld")[0][0], r"\(250 as etrn\)$")

# What else a host may say: one report for each, and JSON.
postfix.configure(fast_flush_domains="static:all")
run_command("postfix", "reload", check=True)
codes = {251: "accepted", 252: "accepted", 253: "accepted", 458: "refused_for_now", 459: "refused", 500: "refused", 502: "refused", 550: "refused"}
wait_until("all are eligible", lambda: flushd("send", "any.tld").status == 0)
events = [json.loads(line) for line in flushd_exits("send", "--json", "--host", ODD, *(f"s{code}.tld" for code in codes), status=69).splitlines()]
expect_equal("each answer", {event["code"]: event["status"] for event in events if event["event"] == "host"}, codes)
expect_equal("the last word", (events[-1]["event"], events[-1]["summary"], events[-1]["exit_status"]),
             ("hosts", "3 accepted, 4 refused, 1 refused for now", 69))

# A server that says nothing, and one with an IPv6 address.
silent = socketserver.socket.create_server(("127.0.0.10", 2526))
lines, verdict = send("--timeout", "2s", "--host", "127.0.0.10:2526", "any.tld", status=75)
expect_match("silent", lines[0], r"127\.0\.0\.10:2526: any\.tld: .*timed out")
try:
    server = Ipv6Server(("::1", 2526), Session)
except OSError as error:
    print("no IPv6 here:", error)
else:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    expect_match("IPv6", send("--host", "[::1]:2526", "any.tld")[0][0], r"^\[::1\]:2526: any\.tld: accepted")
