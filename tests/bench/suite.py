"""The rows of the table. Runs as root in a container that tests/bench/run made."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness import FLUSH_DIRECTORY, PostfixInstance, ask_flush, run_command
from harness.flush_client import OK
from harness.postfix import FLUSH_SOCKET, QUEUE_DIRECTORY

QUICK = os.environ["BENCH_QUICK"] == "1"
REPEAT = int(os.environ["BENCH_REPEAT"])
DAEMONS = ("flush", "flushd")
DOMAIN = "bench.tld"
OWNER = pwd.getpwnam("postfix").pw_uid
TICK = os.sysconf("SC_CLK_TCK")


def size(full, quick):
    return quick if QUICK else full


def say(*words):
    print(*words, file=sys.stderr, flush=True)


# --- processes


def start_generator(mode, **options):
    words = ["flush_bench", mode]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return subprocess.Popen(words, cwd=QUEUE_DIRECTORY, stdout=subprocess.PIPE, text=True)


def finish_generator(process, stop=False):
    if stop:
        process.send_signal(signal.SIGTERM)
    output, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{process.args} failed")
    return json.loads(output)


def generate(mode, **options):
    return finish_generator(start_generator(mode, **options))


def stat_fields(pid):
    """Fields of /proc/PID/stat from the state on, so that [11] is utime."""
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()


class Service:
    """The flush service that is running, seen from /proc."""

    def __init__(self, name):
        self.name = name
        self.master = int((QUEUE_DIRECTORY / "pid/master.pid").read_text())

    def processes(self):
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    if (Path("/proc") / entry / "comm").read_text().strip() == self.name:
                        found.append(int(entry))
        return found

    def cpu_seconds(self):
        """Of the living, and of all children that master has collected (the others are idle)."""
        fields = stat_fields(self.master)
        ticks = int(fields[13]) + int(fields[14])
        for pid in self.processes():
            with contextlib.suppress(OSError):
                fields = stat_fields(pid)
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def memory(self):
        """(processes, sum of RSS, sum of PSS) in MiB, now."""
        rss = pss = 0
        pids = self.processes()
        for pid in pids:
            with contextlib.suppress(OSError):
                for line in (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Rss:"):
                        rss += int(line.split()[1])
                    elif line.startswith("Pss:"):
                        pss += int(line.split()[1])
        return len(pids), rss / 1024, pss / 1024

    def peak_rss(self):
        """VmHWM, summed."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                for line in (Path("/proc") / str(pid) / "status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        total += int(line.split()[1])
        return total / 1024

    @contextlib.contextmanager
    def memory_watch(self):
        """Yields a list that holds the largest (processes, RSS, PSS) afterwards."""
        peak, stop = [0, 0.0, 0.0], threading.Event()

        def watch():
            while not stop.wait(0.2):
                peak[:] = map(max, zip(peak, self.memory()))

        thread = threading.Thread(target=watch)
        thread.start()
        yield peak
        stop.set()
        thread.join()
        peak[1] = max(peak[1], self.peak_rss() if self.name == "flushd" else 0)


# --- the Postfix


postfix = PostfixInstance()
postfix.configure(relay_domains=DOMAIN)


def clean_flush_directory():
    shutil.rmtree(FLUSH_DIRECTORY)
    FLUSH_DIRECTORY.mkdir(0o700)
    os.chown(FLUSH_DIRECTORY, OWNER, 0)


def serve_with(daemon):
    """Puts the daemon behind flush/unix and waits until it serves."""
    postfix.use_flush(daemon)
    if not postfix.running():
        run_command("postfix", "start", check=True)
    deadline = time.monotonic() + 20
    while True:
        try:
            if ask_flush("add", site="warm.up.invalid", queue_id="ABCDEF0123") != OK or True:
                break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    return Service(daemon)


def in_turn():
    for repetition in range(REPEAT):
        for daemon in DAEMONS if repetition % 2 == 0 else reversed(DAEMONS):
            yield repetition, daemon


# --- the table


def median(values):
    return statistics.median(values)


def spread(values, form):
    text = form.format(median(values))
    return text if len(values) == 1 else f"{text} ({form.format(min(values))} to {form.format(max(values))})"


class Table:
    def __init__(self):
        self.rows = []

    def add(self, work, stock, flushd, ratio, to_reach, reached):
        row = [work, stock, flushd, ratio, to_reach, reached if isinstance(reached, str) else "yes" if reached else "**no**"]
        self.rows.append(row)
        say("|", " | ".join(row), "|")

    def markdown(self):
        lines = [["work", "stock", "flushd", "ratio", "to reach", "reached"], ["---"] * 6] + self.rows
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


table = Table()


# --- adds


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


# --- sends


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


def empty_queues():
    for queue in ("deferred", "defer", "incoming", "active", "maildrop"):
        for directory, _, files in os.walk(QUEUE_DIRECTORY / queue):
            for name in files:
                os.unlink(os.path.join(directory, name))


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


def duplicates():
    count, times = size(20_000, 2_000), 10
    once, often = {d: [] for d in DAEMONS}, {d: [] for d in DAEMONS}
    without_qmgr()
    for _, daemon in in_turn():
        service = serve_with(daemon)
        for result, n in ((once, 1), (often, times)):
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


# --- a whole Postfix


def cgroup_cpu_seconds():
    version_1 = Path("/sys/fs/cgroup/cpuacct/cpuacct.usage")
    if version_1.exists():
        return int(version_1.read_text()) / 1e9
    for line in Path("/sys/fs/cgroup/cpu.stat").read_text().splitlines():
        if line.startswith("usage_usec"):
            return int(line.split()[1]) / 1e6
    raise RuntimeError("the container's cgroup does not tell its CPU")


def own_cpu_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def defer_messages(count):
    """CPU seconds of everything in the container but the source of the messages, until all are deferred."""
    before, own_before = cgroup_cpu_seconds(), own_cpu_seconds()
    mark = postfix.log.mark()
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


def machine_cpu_seconds():
    """Busy time of all CPUs, ours and others'."""
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def main(parts):
    machine_before, own_before, begin_all = machine_cpu_seconds(), cgroup_cpu_seconds(), time.monotonic()
    for part in parts:
        begin = time.monotonic()
        globals()[part]()
        say(f"-- {part} took {time.monotonic() - begin:.0f} s")
    postfix.stop() if postfix.running() else None
    others = machine_cpu_seconds() - machine_before - (cgroup_cpu_seconds() - own_before)
    others /= (time.monotonic() - begin_all) * os.cpu_count()
    print(table.markdown())
    print(f"\n{REPEAT} runs of each in turn: median (smallest to largest). Others on this machine used "
          f"{others * 100:.0f} % of its {os.cpu_count()} CPUs meanwhile.")


main(sys.argv[1:])
