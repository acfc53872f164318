"""Requests: each one, and each way to get it wrong."""

import re

from suite import wire
from suite.case import Case

from .common import ID, ONE_MESSAGE, SECOND, SITE, ask, ask_and_stop, ask_in_pieces

REQUESTS = {
    "add": [("request", "add"), ("site", SITE), ("queue_id", SECOND)],
    "send_site": [("request", "send_site"), ("site", SITE)],
    "send_file": [("request", "send_file"), ("queue_id", ID)],
    "rfrsh": [("request", "rfrsh")],
    "purge": [("request", "purge")],
}
HUGE = {"8192 bytes": 8192, "8193 bytes": 8193, "one megabyte": 1_000_000}
BINARY = bytes(range(1, 256))
EXTRA = ("extra", "1")


def variations(pairs):
    """(name, bytes, unfinished) of everything that can be wrong with a list of attributes."""
    for position in range(len(pairs) + 1):
        where = "last" if position == len(pairs) else f"before {pairs[position][0]}"
        yield f"an extra attribute {where}", wire.attributes(*pairs[:position], EXTRA, *pairs[position:])
        yield f"the end of the list {where}", wire.attributes(*pairs[:position]) + wire.attributes(*pairs[position:])
    if len(pairs) > 1:
        yield "attributes reversed", wire.attributes(*reversed(pairs))
    for position, (name, value) in enumerate(pairs):
        def with_pair(*replacement, position=position):
            return wire.attributes(*pairs[:position], *replacement, *pairs[position + 1:])
        yield f"no {name}", with_pair()
        yield f"{name} twice", with_pair((name, value), (name, value))
        yield f"{name} twice, differently", with_pair((name, value), (name, "other"))
        yield f"{name} empty", with_pair((name, ""))
        yield f"{name} in capitals", with_pair((name.upper(), value))
        yield f"{name} with an empty name", with_pair(("", value))
        yield f"{name} with a blank after the value", with_pair((name, f"{value} "))
        yield f"{name} with a newline after the value", with_pair((name, f"{value}\n"))
        yield f"{name} binary", with_pair((name, BINARY))
        yield f"{name} with a binary name", with_pair((BINARY, value))
        for size, count in HUGE.items():
            yield f"{name} of {size}", with_pair((name, "x" * count))
            yield f"{name} with a name of {size}", with_pair(("x" * count, value))
    yield "request in another case", wire.attributes(("request", pairs[0][1].upper()), *pairs[1:])
    yield "request with a letter more", wire.attributes(("request", f"{pairs[0][1]}x"), *pairs[1:])
    yield "request with a letter less", wire.attributes(("request", pairs[0][1][:-1]), *pairs[1:])
    yield "bytes after the end", wire.attributes(*pairs) + b"garbage"
    yield "the same again in one connection", wire.attributes(*pairs) * 2
    yield "a wakeup behind it", wire.attributes(*pairs) + wire.WAKEUP


def spool():
    return [*ONE_MESSAGE]


def well_formed():
    for name, pairs in REQUESTS.items():
        data = wire.attributes(*pairs)
        yield Case(f"wire: {name}", [ask(data)], spool())
        yield Case(f"wire: {name}, half-closed", [ask(data, half_close=True)], spool())
        for size in (1, 2, 3):
            # What begins with one or two bytes is taken for a trigger, and an unknown one.
            yield Case(f"wire: {name}, {size} bytes at a time",
                       [ask_in_pieces([data[n:n + size] for n in range(0, len(data), size)])], spool(),
                       deviations=("unknown-request",) if size < 3 else ())
        yield Case(f"wire: {name}, split at every byte",
                   [ask_in_pieces([data[:n], data[n:]], f"split at {n}") for n in range(1, len(data))], spool(),
                   deviations=("unknown-request", "nothing-listed") if name == "send_site" else ("unknown-request",))
        yield Case(f"wire: {name}, unfinished", [ask_and_stop(data[:-1])], spool())
        yield Case(f"wire: {name}, unfinished at every byte",
                   [ask(data[:n], f"{n} bytes", half_close=True) for n in range(1, len(data))], spool())


UNKNOWN_REQUESTS = re.compile(r"request (empty|binary|with a (blank|newline) after the value|of 8192 bytes|in another case"
                              r"|with a letter (more|less))$")
BAD_IDS = re.compile(r"queue_id (empty|binary|with a (blank|newline) after the value|of .*)$")
TOO_LONG = re.compile(r"(request|site) of (8193 bytes|one megabyte)$")


