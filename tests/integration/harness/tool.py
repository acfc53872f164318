"""Runs flushd as an operator does: `flushd COMMAND ...`."""

import json
import os
import pty
import select
import subprocess
import time

from .expect import expect_equal
from .postfix import run_command

_path = None


def tool_path():
    """Where it is installed, which is where master(8) finds it, too."""
    global _path
    if _path is None:
        directory = run_command("postconf", "-d", "-h", "daemon_directory", check=True).output.strip()
        _path = f"{directory}/flushd"
    return _path


def flushd(*arguments, user=None, timeout=100):
    """Its exit status, and what it says."""
    return run_command(tool_path(), *arguments, user=user, timeout=timeout)


def flushd_exits(*arguments, status=0):
    """What it says; its exit status must be this one."""
    result = flushd(*arguments)
    print(f"$ flushd {' '.join(arguments)}\n{result.output}[exit {result.status}]", flush=True)
    expect_equal("exit status", result.status, status)
    return result.output


def flushd_json(*arguments):
    """What it prints, which must be JSON; without its standard error."""
    done = subprocess.run((tool_path(),) + arguments, stdout=subprocess.PIPE, timeout=100, check=True)
    return json.loads(done.stdout)


def flushd_on_terminal(*arguments, seconds=20.0, columns=80, environment=None):
    """What a person sees until it ends, or for so long: everything, with the escape sequences."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "COLUMNS": str(columns), "LINES": "24", **(environment or {})})
        os.execv(tool_path(), (tool_path(),) + arguments)
    output, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError: # its end has been closed
            break
        if not piece:
            break
        output += piece
    else:
        os.kill(pid, 15)
    os.close(terminal)
    os.waitpid(pid, 0)
    return output.decode("utf-8", "replace")
