"""Killed, or failing, at every system call of an add, of a send and of a refresh: nothing is lost.

flushd serves one client on standard input (-S). Before that client says anything strace is attached, which kills
it, or makes the call fail, at the first, second, third ... call of each kind that a thread makes. Afterwards, what
was acknowledged must be there, and stock flush must find the rest: every message is listed or moved, none is only
deferred.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from harness import FLUSH_DIRECTORY, IS_FLUSHD, customer_postfix, expect, expect_equal, fail
from harness.flush_client import request
from harness.postfix import QUEUE_DIRECTORY

TIME_LIMIT = 300

if not IS_FLUSHD:
    sys.exit(0)  # stock loses IDs here: it says OK after a failed write, and forgets a message that was not moved

# The calls that read or change the queue, and those that tell others.
CALLS = ["openat", "flock", "fstat", "newfstatat", "pread64", "pwrite64", "ftruncate", "utimensat", "fsetxattr", "rename",
         "unlink", "mkdir", "socket", "connect", "sendto", "sendmsg", "write", "close"]
FAILURES = {
    "openat": ["EACCES", "EMFILE", "ENFILE", "ENOMEM", "EIO"],
    "flock": ["EINTR", "ENOLCK"],
    "pread64": ["EIO", "EINTR"],
    "pwrite64": ["ENOSPC", "EDQUOT", "EIO", "EINTR"],
    "ftruncate": ["EIO", "EINTR"],
    "utimensat": ["EIO", "EACCES"],
    "fsetxattr": ["EOPNOTSUPP", "ENOSPC"],
    "rename": ["EIO", "EACCES", "ENOSPC"],
    "connect": ["EAGAIN", "ECONNREFUSED"],
}
LISTED = ["A1B2C3", "B2C3D4", "C3D4E5"]
SITE = "customer.tld"
LOGFILE = FLUSH_DIRECTORY / "customer_tld"
OK = b"status\x000\x00\x00"

postfix, sink = customer_postfix()
postfix.stop()
DAEMONS = Path(postfix.parameter("daemon_directory"))
OWNER = pwd.getpwnam("postfix")


def fresh_queue():
    for queue in ("deferred", "incoming", "flush"):
        shutil.rmtree(QUEUE_DIRECTORY / queue)
        (QUEUE_DIRECTORY / queue).mkdir(mode=0o700)
    for queue_id in LISTED:
        path = QUEUE_DIRECTORY / "deferred" / queue_id[0] / queue_id
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"message")
        path.chmod(0o700)
    LOGFILE.write_text("".join(f"{queue_id}\n" for queue_id in LISTED))
    os.utime(LOGFILE, (1000, 1000))


def is_waiting(pid):
    """Whether the process has started up, and waits for its client."""
    try:
        files = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return "anon_inode:[eventpoll]" in files and state == "S"


def attach(pid, *options):
    """strace, from now on, also for the thread that is started for the first thing to do with a file."""
    quiet = 0
    while quiet < 3:
        time.sleep(0.005)
        quiet = quiet + 1 if is_waiting(pid) else 0
    strace = subprocess.Popen(["strace", "-f", "-p", str(pid), *options], stderr=subprocess.PIPE, text=True)
    line = strace.stderr.readline()
    if "attached" not in line:
        fail(f"strace: {line}")
    return strace


def serve(daemon, bytes_in, *strace):
    """One client of a daemon of its own; what it answered, and how the daemon ended."""
    # One socket for input and output: stock waits for its standard output to become readable.
    client, server = socket.socketpair()
    command = [str(DAEMONS / daemon), "-S", "-z"] + (["-n", "flush"] if daemon == "flushd" else [])
    with client, subprocess.Popen(command, stdin=server, stdout=server, stderr=subprocess.DEVNULL, cwd="/",
                                  env=dict(os.environ, MAIL_CONFIG="/etc/postfix")) as process:
        server.close()
        client.settimeout(60)
        tracer = attach(process.pid, *strace) if strace else None
        reply = b""
        try:
            client.sendall(bytes_in)
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(4096):
                reply += piece
        except ConnectionError:  # killed before it read everything
            pass
        status = process.wait(60)
        if tracer:
            tracer.communicate(timeout=60)
        return reply, status


def listed():
    return set(LOGFILE.read_text().split()) if LOGFILE.exists() else set()


def in_queue(queue):
    return {path.name for path in (QUEUE_DIRECTORY / queue).rglob("*") if path.is_file()}


def check(what, reply, added):
    """Every message is listed or moved; an add that was answered OK is listed."""
    lost = in_queue("deferred") - listed()
    if lost:
        fail(f"{what}: deferred and not listed any more: {lost}; logfile {listed()}")
    if len(in_queue("deferred") | in_queue("incoming")) != len(LISTED):
        fail(f"{what}: a message has gone")
    if added and OK in reply and added not in listed():
        fail(f"{what}: answered OK, and not listed")
    # Stock can read it, and moves the rest.
    serve("flush", request("send_site", site=SITE))
    if in_queue("incoming") != set(LISTED):
        fail(f"{what}: stock flush did not find all: {in_queue('incoming')}")


def count_calls(bytes_in):
    fresh_queue()
    trace = Path("/tmp/trace")
    reply, status = serve("flushd", bytes_in, "-o", str(trace), "-e", f"trace={','.join(CALLS)}")
    expect_equal("without a disturbance: exit status", status, 0)
    # strace counts the calls of each thread apart when it disturbs them.
    by_thread = Counter(re.findall(r"^(\d+ +\w+)\(", trace.read_text(), re.M))
    counts = Counter()
    for thread_and_call, count in by_thread.items():
        call = thread_and_call.split()[1]
        counts[call] = max(counts[call], count)
    return counts, reply


for name, bytes_in, added in (("add", request("add", site=SITE, queue_id="D4E5F6"), "D4E5F6"),
                              ("send_site", request("send_site", site=SITE), None),
                              ("refresh", request("rfrsh"), None)):
    counts, reply = count_calls(bytes_in)
    expect(OK in reply, f"{name}: answered OK without a disturbance")
    check(name, reply, added)
    runs = 0
    for call, count in sorted(counts.items()):
        for number in range(1, count + 1):
            for disturbance in ["signal=KILL"] + [f"error={error}" for error in FAILURES.get(call, [])]:
                fresh_queue()
                reply, status = serve("flushd", bytes_in, "-o", "/dev/null",
                                      "-e", f"trace={call}", "-e", f"inject={call}:{disturbance}:when={number}")
                check(f"{name}, {call} number {number} of {count}, {disturbance}", reply, added)
                runs += 1
    print(f"    ok: {name}: {runs} disturbances, nothing lost")
