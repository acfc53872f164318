"""What is listed, where it is, and what becomes of it: queue IDs, logfiles, queue files, hashing, qmgr."""

import os
import socket

from suite import wire
from suite.case import Case

from .common import (ID, LOGFILE, LONG_ID, ONE_MESSAGE, SECOND, SITE, THIRD, ask, listed, logfile, mail)

ADD, SEND, SEND_FILE = wire.add(SITE, SECOND), wire.send_site(SITE), wire.send_file(ID)

QUEUE_IDS = {
    "short": ID, "long": LONG_ID, "one byte": "A", "digit": "0", "lower case": "abcdef", "underscore": "A_B",
    "underscore alone": "_", "63 bytes": "A" * 63, "64 bytes": "A" * 64, "100 bytes": "A" * 100, "254 bytes": "A" * 254,
    "255 bytes": "A" * 255, "256 bytes": "A" * 256, "empty": "", "dot": "A.B", "dot alone": ".", "two dots": "..",
    "slash": "A/B", "absolute": "/etc/passwd", "parent": "../A", "blank": "A B", "leading blank": " A",
    "newline": "A\nB", "carriage return": "A\r", "hyphen": "A-B", "star": "*", "colon": "A:B", "at": "A@B", "UTF-8": "Ä",
    "byte FF": b"A\xff", "control": "A\x01", "delete": "A\x7f", "percent": "A%n%s", "plus": "A+B",
}
BAD_IDS = {name for name, text in QUEUE_IDS.items()
           if not text or len(text) > 255 or not all(c.isascii() and (c.isalnum() or c == "_") for c in
                                                     (text if isinstance(text, str) else text.decode("latin-1")))}


def queue_ids():
    for name, queue_id in QUEUE_IDS.items():
        bad = ("bad-id-warning",) if name in BAD_IDS else ()
        files = [] if bad else [mail(queue_id)]
        yield Case(f"queue: ID {name}: add", [ask(wire.add(SITE, queue_id))], deviations=bad)
        yield Case(f"queue: ID {name}: send_file", [ask(wire.send_file(queue_id))], files, deviations=bad)
        yield Case(f"queue: ID {name}: listed", [ask(SEND)], [*files, mail(ID), listed(queue_id, ID)])


LOGFILES = {
    "one ID": f"{ID}\n", "three IDs": f"{ID}\n{SECOND}\n{THIRD}\n", "the same ID three times": f"{ID}\n" * 3,
    "duplicates mixed": f"{ID}\n{SECOND}\n{ID}\n{THIRD}\n{SECOND}\n", "empty": "", "only a newline": "\n",
    "only newlines": "\n\n\n", "an empty line": f"{ID}\n\n{SECOND}\n", "a bad ID": f"{ID}\n../../etc/passwd\n{SECOND}\n",
    "two bad IDs": f"a b\n{ID}\na.b\n", "only a bad ID": "a b\n", "only a message that has gone": "GONE\n",
    "one that has gone, one that has not": f"GONE\n{ID}\n", "no newline at the end": f"{ID}\n{SECOND}",
    "one ID without newline": ID, "CRLF": f"{ID}\r\n{SECOND}\r\n", "CR alone": f"{ID}\r{SECOND}\r",
    "blank before and after": f" {ID}\n{SECOND} \n", "NUL before the newline": f"{ID}\0\n{SECOND}\n",
    "NUL after the newline": f"{ID}\n\0{SECOND}\n", "NUL inside": f"{ID}\0{SECOND}\n{THIRD}\n", "only NULs": "\0" * 100,
    "a line of 255": "A" * 255 + f"\n{ID}\n", "a line of 256": "A" * 256 + f"\n{ID}\n",
    "a line of 10000": "A" * 10000 + f"\n{ID}\n", "a line of a megabyte": "A" * 1_000_000 + f"\n{ID}\n",
    "binary": bytes(range(256)) + f"\n{ID}\n".encode(), "UTF-8": f"Ä\n{ID}\n", "a comment": f"# {ID}\n{ID}\n",
    "5000 IDs that have gone": "".join(f"GONE{n}\n" for n in range(5000)), "12000 IDs": "".join(f"GONE{n}\n" for n in range(12000)),
    "a megabyte of one ID": f"{ID}\n" * 95_000,
    # As a flushd leaves behind that has died in the middle of a send, or as stock finds it then.
    "a mark of flushd's": f"{ID}\nflushd_mark_6927D3A0_012345678_1F2_0123456789ABCDEF\n{SECOND}\n",
    "only a mark of flushd's": "flushd_mark_6927D3A0_012345678_1F2_0123456789ABCDEF\n",
}
NOT_ENDED = {"no newline at the end", "one ID without newline", "CR alone", "only NULs"}
LISTED_AGAIN_AND_AGAIN = {"a megabyte of one ID"}
NOTHING_LISTED = {"empty", "only a mark of flushd's"}


