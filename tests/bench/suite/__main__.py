"""Runs the parts named. As root in a container that tests/bench/run made."""

import os
import sys
import time

from .adds import adds, all_sites, many_sites
from .common import REPEAT, cgroup_cpu_seconds, machine_cpu_seconds, postfix, say, table
from .housekeeping import refresh
from .listing import listing
from .sends import delivered, duplicates, million, paced, sends
from .whole_postfix import whole_postfix


PARTS = {part.__name__: part for part in (adds, many_sites, sends, paced, duplicates, delivered, million, refresh, all_sites,
                                          whole_postfix, listing)}


def main(parts):
    machine_before, own_before, begin_all = machine_cpu_seconds(), cgroup_cpu_seconds(), time.monotonic()
    for part in parts:
        begin = time.monotonic()
        PARTS[part]()
        say(f"-- {part} took {time.monotonic() - begin:.0f} s")
    postfix.stop() if postfix.running() else None
    others = machine_cpu_seconds() - machine_before - (cgroup_cpu_seconds() - own_before)
    others /= (time.monotonic() - begin_all) * os.cpu_count()
    print(table.markdown())
    print(f"\n{REPEAT} runs of each in turn: median (smallest to largest). Others on this machine used "
          f"{others * 100:.0f} % of its {os.cpu_count()} CPUs meanwhile.")


main(sys.argv[1:])
