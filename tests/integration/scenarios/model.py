"""flushd and stock flush serve one queue at the same time, and clients give both whatever comes to mind: nothing is lost.

A model knows for each message where it was put last, and whether an add was acknowledged after that. Several clients
add, send, refresh and purge at random; they also play those who change the queue meanwhile: they defer new messages,
take moved ones from incoming and either deliver them or defer them again, and let logfiles become old. Each round ends
with all of them standing still, and a look at the whole queue.

MODEL_SEED=... repeats the clients' choices (though not the moments), MODEL_SECONDS=... makes it longer. With --daemon
flush, two of Postfix's own serve, and what they would lose is left out (see "facts" below).
"""

import contextlib
import fcntl
import os
import random
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from harness import (DAEMON, FLUSH_DIRECTORY, IS_FLUSHD, OK, PostfixInstance, ask_flush, expect, expect_equal, fail,
                     run_command, wait_until)
from harness.postfix import FLUSH_SOCKET, QUEUE_DIRECTORY

TIME_LIMIT = 300

SEED = int(os.environ.get("MODEL_SEED", random.SystemRandom().randrange(1 << 32)))
SECONDS = int(os.environ.get("MODEL_SECONDS", 60))
ROUND = 6.0  # seconds, and what the look at the queue takes
WORKERS = 6
PATIENCE = 60.0  # for anything that should come at once
DAY, HOUR = 86400, 3600

# Facts (facts.md 4.2): stock loses the ID that is added to an old empty logfile while a refresh unlinks it. As the one that refreshes,
# because it looks and unlinks without the lock; as the one that adds, because it does not look, once it has the
# lock, whether the file still has its name. Where logfiles grow old and empty, then, only flushd adds, and one of these clients
# that does look, and not while stock refreshes. Where stock adds, they do not grow old enough to be unlinked.
#
# What else stock may lose does not happen here: no disk is full, and all messages can be moved.


class Site:
    def __init__(self, name, weight, id_length, recipients, messages, sends, ages=False):
        self.name, self.weight, self.id_length = name, weight, id_length
        self.recipients = recipients  # at most so many adds for each time that a message is deferred
        self.messages = messages      # at most so many at a time, for each client
        self.sends = sends            # how likely a step is a send
        self.ages = ages
        self.logfile = FLUSH_DIRECTORY / PostfixInstance.logfile_name(name)
        self.ids = {}                 # all that were ever added: Message


# Long IDs, each listed often: these logfiles reach the size from which flushd compacts them, again and again. The
# short lists of the others are sent all the time, by both at once, and often look the same the next time.
SITES = [Site("big1.tld", 1, (60, 240), 30, 30, 0.01), Site("big2.tld", 1, (60, 240), 30, 30, 0.01),
         Site("one.tld", 1, (6, 10), 1, 1, 1), Site("few.tld", 4, (6, 12), 3, 3, 0.15),
         Site("some.tld", 2, (6, 60), 3, 20, 0.05),
         Site("old1.tld", 4, (6, 12), 2, 1, 0.2, ages=True), Site("old2.tld", 4, (6, 12), 2, 4, 0.2, ages=True)]
# The only message of this site is deferred again as soon as it has been moved, so that the logfile looks as before: one
# client cares for nothing else. Two others mostly send it, by one daemon each.
ONE = SITES[2]
LARGE = 64 * 1024  # bytes: smaller logfiles are not compacted

STOCK_SOCKET = str(QUEUE_DIRECTORY / "public/stock")
SERVICES = {"tested": FLUSH_SOCKET, "stock": STOCK_SOCKET}

counted = Counter()  # how often something happened
problems = []        # what went wrong while all were at work
begun = time.time()


def ask(service, name, **values):
    status = ask_flush(name, timeout=PATIENCE, path=SERVICES[service], **values)
    counted[f"{name} by {service}"] += 1
    if status != OK:
        problems.append(f"{name} {values} by {service}: {status}")
    return status == OK


