"""The ETRN howto's customer whose mail waits until it is asked for, with thousands of messages and other mail."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time

from .big_spool import TEMPLATE_SITE, fill_deferred, list_all
from .expect import fail, wait_until
from .postfix import QUEUE_DIRECTORY, PostfixInstance

MAILHOST = "127.0.2.1"
OTHER_SITE = "other.tld"
SITE = TEMPLATE_SITE


def etrn_only_postfix(**parameters):
    """Postfix with SITE as its etrn-only customer, whose server is off, and OTHER_SITE, whose mail is thrown away."""
    postfix = PostfixInstance()
    postfix.set_service("etrn-only/unix", "etrn-only unix - - n - - smtp")
    postfix.configure(relay_domains=f"{SITE}, {OTHER_SITE}", defer_transports="etrn-only",
                      transport_maps=f"inline:{{ {{ {SITE} = etrn-only:[{MAILHOST}] }}, {{ {OTHER_SITE} = discard: }} }}",
                      smtpd_error_sleep_time="0", **parameters)
    postfix.use_flush()
    postfix.start()
    return postfix


def list_messages(postfix, count):
    """Puts so many messages for SITE into the deferred queue, all of them listed. Returns their IDs."""
    ids = fill_deferred(postfix, count, sites=1)
    list_all(ids)
    return set(ids[SITE])


def discard(ids):
    """Removes what is left of such messages, when nothing happens to them."""
    for queue in ("deferred", "defer"):
        for path in (QUEUE_DIRECTORY / queue).rglob("*"):
            if path.name in ids:
                path.unlink(missing_ok=True)


def answers(address, port=25):
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


class program:
    """A program that runs as long as its block does."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def mail_server(*options):
    """The customer's, which answers when the block begins. smtp-sink without a pause unless an option says otherwise,
    so that qmgr(8) has no time to rest."""
    with program("smtp-sink", "-u", "nobody", *options, f"{MAILHOST}:25", "1000"):
        wait_until("the site answers", lambda: answers(MAILHOST))
        yield


def other_mail():
    """Two senders that do not pause, for as long as the block runs."""
    return program("sh", "-c", f"for i in 1 2; do while :; do smtp-source -s 1 -m 1000 -t user@{OTHER_SITE} 127.0.0.1:25; done & done; wait")


class Progress:
    """What the log says of some messages from now on."""

    EVENT = re.compile(r"postfix/[\w-]+\[\d+\]: (\w+): to=<.*status=(sent|deferred) \((deferred transport)?(.*)")

    def __init__(self, postfix, ids):
        self.path, self.offset = postfix.log.path, postfix.log.mark()
        self.ids, self.rest = ids, b""
        self.sent, self.refused, self.deferred = set(), set(), set()
        self.first_reason = ""  # of the deferred

    def read(self):
        with self.path.open("rb") as file:
            file.seek(self.offset)
            bytes_read = file.read()
        self.offset += len(bytes_read)
        *lines, self.rest = (self.rest + bytes_read).split(b"\n")
        for line in lines:
            found = self.EVENT.search(line.decode("utf-8", "replace"))
            if found and found.group(1) in self.ids:
                kind = self.sent if found.group(2) == "sent" else self.refused if found.group(3) else self.deferred
                kind.add(found.group(1))
                if kind is self.deferred:
                    self.first_reason = self.first_reason or f" ({found.group(4)}"
        return len(self.sent) + len(self.refused) + len(self.deferred)

    def wait(self, done, patience=30.0):
        """Until done(), or until nothing has happened to the messages for so long."""
        before, deadline = -1, time.monotonic() + patience
        while True:
            now = self.read()
            if done() or time.monotonic() > deadline:
                return
            if now != before:
                before, deadline = now, time.monotonic() + patience
            time.sleep(0.1)

    def all_told(self):
        return self.sent | self.refused | self.deferred >= self.ids

    def __str__(self):
        return (f"{len(self.sent)} of {len(self.ids)} delivered, {len(self.refused)} \"deferred transport\", "
                f"{len(self.deferred)} deferred for another reason{self.first_reason}")


def seconds_until_active(ids, limit=10.0):
    """How long until the queue manager has read one of these; nothing when it has not. Polls all the time."""
    begin = time.monotonic()
    while time.monotonic() < begin + limit:
        if any(name in ids for name in os.listdir(QUEUE_DIRECTORY / "active")):
            return time.monotonic() - begin
    return None


def expect_all_delivered(progress, what):
    progress.wait(progress.all_told)
    if progress.sent != progress.ids or progress.refused:
        fail(f"{what}: {progress}")
    print(f"ok: {what}: {progress}", flush=True)
