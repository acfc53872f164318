"""No descriptor left for a logfile: what is kept open without need is closed, and the line is written."""

import os
import sys
from pathlib import Path

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, run_command, wait_until

if not IS_FLUSHD:
    sys.exit(0)  # stock opens a logfile for each request

KEPT_OPEN = 40

postfix, sink = customer_postfix()
for number in range(KEPT_OPEN):
    expect_equal("add", ask_flush("add", site=f"s{number}.customer.tld", queue_id="ABCDEF0123"), OK)
flushd, = postfix.flush_processes()
descriptors = Path(f"/proc/{flushd}/fd")
wait_until("the last client has gone", lambda: sum(
    os.path.exists(entry) and os.readlink(entry).startswith("socket:") for entry in descriptors.iterdir()) < 4)
in_use = {int(entry.name) for entry in descriptors.iterdir()}
expect(len(in_use) > KEPT_OPEN, f"logfiles stay open: {len(in_use)} descriptors")

# One for the client, none for its logfile.
limit = next(limit for limit in range(max(in_use) + 1, 1024) if len(set(range(limit)) - in_use) == 1)
mark = postfix.log.mark()
run_command("prlimit", f"--pid={flushd}", f"--nofile={limit}:{limit}", user="postfix", check=True)
expect_equal("add without a descriptor", ask_flush("add", site="customer.tld", queue_id="BCDEF01234"), OK)
expect_equal("the logfile", postfix.logfile("customer.tld"), ["BCDEF01234"])
expect(len(list(descriptors.iterdir())) < KEPT_OPEN, "the logfiles that nobody needs are closed")
for number in range(KEPT_OPEN):
    expect_equal("add again", ask_flush("add", site=f"s{number}.customer.tld", queue_id="CDEF012345"), OK)
expect_equal("send", ask_flush("send_site", site="customer.tld"), OK)
expect_equal("the logfile after the send", postfix.logfile("customer.tld"), [])
# That no more clients could be taken for a moment is said; nothing is wrong with a logfile.
expect_equal("warnings about logfiles", [line for line in postfix.log.of_daemon(since=mark, severity="warning")
                                         if "accept connection" not in line], [])
expect_equal("the process is still the same", postfix.flush_processes(), [flushd])
