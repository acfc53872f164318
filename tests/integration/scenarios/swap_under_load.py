"""While Postfix defers mail for many sites as fast as it can, master.cf is switched
between stock flush and flushd and reloaded, at irregular moments: no ID is lost and
no client sees an error. (With --daemon flush: reloaded only.)
"""

import os
import random
import re
import socket
import threading
import time
from collections import Counter

from harness import (DAEMON, OK, PostfixInstance, Sink, SmtpClient, ask_flush, expect, expect_equal, fail,
                     run_command, transport_for, wait_until)
from harness.postfix import QUEUE_DIRECTORY

TIME_LIMIT = 300

SWITCHES = 50  # as many in either direction
LONGEST_PAUSE = 0.7  # seconds between two switches; the shortest is none
SITES = {f"customer{number}.tld": f"127.0.2.{number}" for number in range(1, 21)}
ASKED, DIRECT = "asked.tld", "direct.tld"  # see asking() and adding_directly()
INJECTORS = 4
SESSION = 15  # messages, so that there are always new sessions too
# As fast as it can is this many at most, because all of them have to be delivered afterwards.
MESSAGES_AT_MOST = 3000

postfix = PostfixInstance()
sites = {**SITES, ASKED: "127.0.2.100", DIRECT: "127.0.2.101"}
postfix.configure(relay_domains=", ".join(sites), transport_maps=transport_for(sites), in_flow_delay="0s")
postfix.use_flush("flush")
postfix.start()
sink = Sink()
random.seed()

over = threading.Event()  # the swapping
problems = []  # what clients saw
injected = {}  # queue ID: recipients
direct_ids = []


def client(work):
    """Runs work again and again in a thread until the swapping is over."""
    def run():
        try:
            while not over.is_set():
                work()
        except Exception as error:  # pylint: disable=broad-except
            problems.append(f"{work.__name__}: {error!r}")
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def injecting():
    with SmtpClient(timeout=60) as session:
        session.expect("250", "EHLO my.client.tld")
        for _ in range(SESSION):
            if over.is_set():
                break
            if len(injected) >= MESSAGES_AT_MOST:
                time.sleep(0.1)
            # Mostly one site, sometimes two or three: then listed for each.
            number = len(injected)
            chosen = random.sample(sorted(SITES), random.choice((1, 1, 1, 1, 1, 1, 1, 2, 3)))
            recipients = [f"user{number}@{site}" for site in chosen]
            injected[session.send_mail("someone@sender.tld", recipients)] = recipients
        session.command("QUIT")


def asking():
    """The other clients: what a person or a customer sends meanwhile. For a site of its own, since a
    message may be missed, by stock as well, that is asked for between being listed and being deferred."""
    done = run_command("postqueue", "-s", ASKED)
    if done.status != 0 or done.output:
        problems.append(f"postqueue -s: {done}")
    with SmtpClient(timeout=60) as session:
        session.expect("250", "HELO my.client.tld")
        session.expect("250 Queuing started", f"ETRN {ASKED}")
        session.command("QUIT")
    time.sleep(0.2)


def adding_directly():
    """A client that is at it all the time, however slow the machine defers mail."""
    queue_id = f"{len(direct_ids):X}"
    status = ask_flush("add", timeout=60, site=DIRECT, queue_id=queue_id)
    if status != OK:
        problems.append(f"add {queue_id}: {status}")
    direct_ids.append(queue_id)
    time.sleep(0.005)


def running(program):
    return set(postfix.processes((program,)))


def files_in(*queues):
    return {path.name for queue in queues for path in (QUEUE_DIRECTORY / queue).rglob("*") if path.is_file()}


def by_site():
    """Site: what was injected for it."""
    result = {site: set() for site in SITES}
    for queue_id, recipients in injected.items():
        for recipient in recipients:
            result[recipient.split("@")[1]].add(queue_id)
    return result


# --- swapping

for number in range(3):
    postfix.send_smtp(f"user{number}@{ASKED}")
