"""A stand-in for master(8): starts one daemon as master_spawn.c of Postfix does, and reaps it."""

import fcntl
import os
import resource
import signal
import socket
import struct
import time

FLOW_READ, FLOW_WRITE, STATUS, LISTEN = 3, 4, 5, 6
GENERATION = 0o17
_SPARE = 100  # above all descriptors that the child is to have


def _spare(fd):
    return fcntl.fcntl(fd, fcntl.F_DUPFD, _SPARE)


class Child:
    """A running daemon, and master's ends of what it shares with it."""

    def __init__(self, path, arguments, environment, directory, sockets, stdin=None, stdout=None, stderr=None,
                 file_size_limit=None):
        self.file_size_limit = file_size_limit
        self.flow = os.pipe()
        for fd in self.flow:
            os.set_blocking(fd, False)
        self.status, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.status.setblocking(False)
        self._status_bytes = b""
        self.messages = []  # (whose pid, generation, available or taken)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._become(path, arguments, environment, directory, theirs, sockets, (stdin, stdout, stderr))
            finally:
                os._exit(127)
        theirs.close()
        self.wait_status = None

    def _become(self, path, arguments, environment, directory, status, sockets, standard):
        os.setsid()
        os.umask(0o077)
        os.chdir(directory)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        wanted = {FLOW_READ: self.flow[0], FLOW_WRITE: self.flow[1], STATUS: status.fileno()}
        wanted.update({LISTEN + n: sock.fileno() for n, sock in enumerate(sockets)})
        null = os.open("/dev/null", os.O_RDWR)
        wanted.update({n: null if fd is None else fd for n, fd in enumerate(standard)})
        wanted = {target: _spare(fd) for target, fd in wanted.items()}
        for target, fd in wanted.items():
            os.dup2(fd, target, inheritable=True)
        os.closerange(LISTEN + len(sockets), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        if self.file_size_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_size_limit, self.file_size_limit))
        os.execve(path, arguments, environment)

    def read_status(self):
        """Takes in the status messages that are there."""
        try:
            while self.status.fileno() >= 0:
                data = self.status.recv(4096)
                if not data:
                    break
                self._status_bytes += data
        except (BlockingIOError, ConnectionResetError):
            pass
        size = struct.calcsize("iIi")
        while len(self._status_bytes) >= size:
            pid, generation, state = struct.unpack("iIi", self._status_bytes[:size])
            self._status_bytes = self._status_bytes[size:]
            self.messages.append(("own pid" if pid == self.pid else f"pid {pid}", generation,
                                  {0: "taken", 1: "available"}.get(state, state)))

    def reaped(self):
        """Whether the process that master knows has ended, so that it would start another."""
        if self.wait_status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.wait_status = status
        return self.wait_status is not None

    def exited(self):
        """Whether the daemon has ended, with all processes that go on for it."""
        return self.reaped() and not self._session_lives()

    def _session_lives(self):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                        # pid (name) state ppid pgrp session ...
                        state, _, _, session = file.read().rpartition(")")[2].split()[:4]
                except OSError:
                    continue
                if int(session) == self.pid and state != "Z":
                    return True
        return False

    def exit_text(self):
        if os.WIFSIGNALED(self.wait_status):
            return f"killed by {signal.Signals(os.WTERMSIG(self.wait_status)).name}"
        return f"exit {os.WEXITSTATUS(self.wait_status)}"

    def retire(self):
        """What a reload, and the end of master, look like to the daemon."""
        self.read_status()
        if self.status.fileno() >= 0:
            self.status.close()

    def kill(self):
        if not self.exited():
            os.killpg(self.pid, signal.SIGKILL)
        if not self.reaped():
            _, self.wait_status = os.waitpid(self.pid, 0)

    def close(self):
        self.kill()
        self.retire()
        for fd in self.flow:
            os.close(fd)


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
