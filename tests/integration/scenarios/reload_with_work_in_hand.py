"""Whatever is in hand when Postfix is reloaded, when flushd is taken out or when main.cf changes: other
clients are answered at once, what was begun is finished, and what was answered OK is on the disk.

The figures are the longest that an add of another client took, from the beginning of the command until two
seconds after its end.
"""

import contextlib
import fcntl
import itertools
import os
import socket
import subprocess
import threading
import time

from harness import (DAEMON, FLUSH_DIRECTORY, IS_FLUSHD, OK, FlushClient, ask_flush, customer_postfix, expect,
                     expect_equal, run_command, wait_until)
from harness.flush_client import request
from harness.postfix import QUEUE_DIRECTORY
from harness.tool import flushd

TIME_LIMIT = 600
# Tens of thousands of files: the queue is moved into memory.
CONTAINER_OPTIONS = ["--tmpfs", "/memory:rw,mode=0755"]

# Stock, which has a process for each client, takes some 0.15 s on an idle machine; before this was
# mended flushd took as long as its work, which here comes to its end only when the other client has had
# its answers.
AT_ONCE = 15.0
# Enough for flushd to be in the middle of them when it hears of a reload.
MESSAGES = int(os.environ.get("FLUSHD_SPOOL", 30_000))
LOGFILES = 4_000
DAEMONS = ("flush", "flushd")
SLOW_TABLE_PORT = 2526

# A table that never answers: whoever connects waits in the backlog.
slow_table = socket.create_server(("127.0.0.1", SLOW_TABLE_PORT), backlog=100)


class QueueManager(threading.Thread):
    """In the place of Postfix's, which would look into the messages. It takes triggers, or leaves them like one that
    is stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        path = QUEUE_DIRECTORY / "public/qmgr"
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.socket.listen(1000)
        self.takes = threading.Event()
        self.takes.set()

    def run(self):
        while self.takes.wait():
            self.socket.accept()[0].close()


run_command("cp", "-a", f"{QUEUE_DIRECTORY}/.", "/memory", check=True)
run_command("mv", str(QUEUE_DIRECTORY), "/var/spool/postfix.old", check=True)
QUEUE_DIRECTORY.symlink_to("/memory")
postfix, sink = customer_postfix(
    start=False, proxy_read_maps="$local_recipient_maps, $fast_flush_domains",
    fast_flush_domains=f"$relay_domains, bulk.tld, proxy:socketmap:inet:127.0.0.1:{SLOW_TABLE_PORT}:sites")
run_command("postconf", "-MX", "qmgr/unix", check=True)
if IS_FLUSHD: # This queue manager takes nothing; see send_survives for a send that waits for one.
    postfix.set_service_field("flush/unix", "command", f"{DAEMON} -o qmgr_message_active_limit=0")
postfix.start()
queue_manager = QueueManager()
queue_manager.start()
owner = postfix.mail_owner_uid()


# --- the other client

numbers = itertools.count()
acknowledged = []
purging = False


def add(timeout=10.0):
    queue_id = f"AD{next(numbers):06X}"
    status = ask_flush("add", timeout=timeout, site="other.customer.tld", queue_id=queue_id)
    if status == OK:
        acknowledged.append(queue_id)
    return status == OK


class OtherClient(threading.Thread):
    """Adds one after the other until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.longest, self.failed, self.stopping = 0.0, 0, threading.Event()

    def run(self):
        while not self.stopping.wait(0.02):
            start = time.monotonic()
            try:
                self.failed += 0 if add(timeout=30.0) else 1
            except OSError:  # a timeout, too
                self.failed += 1
            self.longest = max(self.longest, time.monotonic() - start)


# --- what is in hand: each makes what it needs, begins something, and finishes it when that is wanted

def begin(name, site="customer.tld", **values):
    client = FlushClient(timeout=120)
    client.send(request(name, site=site, **values))
    return client


@contextlib.contextmanager
def locked(site):
    with postfix.logfile_path(site).open("r+") as logfile:
        fcntl.flock(logfile, fcntl.LOCK_EX)
        yield


