"""What a refresh does to adds."""

import time

from harness import ask_flush
from harness.postfix import FLUSH_SOCKET

from .common import (DOMAIN, OWNER, QUICK, clean_flush_directory, finish_generator, generate, median, postfix,
                     say, serve_with, size, spread, start_generator, table)


def refresh():
    count, old = size(1_000_000, 20_000), 20
    worst, seconds = [], []
    for _ in range(1 if QUICK else 2):
        clean_flush_directory()
        serve_with("flushd")
        generate("make-logfiles", count=count, old=old, uid=OWNER)
        mark = postfix.log.mark()
        due = (count + old - 1) // old
        probe = start_generator("probe", socket=FLUSH_SOCKET, site=f"other.{DOMAIN}", interval_us=2000)
        time.sleep(0.1)
        start = time.monotonic()
        ask_flush("rfrsh")
        while not (done := postfix.log.find_all(r"refresh logfiles=", since=mark)) and time.monotonic() - start < 600:
            time.sleep(1)
        if f"sent={due}," not in str(done):
            raise RuntimeError(f"not {due} sites were sent: {done}")
        seconds.append(time.monotonic() - start)
        times = finish_generator(probe, stop=True)
        say(f"refresh: {times} in {seconds[-1]:.1f} s")
        worst.append(times["p99_us"] / 1000)
    clean_flush_directory()
    table.add(f"refresh over {count} logfiles, every {old}th of them due: adds meanwhile, 99 % within", "-",
              f"{spread(worst, '{:.1f} ms')}, over {spread(seconds, '{:.0f} s')}", "-", "5 ms", median(worst) <= 5)
