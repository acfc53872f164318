"""Other mail is not delayed by a send, however long the list and however slow the destination.

A site takes a second for each message, twenty at once, and has three times as many deferred messages as the queue
manager holds. One second after postqueue -s, mail for another site arrives, a message a second. With stock it waits
until the backlog is worked off; flushd keeps to its share of the active queue. With FLUSHD_SPOOL (the number of
messages), FLUSHD_ACTIVE_LIMIT (a third of it) and FLUSHD_AT_ONCE (20), at the size that is wanted.
"""

import os
import re
import time

from harness import DAEMON, IS_FLUSHD, OK, ask_flush, expect, expect_equal
from harness.cpu import cpu_seconds
from harness.etrn_only import MAILHOST, OTHER_SITE, SITE, Progress, discard, etrn_only_postfix, list_messages, mail_server

TIME_LIMIT = 1800

MESSAGES = int(os.environ.get("FLUSHD_SPOOL", 600))
LIMIT = int(os.environ.get("FLUSHD_ACTIVE_LIMIT", MESSAGES // 3))
AT_ONCE = int(os.environ.get("FLUSHD_AT_ONCE", 20))
OTHERS = 25 if "FLUSHD_SPOOL" in os.environ else 10
SECONDS = 1.0

postfix = etrn_only_postfix(qmgr_message_active_limit=str(LIMIT))
postfix.configure(defer_transports="", transport_maps=f"inline:{{ {{ {SITE} = smtp:[{MAILHOST}]:25 }}, {{ {OTHER_SITE} = discard: }} }}")
if AT_ONCE != 20:
    postfix.configure(smtp_destination_concurrency_limit=str(AT_ONCE), default_process_limit=str(2 * AT_ONCE))
postfix.reload()


def wait_for_some(mark, ids):
    """The delay of each that is delivered while the site's mail still goes on."""
    took, deadline = {}, time.monotonic() + 4
    while len(took) < len(ids) and time.monotonic() < deadline:
        time.sleep(0.1)
        for line in postfix.log.lines(since=mark):
            found = re.search(r": (\w+): to=<.*delay=([\d.]+).*status=sent", line)
            if found and found.group(1) in ids:
                took[found.group(1)] = float(found.group(2))
    return took


def delays(daemon):
    """One send, with other mail. How long each of the others took, and the site's mail in all."""
    postfix.use_flush(daemon)
    ids = list_messages(postfix, MESSAGES)
    with mail_server("-w", f"{SECONDS:g}"):
        progress = Progress(postfix, ids)
        before, begin = cpu_seconds(), time.monotonic()
        expect_equal(f"{daemon}: send_site", ask_flush("send_site", site=SITE), OK)
        answered = time.monotonic() - begin
        time.sleep(1)
        mark, others = postfix.log.mark(), set()
        for _ in range(OTHERS):
            others.add(postfix.send_smtp(f"user@{OTHER_SITE}"))
            time.sleep(1)
        took = wait_for_some(mark, others)
        progress.wait(progress.all_told)
        seconds, used = time.monotonic() - begin, cpu_seconds()
    used.subtract(before)
    print(f"{daemon}: answered after {answered:.2f} s; {len(took)} of {OTHERS} others within their time, "
          f"the slowest in {max(took.values(), default=float('nan')):.2f} s; the site's in {seconds:.1f} s: {progress}; "
          f"CPU s: {daemon} {used[daemon]:.2f}, qmgr {used['qmgr']:.2f}", flush=True)
    expect_equal(f"{daemon}: the site's mail", len(progress.sent), MESSAGES)
    discard(ids)
    return len(took), max(took.values(), default=0.0), seconds


if IS_FLUSHD:
    delivered, slowest, seconds = delays(DAEMON)
    expect_equal("flushd: other mail that was delivered meanwhile", delivered, OTHERS)
    expect(slowest < 2, "none of it waited for two seconds")
of_stock, _, stock_seconds = delays("flush")
if IS_FLUSHD:
    expect(of_stock < OTHERS or MESSAGES <= LIMIT, "with stock, other mail waits unless all of the site's fits")
    print(f"the site's mail took {seconds / stock_seconds:.3f} times as long as with stock")
    expect(seconds < 1.5 * stock_seconds, "and the site's mail does not wait")
