"""The customers' mail servers: one SMTP server for all of 127.0.0.0/8.

It is off (connections are refused), rejects (every recipient is answered
450) or accepts and remembers what it got. As a program it accepts until it is
killed, and prints a line for each message: sink.py PORT
"""

import socketserver
import sys
import threading
import time
from dataclasses import dataclass


@dataclass
class Message:
    address: str  # where the message was delivered to: tells the site
    sender: str
    recipients: list
    data: str


class Session(socketserver.StreamRequestHandler):
    timeout = 60

    def reply(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        sink = self.server.sink
        sink.connections.add(self.connection)
        try:
            self.reply("220 customer ESMTP sink")
            self.talk(sink)
        except (OSError, ValueError):
            pass  # switched off in the middle
        finally:
            sink.connections.discard(self.connection)

    def talk(self, sink):
        message = Message(self.connection.getsockname()[0], "", [], "")
        for line in self.rfile:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            verb = text[:4].upper()
            if verb == "MAIL":
                message = Message(message.address, text[10:].split(">")[0].lstrip("<"), [], "")
                self.reply("250 2.1.0 Ok")
            elif verb == "RCPT":
                sink.attempts += 1
                if sink.rejecting:
                    self.reply("450 4.3.2 the customer is not ready")
                else:
                    message.recipients.append(text[8:].split(">")[0].lstrip("<"))
                    self.reply("250 2.1.5 Ok")
            elif verb == "DATA":
                if not message.recipients:
                    self.reply("554 5.5.1 no recipients")
                    continue
                self.reply("354 go on")
                message.data = "".join(part.decode("utf-8", "replace") for part in iter(self.rfile.readline, b".\r\n"))
                sink.add(message)
                self.reply("250 2.0.0 Ok: delivered")
            elif verb == "QUIT":
                self.reply("221 2.0.0 Bye")
                return
            else:
                self.reply("250 customer")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class Sink:
    def __init__(self, port=2525, address="0.0.0.0"):
        self.endpoint = (address, port)
        self.messages = []
        self.attempts = 0  # recipients offered, whether accepted or not
        self.rejecting = False
        self.connections = set()
        self.server = None
        self.changed = threading.Condition()

    def accept(self):
        self.rejecting = False
        self._listen()

    def reject(self):
        self.rejecting = True
        self._listen()

    def _listen(self):
        if self.server is None:
            self.server = Server(self.endpoint, Session)
            self.server.sink = self
            threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def off(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
        for connection in list(self.connections):
            try:
                connection.shutdown(2)
            except OSError:
                pass

    def add(self, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def recipients(self):
        return sorted(recipient for message in self.messages for recipient in message.recipients)

    def wait_for_recipients(self, expected, timeout=30.0):
        """Waits for exactly these recipients, each as often as it stands there."""
        expected = sorted(expected)
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.recipients()) >= len(expected), timeout):
                raise AssertionError(f"sink got {self.recipients()} within {timeout:g} s, expected {expected}")
        if self.recipients() != expected:
            raise AssertionError(f"sink got {self.recipients()}, expected {expected}")
        print(f"ok: delivered to {expected}", flush=True)


def main(port):
    sink = Sink(int(port))
    shown = 0
    sink.accept()
    while True:
        time.sleep(0.1)
        for message in sink.messages[shown:]:
            shown += 1
            print(f"delivered to <{', '.join(message.recipients)}> at {message.address}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
