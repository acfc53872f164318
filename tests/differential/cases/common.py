"""What the tables share: files to begin with, and steps."""

from suite import wire
from suite.spool import OLD

SITE, OTHER_SITE = "customer.tld", "other.customer.tld"
LOGFILE = "customer_tld"
ID, SECOND, THIRD = "ABCDEF0123", "BBCDEF0124", "CBCDEF0125"
LONG_ID = "3yZ7Bq1h5FzKx9pQ"  # seconds, microseconds 1h5F, z, inode


def mail(queue_id, queue="deferred", mode=0o700, **more):
    """A queue file."""
    return lambda spool: spool.file(queue, queue_id, b"mail", mode, **more)


def listed(*ids, name=LOGFILE, **more):
    """A logfile that lists these."""
    content = b"".join(wire.to_bytes(queue_id) + b"\n" for queue_id in ids)
    return lambda spool: spool.file("flush", name, content, **more)


def logfile(content, name=LOGFILE, **more):
    return lambda spool: spool.file("flush", name, content, **more)


def ask(data, label="answer", half_close=False, patience=None, number=0):
    """One connection, one request, and the end of it."""
    def step(bench):
        bench.open(label, number)
        bench.send(data, label)
        if half_close:
            bench.half_close(label)
        bench.receive(label, label, patience)
    return step


def ask_in_pieces(pieces, label="answer", half_close=False):
    """Each piece is read before the next is sent."""
    def step(bench):
        bench.open(label)
        bench.wait_announced(label)
        for piece in pieces:
            bench.send(piece, label)
            bench.wait_until_read(label)
        if half_close:
            bench.half_close(label)
        bench.receive(label, label)
        bench.drop(label)
    return step


def ask_and_stop(data, label="answer"):
    """An unfinished request: what comes while the client waits, and what once it has finished."""
    def step(bench):
        bench.open(label)
        bench.send(data, label)
        bench.receive(f"{label}, waiting", label, patience=0.3)
        bench.half_close(label)
        bench.receive(label, label)
    return step


ONE_MESSAGE = [mail(ID), listed(ID)]
__all__ = ["OLD", *(name for name in dir() if not name.startswith("_"))]
