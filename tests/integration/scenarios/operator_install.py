"""flushd install and uninstall: the operator's way to put flushd behind flush/unix and to
take it out again, with nothing else changed and a proof that the right program answers.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, expect_match, run_command, wait_until
from harness.postfix import CONFIG_DIRECTORY

TIME_LIMIT = 400

if not IS_FLUSHD:
    print("stock Postfix has no such command")
    sys.exit(0)

MASTER_CF = CONFIG_DIRECTORY / "master.cf"
SAVED = CONFIG_DIRECTORY / "master.cf.saved-by-flushd"


def flushd(*arguments, program=None, **options):
    result = run_command(str(program or daemon), *arguments, **options)
    print(f"$ flushd {' '.join(arguments)}\n{result.output}[exit {result.status}]", flush=True)
    return result


def service_line(directory=CONFIG_DIRECTORY):
    """The fields, without the blanks that align them."""
    return run_command("postconf", "-c", str(directory), "-M", "flush/unix", check=True).output.split()


def programs():
    return {"flush" if postfix.processes(("flush",)) else None, "flushd" if postfix.processes(("flushd",)) else None} - {None}


daemon = Path(run_command("postconf", "-dh", "daemon_directory", check=True).output.strip()) / "flushd"
elsewhere = Path("/usr/local/bin/flushd")
shutil.copy(daemon, elsewhere)

# Right after Postfix has come: nothing configured, nothing started.
parked = CONFIG_DIRECTORY / "main.cf.parked"
if (CONFIG_DIRECTORY / "main.cf").exists():
    shutil.move(CONFIG_DIRECTORY / "main.cf", parked)
result = flushd("install")
expect_equal("exit status without main.cf", result.status, 78)
expect_match("without main.cf", result.output, r"\Aflushd: .*main\.cf.*No such file.*\n\Z")
if parked.exists():
    shutil.move(parked, CONFIG_DIRECTORY / "main.cf")
else:
    shutil.copy("/usr/share/postfix/main.cf.debian", CONFIG_DIRECTORY / "main.cf")
pristine = MASTER_CF.read_text()
line = service_line()
result = flushd("install")
expect_equal("install, nothing configured and stopped", result.status, 0)
expect_match("it says that only files changed", result.output, r"Postfix is not running: only files have been changed")
expect_equal("the line", service_line(), line[:-1] + ["flushd"])
expect_equal("again: exit status", flushd("install").status, 0)
expect_match("again", flushd("install").output, r"\Anothing to do: ")
result = flushd("uninstall")
expect_equal("uninstall when stopped", (result.status, service_line()), (0, line))
expect_match("again", flushd("uninstall").output, r"\Anothing to do: ")
MASTER_CF.write_text(pristine)
SAVED.unlink()

# With what an operator may have made of the line, and of the file.
postfix, sink = customer_postfix(start=False)
postfix.set_service("flush/unix", "flush unix n - n 500? 0 flush -o { fast_flush_purge_time = 6d } -o max_idle=77s")
os.chmod(MASTER_CF, 0o640)
shutil.chown(MASTER_CF, group="postfix")
postfix.start()
stock = service_line()
expect_equal("stock answers", ask_flush("add", site="customer.tld", queue_id="AB1"), OK)
before, times = MASTER_CF.read_bytes(), MASTER_CF.stat()

result = flushd("install", "--dry-run")
expect_equal("--dry-run", result.status, 0)
expect_match("shows the old line", result.output, r"(?m)^- flush +unix  n .* flush -o")
expect_match("shows the new line", result.output, r"(?m)^\+ flush +unix  n .* flushd -o")
expect_equal("changes nothing", (MASTER_CF.read_bytes() == before, MASTER_CF.stat().st_mtime_ns, SAVED.exists(), programs()),
             (True, times.st_mtime_ns, False, {"flush"}))

MASTER_CF.chmod(0o644)
result = flushd("install", "--dry-run", user="nobody")
expect_equal("--dry-run as somebody", result.status, 0)
MASTER_CF.chmod(0o640)
result = flushd("install", user="nobody")
expect_equal("install as somebody", result.status, 77)
expect_match("in one line", result.output, r"\Aflushd: only root .*\n\Z")

result = flushd("install")
expect_equal("install", result.status, 0)
expect_match("the proof", result.output, r"flushd answers on /var/spool/postfix/public/flush, process \d+")
expect_match("the offer", result.output, r"flushd rebuild")
expect_equal("who serves", programs(), {"flushd"})
expect_equal("the line", service_line(), [word if word != "flush" or not n else "flushd" for n, word in enumerate(stock)])
expect(SAVED.read_bytes() == before, "what was there is saved")
expect_equal("mode and owner", [(s.st_mode, s.st_uid, s.st_gid) for s in (MASTER_CF.stat(), SAVED.stat())],
             [(times.st_mode, times.st_uid, times.st_gid)] * 2)
expect_equal("flushd answers", ask_flush("add", site="customer.tld", queue_id="AB2"), OK)
installed = MASTER_CF.read_bytes()
expect_match("install again", flushd("install").output, r"\Anothing to do: ")
expect(MASTER_CF.read_bytes() == installed, "nothing was done")

# master.cf has been changed by hand, but not been read by Postfix.
result = flushd("uninstall")
expect_equal("uninstall", result.status, 0)
expect_match("the proof", result.output, r"flush answers on /var/spool/postfix/public/flush, process \d+")
expect_equal("who serves", programs(), {"flush"})
expect_equal("the line", service_line(), stock)
expect(daemon.exists(), "what was there before stays")
postfix.set_service_field("flush/unix", "command", "flushd -o { fast_flush_purge_time = 6d } -o max_idle=77s")
result = flushd("install")
expect_match("install when only the reload is missing", result.output, r"flushd answers on ")
expect_equal("who serves", programs(), {"flushd"})
expect_equal("uninstall", flushd("uninstall").status, 0)

# Not there yet: it is copied, and the copy goes again.
daemon.unlink()
result = flushd("install", program=elsewhere)
expect_equal("install from elsewhere", result.status, 0)
expect_equal("the copy", (daemon.read_bytes() == elsewhere.read_bytes(), oct(daemon.stat().st_mode & 0o7777)), (True, "0o755"))
expect_equal("who serves", programs(), {"flushd"})
# Missing, although master.cf names it: master waits a minute before it tries again.
daemon.unlink()
postfix.reload()
try:
    ask_flush("add", site="customer.tld", queue_id="AB3", timeout=2)
except OSError as error:
    print("as one expects:", error)
result = flushd("install", program=elsewhere)
expect_equal("install repairs it at once", (result.status, programs()), (0, {"flushd"}))
result = flushd("uninstall", program=elsewhere)
expect_equal("uninstall", (result.status, daemon.exists(), programs()), (0, False, {"flush"}))

# It does not run here at all.
daemon.write_text("#!/bin/sh\necho cannot open shared object file >&2; exit 127\n")
daemon.chmod(0o755)
before = MASTER_CF.read_bytes()
result = flushd("install", program=elsewhere)
expect_equal("install of one that cannot run", (result.status, MASTER_CF.read_bytes() == before), (69, True))
expect_match("why", result.output, r"(?m)^flushd: .*/flushd does not run here: cannot open shared object file$")

# It runs, but not as a service. By then master does not want to start the service for a minute.
daemon.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo flushd 0 && exit\nsleep 1; exit 1\n")
postfix.set_service_field("flush/unix", "wakeup", "1000?")
os.chmod(MASTER_CF, 0o640)
shutil.chown(MASTER_CF, group="postfix")
postfix.reload()
before = MASTER_CF.read_bytes()
result = flushd("install", program=elsewhere)
expect_equal("install of one that fails", result.status, 69)
expect_match("why, and that it is undone", result.output,
             r"(?m)^flushd: flushd does not answer .*; master.cf has been restored, and flush answers again$")
expect(MASTER_CF.read_bytes() == before, "master.cf is as it was")
expect_equal("mode and group", (MASTER_CF.stat().st_mode, MASTER_CF.stat().st_gid), (times.st_mode, times.st_gid))
expect_equal("stock answers", ask_flush("add", site="customer.tld", queue_id="AB4"), OK)
expect_equal("who serves", programs(), {"flush"})

# Interrupted while it waits for that.
installing = subprocess.Popen([str(elsewhere), "install"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
wait_until("master.cf has been changed", lambda: MASTER_CF.read_bytes() != before)
installing.terminate()
output = installing.communicate(timeout=60)[0]
print(output)
expect_equal("exit status when interrupted", installing.returncode, 69)
expect_match("what it says", output, r"(?m)^flushd: interrupted; master.cf has been restored, and flush answers again$")
expect(MASTER_CF.read_bytes() == before, "master.cf is as it was")
shutil.copy(elsewhere, daemon)

# What it does not touch.
postfix.set_service_field("flush/unix", "command", "my-flush")
result = flushd("install")
expect_equal("another program", result.status, 78)
expect_match("why", result.output, r"\Aflushd: .*runs \"my-flush\", which is neither flush nor flushd: nothing has been changed\n\Z")
run_command("postconf", "-F", "flush/unix/type=fifo", check=True)
result = flushd("install")
expect_equal("a FIFO", result.status, 78)
expect_match("why", result.output, r"\Aflushd: .*flush/fifo, but flushd needs a socket: .*\n\Z")
run_command("postconf", "-MX", "flush/fifo", check=True)
result = flushd("install")
expect_equal("no such service", result.status, 78)
expect_match("why", result.output, r"\Aflushd: .*has no service flush/unix.*\n\Z")
result = run_command("env", "-i", "PATH=/nowhere", str(daemon), "-c", "/nowhere", "install")
expect_match("no such directory", result.output, r"\Aflushd: .*/nowhere.*\n\Z")
MASTER_CF.write_bytes(before)
postfix.reload()

# A second instance, beside the first one.
run_command("postmulti", "-e", "init", check=True)
run_command("postmulti", "-I", "postfix-two", "-e", "create", check=True)
two = Path("/etc/postfix-two")
run_command("postconf", "-c", str(two), "-e", "maillog_file=/var/log/maillog", "master_service_disable=inet",
            "inet_interfaces=loopback-only", "inet_protocols=ipv4", "myhostname=two.provider.tld", check=True)
run_command("postfix", "-c", str(two), "start", check=True)
wait_until("the second one runs", lambda: run_command("postfix", "-c", str(two), "status").status == 0)
mark = postfix.log.mark()
result = flushd("-c", str(two), "install")
expect_equal("install -c", result.status, 0)
expect_match("the proof", result.output, r"flushd answers on /var/spool/postfix-two/public/flush, process \d+")
expect_equal("the commands", (service_line(two)[7], service_line()[7]), ("flushd", "flush"))
expect_equal("flush of the first one", ask_flush("add", site="customer.tld", queue_id="AB5"), OK)
expect(not postfix.log.search(r"postfix/master\[\d+\]: reload", since=mark), "the first one was not reloaded")
result = flushd("uninstall", "-c", str(two))
expect_equal("uninstall -c", (result.status, service_line(two)[7]), (0, "flush"))
