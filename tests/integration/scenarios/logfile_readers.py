"""Whoever reads a logfile, or sets its access time, disturbs neither a send nor what is told of the last one.

During sends of some thousand messages the logfile is read again and again, as a backup does: all that was sent is
dropped from it, and what is listed meanwhile stays; also when stock flush sends the same site at the same time. Then
`flushd status` tells when the site was sent, not when somebody looked, and does not take a guess where stock may have
sent it.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time

from harness import (FLUSH_DIRECTORY, IS_FLUSHD, OK, PostfixInstance, Sink, ask_flush, expect, expect_equal,
                     expect_match, run_command, transport_for, wait_until)
from harness.big_spool import bulk_site, fill_deferred, list_all
from harness.postfix import FLUSH_SOCKET, QUEUE_DIRECTORY
from harness.tool import flushd, flushd_json

TIME_LIMIT = 300

LISTED, LATER, ROUNDS = 2000, 100, 5
DELIVERED, MOVED = bulk_site(0), bulk_site(1)
STOCK_SOCKET = str(QUEUE_DIRECTORY / "public/stock")
PATIENCE = 60.0

postfix = PostfixInstance()
postfix.configure(relay_domains="bulk.tld", transport_maps=transport_for({DELIVERED: "127.0.2.1", MOVED: "127.0.2.2"}),
                  minimal_backoff_time="1h", maximal_backoff_time="1h")
postfix.set_service("stock/unix", "stock unix n - y - 0 flush")
# The queue manager is stopped now and then, and no send is to wait for it.
postfix.use_flush(options="-o qmgr_message_active_limit=0" if IS_FLUSHD else "")
postfix.start()
sink = Sink()
ids = fill_deferred(postfix, 2 * (LISTED + LATER), 2)


def logfile_of(site):
    return FLUSH_DIRECTORY / postfix.logfile_name(site)


def list_first(site):
    """Lists the messages but for some, and gives both."""
    first, later = ids[site][:LISTED], ids[site][LISTED:]
    list_all({site: first})
    return first, later


def in_queue(queue):
    return {path.name for path in (QUEUE_DIRECTORY / queue).rglob("*") if path.is_file()}


@contextlib.contextmanager
def readers(site):
    """Read the logfile, and set its access time, without a pause."""
    over, failures = threading.Event(), []

    def read():
        try:
            while not over.is_set():
                subprocess.run(["cat", logfile_of(site)], stdout=subprocess.DEVNULL, check=True)
                os.utime(logfile_of(site), (time.time(), logfile_of(site).stat().st_mtime))
        except Exception as error:  # pylint: disable=broad-except
            failures.append(repr(error))
    threads = [threading.Thread(target=read, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join(PATIENCE)
    expect_equal("what went wrong for the readers", failures, [])


def check_lists(site, first, later):
    """When nobody sends any more."""
    expect("flushd_mark_" not in logfile_of(site).read_text(), "no mark is left behind")
    lines = postfix.logfile(site)
    deferred = in_queue("deferred")
    expect_equal("sent and still listed", sorted(set(lines) & set(first))[:5], [])
    expect_equal("listed meanwhile, and lost", sorted(deferred & set(later) - set(lines))[:5], [])


# --- as it is: a real queue manager

sink.accept()
first, later = list_first(DELIVERED)
with readers(DELIVERED):
    time.sleep(0.1)
    status, output = run_command("postqueue", "-s", DELIVERED)[:2]
    expect_equal("postqueue -s", (status, output), (0, ""))
    expect_equal("not added", [queue_id for queue_id in later
                               if ask_flush("add", site=DELIVERED, queue_id=queue_id, timeout=PATIENCE) != OK], [])
    wait_until("all are delivered", lambda: not in_queue("deferred") & set(first) and len(sink.recipients()) >= LISTED, PATIENCE)
    if IS_FLUSHD:
        postfix.log.wait_for(rf"flush site={DELIVERED}, moved=[0-9]+, missing=0, held=0, duplicate=0, failed=0")
check_lists(DELIVERED, first, later)

# --- as it may come: each of the two sends what the other one is sending, and nothing is delivered in between

for service in ("qmgr/unix", "pickup/unix"):
    run_command("postconf", "-MX", service, check=True)
# ("postfix reload" would also have postsuper(1) look at the queue, and change the names of these messages.)
os.kill(int((QUEUE_DIRECTORY / "pid/master.pid").read_text()), signal.SIGHUP)
wait_until("the queue manager has gone", lambda: not postfix.processes(("qmgr", "pickup")), PATIENCE)


class QueueManager(threading.Thread):
    """Takes what it is told."""

    def __init__(self):
        super().__init__(daemon=True)
        path = QUEUE_DIRECTORY / "public/qmgr"
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen(10)

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.recv(16)


QueueManager().start()
first, later = ids[MOVED][:LISTED], ids[MOVED][LISTED:]
chance = random.Random()
for number in range(ROUNDS):
    list_first(MOVED)
    answers = []

    def send(path, delay):
        time.sleep(delay)
        answers.append(ask_flush("send_site", site=MOVED, path=path, timeout=PATIENCE))
    clients = [threading.Thread(target=send, args=(FLUSH_SOCKET, 0)),
               threading.Thread(target=send, args=(STOCK_SOCKET, chance.uniform(0, 0.5)))]
    with readers(MOVED):
        for client in clients:
            client.start()
        for queue_id in later:
            if ask_flush("add", site=MOVED, queue_id=queue_id, timeout=PATIENCE) != OK:
                answers.append(f"{queue_id} is not added")
        for client in clients:
            client.join(PATIENCE)
        expect_equal(f"round {number + 1}: answers", answers, [OK, OK])
        # A client waits for a second at most; the send goes on.
        wait_until("flushd is done", lambda: "flushd_mark_" not in logfile_of(MOVED).read_text(), PATIENCE)
    check_lists(MOVED, first, later)
    for path in (QUEUE_DIRECTORY / "incoming").iterdir():
        if path.is_file():
            path.rename(QUEUE_DIRECTORY / "deferred" / path.name[0] / path.name)

# --- the last send

if not IS_FLUSHD:
    raise SystemExit(0)


def told():
    report, = flushd_json("status", MOVED, "--json")["sites"]
    return report["last_send"], report["no_send_since"]


def send_and_list():
    """The time of the send. Something is listed afterwards."""
    before = time.time()
    expect_equal("a send", ask_flush("send_site", site=MOVED), OK)
    expect_equal("an add", ask_flush("add", site=MOVED, queue_id=first[0]), OK)
    return before


def look_at_it():
    """A reader, and time enough to tell its time from that of the send."""
    time.sleep(2.1)
    before = logfile_of(MOVED).stat().st_atime_ns
    run_command("cat", logfile_of(MOVED), check=True)
    if logfile_of(MOVED).stat().st_atime_ns == before:  # noatime
        run_command("touch", "-a", logfile_of(MOVED), check=True)
    expect(logfile_of(MOVED).stat().st_atime_ns > before, "the access time is that of a reader")


try:
    os.setxattr(logfile_of(MOVED), "user.test", b"")
    HAS_ATTRIBUTES = True
except OSError as error:
    print(f"    no extended attributes here: {error}")
    HAS_ATTRIBUTES = False

sent = send_and_list()
if HAS_ATTRIBUTES:
    at, none_since = told()
    expect(abs(at - sent) <= 1 and none_since is None, f"the last send is told: {at}, it was {sent}")
    look_at_it()
    expect_equal("after somebody has read the logfile", told(), (at, None))
    run_command("touch", "-a", logfile_of(MOVED), check=True)
    expect_equal("after somebody has set its access time", told(), (at, None))
    expect_match("for a person", flushd("status", MOVED).output, r"(?m) \d+s ago(  |$)")
else:
    look_at_it()
    at, none_since = told()
    expect(at is None and none_since > sent + 1, f"nothing is claimed that is not known: {at}, {none_since}")

# Stock sends it: then it may have been a reader, or that.
postfix.use_flush("flush")
sent = send_and_list()
at, none_since = told()
expect(at is None and abs(none_since - sent) <= 1, f"sent by stock: {at}, {none_since}")
expect_match("for a person", flushd("status", MOVED).output, r"(?m) not for \d+s(  |$)")
postfix.use_flush()
look_at_it()
at, none_since = told()
expect(at is None and none_since > sent, f"sent by stock, then read: {at}, {none_since}")

# An empty logfile was sent when it was written last.
before = time.time()
expect_equal("a send", ask_flush("send_site", site=MOVED), OK)
look_at_it()
at, none_since = told()
expect(abs(at - before) <= 1 and none_since is None, f"the last send, nothing listed: {at}, it was {before}")

expect_equal("complaints", postfix.log.find_all(r"/(flush|flushd|master)\[\d+\]: (warning|error|fatal|panic)"), [])
