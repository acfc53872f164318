"""Root's tools among files of somebody who has got hold of mail_owner: links, FIFOs, files without an end, locks that are
never given back, and a postconf in root's PATH. They say what there is to say, in time, and touch nothing else.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, expect, expect_equal, expect_match, run_command
from harness.postfix import FLUSH_DIRECTORY, QUEUE_DIRECTORY
from harness.tool import flushd, flushd_json, tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

postfix, sink = customer_postfix()
(mine,) = deferred_mail(postfix, "user@customer.tld")
uid = postfix.mail_owner_uid()
secret = Path("/root/secret")
secret.write_text("0123456789AB\n")
secret.chmod(0o600)
os.utime(secret, (1000000000, 1000000000))

# In the flush directory.
(FLUSH_DIRECTORY / "link_tld").symlink_to(secret)
(FLUSH_DIRECTORY / "up").symlink_to("/")
(FLUSH_DIRECTORY / "e").symlink_to("/etc")
os.mkfifo(FLUSH_DIRECTORY / "fifo_customer_tld")
with open(FLUSH_DIRECTORY / "huge_customer_tld", "wb") as file:
    file.truncate(1 << 42)
deep = FLUSH_DIRECTORY
for _ in range(200):
    deep = deep / "d"
    deep.mkdir()
# In the deferred queue: a message that is a link.
for name in ("0123456789AB", "CCCCCCCCCCCC"):
    place = QUEUE_DIRECTORY / "deferred" / name[0]
    place.mkdir(exist_ok=True)
    (place / name).symlink_to(secret)
(FLUSH_DIRECTORY / "other_customer_tld").write_text("CCCCCCCCCCCC\n")
# In data_directory.
counters = Path(postfix.parameter("data_directory")) / "flushd.counters"
for path in FLUSH_DIRECTORY.rglob("*"):
    os.chown(path, uid, -1, follow_symlinks=False)


def quick(*arguments):
    begin = time.monotonic()
    result = flushd(*arguments)
    took = time.monotonic() - begin
    expect(took < 60, f"{' '.join(arguments)} ends ({took:.1f} s)")
    return result


# --- status
status = flushd_json("status", "--json", "--all")
listed = {site["logfile"]: site for site in status["sites"]}
expect_equal("destinations", sorted(listed), ["customer_tld", "other_customer_tld"])
expect_equal("messages of customer.tld", (listed["customer_tld"]["listed"], listed["customer_tld"]["deferred"]), (1, 1))
expect_equal("a link for a message is none", listed["other_customer_tld"]["deferred"], 0)
expect_match("what is too large is named", quick("status").output, r"flushd: flush/huge_customer_tld is left out: ")
expect_equal("asked for by name", flushd_json("status", "--json", "link_tld", "fifo.customer.tld")["total"]["listed"], 0)

# --- metrics, with all that can be in the place of the counters
lock = None
for what, make in {
        "a link": lambda: counters.symlink_to(secret),
        "a FIFO": lambda: os.mkfifo(counters),
        "a huge file": lambda: (counters.touch(), os.truncate(counters, 1 << 42)),
        "a directory": counters.mkdir}.items():
    if counters.is_dir() and not counters.is_symlink():
        counters.rmdir()
    else:
        counters.unlink(missing_ok=True)
    make()
    result = quick("metrics")
    expect_equal(f"metrics with {what}", result.status, 0)
    expect_match(f"it says so with {what}", result.output, r"(?m)^flushd: no counters, all are shown as 0: ")
    expect_match("the rest is there", result.output, r"(?m)^postfix_flush_listed_messages 2$")
counters.rmdir()
counters.write_text("requests.add.ok 4711\n")
lock = open(counters, "rb")
fcntl.flock(lock, fcntl.LOCK_EX)
expect_match("metrics while somebody keeps the lock", quick("metrics").output,
             r'(?m)^postfix_flush_requests_total\{request="add",status="ok"\} 4711$')
lock.close()

# --- log, with all that can be in the place of the history
history = counters.with_name("flushd.history")
for what, make, status in (
        ("a link", lambda: history.symlink_to(secret), 66), ("a FIFO", lambda: os.mkfifo(history), 66),
        ("a huge file", lambda: (history.touch(), os.truncate(history, 1 << 42)), 66), ("a directory", history.mkdir, 66),
        ("escape sequences", lambda: history.write_bytes(b"1 time=1 site=\033[2J 1".ljust(511) + b"\n"), 0)):
    history.rmdir() if history.is_dir() and not history.is_symlink() else history.unlink(missing_ok=True)
    make()
    result = quick("log")
    expect_equal(f"log with {what}", result.status, status)
    expect_match(f"and what it says of {what}", result.output, r"^flushd: cannot read .*/flushd\.history: |^No send is recorded\.\n$")
history.unlink()

# --- sends with a pace, with all that can be in the place of their record. (The service has its own open.)
sends = counters.with_name("flushd.sends")
slots = b"".ljust(1 << 20)  # more than are used
for what, make, says in (
        ("a link", lambda: sends.symlink_to(secret), "open .*/flushd.sends: "), ("a FIFO", lambda: os.mkfifo(sends), "open .*/flushd.sends: "),
        ("a directory", sends.mkdir, "open .*/flushd.sends: "), ("no free place", lambda: sends.write_bytes(slots), "cannot record the send"),
        ("locks", lambda: sends.write_bytes(b"".ljust(1 << 20, b"\0")), "cannot record the send")):
    sends.rmdir() if sends.is_dir() and not sends.is_symlink() else sends.unlink(missing_ok=True)
    make()
    os.chown(sends, uid, -1, follow_symlinks=False)
    expect_equal(f"status with {what}", quick("status").status, 0)
    with contextlib.ExitStack() as kept:
        if what == "locks":
            fcntl.lockf(kept.enter_context(open(sends, "rb+")), fcntl.LOCK_EX)
        result = quick("send", "--first", "1", "customer.tld")
    expect_equal(f"send with {what}", result.status, 71)
    expect_match(f"and what it says of {what}", result.output, says)
sends.unlink()
postfix.reload()

# --- check, send, rebuild
result = quick("check")
expect_match("check names what does not belong there", result.output, r"flush/\S+ is neither a file nor a directory")
for path in ("up", "e", "link_tld", "fifo_customer_tld"):
    (FLUSH_DIRECTORY / path).unlink()
result = quick("rebuild")
expect_equal("rebuild", result.status, 0)
expect_equal("the service", ask_flush("add", site="customer.tld", queue_id="ABC1"), OK)
sink.accept()
mark = postfix.log.mark()
result = quick("send", "customer.tld", "--wait")
expect_equal("send --wait", result.status, 0)
sink.wait_for_recipients(["user@customer.tld"])

# --- a postconf of somebody else's, in the PATH of root
evil = Path("/tmp/evil")
evil.mkdir()
for name in ("postconf", "postfix"):
    (evil / name).write_text("#!/bin/sh\necho run >>/tmp/evil/run\nexit 0\n")
    (evil / name).chmod(0o755)
for arguments in (("status",), ("check",), ("metrics",), ("install", "--dry-run")):
    for owner in (0, uid):
        os.chown(evil, owner, -1)
        run_command("env", f"PATH=/tmp/evil:{os.environ['PATH']}", tool_path(), *arguments)
expect(not (evil / "run").exists(), "postconf is not taken from PATH")

expect_equal("the file behind the links", (secret.read_text(), secret.stat().st_mode & 0o777, secret.stat().st_mtime),
             ("0123456789AB\n", 0o600, 1000000000))
