"""A large send to a destination that is down costs a hundred messages, however many are listed.

Stock has the queue manager read, defer and write again each of them, and other mail waits behind them. flushd leaves
the rest where it is, listed, and says so. Attempts, time and processor time are printed beside stock's, with 3, 300
and 3000 messages, or FLUSHD_SPOOL of them.
"""

import os
import time
from pathlib import Path

from harness import DAEMON, IS_FLUSHD, OK, ask_flush, expect, expect_equal, wait_until
from harness.cpu import cpu_seconds
from harness.etrn_only import (MAILHOST, OTHER_SITE, SITE, Progress, discard, etrn_only_postfix, list_messages,
                               mail_server)

TIME_LIMIT = 1200

COUNTS = [int(os.environ["FLUSHD_SPOOL"])] if "FLUSHD_SPOOL" in os.environ else [3, 300, 3000]
SMALL_SEND, FIRST_WINDOW = 1000, 100

postfix = etrn_only_postfix()
postfix.configure(defer_transports="",
                  transport_maps=f"inline:{{ {{ {SITE} = smtp:[{MAILHOST}]:25 }}, {{ {OTHER_SITE} = discard: }} }}")
postfix.reload()


def is_quiet():
    return not any(any((Path("/var/spool/postfix") / queue).iterdir()) for queue in ("active", "incoming"))


def send(daemon, count):
    """Returns what it cost: attempts, seconds, processor seconds, and how long other mail took."""
    postfix.use_flush(daemon)
    ids = list_messages(postfix, count)
    wait_until("nothing happens", is_quiet, timeout=60)
    mark, progress = postfix.log.mark(), Progress(postfix, ids)
    before, begin = cpu_seconds(), time.monotonic()
    expect_equal(f"{daemon}: send_site", ask_flush("send_site", site=SITE), OK)
    other = postfix.send_smtp(f"user@{OTHER_SITE}")
    if daemon == "flush" or count <= SMALL_SEND:
        progress.wait(progress.all_told)
    else:
        postfix.log.wait_for(r"flush site=.*, left=", since=mark, timeout=60)
    wait_until("qmgr is done", is_quiet, timeout=300)
    seconds, used = time.monotonic() - begin, cpu_seconds()
    progress.read()
    used.subtract(before)
    # Not looked for before: to search a long log again and again would cost more than what is measured.
    other_seconds = float(postfix.log.wait_for(rf"{other}: to=<.*delay=([\d.]+).*status=sent", since=mark).group(1))
    cpu = sum(used.values()) - used["python3"]
    attempts = len(postfix.log.find_all(r"to=<user@%s>.*status=deferred \(connect to " % SITE, since=mark))
    print(f"{daemon}, {count} messages: {len(progress.deferred)} deferred, {attempts} real attempts, {seconds:.2f} s, "
          f"{cpu:.2f} s of CPU; other mail took {other_seconds:.2f} s", flush=True)
    if daemon != "flush":
        result = postfix.log.wait_for(rf"flush site={SITE}, delivered=(\d+), bounced=(\d+), deferred=(\d+), .*\((.*)\)", since=mark)
        delivered, bounced, deferred = map(int, result.groups()[:3])
        expect_equal("what the log says has come of it", (delivered, bounced, deferred), (0, 0, len(progress.deferred)))
        if count <= SMALL_SEND:
            expect_equal("messages that were tried", deferred, count)
        else: # Some follow before enough of the first are known to be deferred.
            expect(FIRST_WINDOW <= deferred <= 2 * FIRST_WINDOW, f"messages that were tried: {deferred}")
        expect("onnect" in result.group(4), "with a reason: " + result.group(4))
        wait_until("all are listed", lambda: set(postfix.logfile(SITE)) == ids, timeout=60)
    return ids, (attempts, seconds, cpu)


for count in COUNTS:
    cost = {}
    for daemon in ("flush", DAEMON) if IS_FLUSHD else (DAEMON,):
        ids, cost[daemon] = send(daemon, count)
        if daemon == DAEMON and IS_FLUSHD:
            print(", ".join(f"{what} {mine / theirs if theirs else 0:.3f}" for what, mine, theirs in
                            zip(("attempts", "time", "CPU"), cost[DAEMON], cost["flush"])) + " of stock's", flush=True)
            # It is up again: one request, and all of it goes.
            with mail_server():
                progress = Progress(postfix, ids)
                expect_equal("send_site", ask_flush("send_site", site=SITE), OK)
                progress.wait(progress.all_told)
                expect_equal("delivered once the destination is up", len(progress.sent), count)
        discard(ids)
