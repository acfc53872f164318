"""Processor time of what runs in the container."""

import os
from collections import Counter
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds():
    """By the name of the process; those that master(8) has collected are `ended`."""
    used = Counter()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name, rest = (entry / "stat").read_text().split("(", 1)[1].rsplit(") ", 1)
        except OSError:
            continue
        fields = rest.split()
        used[name] += (int(fields[11]) + int(fields[12])) / TICKS
        if name == "master":
            used["ended"] += (int(fields[13]) + int(fields[14])) / TICKS
    return used
