"""A client that sends nonsense, sends nothing or goes away gets BAD or is closed;
it is warned about once, and others are served meanwhile.
"""

import time

from harness import BAD, DENY, IS_FLUSHD, OK, FlushClient, ask_flush, by_daemon, customer_postfix, expect, expect_equal, wait_until
from harness.flush_client import ask_raw, attributes, request

CLOSED = None  # no status at all
SITE, ID = ("site", "customer.tld"), ("queue_id", "ABCDEF0123")

# (what is sent, the bytes, the answers allowed)
MALFORMED = [
    ("no request name", attributes(SITE, ID), (BAD, CLOSED)),
    ("an unknown request", attributes(("request", "frobnicate"), SITE), (CLOSED,)),
    ("an empty attribute list", attributes(), (BAD, CLOSED)),
    ("a missing attribute", attributes(("request", "add"), SITE), (BAD,)),
    ("no attributes", attributes(("request", "send_site")), (BAD,)),
    ("an extra attribute", attributes(("request", "send_site"), SITE, ("extra", "1")), (OK,)),
    ("a repeated attribute", attributes(("request", "add"), SITE, SITE, ID), (BAD,)),
    ("a queue ID that is a path", request("add", site="customer.tld", queue_id="../../etc/passwd"), (BAD,)),
    ("an empty queue ID", request("add", site="customer.tld", queue_id=""), (BAD,)),
    ("a queue ID of 256 characters", request("send_file", queue_id="A" * 256), (BAD,)),
    ("a list that ends in the middle", attributes(("request", "add"), SITE)[:-1], (BAD, CLOSED)),
    ("a value without its end", b"request\0add\0site\0custo", (BAD, CLOSED)),
    ("garbage", bytes(range(1, 256)) * 4 + b"\0\0", (BAD, CLOSED)),
]

postfix, sink = customer_postfix()


def others_are_served():
    expect_equal("another client's add", ask_flush("add", site="customer.tld", queue_id="BCDEF01234"), OK)


def send_and_finish(data):
    with FlushClient(timeout=10) as client:
        client.send(data)
        client.finish_sending()
        return client.receive_status()


others_are_served()
before = postfix.flush_processes()
for what, data, allowed in MALFORMED:
    mark = postfix.log.mark()
    status = send_and_finish(data)
    if not IS_FLUSHD:
        # Stock warns of what it did not expect, but may act on the rest.
        allowed += (OK, DENY)
    expect(status in allowed, f"{what}: answered {status}, one of {allowed}")
    others_are_served()
    if IS_FLUSHD:  # postlogd(8) may be slow to write it
        wait_until("a warning", lambda since=mark: postfix.log.of_daemon(since=since, severity="warning"))
    time.sleep(0.1)
    warnings = postfix.log.of_daemon(since=mark, severity="warning")
    if IS_FLUSHD:
        expect_equal(f"{what}: number of warnings", len(warnings), 1)

# One that hangs up without a word (stock warns too), and one of the master's wakeups.
for data, most_warnings in ((b"", 1), (b"W\0", 0)):
    mark = postfix.log.mark()
    with FlushClient(timeout=10) as client:
        client.send(data)
        client.finish_sending()
        print("   ", data, "answered", client.receive_all())
    others_are_served()
    time.sleep(0.1)
    warnings = postfix.log.of_daemon(since=mark, severity="warning")
    expect(len(warnings) <= most_warnings, f"{data!r}: at most {most_warnings} warnings: {warnings}")

# A client that reads its answer after it has finished sending.
mark = postfix.log.mark()
expect_equal("a half-closed client's add",
             send_and_finish(request("add", site="customer.tld", queue_id="CDEF012345")), OK)
expect_equal("warnings about it", postfix.log.of_daemon(since=mark, severity="warning"), [])

# One string of a megabyte.
mark = postfix.log.mark()
status = ask_raw(request("add", site="x" * 1_000_000, queue_id="ABCDEF0123"))
expect(status in (BAD, CLOSED, by_daemon("sizes are limited", flushd=BAD, flush=4)), f"an oversized site: {status}")
others_are_served()
expect_equal("logfile", sorted(set(postfix.logfile("customer.tld"))), ["BCDEF01234", "CDEF012345"])
if IS_FLUSHD:
    expect_equal("the process is still the same", postfix.flush_processes(), before)

# One that says nothing, or stops in the middle: closed after ipc_timeout.
postfix.use_flush(options="-o ipc_timeout=2s")
for what, data in (("silent", b""), ("stopping in the middle", b"request\0add\0si")):
    mark = postfix.log.mark()
    with FlushClient(timeout=60) as client:
        begin = time.monotonic()
        client.send(data)
        others_are_served()
        status = client.receive_status()
        seconds = time.monotonic() - begin
    expect(status in (BAD, CLOSED), f"{what}: answered {status}")
    expect(1 < seconds < 30, f"{what}: closed after {seconds:.1f} s")
    if IS_FLUSHD:
        wait_until("one warning", lambda: len(postfix.log.of_daemon(since=mark, severity="warning")) == 1)
expect_equal("complaints of the master", postfix.log.find_all(r"/master\[\d+\]: (warning|fatal)"), [])
