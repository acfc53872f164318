"""Many clients of the flush service at once, from one thread."""

import selectors
import time

from .expect import fail
from .flush_client import FlushClient, ask_flush, request


def ask_patiently(name, **values):
    """Postfix's clients wait while the listen queue is full; a socket with a time limit does not."""
    end = time.monotonic() + 20
    while True:
        try:
            return ask_flush(name, **values)
        except BlockingIOError:
            if time.monotonic() > end:
                fail("nobody is taken from the listen queue any more")
            time.sleep(0.005)


class Crowd:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.waiting = {}   # client: what it has received
        self.answers = []   # of those that are no longer connected; None without a status

    def ask(self, name, **values):
        """One more client. Waits while the listen queue is full, but not for ever."""
        end = time.monotonic() + 20
        while True:
            try:
                client = FlushClient(60)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    fail("nobody is taken from the listen queue any more")
                self.listen(0.01)
        client.send(request(name, **values))
        client.socket.setblocking(False)
        self.waiting[client] = b""
        self.selector.register(client.socket, selectors.EVENT_READ, client)

    def listen(self, seconds):
        """Takes the answers that have come; waits so long for the first one."""
        for key, _ in self.selector.select(seconds):
            client = key.data
            try:
                data = client.socket.recv(4096)
            except ConnectionResetError:
                data = b""
            self.waiting[client] += data
            if not data:
                self.answers.append(client.status_in(self.waiting[client]))
                self._forget(client)

    def listen_until_few_wait(self, few, seconds):
        end = time.monotonic() + seconds
        while len(self.waiting) > few and time.monotonic() < end:
            self.listen(0.1)

    def _forget(self, client):
        self.selector.unregister(client.socket)
        client.socket.close()
        del self.waiting[client]

    def hang_up(self):
        """All who still wait."""
        for client in list(self.waiting):
            self._forget(client)