def deviations(name, what):
    # A list of which nothing but the request's name is left, is one with an empty name.
    if UNKNOWN_REQUESTS.match(what) or (what == "no request" and name in ("rfrsh", "purge")):
        return ("unknown-request",)
    if TOO_LONG.match(what):
        return ("string-limit",)
    if what == "site of 8192 bytes":
        return ("long-name",)
    return ("bad-id-warning",) if BAD_IDS.match(what) else ()


def triggers():
    """Two bytes or less: the other protocol."""
    table = {"W with NUL": b"W\0", "W": b"W", "another letter": b"X\0", "another letter without NUL": b"X", "NUL": b"\0",
             "two NULs": b"\0\0", "three NULs": b"\0\0\0", "WW": b"WW", "w in lower case": b"w\0", "newline": b"W\n", "byte FF": b"\xff\0",
             "W with NUL and more": b"W\0request\0rfrsh\0\0", "nothing": b"", "an empty attribute list": b"\0"}
    unknown = {"another letter", "another letter without NUL", "NUL", "two NULs", "WW", "w in lower case", "newline", "byte FF",
               "an empty attribute list"}
    for name, data in table.items():
        yield Case(f"wire: trigger: {name}", [ask(data, half_close=True)], spool(),
                   deviations=("unknown-request",) if name in unknown else ("garbled-answer",) if not data else ())
        if data and len(data) <= 2:
            yield Case(f"wire: trigger: {name}, not half-closed", [ask_and_stop(data)], spool(),
                       deviations=("unknown-request",) if name in unknown else ())
    yield Case("wire: trigger: W, then NUL", [ask_in_pieces([b"W", b"\0"])], spool())
    yield Case("wire: trigger: W, then a request", [ask_in_pieces([b"W", wire.REFRESH])], spool(), deviations=("unknown-request",))
    yield Case("wire: trigger: NUL of a wakeup, then a send", [ask_in_pieces([b"W\0", wire.send_site(SITE)])], spool())


def garbage():
    table = {"binary": BINARY * 4 + b"\0\0", "text": b"ETRN customer.tld\r\n", "newlines": b"request\nadd\n",
             "8-bit": b"\xff" * 1000, "NULs": b"\0" * 1000, "a megabyte without NUL": b"x" * 1_000_000,
             "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "only a name": b"request", "only a name and NUL": b"request\0",
             "the old protocol, base 64": b"request=add\n"}
    for name, data in table.items():
        yield Case(f"wire: garbage: {name}", [ask(data, half_close=True)], spool())


def several():
    """More than one client with the same process."""
    def open_silent(bench):
        bench.open("silent")
        bench.wait_announced("silent")

    def hang_up(bench):
        bench.drop("silent")

    def hang_up_in_the_middle(bench):
        open_silent(bench)
        bench.send(b"request\0add\0si", "silent")
        bench.wait_until_read("silent")
        bench.drop("silent")

    def gone_before_the_answer(bench):
        open_silent(bench)
        bench.send(wire.add(SITE, SECOND), "silent")
        bench.drop("silent")

    def announced(bench):
        bench.open("silent")
        bench.wait_announced("silent")
        bench.record("said first", bench.connections["silent"].received)
        bench.drop("silent")

    send = wire.send_site(SITE)
    yield Case("wire: the announcement comes unasked", [announced], spool())
    yield Case("wire: a client hangs up at once", [open_silent, hang_up, ask(send)], spool())
    yield Case("wire: a client hangs up in the middle", [hang_up_in_the_middle, ask(send)], spool())
    yield Case("wire: a client does not wait for the answer", [gone_before_the_answer, ask(send)], spool())
    yield Case("wire: ten adds", [ask(wire.add(SITE, f"ID{n}"), f"add {n}") for n in range(10)], spool())
    yield Case("wire: a bad request between good ones",
               [ask(wire.add(SITE, "ID1"), "one"), ask(b"garbage", "two", half_close=True), ask(wire.add(SITE, "ID2"), "three")], spool())
    yield Case("wire: add, send, add, purge", [ask(wire.add(SITE, ID), "add"), ask(send, "send"),
                                               ask(wire.add(SITE, SECOND), "add again"), ask(wire.PURGE, "purge")], spool())


def cases():
    yield from well_formed()
    for name, pairs in REQUESTS.items():
        for what, data in variations(pairs):
            yield Case(f"wire: {name}: {what}", [ask(data, half_close=True)], spool(), deviations=deviations(name, what))
    for part in (triggers, garbage, several):
        yield from part()
