"""Checks and deadlines. A failed check ends the scenario with an explanation."""

import os
import re
import time

# Which program serves flush/unix in this run: "flushd", or Postfix's own "flush".
DAEMON = os.environ.get("FLUSHD_DAEMON", "flushd")
IS_FLUSHD = DAEMON == "flushd"

# Seconds, for what comes at once unless the machine is busy. Less than the minute for which master(8) throttles a
# service.
PATIENCE = 30.0


class ScenarioFailure(AssertionError):
    """A check did not hold."""


def fail(what):
    raise ScenarioFailure(what)


def expect(holds, what):
    if not holds:
        fail("not so: " + what)
    print("ok:", what, flush=True)


def expect_equal(what, actual, expected):
    if actual != expected:
        fail(f"{what}\n  expected: {expected!r}\n  actual:   {actual!r}")
    print(f"ok: {what} = {actual!r}", flush=True)


def expect_match(what, actual, pattern):
    if not re.search(pattern, actual):
        fail(f"{what}\n  expected to match: {pattern!r}\n  actual: {actual!r}")
    print(f"ok: {what} matches {pattern!r}", flush=True)


def by_daemon(because, *, flushd, flush):
    """What to expect where flushd deviates from stock flush on purpose; says why."""
    print(f"deviation: {because}: flushd {flushd!r}, stock {flush!r}", flush=True)
    return flushd if IS_FLUSHD else flush


def wait_until(what, condition, timeout=PATIENCE, interval=0.02):
    """Polls until condition() is true and returns its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            fail(f"not within {timeout:g} s: {what} (last value: {value!r})")
        time.sleep(interval)
        interval = min(interval * 1.5, 0.25)
