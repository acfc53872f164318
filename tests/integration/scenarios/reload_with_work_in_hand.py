"""Whatever is in hand when Postfix is reloaded, when flushd is taken out or when main.cf changes: other
clients are answered at once, what was begun is finished, and what was answered OK is on the disk.

The figures are the longest that an add of another client took, from the beginning of the command until two
seconds after its end.
"""

import contextlib
import fcntl
import itertools
import os
import signal
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
# A hundred thousand files: the queue is moved into memory.
CONTAINER_OPTIONS = ["--tmpfs", "/memory:rw,mode=0755"]

# Stock, which has a process for each client, takes some 0.15 s on an idle machine; before this was
# mended flushd took as long as its work, 30 s and more.
AT_ONCE = 5.0
MESSAGES = 100_000
LOGFILES = 40_000
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


# --- what is in hand: each begins something, and finishes it when that is wanted

def begin(name, site="customer.tld", **values):
    client = FlushClient(timeout=120)
    client.send(request(name, site=site, **values))
    return client


@contextlib.contextmanager
def half_a_request():
    client = FlushClient(timeout=60)
    bytes_in = request("add", site="customer.tld", queue_id="BA1F")
    client.send(bytes_in[:3])
    yield
    client.send(bytes_in[3:])
    expect_equal("the rest of the request is answered", client.receive_status(), OK)
    expect(purging or "BA1F" in postfix.logfile("customer.tld"), "and what it adds is listed")


@contextlib.contextmanager
def request_that_waits_for_a_lock():
    ask_flush("add", site="locked.bulk.tld", queue_id="C10C")
    with postfix.logfile_path("locked.bulk.tld").open("r+") as logfile:
        fcntl.flock(logfile, fcntl.LOCK_EX)
        client = begin("add", site="locked.bulk.tld", queue_id="C10D")
        yield
    expect_equal("the request that waited for the lock is answered", client.receive_status(), OK)
    # A purge that comes after it finds that there is no such message.
    expect(purging or "C10D" in postfix.logfile("locked.bulk.tld"), "and what it adds is listed")


@contextlib.contextmanager
def trigger_that_nobody_takes():
    write_logfile("trigger.bulk.tld", ["DEADBEEF01"])
    queue_manager.takes.clear()
    client = begin("send_site", site="trigger.bulk.tld")
    wait_until("the send is done", lambda: is_empty("trigger.bulk.tld"), timeout=60)
    yield
    queue_manager.takes.set()
    expect_equal("the send is answered", client.receive_status(), OK)


@contextlib.contextmanager
def lookup_that_hangs():
    client = begin("add", site="in.no.list.tld", queue_id="F00D")
    slow_table.settimeout(20)
    lookup, _ = slow_table.accept()
    yield
    lookup.close()
    client.socket.close()


def messages(count):
    """Empty ones in the deferred queue, named after their inodes, as postsuper(1) wants them: every reload runs it."""
    ids = []
    os.umask(0o077)
    os.seteuid(owner)
    for number in range(count):
        directory = f"{QUEUE_DIRECTORY}/deferred/{number % 16:X}"
        if number < 16:
            os.makedirs(directory, exist_ok=True)
        new = os.open(f"{directory}/new", os.O_CREAT | os.O_WRONLY, 0o700)
        ids.append(f"{number % 16:X}{number >> 4:04X}{os.fstat(new).st_ino:X}")
        os.close(new)
        os.rename(f"{directory}/new", f"{directory}/{ids[-1]}")
    os.seteuid(0)
    os.umask(0o022)
    return ids


@contextlib.contextmanager
def long_send():
    ids = messages(MESSAGES)
    write_logfile("long.bulk.tld", ids)
    client = begin("send_site", site="long.bulk.tld")
    wait_until("the send has begun", lambda: in_queue("incoming") > 0, timeout=60, interval=0.001)
    yield
    print("    messages moved by then:", in_queue("incoming"))
    wait_until("the send is finished", lambda: is_empty("long.bulk.tld"), timeout=240)
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


def many_logfiles(age):
    for number in range(LOGFILES):
        write_logfile(f"n{number}.bulk.tld", ["DEADBEEF02"], age)


def still_to_be_sent():
    return sum(1 for entry in os.scandir(FLUSH_DIRECTORY) if entry.name.startswith("n") and entry.stat().st_size)


@contextlib.contextmanager
def housekeeping(name, age, to_the_end):
    many_logfiles(age)
    expect_equal(f"{name} is answered before it is done", ask_flush(name), OK)
    wait_until("it has begun", lambda: still_to_be_sent() < LOGFILES, timeout=60)
    yield
    left = still_to_be_sent()
    print("    logfiles left by then:", left)
    if to_the_end:
        wait_until("all have been seen to", lambda: still_to_be_sent() == 0, timeout=200)
    else:
        wait_until("it goes on", lambda: still_to_be_sent() < left or left == 0, timeout=60)
        for process in postfix.processes(DAEMONS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
    run_command("find", str(FLUSH_DIRECTORY), "-name", "n*", "-delete", check=True)


@contextlib.contextmanager
def refresh():
    with housekeeping("rfrsh", age=24 * 3600, to_the_end=False):
        yield


@contextlib.contextmanager
def purge():
    # Too young for a refresh, which master(8) asks for after a reload.
    with housekeeping("purge", age=60, to_the_end=True):
        yield


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
    expect(add(), "an add before") # so that what follows does not meet a process that is just starting
    with contextlib.ExitStack() as in_hand:
        for kind in kinds:
            in_hand.enter_context(kind())
        other = OtherClient()
        other.start()
        end()
        time.sleep(4 if end is change_main_cf else 2)
        other.stopping.set()
        other.join()
        print(f"    {DAEMON}: {what}: {other.longest:.3f} s", flush=True)
        expect_equal("adds of another client that failed", other.failed, 0)
        expect(other.longest < AT_ONCE, f"{what}: it is answered at once")
        listed = set(postfix.logfile("other.customer.tld"))
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

complaints = rf"postfix/({'|'.join(DAEMONS)}|master)\[\d+\]: .*(fatal|panic|throttling|exit status)"
expect_equal("complaints", postfix.log.find_all(complaints), [])

# And what is left to do does not keep Postfix from stopping.
client = FlushClient()
client.send(b"req")
reload()
expect(add(), "another add")
start = time.monotonic()
postfix.stop()
print(f"    {DAEMON}: stop with half a request in hand: {time.monotonic() - start:.3f} s")
