"""Each message of a send overrides defer_transports, however many there are and whatever else arrives.

The etrn-only customer of the howto has 3, 300 and 3000 messages (or FLUSHD_SPOOL of them), on an idle machine and
while two senders hand in other mail without a pause. Each is tried after postqueue -s, and none is deferred because
of its transport. A refresh overrides nothing, postqueue -i one message only. With FLUSHD_SPOOL,
what stock does is shown beside it.
"""

import os
import threading
import time

from harness import IS_FLUSHD, OK, ask_flush, expect, expect_equal, run_command, wait_until
from harness.etrn_only import (SITE, Progress, discard, etrn_only_postfix, expect_all_delivered, list_messages, mail_server,
                               other_mail, seconds_until_active)

TIME_LIMIT = 900

COUNTS = [int(os.environ["FLUSHD_SPOOL"])] if "FLUSHD_SPOOL" in os.environ else [3, 300, 3000]

postfix = etrn_only_postfix()


def send(ids):
    """postqueue -s; says how long it takes until the queue manager reads the first message."""
    first = []
    watcher = threading.Thread(target=lambda: first.append(seconds_until_active(ids)))
    watcher.start()
    expect_equal("send_site", ask_flush("send_site", site=SITE), OK)
    watcher.join()
    # A few may have been delivered between two looks.
    expect(first[0] is not None or len(ids) < 1000, "the queue manager has the first message soon")
    print(f"first message read by the queue manager after {first[0] or -1:.4f} s", flush=True)


def delivered(count, what, asked=send):
    ids = list_messages(postfix, count)
    progress = Progress(postfix, ids)
    begin = time.monotonic()
    asked(ids)
    if IS_FLUSHD:
        expect_all_delivered(progress, what)
    else: # how many stock delivers is chance
        progress.wait(progress.all_told)
        print(f"{what}: {progress}", flush=True)
        discard(ids)
    print(f"took {time.monotonic() - begin:.1f} s", flush=True)
    return ids


with mail_server():
    for count in COUNTS:
        delivered(count, f"{count} messages, idle machine")

    # Overrides nothing: each is deferred again, and listed again.
    count = min(COUNTS[-1], 300)
    ids = list_messages(postfix, count)
    logfile = postfix.logfile_path(SITE)
    os.utime(logfile, (time.time() - 60, logfile.stat().st_mtime)) # what was sent in this second is not due
    progress = Progress(postfix, ids)
    expect_equal("purge", ask_flush("purge"), OK)
    progress.wait(progress.all_told)
    print(f"refresh of {count} messages: {progress}")
    expect(progress.refused == ids and not progress.sent, "a refresh overrides nothing")
    wait_until("all listed again", lambda: set(postfix.logfile(SITE)) >= ids)

    with other_mail():
        postfix.log.wait_for(r"to=<user@other.tld>.*status=sent")
        one = min(ids)
        progress = Progress(postfix, {one})
        expect_equal("postqueue -i", run_command("postqueue", "-i", one), (0, ""))
        expect_all_delivered(progress, "postqueue -i while other mail arrives")
        discard(ids)
        for count in COUNTS:
            delivered(count, f"{count} messages while other mail arrives")

    if IS_FLUSHD and "FLUSHD_SPOOL" in os.environ:
        postfix.use_flush("flush")
        with other_mail():
            ids = list_messages(postfix, COUNTS[-1])
            progress = Progress(postfix, ids)
            expect_equal("postqueue -s", run_command("postqueue", "-s", SITE), (0, ""))
            progress.wait(progress.all_told)
            print(f"stock flush, {COUNTS[-1]} messages while other mail arrives: {progress}")
