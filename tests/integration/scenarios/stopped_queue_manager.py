"""qmgr(8) stopped (SIGSTOP), and thousands of sends: each is answered OK, so is each add, the log stays readable.

A trigger that qmgr has not read yet stands for those that would follow it, so that one of a kind waits for it. When it
goes on, everything that was moved is delivered.
"""

import os
import signal
import threading
from pathlib import Path

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, expect, expect_equal
from harness.crowd import ask_patiently

SENDS = 2500  # of as many sites
AT_ONCE = 100

TIME_LIMIT = 180

postfix, sink = customer_postfix()
message, = deferred_mail(postfix, "user@customer.tld")
qmgr, = postfix.processes(("qmgr",))
mark = postfix.log.mark()
answers = {"send_site": [], "add": []}
lock = threading.Lock()


def send_often(number):
    """Adds to its sites and has each sent, in turn; waits for the answers."""
    for turn in range(SENDS // AT_ONCE):
        site = f"s{number}x{turn}.customer.tld"
        for name, values in (("add", {"queue_id": f"A{number}B{turn}"}), ("send_site", {})):
            try:
                answer = ask_patiently(name, timeout=60, site=site, **values)
            except OSError as error:
                answer = repr(error)
            with lock:
                answers[name].append(answer)


os.kill(qmgr, signal.SIGSTOP)
try:
    expect_equal("send of a message", ask_flush("send_site", site="customer.tld", timeout=60), OK)
    threads = [threading.Thread(target=send_often, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, all_answers in answers.items():
        expect_equal(f"answers to {name} other than OK", [answer for answer in all_answers if answer != OK], [])
        expect_equal(f"answers to {name}", len(all_answers), SENDS)
    warnings = postfix.log.of_daemon(since=mark, severity="warning")
    expect(len(warnings) < 20, f"few warnings: {len(warnings)}, such as {warnings[:2]}")
    if IS_FLUSHD:
        flushd, = postfix.flush_processes()
        # Logfiles stay open between adds; what is sent and told must not.
        open_files = [os.readlink(entry) for entry in Path(f"/proc/{flushd}/fd").iterdir()]
        sockets = [name for name in open_files if name.startswith("socket:")]
        expect(len(sockets) < 20, f"few sockets are open: {len(sockets)}")
    sink.accept()
finally:
    os.kill(qmgr, signal.SIGCONT)
sink.wait_for_recipients(["user@customer.tld"])
expect_equal("one more send", ask_flush("send_site", site="customer.tld"), OK)
