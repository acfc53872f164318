"""How quick adds are, and what they cost the service."""

import contextlib
import os
import time

from harness import run_command
from harness.postfix import FLUSH_SOCKET, QUEUE_DIRECTORY

from .common import (DAEMONS, DOMAIN, clean_flush_directory, finish_generator, generate, in_turn, median,
                     postfix, say, serve_with, size, spread, start_generator, table)


def bare_loop(clients, requests):
    """The yardstick: its CPU seconds per request, and requests a second."""
    with contextlib.ExitStack() as stack:
        socket, file = "/run/bench-loop", str(QUEUE_DIRECTORY / "flush/yardstick")
        server = start_generator("baseline-loop", socket=socket, file=file)
        stack.callback(server.kill)
        while not os.path.exists(socket):
            time.sleep(0.01)
        time.sleep(0.05)
        result = generate("add", socket=socket, domain=DOMAIN, clients=clients, sites=1, requests=requests)
        done = finish_generator(server, stop=True)
        os.unlink(socket)
        return done["cpu"] / done["served"], result["per_second"]


def add_load(service, clients, sites, requests, **more):
    before = service.cpu_seconds()
    result = generate("add", socket=FLUSH_SOCKET, domain=DOMAIN, clients=clients, sites=sites, requests=requests, **more)
    result["cpu"] = (service.cpu_seconds() - before) / requests
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} adds failed")
    return result


def adds():
    clients = 16
    for sites in (1, 1000):
        requests = {"flush": size(40_000, 4_000), "flushd": size(120_000, 8_000)}
        rate, cpu = {d: [] for d in DAEMONS}, {d: [] for d in DAEMONS}
        yardstick, yardstick_rate = [], []
        for _, daemon in in_turn():
            clean_flush_directory()
            service = serve_with(daemon)
            add_load(service, clients, sites, 3_000)  # logfiles made, processes started
            result = add_load(service, clients, sites, requests[daemon])
            say(f"adds {sites} {daemon}: {result}")
            rate[daemon].append(result["per_second"])
            cpu[daemon].append(result["cpu"] * 1e6)
            if daemon == "flushd":
                of_loop, loop_rate = bare_loop(clients, requests[daemon])
                yardstick.append(of_loop * 1e6)
                yardstick_rate.append(loop_rate)
                say(f"bare loop: {of_loop * 1e6:.1f} us, {loop_rate:.0f} a second")
        ratio = median(rate["flushd"]) / median(rate["flush"])
        what = f"add, {clients} clients, {sites} site{'s' if sites > 1 else ''}"
        table.add(f"{what}: requests a second", spread(rate["flush"], "{:.0f}"),
                  f"{spread(rate['flushd'], '{:.0f}')}; bare loop {spread(yardstick_rate, '{:.0f}')}",
                  f"{ratio:.2f}; bare loop {median(yardstick_rate) / median(rate['flush']):.2f}",
                  "at least 3.5 times stock", ratio >= 3.5)
        of_bare = median(cpu["flushd"]) / median(yardstick)
        table.add(f"{what}: CPU of the service per add", spread(cpu["flush"], "{:.0f} us"),
                  f"{spread(cpu['flushd'], '{:.1f} us')}; bare loop {spread(yardstick, '{:.1f} us')}",
                  f"{median(cpu['flushd']) / median(cpu['flush']):.2f}; {of_bare:.2f} of bare",
                  "at most 1.5 times the bare loop", of_bare <= 1.5)


def many_sites():
    clients, sites = 64, size(10_000, 1_000)
    rate, memory = {d: [] for d in DAEMONS}, {d: [] for d in DAEMONS}
    yardstick_rate = []
    for _, daemon in in_turn():
        clean_flush_directory()
        service = serve_with(daemon)
        with service.memory_watch() as peak:
            add_load(service, clients, sites, sites)
            result = add_load(service, clients, sites, size(60_000, 4_000))
        say(f"many_sites {daemon}: {result} peak {peak}")
        rate[daemon].append(result["per_second"])
        memory[daemon].append(peak)
        if daemon == "flushd":
            yardstick_rate.append(bare_loop(clients, size(60_000, 4_000))[1])
    ratio = median(rate["flushd"]) / median(rate["flush"])
    table.add(f"add, {clients} clients, {sites} sites: requests a second", spread(rate["flush"], "{:.0f}"),
              f"{spread(rate['flushd'], '{:.0f}')}; bare loop {spread(yardstick_rate, '{:.0f}')}",
              f"{ratio:.2f}; bare loop {median(yardstick_rate) / median(rate['flush']):.2f}",
              "at least 5 times stock", ratio >= 5)
    rss = {d: [peak[1] for peak in memory[d]] for d in DAEMONS}
    pss = {d: median([peak[2] for peak in memory[d]]) for d in DAEMONS}
    table.add("the same: memory, RSS summed (PSS)",
              f"{spread(rss['flush'], '{:.0f} MiB')} ({pss['flush']:.0f}) in {max(p[0] for p in memory['flush'])} processes",
              f"{spread(rss['flushd'], '{:.1f} MiB')} ({pss['flushd']:.1f})",
              f"{median(rss['flushd']) / median(rss['flush']):.3f}", "24 MiB", median(rss["flushd"]) <= 24)


def all_sites():
    few, many, requests, clients = 1_000, size(200_000, 5_000), size(1_000_000, 20_000), 16
    cpu, rate = {few: [], many: []}, {few: [], many: []}
    postfix.configure(fast_flush_domains="static:all")
    for sites in (few, many):
        clean_flush_directory()
        service = serve_with("flushd")
        made = add_load(service, clients, sites, sites)
        say(f"all_sites {sites}: making the logfiles {made}")
        part = requests // 5
        for i in range(5):
            result = add_load(service, clients, sites, part, first_id=i * part)
            say(f"all_sites {sites}: {result}")
            cpu[sites].append(result["cpu"] * 1e6)
            rate[sites].append(1e6 / result["per_second"])
    clean_flush_directory()
    run_command("postconf", "-X", "fast_flush_domains", check=True)
    ratio = median(rate[many]) / median(rate[few])
    table.add(f"`static:all`, {many} sites against {few}, {requests} adds: time per add", "-",
              f"{spread(rate[many], '{:.1f} us')} against {spread(rate[few], '{:.1f} us')}; "
              f"CPU {median(cpu[many]):.1f} us against {median(cpu[few]):.1f} us", f"{ratio:.2f}", "flat", ratio <= 1.15)
