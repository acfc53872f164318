"""Runs one case with one daemon, plays everybody it talks to, and writes down what they see."""

import fcntl
import os
import re
import select
import signal
import socket
import struct
import termios
import time

from . import wire
from .master import GENERATION, Child, wait_for
from .spool import Spool

SEVERITIES = ("warning", "error", "fatal", "panic")


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.socket.setblocking(False)
        self.received = b""
        self.closed = False


class QueueManager:
    """Whatever is at public/qmgr."""

    def __init__(self, path, kind):
        self.kind, self.triggers = kind, []
        self.connections = {}
        self.listener = self.fifo = None
        if kind in ("socket", "not listening", "slow"):
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(path)
            os.chmod(path, 0o666)
            if kind == "not listening":
                self.listener.close()
                self.listener = None
            else:
                self.listener.listen(50)
                self.listener.setblocking(False)
        elif kind == "fifo":
            os.mkfifo(path)
            os.chmod(path, 0o622)
            self.fifo = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        elif kind == "fifo without reader":
            os.mkfifo(path)
            os.chmod(path, 0o622)
        elif kind == "file":
            with open(path, "wb") as file:
                file.write(b"not a socket")
            os.chmod(path, 0o666)
        elif kind == "directory":
            os.mkdir(path)
        elif kind != "absent":
            raise ValueError(kind)

    def pump(self, sender_is_gone):
        if self.fifo is not None:
            try:
                self.triggers += [bytes([byte]) for byte in os.read(self.fifo, 4096)]
            except BlockingIOError:
                pass
        if self.listener:
            try:
                while True:
                    connection, _ = self.listener.accept()
                    connection.setblocking(False)
                    self.connections[connection] = [len(self.triggers), time.monotonic()]
                    self.triggers.append(b"")
            except BlockingIOError:
                pass
        for connection, (index, since) in list(self.connections.items()):
            if self.kind == "slow" and time.monotonic() < since + 0.3:
                continue
            try:
                data = connection.recv(100)
            except BlockingIOError:
                data = None
            except ConnectionResetError:
                data = b""
            self.triggers[index] += data or b""
            if data == b"" and self.kind == "slow" and not sender_is_gone:
                self.triggers[index] += b" and closed by the sender"
            if data == b"" or (self.triggers[index].endswith(b"\0") and data is None):
                connection.close()
                del self.connections[connection]

    def close(self):
        for connection in [*self.connections, self.listener]:
            if connection:
                connection.close()
        if self.fifo is not None:
            os.close(self.fifo)