def half_a_request():
    yield
    client = FlushClient(timeout=60)
    bytes_in = request("add", site="customer.tld", queue_id="BA1F")
    client.send(bytes_in[:3])
    yield
    client.send(bytes_in[3:])
    expect_equal("the rest of the request is answered", client.receive_status(), OK)
    expect(purging or "BA1F" in postfix.logfile("customer.tld"), "and what it adds is listed")


def request_that_waits_for_a_lock():
    ask_flush("add", site="locked.bulk.tld", queue_id="C10C")
    with locked("locked.bulk.tld"):
        yield
        client = begin("add", site="locked.bulk.tld", queue_id="C10D")
        yield
    expect_equal("the request that waited for the lock is answered", client.receive_status(), OK)
    # A purge that comes after it finds that there is no such message.
    expect(purging or "C10D" in postfix.logfile("locked.bulk.tld"), "and what it adds is listed")


def trigger_that_nobody_takes():
    write_logfile("trigger.bulk.tld", ["DEADBEEF01"])
    queue_manager.takes.clear()
    yield
    client = begin("send_site", site="trigger.bulk.tld")
    wait_until("the send is done", lambda: is_empty("trigger.bulk.tld"), timeout=60)
    yield
    queue_manager.takes.set()
    expect_equal("the send is answered", client.receive_status(), OK)


def lookup_that_hangs():
    yield
    site = f"in.no.list{next(numbers)}.tld"
    client = begin("add", site=site, queue_id="F00D")
    lookup = accept_lookup(site)
    yield
    lookup.close()
    client.socket.close()


def accept_lookup(site):
    """Those before it have been given up; proxymap(8) asks once more when the first connection ends."""
    slow_table.settimeout(60)
    while True:
        lookup, _ = slow_table.accept()
        lookup.settimeout(60)
        if site.encode() in lookup.recv(1000):
            return lookup
        lookup.close()


def messages(count):
    """Empty ones in the deferred queue, named after their inodes, as postsuper(1) wants them: every reload runs it,
    and so no name that it would change may be seen in a queue."""
    ids = []
    os.umask(0o077)
    for number in range(count):
        directory = f"{QUEUE_DIRECTORY}/deferred/{number % 16:X}"
        if number < 16:
            os.makedirs(directory, exist_ok=True)
            os.chown(directory, owner, -1)
        new = os.open("/memory/new", os.O_CREAT | os.O_WRONLY, 0o700)
        os.fchown(new, owner, -1)
        ids.append(f"{number % 16:X}{number >> 4:04X}{os.fstat(new).st_ino:X}")
        os.close(new)
        os.rename("/memory/new", f"{directory}/{ids[-1]}")
    os.umask(0o022)
    return ids


def long_send():
    write_logfile("long.bulk.tld", messages(MESSAGES))
    yield
    client = begin("send_site", site="long.bulk.tld")
    wait_until("the send has begun", lambda: in_queue("incoming") > 0, timeout=60, interval=0.001)
    # Stock keeps the lock itself until all is done.
    with locked("long.bulk.tld") if IS_FLUSHD else contextlib.nullcontext():
        yield
    wait_until("the send is finished", lambda: is_empty("long.bulk.tld"), timeout=120)
    expect_equal("messages that it moved", in_queue("incoming"), MESSAGES)
    client.socket.close()
    run_command("find", str(QUEUE_DIRECTORY / "incoming"), "-type", "f", "-delete", check=True)


def in_queue(queue):
    return sum(len(files) for _, _, files in os.walk(QUEUE_DIRECTORY / queue))


def is_empty(site):
    return postfix.logfile_path(site).stat().st_size == 0


def write_logfile(site, ids, age=0):
    path = FLUSH_DIRECTORY / postfix.logfile_name(site)
    path.write_text("".join(f"{queue_id}\n" for queue_id in ids))
    path.chmod(0o600)
    os.chown(path, owner, -1)
    if age:
        os.utime(path, (time.time() - age,) * 2)


def still_to_be_sent():
    return sum(1 for entry in os.scandir(FLUSH_DIRECTORY) if entry.name.startswith("n") and entry.stat().st_size)


