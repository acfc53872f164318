"""What a send costs where the customer's server is down (connection refused) and defer_transports is set.

The permission that overrides it for each message also makes the queue manager try the destination once more for
each message that it reads while that is dead. All are deferred for the real reason, and listed again; of a large send
most stay where they are, listed. Prints the real attempts, the time and the CPU seconds beside stock's;
FLUSHD_SPOOL=20000 for figures that mean something.
"""

import os
import time
from pathlib import Path

from harness import DAEMON, IS_FLUSHD, expect, expect_equal, run_command, wait_until
from harness.cpu import cpu_seconds
from harness.etrn_only import SITE, Progress, discard, etrn_only_postfix, list_messages

TIME_LIMIT = 900

COUNT = int(os.environ.get("FLUSHD_SPOOL", 500))
ALL_AT_ONCE = 1000 # a larger send begins with some, and ends when these show that the site is down

postfix = etrn_only_postfix()


def send_to_dead_site(daemon):
    postfix.use_flush(daemon)
    ids = list_messages(postfix, COUNT)
    mark = postfix.log.mark()
    progress = Progress(postfix, ids)
    before, begin = cpu_seconds(), time.monotonic()
    expect_equal("postqueue -s", run_command("postqueue", "-s", SITE), (0, ""))
    if daemon == "flush" or COUNT <= ALL_AT_ONCE:
        progress.wait(progress.all_told)
    else:
        postfix.log.wait_for(r"flush site=.*, left=", since=mark, timeout=60)
        wait_until("qmgr is done", lambda: not any(Path("/var/spool/postfix/active").iterdir()), timeout=60)
        progress.read()
    seconds, used = time.monotonic() - begin, cpu_seconds()
    attempts = len(postfix.log.find_all(r"to=<.*status=deferred \(connect to ", since=mark))
    used.subtract(before)
    shares = ", ".join(f"{name} {used[name]:.1f}" for name in ("qmgr", daemon, "smtp", "error", "bounce", "ended"))
    print(f"{daemon}: {progress}; {attempts} real attempts, {seconds:.1f} s; CPU s: {shares}; "
          f"all {sum(used.values()) - used['python3']:.1f}", flush=True)
    wait_until("all are deferred", lambda: not any(Path("/var/spool/postfix/active").iterdir()), timeout=60)
    wait_until("all are listed again", lambda: set(postfix.logfile(SITE)) >= ids, timeout=60)
    discard(ids)
    return ids, progress


if IS_FLUSHD:
    send_to_dead_site("flush")
ids, progress = send_to_dead_site(DAEMON)
expect(not progress.refused, "no message is deferred because of its transport")
if not IS_FLUSHD or COUNT <= ALL_AT_ONCE:
    expect(progress.deferred == ids, "each message is deferred")
else:
    expect(0 < len(progress.deferred) <= ALL_AT_ONCE, f"few messages are tried: {len(progress.deferred)}")
