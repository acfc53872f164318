"""Chosen messages on a busy server: 3, 300 and 3000 of them, while two senders hand in other mail without a pause.

All of them are delivered, and nothing else of the queue. How long each other message takes meanwhile is shown beside the time without a
send, and beside what people do: postqueue -i for each, with stock flush. The queue manager is asked a few times for all of them,
not once for each. A reload in the middle of a send to a slow site loses none, and repeats none but those in delivery.

FLUSHD_SPOOL=3000 has both ways with so many.
"""

import contextlib
import os
import re
import statistics
import subprocess
import threading
import time

from harness import DAEMON, IS_FLUSHD, PostfixInstance, expect, expect_equal, wait_until
from harness.big_spool import bulk_site, fill_deferred
from harness.etrn_only import MAILHOST, OTHER_SITE, Progress, discard, mail_server, other_mail
from harness.postfix import FLUSH_DIRECTORY, QUEUE_DIRECTORY
from harness.tool import flushd, flushd_exits, tool_path
from harness.trigger_recorder import TriggerRecorder

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 900

SPOOL = int(os.environ.get("FLUSHD_SPOOL", 0))
SIZES = [SPOOL] if SPOOL else [3, 300, 3000]
BESIDE = [SPOOL or 300]
# Three quarters of the queue are chosen.
CHOSEN = "d000[012].bulk.tld"
CHOSEN_SITES, SITES = 3, 4
WITHOUT_SEND = 1.0 # seconds

postfix = PostfixInstance()
postfix.configure(default_transport="smtp:[127.0.1.9]:2525", smtpd_error_sleep_time="0", relay_domains="", queue_minfree="0")
postfix.use_flush(DAEMON)
postfix.start()


def deliver(to=None):
    """The sites' server is off, or this transport takes their mail."""
    sites = " ".join(f"{{ {bulk_site(number)} = {to} }}," for number in range(SITES)) if to else ""
    postfix.configure(transport_maps=f"inline:{{ {sites} {{ {OTHER_SITE} = discard: }} }}")
    postfix.reload()