def queue_path(queue, queue_id):
    return QUEUE_DIRECTORY / queue / (queue_id[0] if queue == "deferred" else "") / queue_id


class Message:
    """What is known of a message. Only one client does something with it; the daemons may, at any time."""

    def __init__(self, site, queue_id):
        self.site, self.id = site, queue_id
        self.delivered = False
        self.acknowledged = False  # an add, since it was deferred
        self.times_deferred = 0
        self.asked_for = False     # by send_file

    def create(self):
        path = queue_path("active", self.id)
        path.write_bytes(b"")
        os.chown(path, OWNER, -1)
        self.defer()

    def take(self):
        """From incoming, as the queue manager does. False when it has not been moved there."""
        try:
            queue_path("incoming", self.id).rename(queue_path("active", self.id))
        except FileNotFoundError:
            return False
        return True

    def defer(self):
        """From active. It is due in the future, which would have the queue manager leave it alone in incoming, too."""
        path, due = queue_path("active", self.id), time.time() + 4 * HOUR
        path.chmod(0o700)
        os.utime(path, (due, due))
        self.acknowledged = False
        path.rename(queue_path("deferred", self.id))
        self.times_deferred += 1

    def deliver(self, *queues):
        for queue in queues:
            with contextlib.suppress(FileNotFoundError):
                queue_path(queue, self.id).unlink()
                self.delivered = True
                counted["delivered"] += 1
                return
        problems.append(f"{self.id} is in none of {queues}")

    def add(self, service):
        self.site.ids[self.id] = self
        if ask(service, "add", site=self.site.name, queue_id=self.id):
            self.acknowledged = True

    def add_directly(self, chance):
        """As a flush service does that takes its time, and that looks whether the logfile still has its name. False when
        there is no logfile."""
        with locked(self.site) as fd:
            if fd is None:
                return False
            time.sleep(chance.uniform(0, 0.002))
            os.pwrite(fd, f"{self.id}\n".encode(), os.fstat(fd).st_size)
            self.site.ids[self.id] = self
            self.acknowledged = True
        counted["add without a daemon"] += 1
        return True

    def is_in(self, queue):
        return queue_path(queue, self.id).exists()


class QueueManager(threading.Thread):
    """Is told to scan. Now and then it is busy, so that the daemons have to wait for it in the middle of a send."""

    def __init__(self):
        super().__init__(daemon=True)
        path = QUEUE_DIRECTORY / "public/qmgr"
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen(2)
        self.random = random.Random(f"{SEED} qmgr")

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(PATIENCE)
                with contextlib.suppress(OSError):
                    connection.recv(16)
            counted["triggers"] += 1
            if self.random.random() < 0.03:
                time.sleep(self.random.uniform(0, 0.03))


# --- logfiles


@contextlib.contextmanager
def locked(site):
    """The site's logfile under its lock, or None."""
    while True:
        try:
            fd = os.open(site.logfile, os.O_RDWR | os.O_NOATIME)
        except FileNotFoundError:
            yield None
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:  # flushd removes it under the lock
                yield fd
                return
        finally:
            os.close(fd)


def listed(site):
    """The logfile's lines, without the marks of sends in progress."""
    with locked(site) as fd:
        if fd is None:
            return []
        text = os.pread(fd, os.fstat(fd).st_size, 0).decode("ascii", "backslashreplace")
    if text and not text.endswith("\n"):
        fail(f"the last line of {site.name} is not whole: {text[-300:]!r}")
    return [line for line in text.split("\n")[:-1] if not line.startswith("flushd_mark_")]


def expect_listed(message):
    """At any time: who drops a line has moved the message before, and nobody else puts it back into deferred meanwhile."""
    if message.acknowledged and message.id not in listed(message.site) and message.is_in("deferred"):
        fail(f"lost: {message.id} of {message.site.name} is deferred, has been added since, and is not listed")
    counted["looks"] += 1


