"""Reads the mail log. A mark is a place in it; later searches begin there."""

import os
import re
import socket
import threading
import time
from pathlib import Path

from .expect import DAEMON, PATIENCE, fail


class Maillog:
    def __init__(self, path):
        self.path = Path(path)

    def mark(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def lines(self, since=0):
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(since)
            return file.read().decode("utf-8", "replace").splitlines()

    def search(self, pattern, since=0):
        """The first match, or None."""
        regex = re.compile(pattern)
        return next((match for match in map(regex.search, self.lines(since)) if match), None)

    def find_all(self, pattern, since=0):
        """All lines that match."""
        return [line for line in self.lines(since) if re.search(pattern, line)]

    def wait_for(self, pattern, timeout=PATIENCE, since=0):
        """The first match; fails when there is none in time."""
        deadline = time.monotonic() + timeout
        while True:
            match = self.search(pattern, since)
            if match:
                return match
            if time.monotonic() > deadline:
                fail(f"no log line within {timeout:g} s: {pattern}")
            time.sleep(0.05)

    def of_daemon(self, since=0, severity=""):
        """Lines of the daemon under test, optionally of one severity such as "warning"."""
        severity = f"{severity}: " if severity else ""
        return self.find_all(rf"postfix/{DAEMON}\[\d+\]: {severity}", since)


def collect_syslog(path="/var/log/maillog"):
    """Stands for the system's logger, for a Postfix without maillog_file: writes what arrives at /dev/log to this file,
    the priority in front."""
    logger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    logger.bind("/dev/log")
    os.chmod("/dev/log", 0o666)

    def collect():
        with Path(path).open("ab", buffering=0) as file:
            while True:
                file.write(logger.recv(65536).rstrip(b"\0\n") + b"\n")

    threading.Thread(target=collect, daemon=True).start()
