"""What adds cost a whole Postfix."""

import os
import time

from harness import run_command
from harness.postfix import QUEUE_DIRECTORY

from .common import (DAEMONS, DOMAIN, REPEAT, cgroup_cpu_seconds, clean_flush_directory, empty_queues, median,
                     own_cpu_seconds, postfix, say, serve_with, size, spread, table)


def defer_messages(count):
    """CPU seconds of everything in the container but the source of the messages, until all are deferred."""
    before, own_before = cgroup_cpu_seconds(), own_cpu_seconds()
    run_command("smtp-source", "-d", "-s", "10", "-m", str(count), "-f", "someone@sender.tld", "-t",
                f"user@{DOMAIN}", "-N", "127.0.0.1:25", check=True, timeout=600)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        time.sleep(0.5)
        deferred = sum(len(files) for _, _, files in os.walk(QUEUE_DIRECTORY / "deferred"))
        if deferred >= count:
            break
    else:
        raise RuntimeError(f"only {deferred} deferred")
    time.sleep(0.5)
    return cgroup_cpu_seconds() - before - (own_cpu_seconds() - own_before)


def whole_postfix():
    count = size(20_000, 500)
    results = {"none": [], "flush": [], "flushd": []}
    # A site that does not answer: smtp(8) finds out, then retry(8) defers what follows.
    postfix.configure(relay_transport="smtp:[127.0.1.9]:9", smtp_destination_concurrency_limit="20")
    for _ in range(REPEAT):
        for case in results:
            postfix.configure(fast_flush_domains="" if case == "none" else DOMAIN)
            if postfix.running():
                postfix.stop()
            empty_queues()
            clean_flush_directory()
            serve_with("flush" if case == "none" else case)
            results[case].append(defer_messages(count))
            say(f"whole_postfix {case}: {results[case][-1]:.2f} s")
    postfix.stop()
    empty_queues()
    extra = {d: median(results[d]) - median(results["none"]) for d in DAEMONS}
    share = {d: extra[d] / median(results["none"]) * 100 for d in DAEMONS}
    ratio = extra["flushd"] / extra["flush"]
    table.add(f"CPU of deferring {count} messages, all eligible against none ({spread(results['none'], '{:.1f} s')})",
              f"+{share['flush']:.1f} %, {extra['flush'] / count * 1e3:.3f} ms each",
              f"+{share['flushd']:.1f} %, {extra['flushd'] / count * 1e3:.3f} ms each", f"{ratio:.2f}",
              "at most half of stock's extra", ratio <= 0.5)
