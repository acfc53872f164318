"""A process that makes no progress for daemon_timeout ends itself, and its place is free again.

strace holds up a system call for longer than that, as a broken file system would: flock(2) of an add in
the thread that serves the clients, then utimensat(2) of a send in the one that works on files.
"""

import subprocess
import sys
import threading

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, wait_until

TIME_LIMIT = 90

if not IS_FLUSHD:
    sys.exit(0)  # stock has one, too, but its processes wait for a lock of their own where it does not watch

postfix, sink = customer_postfix()
postfix.use_flush(options="-o daemon_timeout=6s")
expect_equal("add before", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)
stuck, = postfix.flush_processes()



def hold_up(call):
    tracer = subprocess.Popen(["strace", "-f", "-p", str(stuck), "-o", "/dev/null",
                               "-e", f"trace={call}", "-e", f"inject={call}:delay_enter=60000000"],
                              stderr=subprocess.PIPE, text=True)
    expect("attached" in tracer.stderr.readline(), "strace is attached")
    return tracer


mark = postfix.log.mark()
strace = hold_up("flock")
answer = []
client = threading.Thread(target=lambda: answer.append(ask_flush("add", site="customer.tld", queue_id="BCDEF01234")))
client.start()
postfix.log.wait_for(rf"\[{stuck}\]: fatal: watchdog timeout", since=mark, timeout=30)
strace.kill()  # the kernel lets go of what is traced then
client.join(30)
expect_equal("what the client got", answer, [None])
wait_until("the stuck process has gone", lambda: stuck not in postfix.flush_processes())
postfix.log.wait_for(r"master\[\d+\]: warning: process .* pid \d+ exit status 1", since=mark)

# At once: master does not throttle the service, as it would one that fails to start.
expect_equal("add after", ask_flush("add", site="customer.tld", queue_id="CDEF012345"), OK)
expect("ABCDEF0123" in postfix.logfile("customer.tld"), "what was listed before is still listed")

# The other thread. Clients are served meanwhile.
stuck, = postfix.flush_processes()
mark = postfix.log.mark()
strace = hold_up("utimensat")
expect_equal("a send is answered after a second, and goes on", ask_flush("send_site", site="customer.tld"), OK)
expect_equal("add meanwhile", ask_flush("add", site="other.customer.tld", queue_id="DEF0123456"), OK)
postfix.log.wait_for(rf"\[{stuck}\]: fatal: watchdog timeout", since=mark, timeout=30)
strace.kill()  # the kernel lets go of what is traced then
wait_until("the stuck process has gone", lambda: stuck not in postfix.flush_processes())
expect_equal("add after", ask_flush("add", site="customer.tld", queue_id="EF01234567"), OK)
expect("CDEF012345" in postfix.logfile("customer.tld"), "what was not sent is still listed")