def three_messages():
    return [mail(ID), mail(SECOND), mail(THIRD)]


def logfiles():
    for name, content in LOGFILES.items():
        prepared = [*three_messages(), logfile(wire.to_bytes(content))]
        yield Case(f"queue: logfile with {name}: send", [ask(SEND)], prepared,
                   deviations=("nothing-listed",) if name in NOTHING_LISTED else ())
        yield Case(f"queue: logfile with {name}: add", [ask(ADD)], prepared,
                   deviations=("last-line",) if name in NOT_ENDED
                   else ("compaction",) if name in LISTED_AGAIN_AND_AGAIN else ())
        yield Case(f"queue: logfile with {name}: refresh", [ask(wire.REFRESH)], prepared,
                   deviations=("nothing-listed",) if content and name in NOTHING_LISTED else ())
    yield Case("queue: no logfile: send", [ask(SEND)], three_messages())
    yield Case("queue: two sends", [ask(SEND, "first"), ask(SEND, "second")], [*ONE_MESSAGE],
               deviations=("nothing-listed",))


def make(kind, queue, name):
    """Something else in the place of a logfile or queue file."""
    def prepare(spool):
        path = spool.path(queue, name)
        elsewhere = spool.file("hold", "elsewhere", f"{ID}\n".encode(), 0o700)
        if kind == "a directory":
            os.mkdir(path, 0o700)
            os.chown(path, spool.owner, 0)
        elif kind == "a symlink":
            os.symlink(os.path.relpath(elsewhere, os.path.dirname(path)), path)
        elif kind == "a dangling symlink":
            os.symlink(os.path.relpath(f"{spool.queue}/hold/nothing", os.path.dirname(path)), path)
        elif kind == "a symlink to itself":
            os.symlink(name, path)
        elif kind == "a FIFO":
            os.mkfifo(path, 0o600)
            os.chown(path, spool.owner, 0)
        elif kind == "a hard link":
            os.link(elsewhere, path)
        elif kind == "of mode 0000":
            spool.file(queue, name, f"{ID}\n".encode(), 0o000)
        elif kind == "of root":
            spool.file(queue, name, f"{ID}\n".encode(), 0o600, owner=0)
        elif kind == "of root, readable":
            spool.file(queue, name, f"{ID}\n".encode(), 0o644, owner=0)
        elif kind == "of root, writable":
            spool.file(queue, name, f"{ID}\n".encode(), 0o666, owner=0)
        elif kind == "in a directory without rights":
            spool.file(queue, name, f"{ID}\n".encode(), 0o600)
            os.chmod(os.path.dirname(path), 0o000)
        elif kind == "in a directory of root":
            spool.file(queue, name, f"{ID}\n".encode(), 0o600)
            os.chown(os.path.dirname(path), 0, 0)
            os.chmod(os.path.dirname(path), 0o755)
        elif kind == "in no directory":
            os.rmdir(os.path.dirname(path))
        else:
            raise ValueError(kind)
    return prepare


LOGFILE_KINDS = ("a directory", "a symlink", "a dangling symlink", "a symlink to itself", "a hard link", "of mode 0000",
                 "of root", "of root, readable", "of root, writable", "in a directory without rights",
                 "in a directory of root")
FATAL_IN_STOCK = {"a directory", "a symlink to itself", "of mode 0000", "of root", "of root, readable",
                  "in a directory without rights"}
NOT_OPENED = {("refresh", "a directory"), ("refresh", "a symlink to itself")}
FILE_KINDS = ("a directory", "a symlink", "a dangling symlink", "a symlink to itself", "a FIFO", "a hard link", "of mode 0000",
              "of root", "of root, readable", "of root, writable", "in a directory without rights",
              "in a directory of root")


NOT_MOVED = {("send", queue, kind) for queue in ("deferred", "incoming")
             for kind in ("a symlink to itself", "of root", "of root, readable", "of root, writable",
                          "in a directory without rights")} | {("send", "deferred", "in a directory of root")}


