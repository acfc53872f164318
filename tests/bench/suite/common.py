"""What the parts have in common: sizes, processes, the Postfix, the table."""

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
from harness.postfix import QUEUE_DIRECTORY

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


def renew(directory):
    """Empty, and a new one: one that has held many files is slow to read ever after, on some file systems."""
    status = directory.stat()
    shutil.rmtree(directory)
    directory.mkdir()
    os.chown(directory, status.st_uid, status.st_gid)
    directory.chmod(status.st_mode & 0o7777)


def clean_flush_directory():
    renew(FLUSH_DIRECTORY)


def empty_queues():
    for queue in ("deferred", "defer", "incoming", "active", "maildrop"):
        renew(QUEUE_DIRECTORY / queue)


def serve_with(daemon, paced=False):
    """Puts the daemon behind flush/unix and waits until it serves.

    Unless flushd is to be paced, no send waits for the queue manager: what takes its place takes nothing.
    """
    postfix.use_flush(daemon, "-o qmgr_message_active_limit=0" if daemon == "flushd" and not paced else "")
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


# --- what the machine has done


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


def machine_cpu_seconds():
    """Busy time of all CPUs, ours and others'."""
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK
