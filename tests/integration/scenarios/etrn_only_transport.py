"""Howto, "Configuring a domain for ETRN service only": its own example, line by line.

Mail for the customer is deferred as soon as it arrives, stays so over a normal
queue run, and is really attempted after ETRN, postqueue -s and postqueue -i.
When that attempt fails it is listed again.
"""

import contextlib
import os
import time

from harness import PostfixInstance, Sink, etrn, expect, expect_equal, run_command, wait_until
from harness.postfix import CONFIG_DIRECTORY, QUEUE_DIRECTORY

MAILHOST = "127.0.2.1"

postfix = PostfixInstance()
for service in ("smtp", "relay", "etrn-only"):
    postfix.set_service(f"{service}/unix", f"{service} unix - - n - - smtp")
postfix.configure(relay_domains="customer.tld, other.customer.tld", defer_transports="etrn-only",
                  transport_maps="hash:/etc/postfix/transport",
                  queue_run_delay="2s", minimal_backoff_time="2s", maximal_backoff_time="2s")
(CONFIG_DIRECTORY / "transport").write_text("customer.tld     etrn-only:[mailhost.customer.tld]\n")
run_command("postmap", "hash:/etc/postfix/transport", check=True)  # not default_database_type, which differs
with open("/etc/hosts", "a", encoding="ascii") as hosts:
    hosts.write(f"{MAILHOST} mailhost.customer.tld\n")
postfix.use_flush()
postfix.start()

sink = Sink(port=25, address=MAILHOST)
sink.accept()


def deferred_at_once(recipient):
    mark = postfix.log.mark()
    queue_id = postfix.send_smtp(recipient)
    postfix.log.wait_for(rf"{queue_id}: to=<{recipient}>.*status=deferred \(deferred transport\)", since=mark)
    postfix.wait_deferred([queue_id])
    wait_until("it is listed", lambda: queue_id in postfix.logfile("customer.tld"))
    return queue_id


def postpone(ids):
    """Makes messages due in an hour, when the queue manager has none of them in hand."""
    for queue_id in ids:
        def in_an_hour():
            postfix.wait_deferred([queue_id])
            with contextlib.suppress(FileNotFoundError):
                os.utime(next((QUEUE_DIRECTORY / "deferred").rglob(queue_id), ""), (time.time(), time.time() + 3600))
                return True
        wait_until(f"{queue_id} is due in an hour", in_an_hour)


ids = [deferred_at_once(f"user{number}@customer.tld") for number in range(3)]

# The runs that the queue manager makes by itself respect defer_transports.
mark = postfix.log.mark()
for queue_id in ids:
    postfix.log.wait_for(rf"{queue_id}: to=<.*status=deferred \(deferred transport\)", since=mark, timeout=20)
postfix.configure(queue_run_delay="1000s", minimal_backoff_time="1000s", maximal_backoff_time="4000s")
postpone(ids)  # otherwise the run at the start of the next qmgr(8) may have one in the active queue when ETRN comes
postfix.reload()
expect_equal("attempts made before anybody asked", sink.attempts, 0)
for queue_id in ids:
    expect(queue_id in postfix.logfile("customer.tld"), f"{queue_id} still listed")

# The attempt fails: listed again.
sink.reject()
mark = postfix.log.mark()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
for queue_id in ids:
    postfix.log.wait_for(rf"{queue_id}: to=<.*status=deferred \(host .* said: 450", since=mark)
postfix.wait_deferred(ids)
wait_until("listed again", lambda: sorted(set(postfix.logfile("customer.tld"))) == sorted(ids))

# One message by its ID.
sink.accept()
expect_equal("postqueue -i", run_command("postqueue", "-i", ids[0]), (0, ""))
sink.wait_for_recipients(["user0@customer.tld"])
postfix.wait_gone(ids[:1])

# The site, by ETRN and by postqueue -s.
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients([f"user{number}@customer.tld" for number in range(3)])
# The override of ETRN lasts until the end of the next scan: one that other mail causes.
mark = postfix.log.mark()
other = postfix.send_smtp("user@other.customer.tld")
postfix.log.wait_for(rf"{other}: to=<user@other.customer.tld>.*status=deferred", since=mark)
deferred_at_once("user3@customer.tld")
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld"), (0, ""))
sink.wait_for_recipients([f"user{number}@customer.tld" for number in range(4)])