def odd_files():
    for kind in LOGFILE_KINDS:
        for name, data in (("add", ADD), ("send", SEND), ("refresh", wire.REFRESH)):
            if (name, kind) == ("add", "a dangling symlink"):
                continue
            yield Case(f"queue: logfile {kind}: {name}", [ask(data)], [mail(ID), make(kind, "flush", LOGFILE)],
                       deviations=("not-fatal",) if kind in FATAL_IN_STOCK and (name, kind) not in NOT_OPENED else ())
    # Postfix does not create files through symbolic links any more.
    for name, deviations, when in (("", (), {"before": (3, 9)}), (", since 3.9", ("not-fatal",), {"since": (3, 9)})):
        yield Case(f"queue: logfile a dangling symlink: add{name}", [ask(ADD)], [mail(ID), make("a dangling symlink", "flush", LOGFILE)],
                   deviations=deviations, **when)
    yield Case("queue: logfile a FIFO: send", [ask(SEND)], [mail(ID), make("a FIFO", "flush", LOGFILE)], patience=2.0,
               deviations=("fifo-logfile",))
    for kind in FILE_KINDS:
        for queue in ("deferred", "incoming"):
            for name, data in (("send", SEND), ("send_file", SEND_FILE)):
                yield Case(f"queue: {queue} file {kind}: {name}", [ask(data)], [listed(ID), make(kind, queue, ID)],
                           deviations=("keeps-unmoved",) if (name, queue, kind) in NOT_MOVED else ())


def places():
    """Where the message is, and of what mode."""
    for name, data in (("send", SEND), ("send_file", SEND_FILE)):
        for queue in ("incoming", "active", "hold", "maildrop", "corrupt"):
            yield Case(f"queue: message in {queue}: {name}", [ask(data)], [listed(ID), mail(ID, queue)],
                       deviations=("keeps-held",) if (queue, name) == ("hold", "send") else ())
        yield Case(f"queue: message in deferred and incoming: {name}", [ask(data)],
                   [listed(ID), mail(ID), lambda spool: spool.file("incoming", ID, b"other", 0o700)])
        yield Case(f"queue: message in deferred and active: {name}", [ask(data)], [listed(ID), mail(ID), mail(ID, "active")])
        yield Case(f"queue: message nowhere: {name}", [ask(data)], [listed(ID)])
        yield Case(f"queue: message to be tried in the future: {name}", [ask(data)], [listed(ID), mail(ID, age=-5000)])
        for mode in (0o700, 0o740, 0o600, 0o400, 0o200, 0o500, 0o300, 0o100, 0o777, 0o644, 0o4700, 0o000):
            for queue in ("deferred", "incoming"):
                yield Case(f"queue: message of mode {mode:04o} in {queue}: {name}", [ask(data)],
                           [listed(ID), mail(ID, queue, mode)])
        yield Case(f"queue: no incoming queue: {name}", [ask(data)],
                   [listed(ID), mail(ID), lambda spool: os.rmdir(f"{spool.queue}/incoming")], deviations=("keeps-unmoved",))
    yield Case("queue: one of three cannot be moved", [ask(SEND)],
               [*three_messages(), listed(ID, SECOND, THIRD), make_obstacle(SECOND)], deviations=("keeps-unmoved",))
    many = [f"M{n}" for n in range(3000)]
    yield Case("queue: the queue manager hears of a long send before its end", [ask(SEND)],
               [listed(*many), *(mail(queue_id) for queue_id in many)], observe=("scans",), deviations=("early-scan",),
               main_cf={"qmgr_message_active_limit": "0"}) # nobody takes them


def appends():
    """The logfile cannot grow."""
    content = f"{ID}\n".encode()
    for room in (0, 5):
        yield Case(f"queue: add: room for {room} bytes only", [ask(ADD)], [logfile(content)],
                   file_size_limit=len(content) + room, deviations=("failed-append",))
    yield Case("queue: add: room for one line", [ask(ADD)], [logfile(content)], file_size_limit=2 * len(content))
    yield Case("queue: add: room for nothing, new logfile", [ask(ADD)], file_size_limit=0, deviations=("failed-append",))
    # More than the 10000 that stock knows, in releases that know any.
    others = [f"{number:06X}" for number in range(10_001)]
    yield Case("queue: duplicates of a message that cannot be moved", [ask(SEND)], [mail(ID), listed(*others, ID, ID, ID), make_obstacle(ID)],
               observe=("warnings",), deviations=("exact-duplicates", "keeps-unmoved"))


def make_obstacle(queue_id):
    """rename(2) over a directory fails."""
    return lambda spool: os.mkdir(spool.path("incoming", queue_id))


