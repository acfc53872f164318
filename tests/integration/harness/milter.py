"""A Milter that edits envelopes, so that queue files get pointer records: the sender is changed, and recipients are added and
removed, as headers of the message say."""

import socket
import struct
import threading

# Commands of the MTA and answers (the Sendmail 8 Milter protocol, as Postfix's milter8.c speaks it).
NEGOTIATE, HEADER, END_OF_BODY, QUIT, ABORT, MACROS = b"O", b"L", b"E", b"Q", b"A", b"D"
CONTINUE, ADD_RECIPIENT, REMOVE_RECIPIENT, CHANGE_SENDER, ADD_HEADER = b"c", b"+", b"-", b"e", b"h"
ACTIONS = 0x01 | 0x04 | 0x08 | 0x40  # headers, add and remove recipients, change the sender


class EnvelopeMilter:
    """Obeys `X-Add: ADDRESS`, `X-Remove: ADDRESS` and `X-Sender: ADDRESS`."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"inet:127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        stream = client.makefile("rwb")

        def answer(code, data=b""):
            stream.write(struct.pack("!I", 1 + len(data)) + code + data)
            stream.flush()

        edits = []
        while head := stream.read(4):
            (size,) = struct.unpack("!I", head)
            packet = stream.read(size)
            command, data = packet[:1], packet[1:]
            if command == NEGOTIATE:
                answer(NEGOTIATE, struct.pack("!III", 6, ACTIONS, 0))
            elif command == QUIT:
                return
            elif command == ABORT:
                edits = []
            elif command == HEADER:
                name, value = data.split(b"\0")[:2]
                edits.append((name.lower(), value.strip()))
                answer(CONTINUE)
            elif command == END_OF_BODY:
                for name, value in edits:
                    if name == b"x-add":
                        answer(ADD_RECIPIENT, b"<" + value + b">\0")
                    elif name == b"x-remove":
                        answer(REMOVE_RECIPIENT, b"<" + value + b">\0")
                    elif name == b"x-sender":
                        answer(CHANGE_SENDER, b"<" + value + b">\0")
                answer(ADD_HEADER, b"X-Seen\0yes, and a text that is longer than what was there\0")
                edits = []
                answer(CONTINUE)
            elif command != MACROS:
                answer(CONTINUE)
