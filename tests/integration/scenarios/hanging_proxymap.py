"""proxymap(8) hangs, and a thousand clients ask about sites for which it is needed: others are served meanwhile.

Some of the thousand wait, for a while; the others are told at once that it is not known now. When proxymap answers
again, so does flushd.
"""

import os
import signal
import sys
import time

from harness import DENY, FAIL, IS_FLUSHD, OK, customer_postfix, expect, expect_equal, wait_until
from harness.crowd import Crowd, ask_patiently

CLIENTS = 1200
PATIENCE = 20  # of flushd, with proxymap

TIME_LIMIT = 180

if not IS_FLUSHD:
    sys.exit(0)  # stock starts processes, up to the limit in master.cf, and then serves nobody

TABLE = "/etc/postfix/proxied"
with open(TABLE, "w", encoding="utf-8") as file:
    file.write("proxied.tld x\n")


def add(site, queue_id, timeout=60.0):
    return ask_patiently("add", site=site, queue_id=queue_id, timeout=timeout)


postfix, sink = customer_postfix()
postfix.configure(ipc_timeout=f"{PATIENCE}s", fast_flush_domains=f"customer.tld, proxy:texthash:{TABLE}",
                  proxy_read_maps=f"proxy:texthash:{TABLE}")
postfix.reload()
expect_equal("add of a site in the table", add("proxied.tld", "A1"), OK)
expect_equal("add of a site that is not", add("other.tld", "A1"), DENY)
flushd = postfix.flush_processes()
stopped = postfix.processes(("proxymap",))
mark = postfix.log.mark()
for process in stopped:
    os.kill(process, signal.SIGSTOP)

crowd = Crowd()
for number in range(CLIENTS):
    crowd.ask("add", site=f"s{number}.proxied.tld", queue_id=f"B{number}")
    crowd.listen(0)
    if number % 200 == 199:
        begin = time.monotonic()
        expect_equal("add for a site that needs no proxymap", add("customer.tld", f"C{number}"), OK)
        expect(time.monotonic() - begin < PATIENCE / 2, "soon")
crowd.listen_until_few_wait(400, seconds=10)
expect(len(crowd.waiting) <= 400, f"most are told at once, and do not wait: {len(crowd.answers)} of {CLIENTS}")
expect(set(crowd.answers) == {FAIL}, f"they are told so: {set(crowd.answers)}")

expect(len(crowd.waiting) > 20, f"some wait: {len(crowd.waiting)}")
crowd.listen_until_few_wait(0, seconds=4 * PATIENCE)
expect_equal("who waits after a while", len(crowd.waiting), 0)
expect_equal("all answers", {answer: crowd.answers.count(answer) for answer in set(crowd.answers)}, {FAIL: CLIENTS})

for process in stopped:
    os.kill(process, signal.SIGCONT)
wait_until("the table is asked again", lambda: add("proxied.tld", "D1") == OK, timeout=30)
expect_equal("the process is still the same", postfix.flush_processes(), flushd)
warnings = postfix.log.of_daemon(since=mark, severity="warning")
expect(0 < len(warnings) < 40, f"a few warnings: {len(warnings)}, such as {warnings[:3]}")
