"""A small SMTP client that hands out the reply lines as they came.

As a program it holds one conversation and shows it:
  smtp_client.py HOST PORT "HELO my.client.tld" "ETRN customer.tld" QUIT
"""

import socket
import sys


class SmtpClient:
    def __init__(self, host="127.0.0.1", port=25, timeout=30.0):
        self.socket = socket.create_connection((host, port), timeout)
        self.file = self.socket.makefile("rb")
        self.greeting = self.read_reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def read_reply(self):
        """The lines of one reply, joined by newlines."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("connection closed in the middle of a reply")
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if lines[-1][3:4] != "-":
                return "\n".join(lines)

    def command(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.read_reply()

    def expect(self, code, text):
        reply = self.command(text)
        if not reply.startswith(code):
            raise AssertionError(f"{text!r} answered {reply!r}")
        return reply

    def send_mail(self, sender, recipients, body="test\n", subject="test"):
        """Sends one message and returns its queue ID."""
        self.expect("250", f"MAIL FROM:<{sender}>")
        for recipient in recipients:
            self.expect("250", f"RCPT TO:<{recipient}>")
        self.expect("354", "DATA")
        text = f"From: <{sender}>\nTo: {', '.join(recipients)}\nSubject: {subject}\n\n{body}"
        self.socket.sendall(text.replace("\n", "\r\n").encode() + b"\r\n.\r\n")
        reply = self.read_reply()
        if "queued as " not in reply:
            raise AssertionError(f"message not accepted: {reply!r}")
        return reply.rsplit("queued as ", 1)[1].strip()


def etrn(argument, host="127.0.0.1", port=25):
    """The reply to one ETRN in a session of its own."""
    with SmtpClient(host, port) as client:
        client.expect("250", "HELO my.client.tld")
        reply = client.command("ETRN " + argument if argument is not None else "ETRN")
        client.command("QUIT")
        return reply


def main(host, port, *commands):
    with SmtpClient(host, int(port)) as client:
        print(client.greeting)
        for text in commands:
            print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text)
            print(client.command(text))


if __name__ == "__main__":
    main(*sys.argv[1:])
