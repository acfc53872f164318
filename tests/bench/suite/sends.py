"""What a send takes, and what it does to adds."""

import shutil
import time

from harness import fail, run_command
from harness.postfix import FLUSH_SOCKET, QUEUE_DIRECTORY

from .common import (DAEMONS, DOMAIN, OWNER, REPEAT, empty_queues, finish_generator, generate, in_turn,
                     median, postfix, say, serve_with, size, spread, start_generator, table)

QMGR_SOCKET = QUEUE_DIRECTORY / "public/qmgr"
SITE = f"site.{DOMAIN}"
LOGFILE = "flush/site_bench_tld"


def without_qmgr():
    """A stand-in takes its place: only the flush service is measured, and the messages are empty."""
    if not postfix.running():
        run_command("postfix", "start", check=True)  # makes the directories
    postfix.stop()
    run_command("postconf", "-MX", "qmgr/unix", check=True)
    QMGR_SOCKET.unlink(missing_ok=True)


def with_qmgr():
    postfix.stop()
    QMGR_SOCKET.unlink(missing_ok=True)
    postfix.set_service("qmgr/unix", "qmgr unix n - n 300 1 qmgr")


def send(service, **more):
    before = service.cpu_seconds()
    result = generate("send", socket=FLUSH_SOCKET, site=SITE, qmgr=QMGR_SOCKET, logfile=LOGFILE, **more)
    result["cpu"] = service.cpu_seconds() - before
    return result


def sends():
    count = size(100_000, 5_000)
    total, first, blocked = ({d: [] for d in DAEMONS} for _ in range(3))
    yardstick, undisturbed = [], []
    without_qmgr()
    serve_with("flush")  # starting Postfix would give the messages other names
    # The first moves of all find young directories; nobody is measured with those.
    generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER)
    generate("baseline-moves", logfile=LOGFILE)
    for _, daemon in in_turn():
        service = serve_with(daemon)
        generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER)
        result = send(service)
        say(f"send {daemon}: {result}")
        total[daemon].append(result["done"])
        first[daemon].append(result["first_scan"])
        if daemon == "flushd":
            generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER)
            bare = generate("baseline-moves", logfile=LOGFILE)
            say(f"bare moves: {bare}")
            yardstick.append(bare["done"])
            probe = start_generator("probe", socket=FLUSH_SOCKET, site=SITE, interval_us=2000)
            time.sleep(2)
            times = finish_generator(probe, stop=True)
            say(f"adds without a send: {times}")
            undisturbed.append(times["p99_us"] / 1000)
        # Again, while somebody adds to the same site.
        generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER)
        last = (QUEUE_DIRECTORY / LOGFILE).read_text().rsplit(None, 1)[-1]
        probe = start_generator("probe", socket=FLUSH_SOCKET, site=SITE, interval_us=2000)
        time.sleep(0.1)
        while_adding = send(service, last_message=f"deferred/{last[0]}/{last}")
        times = finish_generator(probe, stop=True)
        say(f"send with adds {daemon}: {while_adding} {times}")
        blocked[daemon].append(times["p99_us"] / 1000)
    empty_queues()
    with_qmgr()
    of_bare = median(total["flushd"]) / median(yardstick)
    table.add(f"send_site, {count} messages present: total", spread(total["flush"], "{:.2f} s"),
              f"{spread(total['flushd'], '{:.2f} s')}; bare moves {spread(yardstick, '{:.2f} s')}",
              f"{median(total['flushd']) / median(total['flush']):.2f}; {of_bare:.2f} of bare",
              "at most 1.15 times the bare moves", of_bare <= 1.15)
    table.add("the same: until the first `I` trigger", spread(first["flush"], "{:.2f} s"),
              spread([t * 1000 for t in first["flushd"]], "{:.1f} ms"),
              f"{median(first['flushd']) / median(first['flush']):.4f}", "20 ms", median(first["flushd"]) <= 0.020)
    table.add("the same: adds for that site meanwhile, 99 % within", spread(blocked["flush"], "{:.0f} ms"),
              f"{spread(blocked['flushd'], '{:.1f} ms')}; without a send {spread(undisturbed, '{:.1f} ms')}",
              f"{median(blocked['flushd']) / median(blocked['flush']):.4f}",
              "5 ms", median(blocked["flushd"]) <= 5)


