"""The library's queue lister against `postqueue -j`, and against reading it all before looking at it."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from harness import run_command
from harness.big_spool import fill_deferred
from harness.postfix import QUEUE_DIRECTORY

from .common import REPEAT, empty_queues, median, postfix, say, serve_with, size, spread, table

# What a client does that takes the listing for one piece of data, as many do: all of it in memory, then split.
WHOLE = f"""
import socket
with socket.socket(socket.AF_UNIX) as s:
    s.connect("{QUEUE_DIRECTORY}/public/showq")
    listing = b"".join(iter(lambda: s.recv(65536), b""))
print(listing.split(b"\\0").count(b"queue_id"))
"""


def run_watched(command, output):
    """Seconds, and the most memory in MiB, of a program alone."""
    begin, peak = time.monotonic(), 0
    with open(output, "wb") as file:
        process = subprocess.Popen(command, stdout=file)
        while process.poll() is None:
            with contextlib.suppress(OSError, AttributeError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", status).group(1)))
            time.sleep(0.005)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} failed")
    return time.monotonic() - begin, peak / 1024


def listing():
    programs = {"postqueue": ["postqueue", "-j"], "queue_list": ["queue_list"], "whole": [sys.executable, "-c", WHOLE]}
    few, many = size(10_000, 500), size(100_000, 5_000)
    postfix.configure(relay_domains="bulk.tld", fast_flush_domains="", defer_transports="smtp, relay")
    seconds, memory = ({n: {p: [] for p in programs} for n in (few, many)} for _ in range(2))
    for count in (few, many):
        if postfix.running():
            postfix.stop()
        empty_queues()
        serve_with("flush")
        fill_deferred(postfix, count, 200)
        run_command("postqueue", "-j", check=True)  # nobody is measured with a cold cache
        for _ in range(REPEAT):
            for name, command in programs.items():
                took, peak = run_watched(command, f"/tmp/{name}")
                say(f"listing {count} {name}: {took:.2f} s, {peak:.1f} MiB")
                seconds[count][name].append(took)
                memory[count][name].append(peak)
            if Path("/tmp/postqueue").read_bytes() != Path("/tmp/queue_list").read_bytes():
                raise RuntimeError("the lists differ")
    postfix.stop()
    empty_queues()
    size_of_list = os.path.getsize("/tmp/queue_list") / 2**20
    ratio = median(seconds[many]["queue_list"]) / median(seconds[many]["postqueue"])
    table.add(f"list {many} messages as JSON ({size_of_list:.0f} MiB), postqueue -j and the library's queue_list",
              spread(seconds[many]["postqueue"], "{:.2f} s"),
              f"{spread(seconds[many]['queue_list'], '{:.2f} s')}; all read before a look {median(seconds[many]['whole']):.2f} s",
              f"{ratio:.2f}", "no slower", ratio <= 1.05)
    growth = median(memory[many]["queue_list"]) / median(memory[few]["queue_list"])
    table.add(f"the same: memory, for {few} and for {many}",
              " and ".join(f"{median(memory[n]['postqueue']):.1f} MiB" for n in (few, many)),
              " and ".join(f"{median(memory[n]['queue_list']):.1f} MiB" for n in (few, many))
              + "; all read before a look " + " and ".join(f"{median(memory[n]['whole']):.0f} MiB" for n in (few, many)),
              f"{growth:.2f}", "constant", growth <= 1.05)