def fill(count, hours=2):
    """So many messages that will be chosen, and a third as many others, of this age. The sites must be down."""
    ids = fill_deferred(postfix, count * SITES // CHOSEN_SITES, sites=SITES, age=hours * 3600)
    others = set(ids.pop(bulk_site(SITES - 1)))
    return set(sum(ids.values(), [])), others


def delays(since):
    """Of each other message that has been delivered."""
    return [float(found.group(1)) for line in postfix.log.lines(since=since)
            if (found := re.search(rf"to=<user@{OTHER_SITE}>.* delay=([\d.]+),.*status=sent", line))]


def describe(took):
    return f"{len(took)} others, half of them within {statistics.median(took):.2f} s, the slowest {max(took):.2f} s" if took else "no others"


def as_flushd_does(_, hours):
    subprocess.run([tool_path(), "send", "--to", CHOSEN, "--older-than", f"{hours - 1}h"], stdout=subprocess.DEVNULL, check=True)


def as_people_do(ids, _):
    """With the IDs at hand: what it takes to find them is in operator_send_chosen_many."""
    subprocess.run(["xargs", "-n1", "postqueue", "-i"], input="\n".join(sorted(ids)), text=True, check=True)


@contextlib.contextmanager
def most_incoming(ids):
    """A list whose only element is how many of these messages qmgr(8) has had to read at a time."""
    most, is_over = [0], threading.Event()

    def look():
        while not is_over.wait(0.02):
            most[0] = max(most[0], len(ids.intersection(os.listdir(QUEUE_DIRECTORY / "incoming"))))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        is_over.set()
        thread.join()


def send(what, daemon, ask, hours):
    """Seconds until all are delivered, the letters that qmgr(8) got for it, and the delays of other mail meanwhile."""
    chosen, others = queued[hours]
    with other_mail(), TriggerRecorder() as recorder:
        postfix.log.wait_for(rf"to=<user@{OTHER_SITE}>.*status=sent", since=postfix.log.mark())
        mark = postfix.log.mark()
        time.sleep(WITHOUT_SEND)
        before = delays(mark)
        progress, mark, first = Progress(postfix, chosen), postfix.log.mark(), len(recorder.triggers)
        begin = time.monotonic()
        with most_incoming(chosen) as unread:
            ask(chosen, hours)
            returned = time.monotonic() - begin
            progress.wait(lambda: progress.sent >= chosen, patience=60)
        seconds = time.monotonic() - begin
        meanwhile = delays(mark)
        letters = recorder.letters_of(daemon, since=first)
    print(f"{what}: {len(chosen)} of {len(chosen | others)}, at most {unread[0]} to be read, returned after {returned:.2f} s, all delivered after {seconds:.2f} s; triggers {dict(letters)}; "
          f"{describe(meanwhile)}; before: {describe(before)}", flush=True)
    expect_equal(f"{what}: chosen, and not delivered", len(chosen - progress.sent), 0)
    expect_equal(f"{what}: nothing else", len(others & set(postfix.queue_ids("deferred"))), len(others))
    discard(others)
    return seconds, sum(letters.values()), meanwhile, before, unread[0]


# The oldest ones go first, so that their age tells them apart: one reload suffices.
deliver()
sizes = dict(zip(range(20, 2, -4), SIZES + BESIDE)) # by age in hours
queued = {hours: fill(count, hours) for hours, count in sizes.items()}
deliver("discard:")
results = {}
for hours, count in list(sizes.items())[:len(SIZES)]:
    seconds, triggers, meanwhile, before, unread = send("flushd send", DAEMON, as_flushd_does, hours)
    results[count] = seconds, triggers
    # An F, and an I for some hundred messages.
    expect(1 < triggers <= 5 + count // 50, f"{triggers} triggers for {count} messages")
    # With all of 3000 there, half of the other mail took 0.4 s, and the slowest 4.4 s.
    expect(unread <= 400 or count <= 1000, "other mail does not wait behind more than 400 of a large send in the incoming queue")
    expect(max(meanwhile, default=0) < max(10, 3 * max(before, default=0)), "nor for long")
postfix.use_flush("flush")
for hours, count in list(sizes.items())[len(SIZES):]:
    seconds, triggers, *_ = send("postqueue -i", "flush", as_people_do, hours)
    print(f"    {count} messages: {results[count][0] / seconds:.3f} of the time, {results[count][1]} triggers instead of {triggers}", flush=True)
    # A process of stock ends after a hundred requests, and may not be there any more to be asked for its name.
    expect(triggers >= 0.9 * count, "stock asks the queue manager for each")

# --- a reload in the middle

MESSAGES = 90
postfix.configure(qmgr_message_active_limit="40")
postfix.set_service_field("flush/unix", "command", DAEMON)
deliver()
chosen, others = fill(MESSAGES)
deliver(f"smtp:[{MAILHOST}]:25")
with mail_server("-w", "1"):
    mark, progress = postfix.log.mark(), Progress(postfix, chosen)
    flushd_exits("send", "--to", CHOSEN)
    progress.wait(lambda: len(progress.sent) >= 10)
    postfix.reload()
    print(f"a reload after {len(progress.sent)} messages", flush=True)
    output = flushd("status").output
    expect(re.search(r"selected\(to=\S+\): (being|to be) sent", output) or progress.read() > MESSAGES - 20, "the send goes on")
    progress.wait(progress.all_told, patience=60)
    print(progress, flush=True)
expect_equal("delivered", len(progress.sent), MESSAGES)
attempts = [line for line in postfix.log.lines(since=mark) if "status=sent" in line and re.search(r": (\w+): to=", line).group(1) in chosen]
expect(len(attempts) <= MESSAGES + 2 * 20 * CHOSEN_SITES, f"none twice but those in delivery: {len(attempts)} deliveries")
expect_equal("nothing else", len(others & set(postfix.queue_ids("deferred"))), len(others))
wait_until("its list has gone", lambda: not list(FLUSH_DIRECTORY.rglob("SELECTED_*")), timeout=60)