def make_old(site, chance):
    """An empty logfile so old that it is to be removed, another one so old that it is to be refreshed."""
    with locked(site) as fd:
        if fd is None:
            return
        status = os.fstat(fd)
        long_ago = status.st_mtime - chance.uniform(2 * HOUR, 3 * HOUR)
        if status.st_size > 0:
            os.utime(fd, (long_ago, status.st_mtime))
        elif site.ages:
            os.utime(fd, (long_ago - 3 * DAY, long_ago - 3 * DAY))
        counted["made old"] += 1


# --- the clients


class Worker:
    def __init__(self, number):
        self.number, self.random = number, random.Random(f"{SEED} {number}")
        self.messages = {site: [] for site in SITES}
        self.created = 0
        self.adding = threading.Lock()  # while it adds where logfiles grow old

    def run(self, until):
        try:
            while time.monotonic() < until and not problems:
                self.step()
        except Exception as error:  # pylint: disable=broad-except
            problems.append(f"client {self.number}: {error!r}")

    def step(self):
        if self.number == 0:
            self.handle_the_one()
            return
        if self.number <= len(SERVICES) and self.random.random() < 0.7:
            ask(list(SERVICES)[self.number - 1], "send_site", site=ONE.name)
            return
        site = self.random.choices(SITES, [site.weight for site in SITES])[0]
        chance = self.random.random()
        if chance < site.sends:
            ask(self.random.choice(list(SERVICES)), "send_site", site=site.name)
        elif chance > 0.998:
            self.housekeep(self.random.choice(list(SERVICES)), self.random.choice(("rfrsh", "rfrsh", "purge")))
        elif chance > (0.9 if site.ages else 0.985):
            make_old(site, self.random)
            if site.ages and self.random.random() < 0.2:
                self.housekeep("tested", "rfrsh")
        else:
            self.handle_message(site)

    def housekeep(self, service, request):
        with contextlib.ExitStack() as nobody_adds:
            if service == "stock" or not IS_FLUSHD:  # see "facts"
                for worker in workers:
                    nobody_adds.enter_context(worker.adding)
            ask(service, request)  # stock keeps the connection until it is done

    def handle_message(self, site):
        own = self.messages[site]
        if len(own) < site.messages and (not own or self.random.random() < 0.2):
            message = Message(site, self.new_id(site))
            own.append(message)
            message.create()
            self.list(message)
            return
        message = self.random.choice(own)
        if message.take():
            if self.random.random() < 0.2:
                message.deliver("active")
            else:
                message.defer()
                counted["deferred again"] += 1
                self.list(message)
            if message.delivered:
                own.remove(message)
            return
        # Now, since a later add would cover it.
        if self.random.random() < (0.1 if site.id_length[1] > 100 else 0.5):
            expect_listed(message)
        if self.random.random() < 0.05:
            message.deliver("deferred", "incoming")  # a send may come in between
        elif site.messages > 1 and self.random.random() < 0.3:
            self.list(message)  # more recipients
        elif self.random.random() < 0.02:
            message.asked_for = True
            ask(self.random.choice(list(SERVICES)), "send_file", queue_id=message.id)
        if message.delivered:
            own.remove(message)

    def handle_the_one(self):
        if not self.messages[ONE]:
            self.messages[ONE].append(Message(ONE, self.new_id(ONE)))
            self.messages[ONE][0].create()
            self.list(self.messages[ONE][0])
        message = self.messages[ONE][0]
        if message.take():
            message.defer()
            counted["deferred again"] += 1
            self.list(message)
        elif self.random.random() < 0.05:
            expect_listed(message)

    def new_id(self, site):
        self.created += 1
        digits = self.random.choices("0123456789ABCDEF", k=self.random.randint(*site.id_length))
        return "".join(digits) + f"_{self.number}_{self.created:X}"

    def list(self, message):
        """As delivery agents do, once for each recipient."""
        for _ in range(self.random.randint(1, message.site.recipients)):
            if message.site.ages:
                with self.adding:
                    if self.random.random() > 0.3 or not message.add_directly(self.random):
                        message.add("tested")
            else:
                message.add(self.random.choice(list(SERVICES)))