def hashing():
    names = {"the default": "deferred, defer", "nothing": "active", "an empty list": "", "flush": "flush, deferred", "incoming": "incoming, deferred",
             "all": "deferred defer flush incoming active", "in capitals": "DEFERRED, FLUSH",
             "a name that is none": "nonsense, deferred"}
    for what, value in names.items():
        for depth in (1, 2, 3, 4):
            if depth > 1 and what in ("nothing", "an empty list", "in capitals", "a name that is none"):
                continue
            parameters = {"hash_queue_names": value, "hash_queue_depth": str(depth)}
            elsewhere = ("other-depth",) if what == "in capitals" else ()
            for kind, queue_id in (("short ID", ID), ("long ID", LONG_ID)):
                if what == "in capitals":
                    prepared = [mail(queue_id, hashed=False), listed(queue_id)]
                else:
                    prepared = [mail(queue_id), listed(queue_id)]
                yield Case(f"queue: hashed: {what}, depth {depth}, {kind}",
                           [ask(SEND, "send"), ask(wire.add(SITE, SECOND), "add"),
                            ask(wire.add("other.customer.tld", queue_id), "new logfile")], prepared, main_cf=parameters,
                           deviations=elsewhere)
                yield Case(f"queue: hashed: {what}, depth {depth}, {kind}: send_file", [ask(wire.send_file(queue_id))],
                           prepared, main_cf=parameters, deviations=elsewhere)
            yield Case(f"queue: hashed: {what}, depth {depth}: refresh", [ask(wire.REFRESH)],
                       [mail(ID), listed(ID)], main_cf=parameters, deviations=elsewhere)
    for name, queue_id in {"one byte": "A", "three bytes": "ABC", "z early": "ABCzDEF", "z at 9": "123456789zA",
                           "z at 10": "1234567890zA", "two z": "1234567890z1zA", "vowel in the microseconds": "123456AEIOzQ",
                           "z last": "1234567890z"}.items():
        yield Case(f"queue: hashed: ID with {name}, depth 4", [ask(SEND, "send"), ask(wire.send_file(queue_id), "send_file")],
                   [mail(queue_id), listed(queue_id)], main_cf={"hash_queue_depth": "4"})
    for site in ("www.example.cz", "a", "ab", "zzzzzzzzzzzzzzz.tld"):
        yield Case(f"queue: hashed: flush, depth 3, site {site}", [ask(wire.add(site, ID), "add"), ask(wire.send_site(site), "send")],
                   [mail(ID)], main_cf={"hash_queue_names": "deferred, flush", "hash_queue_depth": "3",
                                        "fast_flush_domains": "static:yes"})
    for depth in ("0", "17", "x", ""):
        yield Case(f"queue: hash_queue_depth = {depth}", [ask(SEND)], [mail(ID, hashed=False), listed(ID)] if depth != "17" else [],
                   main_cf={"hash_queue_depth": depth} if depth in ("0", "x", "") else {"hash_queue_depth": depth})


MANY = [f"M{n}" for n in range(20)]


def what_is_moved_at_the_trigger(bench):
    """The daemon stands still once it has told the queue manager, by a backlog that is full."""
    listener = bench.qmgr.listener
    listener.listen(0)
    blocker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    blocker.connect(f"{bench.spool.queue}/public/qmgr")
    bench.qmgr.listener = None  # nobody accepts
    bench.open("send")
    bench.send(SEND, "send")
    bench.wait(lambda: False, 0.5)
    bench.record("moved before the queue manager can be told", os.listdir(f"{bench.spool.queue}/incoming"))
    listener.listen(50)
    bench.qmgr.listener = listener
    blocker.send(b"blocker\0")
    bench.receive("send", "send")
    blocker.close()


def queue_manager():
    for kind in ("socket", "fifo", "fifo without reader", "absent", "file", "directory", "not listening", "slow"):
        for name, data in (("send", SEND), ("send_file", SEND_FILE), ("refresh", wire.REFRESH), ("purge", wire.PURGE),
                           ("wakeup", wire.WAKEUP)):
            yield Case(f"queue: qmgr {kind}: {name}", [ask(data)], ONE_MESSAGE, qmgr=kind)
    yield Case("queue: the queue manager is told before anything is moved", [what_is_moved_at_the_trigger],
               [listed(*MANY), *(mail(queue_id) for queue_id in MANY)])
    yield Case("queue: qmgr under another name", [ask(SEND)], ONE_MESSAGE, main_cf={"queue_service_name": "other"})
    yield Case("queue: qmgr socket: two sends", [ask(SEND, "first"), ask(wire.send_site("other.customer.tld"), "second")],
               [*ONE_MESSAGE, mail(SECOND), listed(SECOND, name="other_customer_tld")])


def cases():
    for part in (queue_ids, logfiles, odd_files, places, appends, hashing, queue_manager):
        yield from part()
