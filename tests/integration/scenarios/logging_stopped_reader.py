"""The program that reads the log has stopped, and its socket is full: other clients' adds are answered as before,
and what could not be logged is told as soon as the log is read again. For syslogd, and for postlogd(8).

Stock waits for the log without a limit, but it has a process for each client.
"""

import multiprocessing
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, wait_until
from harness.flush_client import BAD, ask_raw, attributes
from harness.postfix import QUEUE_DIRECTORY

LOG = Path("/var/log/maillog")
INCOMPLETE = attributes(("request", "add"), ("site", "customer.tld"))  # brings about a warning
LIMIT = 20  # seconds for an answer: a machine may be busy. Without a limit of its own flushd waits for ever


def syslogd(server):
    """Writes what arrives to the file that the harness reads."""
    with LOG.open("ab", buffering=0) as file:
        while True:
            file.write(server.recv(65536).rstrip(b"\0\n") + b"\n")


def fill(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as client:
        client.connect(path)
        try:
            while True:
                client.send(b"<22>Jan  1 00:00:00 filler[1]: " + b"x" * 1000)
        except BlockingIOError:
            pass


def ask_badly(answers):
    try:
        answers.append(ask_raw(INCOMPLETE, timeout=LIMIT))
    except socket.timeout:
        answers.append("no answer")


def adds_while_stopped(postfix, what, reader, path):
    print(f"--- {what}", flush=True)
    expect_equal("add before", ask_flush("add", site="customer.tld", queue_id="A0"), OK)
    mark = postfix.log.mark()
    os.kill(reader, signal.SIGSTOP)
    try:
        fill(path)
        answers = []
        bad = [threading.Thread(target=ask_badly, args=(answers,)) for _ in range(4)]
        for thread in bad:
            thread.start()
        time.sleep(0.1)
        begin = time.monotonic()
        for number in range(30):
            expect_equal(f"add {number} of another client while {what} is stopped",
                         ask_flush("add", timeout=LIMIT, site="customer.tld", queue_id=f"B{number}"), OK)
        print(f"30 adds took {time.monotonic() - begin:.3f} s", flush=True)
        for thread in bad:
            thread.join()
        if IS_FLUSHD:
            expect_equal("and those whose requests bring about a warning", answers, [BAD] * 4)
    finally:
        os.kill(reader, signal.SIGCONT)
    # The reader is through with what the socket held.
    wait_until("it reads again", lambda: postfix.log.search("filler", since=mark))
    time.sleep(0.2)
    expect_equal("a bad request afterwards", ask_raw(INCOMPLETE), BAD)
    if IS_FLUSHD:
        lost = postfix.log.wait_for(r"postfix/flushd\[\d+\]: warning: \S+: (\d+) log records? lost", since=mark)
        expect(1 <= int(lost.group(1)) <= 50, f"what was lost is told: {lost.group(0)}")
    postfix.log.wait_for(r"postfix/flush\w*\[\d+\]: warning: .*queue_id", since=mark)
    listed = postfix.logfile("customer.tld")
    expect(all(f"B{number}" in listed for number in range(30)), "all that was answered is listed")


logger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
logger.bind("/dev/log")
os.chmod("/dev/log", 0o666)
process = multiprocessing.Process(target=syslogd, args=(logger,), daemon=True)
process.start()
logger.close()

postfix, sink = customer_postfix(start=False, maillog_file="")
postfix.start()
adds_while_stopped(postfix, "syslogd", process.pid, "/dev/log")

# Last words get through to a reader that is alive: here of a program that cannot start.
mark = postfix.log.mark()
postfix.use_flush(options="-o mail_owner=nobody.of.this.name")
ask_thread = threading.Thread(target=lambda: ask_badly([]))
ask_thread.start()
fatal = postfix.log.wait_for(r"postfix/flush\w*\[\d+\]: (fatal: .*nobody.of.this.name.*)$", since=mark)
expect(re.search("mail_owner|user", fatal.group(1)), f"last words: {fatal.group(1)}")
ask_thread.join()
postfix.use_flush()
postfix.stop()

postfix.configure(maillog_file=str(LOG))
postfix.start()
postlogd, = wait_until("postlogd runs", lambda: postfix.processes(("postlogd",)))
adds_while_stopped(postfix, "postlogd", postlogd, str(QUEUE_DIRECTORY / "public/postlog"))