def at_once(work):
    """All workers do it, in a thread each."""
    sys.setswitchinterval(0.0002)  # a client that waits for its turn is no client
    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join(2 * PATIENCE)
    expect(not any(thread.is_alive() for thread in threads), "all clients have come to an end")
    expect_equal("what went wrong for them", problems[:5], [])


# --- looking


def check_lists(when):
    """While no client is at work. (The daemons may still be: then, too, what is not listed must have been moved.)"""
    waiting = 0
    for site in SITES:
        lines = listed(site)
        foreign = [line for line in lines if line not in site.ids]
        if foreign:
            fail(f"{when}: never added for {site.name}: {len(foreign)} lines, for example {foreign[:3]}")
        for message in site.ids.values():
            if message.delivered:
                continue
            if message.acknowledged and message.id not in lines and message.is_in("deferred"):
                fail(f"{when}: lost: {message.id} of {site.name} is deferred, has been added since, and is not listed "
                     f"among {len(lines)} lines")
            if not message.is_in("deferred") and not message.is_in("incoming"):  # in this order
                fail(f"{when}: {message.id} of {site.name} has gone")
            waiting += message.acknowledged and message.is_in("deferred")
    print(f"    ok: {when}: {waiting} messages are deferred, and listed", flush=True)


def live_messages():
    return [message for site in SITES for message in site.ids.values() if not message.delivered]


def check_incoming(messages):
    """That their modes and times are what the queue manager needs to take them at once."""
    for message in messages:
        status = queue_path("incoming", message.id).stat()
        modes = (0o700, 0o740) if message.asked_for else (0o700,)
        if status.st_mode & 0o7777 not in modes or status.st_uid != OWNER:
            fail(f"{message.id} of {message.site.name} in incoming: mode {status.st_mode:o}, owner {status.st_uid}")
        if not all(begun - 2 < when < time.time() + 2 for when in (status.st_mtime, status.st_atime)):
            fail(f"{message.id} of {message.site.name} in incoming: times {status.st_atime} {status.st_mtime}, "
                 f"now {time.time()}")


def compactions():
    return postfix.log.find_all(r": compacted fast flush logfile")


def grow_one(site):
    """Lists the same messages again and again by both daemons, without a send: flushd must keep the logfile small."""
    # A background refresh or send may still be about to empty it: what matters is what is added from now on.
    target, added = 3 * LARGE, [0] * WORKERS
    compactions_before = len(compactions())

    def grow(worker):
        mine = [message for message in worker.messages[site] if message.is_in("deferred")]
        while len(mine) < 3:
            message = Message(site, worker.new_id(site))
            worker.messages[site].append(message)
            message.create()
            mine.append(message)
        while sum(added) < target:
            if worker.random.random() < 0.2:  # listed once only, perhaps in the middle of a compaction
                message = Message(site, worker.new_id(site))
                worker.messages[site].append(message)
                message.create()
            else:
                message = worker.random.choice(mine)
            message.add(worker.random.choice(list(SERVICES)))
            added[worker.number] += len(message.id) + 1
        message.add("tested")  # an add by stock does not tell flushd that the logfile is large

    join(at_once(grow))
    if IS_FLUSHD:
        wait_until("the logfile is smaller than what was added", lambda: site.logfile.stat().st_size < sum(added),
                   timeout=PATIENCE)
        wait_until("flushd says that it has compacted", lambda: len(compactions()) > compactions_before, timeout=PATIENCE)


def final_send(service):
    """By one of them alone: what is listed must move."""
    before = [message for message in live_messages() if message.acknowledged and message.is_in("deferred")]
    for site in SITES:
        ask(service, "send_site", site=site.name)
    # flushd answers after a second when it takes longer.
    wait_until(f"a send by {service} has moved everything",
               lambda: not any(message.is_in("deferred") for message in before), timeout=PATIENCE)
    check_incoming(before)

    def emptied():
        left = [site for site in SITES if listed(site)]
        for site in left:
            ask(service, "send_site", site=site.name)
        return not left

    # A send on which another one had overtaken it may leave lines to the next one.
    wait_until("all logfiles are empty", emptied, timeout=PATIENCE)
    expect_equal("what went wrong for the sends", problems, [])
    print(f"    ok: {len(before)} messages moved by {service}", flush=True)