class Bench:
    """Steps call its methods; `seen` is what is compared."""

    def __init__(self, case, daemon, root):
        self.case, self.daemon = case, daemon
        self.spool = Spool(root, case.main_cf)
        self.seen, self.log_lines, self.kept = {}, [], {}
        self.connections, self.child, self.held = {}, None, []
        self.extra = []  # records of steps

    # --- the peers

    def _set_up(self):
        queue = self.spool.queue
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.log.bind(f"{queue}/public/postlog")
        os.chmod(f"{queue}/public/postlog", 0o666)
        self.log.setblocking(False)
        self.qmgr = QueueManager(f"{queue}/public/qmgr", self.case.qmgr)
        self.listeners = []
        for number in range(self.case.sockets):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(self.socket_path(number))
            listener.listen(100)
            listener.setblocking(False)
            self.listeners.append(listener)

    def socket_path(self, number=0):
        return f"{self.spool.queue}/public/flush{number or ''}"

    def pump(self):
        self.qmgr.pump(self.child.exited())
        self.child.read_status()
        while True:
            try:
                self.log_lines.append(self.log.recv(65536).decode("utf-8", "replace"))
            except BlockingIOError:
                break
        for connection in self.connections.values():
            while not connection.closed:
                try:
                    data = connection.socket.recv(65536)
                except BlockingIOError:
                    break
                except ConnectionResetError:
                    data = b""
                connection.received += data
                connection.closed = not data
        return self.child.exited()

    def wait(self, condition, seconds=None):
        """Plays on until the condition holds; gives up early when the daemon has gone."""
        end = time.monotonic() + (seconds or self.case.patience)
        while True:
            exited = self.pump()
            if condition():
                return True
            if exited:
                self.pump()
                return bool(condition())
            if time.monotonic() > end:
                return False
            watched = [self.log.fileno(), self.child.status.fileno(), self.qmgr.fifo,
                       self.qmgr.listener and self.qmgr.listener.fileno(),
                       *(c.fileno() for c in self.qmgr.connections if self.qmgr.kind != "slow"),
                       *(c.socket.fileno() for c in self.connections.values() if not c.closed)]
            select.select([fd for fd in watched if fd is not None and fd >= 0], [], [], 0.01)

    # --- what steps do

    def open(self, name="client", number=0):
        if not self.child.exited():
            self.connections[name] = Connection(self.socket_path(number))

    def send(self, data, name="client"):
        connection = self.connections.get(name)
        if connection is None:
            return
        end = time.monotonic() + self.case.patience
        while data and time.monotonic() < end:
            try:
                data = data[connection.socket.send(data):]
            except BlockingIOError:
                self.wait(lambda: False, 0.005)
                if self.child.exited():
                    return
            except (BrokenPipeError, ConnectionResetError):
                return

    def wait_until_read(self, name="client"):
        """Until the daemon has taken what was sent, so that the next bytes come separately."""
        connection = self.connections.get(name)

        def taken():
            if connection.closed:
                return True
            left = fcntl.ioctl(connection.socket.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
            return struct.unpack("i", left)[0] == 0

        if connection is not None:
            self.wait(taken)

    def wait_announced(self, name="client"):
        """The daemon is about to read. Before 3.6 it does not say so."""
        connection = self.connections.get(name)
        if connection is not None:
            self.wait(lambda: connection.received or connection.closed, None if self.daemon.announces else 0.1)

    def half_close(self, name="client"):
        connection = self.connections.get(name)
        if connection is not None:
            try:
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def receive(self, label, name="client", patience=None):
        """Waits for the end of the connection and writes down what came before it."""
        connection = self.connections.get(name)
        if connection is None:
            self.seen[f"{label}: reply"] = "nobody serves"
            return
        self.wait(lambda: connection.closed, patience)
        self.pump()  # a trigger that has not been read would stand for those of the next request
        data = connection.received
        if connection.closed and not data:  # perhaps the first sign of its end
            self.wait(self.child.exited, 0.3)
        if self.child.exited() and not data:
            self.seen[f"{label}: connection"] = "ended with the process"
        else:
            self.seen[f"{label}: connection"] = "closed" if connection.closed else "open"
        announced = data.startswith(wire.ANNOUNCEMENT)
        self.seen[f"{label}: announcement"] = announced
        if announced:
            data = data[len(wire.ANNOUNCEMENT):]
        self.seen[f"{label}: reply"] = wire.STATUS_NAMES.get(data, repr(data))

    def drop(self, name="client"):
        connection = self.connections.pop(name, None)
        if connection:
            connection.socket.close()

    def retire(self):
        self.pump()
        self.child.retire()

    def wait_exit(self, seconds=None):
        return self.wait(self.child.exited, seconds)

    def record(self, label, value):
        self.seen[label] = value

    # --- from the beginning to the end

    def run(self):
        for prepare in self.case.spool:
            prepare(self.spool)
        self._set_up()
        self.spool.remember()
        self._start()
        try:
            for step in self.case.steps:
                step(self)
            if self.case.probe:
                self._still_serving()
            self._end()
        finally:
            self.child.close()
            for connection in self.connections.values():
                connection.socket.close()
            for sock in [self.log, *self.listeners]:
                sock.close()
            self.qmgr.close()
            for held in self.held:
                held()
        self.seen.update({path: text for path, text in self.spool.look().items()})
        self.spool.remove()
        return self.seen

    def _start(self):
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "LANG": "C", "MAIL_CONFIG": self.spool.etc,
                       "GENERATION": f"{GENERATION:o}", "POSTLOG_SERVICE": f"{self.spool.queue}/public/postlog",
                       "POSTLOG_HOSTNAME": "mail.provider.tld", "MAIL_LOGTAG": "postfix"}
        environment.update(self.case.environment)
        self.generation = int(re.match("[0-7]*", environment["GENERATION"]).group() or "0", 8)
        arguments = [self.daemon.name, *self.daemon.options,
                     *(option.replace("@ETC@", self.spool.etc) for option in self.case.options)]
        stdin = stdout = None
        self.stdout = self.stderr = b""
        pipes = []
        if self.case.stdin is not None:
            # One socket for both, as from inetd(8): with two pipes stock waits for input on the wrong one.
            self.standard, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            self.standard.sendall(self.case.stdin)
            self.standard.shutdown(socket.SHUT_WR)
            stdin = stdout = theirs.detach()
            pipes += [stdin]
        self.err, stderr = os.pipe()
        self.child = Child(self.daemon.path, arguments, environment, self.spool.queue, self.listeners,
                           stdin=stdin, stdout=stdout, stderr=stderr, file_size_limit=self.case.file_size_limit)
        for fd in [*pipes, stderr]:
            os.close(fd)

    def _still_serving(self):
        """A request that changes nothing."""
        if not self.child.exited():
            self.open("probe")
            self.send(wire.send_file("NOSUCHID"), "probe")
        connection = self.connections.get("probe")
        if connection:
            self.wait(lambda: connection.closed)
        self.seen["still serving"] = bool(connection and wire.OK in connection.received)

    def _end(self):
        self.retire()
        if not self.wait_exit():
            self.child.kill()
            self.seen["exit"] = "does not retire"
        else:
            self.seen["exit"] = self.child.exit_text()
        self.pump()
        end = time.monotonic() + 5.0
        while self.qmgr.connections and time.monotonic() < end:
            time.sleep(0.01)
            self.pump()
        triggers = [trigger.decode("latin-1").replace("\0", "\\0") for trigger in self.qmgr.triggers]
        # How often flushd asks for a scan during a send depends on how long it takes.
        self.seen["triggers"] = [text for n, text in enumerate(triggers) if n == 0 or not text.startswith("I") or text != triggers[n - 1]]
        if "scans" in self.case.observe:
            self.seen["scans while moving"] = len(triggers) - len(self.seen["triggers"]) > 0
        severities = [self._severity(line) for line in self.log_lines]
        self.seen["log"] = [name for name in SEVERITIES if name in severities]
        if "info" in self.case.observe:
            self.seen["log"] += ["info"] if "info" in severities else []
        if "warnings" in self.case.observe:
            self.seen["number of warnings"] = severities.count("warning")
        if "status" in self.case.observe:
            self.seen["status messages"] = self.child.messages
        self.seen["foreign status messages"] = [m for m in self.child.messages
                                                if m[:2] != ("own pid", self.generation) or m[2] not in ("taken", "available")]
        if self.case.stdin is not None:
            self.standard.settimeout(1.0)
            data = b"".join(iter(lambda: self.standard.recv(65536), b""))
            self.standard.close()
            announced = data.startswith(wire.ANNOUNCEMENT)
            data = data[len(wire.ANNOUNCEMENT):] if announced else data
            self.seen["standard output: announcement"] = announced
            self.seen["standard output: reply"] = wire.STATUS_NAMES.get(data, repr(data))
        text = self._drain(self.err)
        self.kept["stderr"] = text
        if "stderr" in self.case.observe:
            self.seen["standard error"] = sorted({self._severity(line) for line in text.splitlines()}) if text else []
        os.close(self.err)

    @staticmethod
    def _drain(fd):
        os.set_blocking(fd, False)
        try:
            return os.read(fd, 1 << 20).decode("utf-8", "replace")
        except BlockingIOError:
            return ""

    @staticmethod
    def _severity(line):
        match = re.search(r"\S+\[\d+\]: (\w+): ", line) or re.match(r"\S+: (\w+): ", line)
        return match.group(1) if match and match.group(1) in SEVERITIES else "info"


__all__ = ["Bench", "signal", "wait_for"]