def paced():
    """A send beside a queue manager that takes messages at a rate: flushd keeps to its share, stock to none."""
    count, rate = size(100_000, 15_000), size(20_000, 10_000)
    moved, taken, cpu = ({d: [] for d in DAEMONS} for _ in range(3))
    without_qmgr()
    serve_with("flush")
    generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER)
    generate("baseline-moves", logfile=LOGFILE)
    for _, daemon in in_turn():
        service = serve_with(daemon, paced=True)
        generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER)
        result = send(service, drain=rate)
        say(f"paced {daemon}: {result}")
        if result["taken"] != count:
            fail(f"only {result['taken']} of {count} messages were taken")
        moved[daemon].append(result["done"])
        taken[daemon].append(result["drained"])
        cpu[daemon].append(result["cpu"])
    empty_queues()
    shutil.rmtree(QUEUE_DIRECTORY / "drained", ignore_errors=True)
    with_qmgr()
    ratio = median(taken["flushd"]) / median(taken["flush"])
    table.add(f"send_site, {count} messages, of which {rate} a second are taken: until the last one is",
              f"{spread(taken['flush'], '{:.2f} s')}; all in incoming after {median(moved['flush']):.2f} s",
              f"{spread(taken['flushd'], '{:.2f} s')}; the last one in incoming after {median(moved['flushd']):.2f} s",
              f"{ratio:.2f}", "-", "-")
    table.add("the same: CPU of the service", spread(cpu["flush"], "{:.2f} s"), spread(cpu["flushd"], "{:.2f} s"),
              f"{median(cpu['flushd']) / median(cpu['flush']):.2f}", "-", "-")


def duplicates():
    count, times = size(20_000, 2_000), 10
    once, often = {d: [] for d in DAEMONS}, {d: [] for d in DAEMONS}
    without_qmgr()
    for _, daemon in in_turn():
        service = serve_with(daemon)
        # Each first and last as often: a file system that has just moved so many files is slower.
        for result, n in ((once, 1), (often, times), (often, times), (once, 1)):
            generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER, times=n)
            done = send(service)
            say(f"duplicates {n} {daemon}: {done}")
            result[daemon].append(done["done"])
    empty_queues()
    with_qmgr()
    ratio = {d: median(often[d]) / median(once[d]) for d in DAEMONS}
    table.add(f"send_site, {count} messages listed ten times each (once each)",
              f"{spread(often['flush'], '{:.2f} s')} ({median(once['flush']):.2f} s)",
              f"{spread(often['flushd'], '{:.2f} s')} ({median(once['flushd']):.2f} s)",
              f"{median(often['flushd']) / median(often['flush']):.2f}; {ratio['flushd']:.2f} of once (stock {ratio['flush']:.2f})",
              "at most 1.2 times once each", ratio["flushd"] <= 1.2)


def delivered():
    count = size(100_000, 10_000)
    total = {d: [] for d in DAEMONS}
    without_qmgr()
    for _, daemon in in_turn():
        service = serve_with(daemon)
        generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER, absent=1)
        done = send(service)
        say(f"delivered {daemon}: {done}")
        total[daemon].append(done["done"])
    with_qmgr()
    ratio = median(total["flushd"]) / median(total["flush"])
    table.add(f"send_site, {count} IDs already delivered", spread(total["flush"], "{:.2f} s"),
              spread(total["flushd"], "{:.2f} s"), f"{ratio:.2f}", "no slower than stock", ratio <= 1)


def million():
    counts = (size(100_000, 10_000), size(1_000_000, 100_000))
    each, memory = {n: [] for n in counts}, []
    without_qmgr()
    for _ in range(min(REPEAT, 3)):
        for count in counts:
            postfix.stop() if postfix.running() else None
            service = serve_with("flushd")
            generate("make-queue", count=count, logfile=LOGFILE, uid=OWNER, absent=1)
            done = send(service)
            say(f"million {count}: {done} {service.peak_rss():.1f} MiB")
            each[count].append(done["done"] / count * 1e6)
        memory.append(service.peak_rss())
    with_qmgr()
    ratio = median(each[counts[1]]) / median(each[counts[0]])
    table.add(f"send_site of {counts[1]} IDs: memory, RSS", "-", spread(memory, "{:.0f} MiB"), "-", "128 MiB",
              median(memory) <= 128)
    table.add("the same: time an ID, against a tenth of them", "-",
              f"{spread(each[counts[1]], '{:.2f} us')} against {spread(each[counts[0]], '{:.2f} us')}", f"{ratio:.2f}",
              "linear", ratio <= 1.25)