# --- from here on it happens


print(f"MODEL_SEED={SEED} MODEL_SECONDS={SECONDS:g}", flush=True)
postfix = PostfixInstance()
postfix.configure(relay_domains=", ".join(site.name for site in SITES), fast_flush_purge_time="1d",
                  fast_flush_refresh_time="1h", hash_queue_names="deferred", hash_queue_depth="1")
postfix.use_flush(options="-v" if IS_FLUSHD else "")  # then it says what it compacts and removes
postfix.set_service("stock/unix", "stock unix n - y - 0 flush")
# Nobody else is to touch the messages.
for service_name in ("qmgr/unix", "pickup/unix"):
    run_command("postconf", "-MX", service_name, check=True)
postfix.start()
wait_until("nobody looks through the queue, as at each start", lambda: not postfix.processes(("postsuper",)))
OWNER = postfix.mail_owner_uid()
MASTER = int(Path(QUEUE_DIRECTORY / "pid/master.pid").read_text())
QueueManager().start()
for digit in "0123456789ABCDEF":
    (QUEUE_DIRECTORY / "deferred" / digit).mkdir(mode=0o700, exist_ok=True)
    os.chown(QUEUE_DIRECTORY / "deferred" / digit, OWNER, -1)
workers = [Worker(number) for number in range(WORKERS)]
dice = random.Random(SEED)

end = time.monotonic() + SECONDS
rounds = 0
while time.monotonic() < end:
    rounds += 1
    print(f"round {rounds}", flush=True)
    round_end = time.monotonic() + ROUND
    working = at_once(lambda worker, until=round_end: worker.run(until))
    # Twice the daemons that are at work finish what they have in hand while new ones begin. ("postfix reload" would
    # also have postsuper(1) look at the queue, and change the names of these messages.)
    for part in (0.4, 0.4):
        time.sleep(dice.uniform(0, part * ROUND))
        os.kill(MASTER, signal.SIGHUP)
    join(working)
    check_lists("after everything at once")
    check_incoming([message for message in live_messages()
                    # One that was deferred again between a daemon's setting its times and its moving it is not
                    # due yet, with stock as well.
                    if message.times_deferred == 1 and message.is_in("incoming")])
    grow_one(SITES[rounds % 2])
    check_lists("after many adds")
    final_send(("stock", "tested")[rounds % 2])

removed = Counter(re.findall(r": removed flush/(\w+): empty", "\n".join(postfix.log.lines())))
print("counted:", dict(sorted(counted.items())))
print(f"{rounds} rounds, compactions: {len(compactions())}, logfiles that flushd removed: {dict(removed)}")
for service_name in SERVICES:
    expect(ask(service_name, "send_site", site=SITES[0].name), f"the one that is {service_name} still serves")
if IS_FLUSHD:
    expect(compactions(), "logfiles were compacted")
    expect(removed, "logfiles were removed")
complaints = postfix.log.find_all(r"\]: (warning|error|fatal|panic):")
# One looks at an old empty logfile and unlinks it, stock without a lock; and stock finds a message, for send_file, that the
# other moves before it has a closer look. With -v, on a machine that has much else to do, postlogd may be slower than flushd
# waits for it; that is said in the log, and no mail is lost by it.
harmless = (r"remove logfile \S+: No such file|/flush\[.* open \S+: file status changed unexpectedly: No such file"
            r"|public/postlog: \d+ log records? lost")
complaints = [line for line in complaints if not re.search(harmless, line)]
expect_equal(f"complaints of {DAEMON}, of stock flush and of master", complaints[:5], [])
