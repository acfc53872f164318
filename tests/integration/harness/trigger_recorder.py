"""Sits between the programs of Postfix and its queue manager, and writes down who asks it for what."""

import os
import socket
import struct
import threading
from collections import Counter, namedtuple

from .postfix import QUEUE_DIRECTORY

Trigger = namedtuple("Trigger", "program letters")


class TriggerRecorder:
    """While the block runs, each trigger goes through here to qmgr(8), as it was sent. Postfix must be running; master(8)
    keeps its socket through a reload."""

    PATH = str(QUEUE_DIRECTORY / "public/qmgr")
    REAL_PATH = PATH + ".real"

    def __init__(self):
        self.triggers = []

    def __enter__(self):
        status = os.stat(self.PATH)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.PATH + ".new")
        os.chmod(self.PATH + ".new", 0o666)
        os.chown(self.PATH + ".new", status.st_uid, status.st_gid)
        self.listener.listen(1000)
        os.rename(self.PATH, self.REAL_PATH)
        os.rename(self.PATH + ".new", self.PATH)
        threading.Thread(target=self.pass_on, daemon=True).start()
        return self

    def __exit__(self, *_):
        os.rename(self.REAL_PATH, self.PATH)
        self.listener.close()

    def pass_on(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as manager:
                pid, _, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
                client.settimeout(10)
                try:
                    letters = client.recv(100)
                    self.triggers.append(Trigger(self.name_of(pid), letters.decode("ascii", "replace").strip("\0")))
                    manager.connect(self.REAL_PATH)
                    manager.sendall(letters)
                except OSError:
                    pass # as a client that has gone

    @staticmethod
    def name_of(pid):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return "ended"

    def letters_of(self, program, since=0):
        """How often each letter came from programs of this name."""
        return Counter("".join(one.letters for one in self.triggers[since:] if one.program == program))
