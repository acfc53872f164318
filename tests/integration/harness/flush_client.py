"""Speaks the protocol of public/flush, well-formed or not."""

import socket

from .expect import PATIENCE
from .postfix import FLUSH_SOCKET, postfix_version

OK = 0
FAIL = 4294967295  # -1, printed unsigned
BAD = 3
DENY = 4

# Since Postfix 3.6 the server says this first.
GREETING = b"protocol\0queue_flush_protocol\0\0"


def attributes(*pairs):
    """Encodes (name, value) pairs as an attribute list."""
    return b"".join(name.encode() + b"\0" + str(value).encode() + b"\0" for name, value in pairs) + b"\0"


def request(name, **values):
    return attributes(("request", name), *values.items())


class FlushClient:
    """One connection to the flush service."""

    def __init__(self, timeout=PATIENCE, path=FLUSH_SOCKET):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def receive_all(self):
        """All bytes until the server closes; a reset counts as closed."""
        data = b""
        try:
            while True:
                piece = self.socket.recv(65536)
                if not piece:
                    return data
                data += piece
        except ConnectionResetError:
            return data

    def receive_status(self):
        """The status number, or None when the server closed without one."""
        return self.status_in(self.receive_all())

    @staticmethod
    def status_in(data):
        """The same, of all that was received."""
        if postfix_version() >= (3, 6):
            if not data.startswith(GREETING):
                raise AssertionError(f"no protocol announcement: {data!r}")
            data = data[len(GREETING):]
        if not data:
            return None
        if not (data.startswith(b"status\0") and data.endswith(b"\0\0")):
            raise AssertionError(f"not a status reply: {data!r}")
        return int(data[len(b"status\0"):-2])


def ask_raw(data, timeout=PATIENCE, path=FLUSH_SOCKET):
    """Sends the bytes as one request; the status, or None when closed without one."""
    with FlushClient(timeout, path) as client:
        try:
            client.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may close before it has read all; its answer may still be there
        return client.receive_status()


def ask_flush(name, timeout=PATIENCE, path=FLUSH_SOCKET, **values):
    """One well-formed request, for example ask_flush("send_site", site="customer.tld")."""
    return ask_raw(request(name, **values), timeout, path)
