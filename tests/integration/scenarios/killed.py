"""A process that is killed, or aborts, costs what it had in hand and no more: the next client has
another one at once. (master(8) lets a service wait for a minute that seems not to start.)
"""

import os
import signal
import sys
import time

from harness import DAEMON, IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, wait_until

AT_ONCE = 20.0  # far from a minute, also on a busy machine

if not IS_FLUSHD:
    sys.exit(0)  # stock, too, waits for a minute where a process is killed that has had no client yet

postfix, sink = customer_postfix()


def add(what):
    start = time.monotonic()
    # Who connects before master has seen the process end is not served by it, but waits for the next.
    expect_equal(what, ask_flush("add", timeout=90, site="customer.tld", queue_id="ABCDEF0123"), OK)
    seconds = time.monotonic() - start
    print(f"    {DAEMON}: {what}: {seconds:.3f} s", flush=True)
    expect(seconds < AT_ONCE, "at once")


def end_all(how):
    processes = postfix.flush_processes()
    expect(processes, "there is a process")
    for process in processes:
        os.kill(process, how)
    wait_until("it has gone", lambda: not set(processes) & set(postfix.flush_processes()))


add("the first client")
for number in range(5):
    for how in (signal.SIGKILL, signal.SIGABRT):
        time.sleep(0.05 * number)  # 0: right after its first client
        end_all(how)
        add(f"after {how.name}, number {number + 1}")
postfix.reload()
add("after a reload")
end_all(signal.SIGKILL)
add("after a reload and SIGKILL")
expect_equal("complaints", postfix.log.find_all(r"throttling"), [])
