"""Refresh, purge and wakeup: which logfiles are sent or removed, by age."""

import fcntl
import os

from suite import wire
from suite.case import Case

from .common import ID, LOGFILE, OLD, SECOND, ask, listed, logfile, mail

HOUR, DAY = 3600, 86400
ASK = {"refresh": wire.REFRESH, "purge": wire.PURGE, "wakeup": wire.WAKEUP}

# How long ago the logfile was written and read. The limits are 12 hours and 7 days.
AGES = {
    "new": (0, 0), "read 11 hours ago": (OLD, 11 * HOUR), "read 13 hours ago": (13 * HOUR, 13 * HOUR),
    "written now, read 13 hours ago": (0, 13 * HOUR), "written long ago, read now": (OLD, 0),
    "6 days": (6 * DAY, 6 * DAY), "8 days": (8 * DAY, 8 * DAY), "written 8 days ago, read now": (8 * DAY, 0),
    "written 6 days ago, read 8 days ago": (6 * DAY, 8 * DAY), "in the future": (-OLD, -OLD), "since 1970": (1_700_000_000, 1_700_000_000),
}
LIMITS = {
    "refresh time 1s": {"fast_flush_refresh_time": "1s"}, "refresh time 1w": {"fast_flush_refresh_time": "1w"},
    "purge time 1h": {"fast_flush_purge_time": "1h"}, "purge time 100d": {"fast_flush_purge_time": "100d"},
    "refresh time 13 without unit": {"fast_flush_refresh_time": "13"}, "purge time 9 without unit": {"fast_flush_purge_time": "9"},
}
NAMES = ("a", "_", "0", "ab", "a_b", "A", "CUSTOMER_TLD", "not_listed_tld", "x" * 255, "with.dot", "with-hyphen", ".hidden", "ä", "a b")


def by_age():
    for name, data in ASK.items():
        for what, (written, read) in AGES.items():
            yield Case(f"housekeeping: {name}: listed mail, {what}", [ask(data)], [mail(ID), listed(ID, age=written, read_age=read)])
            yield Case(f"housekeeping: {name}: empty logfile, {what}", [ask(data)], [logfile(b"", age=written, read_age=read)])
    for what, parameters in LIMITS.items():
        for age_name in ("read 13 hours ago", "8 days"):
            written, read = AGES[age_name]
            yield Case(f"housekeeping: {what}: listed mail, {age_name}", [ask(wire.REFRESH)],
                       [mail(ID), listed(ID, age=written, read_age=read)], main_cf=parameters)
            yield Case(f"housekeeping: {what}: empty logfile, {age_name}", [ask(wire.REFRESH)],
                       [logfile(b"", age=written, read_age=read)], main_cf=parameters)


def by_name():
    for number, name in enumerate(NAMES):
        shown = name if len(name) < 20 else f"{len(name)} bytes"
        for what, data in (("refresh", wire.REFRESH), ("purge", wire.PURGE)):
            crash = ("one-letter-site",) if len(name) == 1 and name.isascii() else ()
            yield Case(f"housekeeping: {what}: logfile {number} {shown!r}", [ask(data)], [mail(ID), listed(ID, name=name)], deviations=crash)
        yield Case(f"housekeeping: refresh: empty logfile {number} {shown!r}", [ask(wire.REFRESH)], [logfile(b"", name=name)],
                   deviations=crash)


def others():
    many = [part for n in range(20) for part in (mail(f"M{n}"), listed(f"M{n}", name=f"site{n}_tld"))]
    yield Case("housekeeping: refresh: nothing there", [ask(wire.REFRESH)])
    yield Case("housekeeping: refresh: no flush directory", [ask(wire.REFRESH)], [lambda spool: os.rmdir(f"{spool.queue}/flush")],
               deviations=("not-fatal",))
    yield Case("housekeeping: refresh: a directory beside logfiles", [ask(wire.REFRESH)],
               [mail(ID), listed(ID), lambda spool: os.mkdir(f"{spool.queue}/flush/a_directory", 0o700)])
    yield Case("housekeeping: refresh: flush directory not readable", [ask(wire.REFRESH)],
               [mail(ID), listed(ID), lambda spool: os.chmod(f"{spool.queue}/flush", 0o300)], deviations=("not-fatal",))
    yield Case("housekeeping: refresh: flush directory not writable", [ask(wire.REFRESH)],
               [mail(ID), listed(ID), logfile(b"", name="empty_tld"), lambda spool: os.chmod(f"{spool.queue}/flush", 0o500)])
    yield Case("housekeeping: refresh: sites that are not eligible", [ask(wire.REFRESH)], [mail(ID), listed(ID, name="foreign_tld")])
    yield Case("housekeeping: refresh twice", [ask(wire.REFRESH, "first"), ask(wire.REFRESH, "second")], [mail(ID), listed(ID)])
    yield Case("housekeeping: refresh does not unthrottle", [ask(wire.REFRESH)], [mail(ID), listed(ID, SECOND), mail(SECOND)])
    for depth in (1, 2, 3):
        for content, what in ((f"{ID}\n".encode(), "listed mail"), (b"", "empty logfile")):
            for name in ("customer_tld", "ab", "other_customer_tld"):
                yield Case(f"housekeeping: hashed, depth {depth}: {what} of {name}", [ask(wire.REFRESH)],
                           [mail(ID), logfile(content, name=name)],
                           main_cf={"hash_queue_names": "deferred, flush", "hash_queue_depth": str(depth)})
    yield Case("housekeeping: 20 sites, in any order", [ask(wire.REFRESH)], many)


def locks():
    def hold(bench):
        bench.kept["lock"] = os.open(bench.spool.path("flush", LOGFILE), os.O_RDWR | os.O_APPEND)
        fcntl.flock(bench.kept["lock"], fcntl.LOCK_EX)

    def refresh(bench):
        bench.open("refresh")
        bench.send(wire.REFRESH, "refresh")
        bench.wait(lambda: wire.OK in bench.connections["refresh"].received)
        bench.wait(lambda: False, 0.3)

    def append_and_release(bench):
        os.write(bench.kept["lock"], f"{ID}\n".encode())
        os.close(bench.kept.pop("lock"))
        bench.receive("refresh", "refresh")

    yield Case("housekeeping: an ID is added to an old empty logfile under its lock", [hold, refresh, append_and_release],
               [mail(ID), logfile(b"")], deviations=("locked-removal",))


def cases():
    for part in (by_age, by_name, others, locks):
        yield from part()
