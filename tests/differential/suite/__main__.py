"""Runs the cases inside a container: python3 -m suite [--group NAME] [--case REGEX]"""

import argparse
import functools
import multiprocessing
import os
import re
import subprocess
import sys
import time
import traceback
from collections import namedtuple

import deviations
import regressions
from cases import all_cases

from .bench import Bench
from .compare import differences, judge

Daemon = namedtuple("Daemon", "name path options announces")
_SELECTED = []
ROOT = "/s" if os.path.isdir("/s") else "/tmp"  # a short path: socket names are limited


def postconf(name):
    return subprocess.run(["postconf", "-d", "-h", name], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def daemons():
    directory, announces = postconf("daemon_directory"), version() >= (3, 6)
    return (Daemon("flush", f"{directory}/flush", (), announces),
            Daemon("flushd", f"{directory}/flushd", ("-n", "flush"), announces))


@functools.lru_cache(None)
def version():
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", postconf("mail_version")).groups())


def run_case(task):
    """The differences, and what was logged; or the text of an exception."""
    number, both = task
    case = _SELECTED[number]
    seen, logs = [], []
    for daemon in both:
        bench = Bench(case, daemon, f"{ROOT}/{number}{daemon.name[5:] or 's'}")
        try:
            seen.append(bench.run())
        except Exception:  # pylint: disable=broad-except
            return number, None, traceback.format_exc(), []
        logs.append(bench.log_lines + ([bench.kept["stderr"]] if bench.kept.get("stderr") else []))
    return number, differences(*seen), seen, logs


def shortened(value, limit=400):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def report(case, found, seen, logs, options):
    """Prints the line of a case; returns whether it passed."""
    if found is None:
        print(f"FAIL {case.name}\n{seen}")
        return False
    named = [deviations.BY_ID[identifier] for identifier in case.deviations if identifier in deviations.BY_ID]
    named = [deviation for deviation in named if version() >= deviation.since]
    complaints = judge(found, named)
    because = f" (deviates: {', '.join(deviation.id for deviation in named)})" if named else ""
    print(f"{'FAIL' if complaints else 'PASS'} {case.name}{because}")
    shown = found.items() if options.verbose else [(label, pair) for label, pair in complaints]
    if options.everything:
        shown = [(label, (value, seen[1].get(label))) for label, value in seen[0].items()]
    for label, pair in shown:
        print(f"    {label}")
        if pair:
            print(f"        stock:  {shortened(pair[0])}\n        flushd: {shortened(pair[1])}")
    if complaints or options.everything:
        for name, lines in zip(("stock", "flushd"), logs):
            for line in lines[:8]:
                print(f"    {name} logged:", shortened(re.sub(r"^.*?\]: ", "", line), 200))
    return not complaints


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", action="append", help="wire, sites, ...: see --list")
    parser.add_argument("--case", default="", help="regular expression for the names of cases")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="show differences on purpose, too")
    parser.add_argument("--everything", action="store_true", help="show all that was compared")
    parser.add_argument("--quiet", action="store_true", help="show failed cases only")
    return parser.parse_args()


def main():
    options = parse_arguments()
    groups = all_cases()
    mistakes = deviations.mistakes(groups) + regressions.mistakes(groups)
    for mistake in mistakes:
        print("FAIL", mistake)
    selected = [case for group, cases in groups.items() if not options.group or group in options.group
                for case in cases if re.search(options.case, case.name)]
    if options.list:
        print("\n".join(case.name for case in selected))
        return bool(mistakes)
    both, begin = daemons(), time.monotonic()
    selected = [case for case in selected if case.since <= version() < case.before]
    passed = 0
    # Cases hold functions, which cannot be sent to a worker: it knows them from before the fork.
    _SELECTED[:] = selected
    tasks = [(number, both) for number in range(len(selected))]
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for number, found, seen, logs in pool.imap(run_case, tasks):
            passed += report(selected[number], found, seen, logs, options)
            sys.stdout.flush()
    failed = len(selected) - passed
    print(f"{passed} passed, {failed} failed ({time.monotonic() - begin:.1f} s)")
    return 1 if failed or mistakes or not selected else 0


if __name__ == "__main__":
    sys.exit(main())