def housekeeping(name, age):
    for number in range(LOGFILES):
        write_logfile(f"n{number}.bulk.tld", ["DEADBEEF02"], age)
    # It comes to no end before this one is unlocked.
    with locked(f"n{LOGFILES // 2}.bulk.tld"):
        yield
        expect_equal(f"{name} is answered before it is done", ask_flush(name), OK)
        wait_until("it has begun", lambda: still_to_be_sent() < LOGFILES, timeout=60)
        yield
    wait_until("all have been seen to", lambda: still_to_be_sent() == 0, timeout=120)
    run_command("find", str(FLUSH_DIRECTORY), "-name", "n*", "-delete", check=True)


def refresh():
    yield from housekeeping("rfrsh", age=24 * 3600)


def purge():
    # Too young for a refresh, which master(8) asks for after a reload.
    yield from housekeeping("purge", age=60)


KINDS = [half_a_request, request_that_waits_for_a_lock, trigger_that_nobody_takes, lookup_that_hangs, long_send]
if IS_FLUSHD: # stock's housekeeping comes to no end with this queue manager
    KINDS += [refresh, purge]


# --- what happens meanwhile

def reload():
    # It leaves postsuper(1) behind, which looks through the queue; nobody waits for that.
    subprocess.run(["postfix", "reload"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def uninstall():
    result = flushd("uninstall")
    expect_equal(f"flushd uninstall: {result.output}", result.status, 0)


def change_main_cf():
    run_command("postconf", "-e", f"fast_flush_purge_time={int(time.time()) % 1000 + 600000}s", check=True)


def check(what, end, kinds):
    global purging
    purging = purge in kinds
    print(f"--- {what}", flush=True)
    in_hand = [kind() for kind in kinds]
    for each in in_hand:
        next(each) # what takes time comes before anything is begun
    expect(add(), "an add before") # so that what follows does not meet a process that is just starting
    before = postfix.processes(DAEMONS)
    for each in in_hand:
        next(each)
    other = OtherClient()
    other.start()
    end()
    if IS_FLUSHD:
        wait_until("another process serves", lambda: set(postfix.processes(DAEMONS)) - set(before), timeout=60)
    print(f"    messages moved by then: {in_queue('incoming')}, logfiles left: {still_to_be_sent()}", flush=True)
    time.sleep(2)
    other.stopping.set()
    other.join()
    print(f"    {DAEMON}: {what}: {other.longest:.3f} s", flush=True)
    expect_equal("adds of another client that failed", other.failed, 0)
    expect(other.longest < AT_ONCE, f"{what}: it is answered at once")
    listed = set(postfix.logfile("other.customer.tld"))
    for each in reversed(in_hand):
        next(each, None)
    # A purge drops them: there are no such messages.
    expect(purging or set(acknowledged) <= listed, f"all of {len(acknowledged)} adds that were answered OK are listed")
    acknowledged.clear()


for kind in KINDS:
    check(f"{kind.__name__}, reload", reload, [kind])
ALL = [half_a_request, request_that_waits_for_a_lock, lookup_that_hangs, purge, long_send]
if IS_FLUSHD:
    check("main.cf changes, with all of it in hand", change_main_cf, ALL)
    # master would start no other beside it.
    postfix.set_service_field("flush/unix", "process_limit", "1")
    postfix.reload()
    check("main.cf changes, one process at most", change_main_cf, [half_a_request])
    postfix.set_service_field("flush/unix", "process_limit", "0")
    check("flushd uninstall, with all of it in hand", uninstall, ALL)
    # Not by `flushd install`, which asks all tables first: one of them hangs. And the process that
    # finishes what was in hand may still be at it.
    postfix.set_service_field("flush/unix", "command", DAEMON)
    reload()
    # Stock may still take a client when master(8) has given it up, and then no other process is started for
    # the next one before that one has been served.
    wait_until("stock has ended", lambda: not postfix.processes(("flush",)), timeout=60)

complaints = rf"postfix/({'|'.join(DAEMONS)}|master)\[\d+\]: .*(fatal|panic|throttling|exit status)"
expect_equal("complaints", postfix.log.find_all(complaints), [])

# And what is left to do does not keep Postfix from stopping.
client = FlushClient()
client.send(b"req")
expect(add(), "an add that comes later") # so that the first one is in hand
reload()
expect(add(), "another add")
start = time.monotonic()
postfix.stop()
print(f"    {DAEMON}: stop with half a request in hand: {time.monotonic() - start:.3f} s")