begin = time.monotonic()
threads = [client(work) for work in [injecting] * INJECTORS + [asking, adding_directly]]
wait_until("mail is being deferred", lambda: files_in("deferred"), timeout=30)
served = Counter()
for turn in range(SWITCHES):
    daemon = ("flush", DAEMON)[(turn + 1) % 2]
    before = running(daemon)
    # Not use_flush(), which waits until the old processes have left.
    postfix.set_service_field("flush/unix", "command", daemon)
    run_command("postfix", "reload", check=True)
    # One switch in four follows at once, while those before are still at work.
    pause = random.choice((0, 1, 1, 1)) * random.uniform(0.05, LONGEST_PAUSE)
    deadline = time.monotonic() + pause
    while not (seen := running(daemon) - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    served[daemon] += bool(seen)
    time.sleep(max(0, deadline - time.monotonic()))
swapped = time.monotonic() - begin
messages, adds = len(injected), len(direct_ids)
over.set()
for thread in threads:
    thread.join(90)
print(f"{SWITCHES} switches in {swapped:.1f} s, meanwhile {messages} messages and {adds} adds; new processes seen after: {dict(served)}")
expect_equal("what went wrong for clients", problems, [])
expect(not any(thread.is_alive() for thread in threads), "all clients have come to an end")
expect(messages > 10 * len(SITES), "there was mail for every site")
expect(min(served.values()) >= SWITCHES // 5, "each daemon was really at work between two switches, again and again")

# --- nothing is lost

def all_deferred():
    # What was in the hands of a delivery agent when the queue manager was replaced is put off for
    # a minute by the new one ("skipped, still being delivered"), and looked for every five minutes.
    put_off = files_in("incoming")
    for queue_id in put_off:
        try:
            os.utime(QUEUE_DIRECTORY / "incoming" / queue_id)
        except FileNotFoundError:
            pass
    if put_off:
        with socket.socket(socket.AF_UNIX) as queue_manager:
            queue_manager.settimeout(20)
            queue_manager.connect(str(QUEUE_DIRECTORY / "public/qmgr"))
            queue_manager.sendall(b"I\0")
            queue_manager.recv(1)
    return not files_in("maildrop", "incoming", "active")


wait_until("all mail is deferred", all_deferred, timeout=60, interval=0.5)
expect(set(injected) <= files_in("deferred"), "every message is deferred")
lost = {site: sorted(ids - set(postfix.logfile(site))) for site, ids in by_site().items()}
lost[DIRECT] = sorted(set(direct_ids) - set(postfix.logfile(DIRECT)))
lost = {site: ids for site, ids in lost.items() if ids}
if lost:
    for queue_id in [ids[0] for ids in lost.values()][:3]:
        print("\n".join(postfix.log.find_all(rf": {queue_id}: ")))
expect_equal("deferred but not listed", lost, {})
expect(all(site_ids >= set(postfix.logfile(site)) for site, site_ids in by_site().items()), "nothing else is listed")

# --- one send for each site, half of them by either daemon

sink.accept()
names = sorted(SITES)
begin = time.monotonic()
for daemon, part in (("flush", names[::2]), (DAEMON, names[1::2])):
    postfix.use_flush(daemon)
    for site in part:
        expect_equal(f"postqueue -s {site}, by {daemon}", run_command("postqueue", "-s", site), (0, ""))
    expected = {queue_id for site in part for queue_id in by_site()[site]}
    try:
        wait_until(f"what was listed for {len(part)} sites is delivered", lambda: not expected & files_in("deferred", "incoming", "active"),
                   timeout=90)
    except AssertionError:
        left = sorted(expected & files_in("deferred", "incoming", "active"))
        fail(f"{len(left)} of {len(expected)} not delivered, for example {left[:5]}")
wanted = sorted(recipient for recipients in injected.values() for recipient in recipients)
got = [recipient for recipient in sink.recipients() if not recipient.endswith("@" + ASKED)]
print(f"{len(wanted)} recipients delivered in {time.monotonic() - begin:.1f} s")
expect(got == wanted, "the customers have got every message once")

print("warnings:", Counter(re.sub(r"[0-9A-F]{9,}|\d+", "N", line.split("postfix/")[1])[:100]
                            for line in postfix.log.find_all(r"\]: (warning|error|fatal|panic):")))
complaints = (postfix.log.find_all(r"/(flush|flushd|master)\[\d+\]: (warning|error|fatal|panic)")
              + postfix.log.find_all(r"/(?!flush|flushd|master)[\w-]+\[\d+\]: (warning|error|fatal|panic):.*flush"))
# Reloaded that often, the queue manager is late in answering the cleanup servers and so, at times, the
# master's own wakeup. With stock flush alone, too.
late = r"master_wakeup_timer_event: service qmgr\(public/qmgr\): Resource temporarily unavailable"
expect_equal("complaints of the daemons and of their clients",
             [line for line in complaints if not re.search(late, line)], [])
