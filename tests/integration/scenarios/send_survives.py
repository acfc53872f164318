"""A send that waits for its share of the queue manager is finished, whatever happens to the process that began it.

It is killed, Postfix is stopped and started, and reloaded, each in the middle of a send to a slow site. All messages
are delivered, each once, though nobody asks again. Stock, put back in the middle, finds a logfile that it can send.
"""

import os
import signal
import time
from pathlib import Path

from harness import DAEMON, IS_FLUSHD, OK, ask_flush, expect, expect_equal, wait_until
from harness.etrn_only import MAILHOST, OTHER_SITE, SITE, Progress, etrn_only_postfix, list_messages, mail_server

TIME_LIMIT = 600

MESSAGES = int(os.environ.get("FLUSHD_SPOOL", 200))
LIMIT = MESSAGES // 3
OTHERS_ID = "A1B2C3D4E5"

postfix = etrn_only_postfix(qmgr_message_active_limit=str(LIMIT))
postfix.configure(defer_transports="", transport_maps=f"inline:{{ {{ {SITE} = smtp:[{MAILHOST}]:25 }}, {{ {OTHER_SITE} = discard: }} }}")
postfix.reload()


def kill():
    """A process that is killed: the next one comes for the next client."""
    for pid in postfix.flush_processes():
        os.kill(pid, signal.SIGKILL)


def stop_and_start():
    postfix.stop()
    postfix.start()


def put_stock_back():
    postfix.use_flush("flush")
    expect_equal("stock: send_site", ask_flush("send_site", site=SITE), OK)


def records():
    """What flushd has recorded as unfinished."""
    path = Path(postfix.parameter("data_directory")) / "flushd.sends"
    return path.read_bytes().decode().replace("\0", "").split("\n")[:-1] if path.exists() else []


def send_with(interruption):
    what = interruption.__name__.replace("_", " ")
    postfix.use_flush(DAEMON)
    ids = list_messages(postfix, MESSAGES)
    with mail_server("-w", "1"):
        mark, progress = postfix.log.mark(), Progress(postfix, ids)
        expect_equal("send_site", ask_flush("send_site", site=SITE), OK)
        progress.wait(lambda: len(progress.sent) >= 10)
        if IS_FLUSHD:
            expect(set(postfix.logfile(SITE)) == ids, "all stay listed meanwhile")
            expect(records(), "and the send is recorded")
        interruption()
        # Any client will do. It is answered at once, with all that is left to send.
        begin = time.monotonic()
        expect_equal("another site's add", ask_flush("add", site=OTHER_SITE, queue_id=OTHERS_ID), OK)
        print(f"{what}: with {len(progress.sent)} delivered; an add was answered after {time.monotonic() - begin:.3f} s", flush=True)
        progress.wait(progress.all_told, patience=90)
    print(f"{what}: {progress}", flush=True)
    expect_equal(f"{what}: delivered", len(progress.sent), MESSAGES)
    times = [line for line in postfix.log.lines(since=mark) if f"to=<user@{SITE}>" in line and "status=sent" in line]
    expect(len(times) <= MESSAGES + 40, f"{what}: none twice but those in delivery: {len(times)} deliveries")
    if IS_FLUSHD and interruption is not put_stock_back:
        wait_until("nothing is listed", lambda: postfix.logfile(SITE) == [], timeout=60)
        wait_until("nor recorded", lambda: not records(), timeout=60)


for interruption in (kill, stop_and_start, postfix.reload, put_stock_back):
    send_with(interruption)
