"""An ID that could not be written down is not acknowledged.

The flush directory is a file system that is full. flushd warns, answers FAIL and
lives on; stock warns and answers OK, and the ID is lost.
"""

import os
import pwd

from harness import FAIL, FLUSH_DIRECTORY, OK, ask_flush, by_daemon, customer_postfix, etrn, expect, expect_equal, wait_until

CONTAINER_OPTIONS = ["--tmpfs", "/var/spool/postfix/flush:rw,size=64k,mode=0700"]


def fill_up():
    with open(FLUSH_DIRECTORY / "filling", "ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            print("filled:", error)


os.chown(FLUSH_DIRECTORY, pwd.getpwnam("postfix").pw_uid, 0)
postfix, sink = customer_postfix()
expect_equal("add before", ask_flush("add", site="other.customer.tld", queue_id="ABCDEF0123"), OK)
processes = postfix.flush_processes()
fill_up()

mark = postfix.log.mark()
expected = by_daemon("stock says OK after a failed append", flushd=FAIL, flush=OK)
expect_equal("add with a full file system", ask_flush("add", site="customer.tld", queue_id="BCDEF01234"), expected)
wait_until("a warning names the logfile or the reason",
           lambda: any("customer_tld" in line or "No space left" in line
                       for line in postfix.log.of_daemon(since=mark, severity="warning")))
expect_equal("what was written", postfix.logfile("customer.tld"), [])
expect_equal("the process is still the same", postfix.flush_processes(), processes)

# Mail that cannot be listed is still deferred, and Postfix lives on.
queue_id = postfix.send_smtp("user@customer.tld")
postfix.wait_deferred([queue_id])
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")

(FLUSH_DIRECTORY / "filling").unlink()
expect_equal("add with room again", ask_flush("add", site="customer.tld", queue_id=queue_id), OK)
expect_equal("the logfile with room again", postfix.logfile("customer.tld"), [queue_id])
sink.accept()
expect_equal("ETRN with room again", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld"])
expect(not postfix.log.find_all(r"/master\[\d+\]: (warning|fatal)"), "no complaints of the master")
