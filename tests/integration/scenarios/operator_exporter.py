"""flushd metrics --listen: an exporter for those without node_exporter.

It has mail_owner's rights and answers one question, on the loopback address; clients that say nothing are in nobody's way.
"""

import http.client
import os
import re
import signal
import socket
import subprocess

from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, expect_match, wait_until
from harness.tool import flushd, tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

PORT = 9619
# By another name, so that it is not taken for the service.
EXPORTER = "/tmp/exporter"
os.symlink(tool_path(), EXPORTER)
postfix, sink = customer_postfix()
deferred_mail(postfix, "user@customer.tld")
ADDED = r'(?m)^postfix_flush_requests_total\{request="add",status="ok"\} 1$'
wait_until("the add is counted", lambda: re.search(ADDED, flushd("metrics").output))


def start(*arguments):
    """Returns when it listens."""
    process = subprocess.Popen([EXPORTER, "metrics", "--listen", *arguments], stderr=subprocess.PIPE, text=True)
    expect_equal("where it listens", process.stderr.readline(), f"flushd: metrics are at http://127.0.0.1:{PORT}/metrics\n")
    return process


def ask(path="/metrics", method="GET"):
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


def identity(process):
    """The user IDs of a process, and whether it may have others again."""
    with open(f"/proc/{process.pid}/status") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return set(fields["Uid"].split()), fields["CapEff"].strip("0"), fields["NoNewPrivs"]


exporter = start(str(PORT))
owner = str(postfix.mail_owner_uid())
expect_equal("who it is", identity(exporter), ({owner}, "", "1"))
status, headers, text = ask()
expect_equal("status and type", (status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
expect_match("the service's figures", text, ADDED)
expect_equal("what is listed, and the same as of root", re.findall(r"(?m)^postfix_flush_listed_messages .*", text),
             re.findall(r"(?m)^postfix_flush_listed_messages .*", flushd("metrics").output))
expect_equal("other paths", ask("/")[0], 404)
expect_equal("other methods", [ask(method=method)[0] for method in ("HEAD", "POST", "DELETE")], [405, 405, 405])
expect_equal("at no other address", socket.socket().connect_ex(("127.0.0.2", PORT)) != 0, True)

# More than it has room for, all of them silent.
crowd = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(100)]
for one in crowd[50:]:
    one.sendall(b"GET /metr")
expect_equal("beside a silent crowd", ask()[0], 200)

expect_equal("the port is taken", flushd("metrics", "--listen", f":{PORT}"),
             (69, f"flushd: cannot listen on 127.0.0.1:{PORT}: Address already in use\n"))
expect_equal("not both", flushd("metrics", "--listen", "9620", "--output", "/tmp/x").status, 64)
expect_equal("a name", flushd("metrics", "--listen", "mail.tld:9620").status, 64)

# Postfix need not run.
postfix.stop()
expect_equal("while Postfix is stopped", ask()[0], 200)
postfix.start()

for number in (signal.SIGTERM, signal.SIGINT):
    exporter.send_signal(number)
    expect_equal(f"how it ends by {number.name}", (exporter.wait(60), exporter.stderr.read().count("warning: ") <= 1), (0, True))
    wait_until("the port is free", lambda: socket.socket().connect_ex(("127.0.0.1", PORT)) != 0)
    exporter = start(f"localhost:{PORT}")
    expect_equal("again", ask()[0], 200)
exporter.terminate()
expect_equal("how it ends", exporter.wait(60), 0)
expect(not os.path.exists("/tmp/x"), "nothing was written")
