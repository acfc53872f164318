"""Ten thousand connections that never speak: others are served as before, and the log says so once."""

import multiprocessing
import socket
import sys
import time

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal
from harness.postfix import FLUSH_SOCKET

CROWD = 10000
EACH = 850  # as many descriptors as one process may have, nearly

if not IS_FLUSHD:
    sys.exit(0)  # stock would start a process for each


def be_silent(count, connected, end):
    sockets = []
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX)
        client.connect(FLUSH_SOCKET)
        sockets.append(client)
        connected.release()
    end.wait()


def ask_patiently(queue_id):
    """Postfix's clients wait while the listen queue is full; a socket with a time limit does not."""
    while True:
        try:
            return ask_flush("add", site="customer.tld", queue_id=queue_id)
        except BlockingIOError:
            time.sleep(0.001)


postfix, sink = customer_postfix()
expect_equal("add before", ask_flush("add", site="customer.tld", queue_id="A0"), OK)
processes = postfix.flush_processes()
mark = postfix.log.mark()

forking = multiprocessing.get_context("fork")  # since Python 3.14 no longer the usual one
connected, end = forking.Semaphore(0), forking.Event()
crowd = [forking.Process(target=be_silent, args=(min(EACH, CROWD - first), connected, end), daemon=True)
         for first in range(0, CROWD, EACH)]
for process in crowd:
    process.start()
answers = 0
deadline = time.monotonic() + 60
arrived = 0
while arrived < CROWD and time.monotonic() < deadline:
    while connected.acquire(block=False):
        arrived += 1
    # Others come in between.
    answers += 1
    expect_equal(f"add while {arrived} are silent", ask_patiently(f"B{answers}"), OK)
expect_equal("silent connections made", arrived, CROWD)
expect_equal("send_site", ask_flush("send_site", site="customer.tld"), OK)
expect_equal("processes", postfix.flush_processes(), processes)
warnings = postfix.log.of_daemon(since=mark, severity="warning")
expect(len(warnings) == 1 and "Too many open files" in warnings[0], f"one warning: {warnings}")
end.set()
for process in crowd:
    process.join(10)
expect_equal("add after", ask_flush("add", site="customer.tld", queue_id="C0"), OK)
