"""A logfile that somebody has locked, a backup or a stopped process: other sites are served, and so is this one later.

A thousand clients want to add to that site. Some wait, for a while that is shorter than their own patience; the others
are refused after a second. Clients that hang up leave their places to others. The log says it a few times, not a thousand.
"""

import fcntl
import os
import sys
import time

from harness import FAIL, FLUSH_DIRECTORY, IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, wait_until
from harness.crowd import Crowd, ask_patiently
from harness.flush_client import FlushClient, request

CLIENTS = 1200
PATIENCE = 24  # of clients; flushd waits for half of it

TIME_LIMIT = 180

if not IS_FLUSHD:
    sys.exit(0)  # stock starts processes, up to the limit in master.cf, and then serves nobody

LOCKED, LOCKED_TOO, OTHER = "locked.customer.tld", "another.customer.tld", "other.customer.tld"


def seconds_of_adds(number, count):
    """How long the slowest of some adds for another site takes."""
    slowest = 0.0
    for one in range(count):
        begin = time.monotonic()
        expect_equal("add for another site", ask_patiently("add", site=OTHER, queue_id=f"B{number}C{one}"), OK)
        slowest = max(slowest, time.monotonic() - begin)
    return slowest


postfix, sink = customer_postfix()
postfix.configure(ipc_timeout=f"{PATIENCE}s")
postfix.reload()
expect_equal("add before", ask_flush("add", site=LOCKED, queue_id="FIRST"), OK)
processes = postfix.flush_processes()
mark = postfix.log.mark()

logfiles = [open(FLUSH_DIRECTORY / postfix.logfile_name(site), "a") for site in (LOCKED, LOCKED_TOO)]
for logfile in logfiles:
    os.fchown(logfile.fileno(), postfix.mail_owner_uid(), -1)
    fcntl.flock(logfile, fcntl.LOCK_EX)
locked_at = time.monotonic()

crowd = Crowd()
for number in range(CLIENTS):
    crowd.ask("add", site=LOCKED, queue_id=f"A{number}")
    crowd.listen(0)
    if number % 200 == 199:
        seconds_of_adds(number, 2)
crowd.listen_until_few_wait(400, seconds=10)
expect(len(crowd.waiting) <= 400, f"most are refused soon, and do not wait: {len(crowd.answers)} of {CLIENTS}")
expect(set(crowd.answers) == {FAIL}, f"they are told so: {set(crowd.answers)}")
expect(len(crowd.waiting) > 20, f"some wait: {len(crowd.waiting)}")
expect(seconds_of_adds(CLIENTS, 20) < PATIENCE / 2, "other sites are served")

# Those who wait hang up.
hung_up = len(crowd.waiting)
crowd.hang_up()
print(f"{hung_up} hung up after {time.monotonic() - locked_at:.1f} s")

# The lock is waited for only so long; who waits to the end is told.
late = []
for number in range(3):
    client = FlushClient(PATIENCE * 2)
    client.send(request("add", site=LOCKED_TOO, queue_id=f"D{number}"))
    late.append(client)
begin = time.monotonic()
statuses = [client.receive_status() for client in late]
expect_equal("answers after a while", statuses, [FAIL] * 3)
expect(1 < time.monotonic() - begin < PATIENCE, "before the clients lose patience")
expect_equal("send of the locked site", ask_flush("send_site", site=LOCKED), OK)  # it goes on by itself, and fails

for logfile in logfiles:
    fcntl.flock(logfile, fcntl.LOCK_UN)
wait_until("the site is served again", lambda: ask_flush("add", site=LOCKED, queue_id="LAST") == OK)
expect("LAST" in postfix.logfile(LOCKED), "its logfile has what was acknowledged")
expect_equal("the process is still the same", postfix.flush_processes(), processes)
warnings = postfix.log.of_daemon(since=mark, severity="warning")
expect(0 < len(warnings) < 30, f"a few warnings: {warnings}")
expect(all("locked by another process" in line or "Too many open files" in line for line in warnings), "of two kinds")
