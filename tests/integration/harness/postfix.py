"""The Postfix of this container: configure it, run it, look at its queue."""

import functools
import json
import os
import pwd
import re
import shutil
import subprocess
import time
from collections import namedtuple
from pathlib import Path

from .expect import DAEMON, PATIENCE, expect, fail, wait_until
from .maillog import Maillog
from .smtp_client import SmtpClient

QUEUE_DIRECTORY = Path("/var/spool/postfix")
FLUSH_DIRECTORY = QUEUE_DIRECTORY / "flush"
FLUSH_SOCKET = str(QUEUE_DIRECTORY / "public/flush")
CONFIG_DIRECTORY = Path("/etc/postfix")
SENDER = "someone@sender.tld"

# Nothing here may need a name server or a network. The queue manager's own
# retries are far away, so that only what a scenario does moves mail.
BASE_PARAMETERS = {
    "maillog_file": "/var/log/maillog",
    "inet_interfaces": "loopback-only",
    "inet_protocols": "ipv4",
    "myhostname": "mail.provider.tld",
    "mydestination": "localhost",
    "mynetworks": "127.0.0.0/8",
    "alias_maps": "",
    "alias_database": "",
    "default_transport": "error:5.1.2 not a site of this test",
    "smtp_dns_support_level": "disabled",
    "smtp_host_lookup": "native",
    "smtp_connect_timeout": "5s",
    "smtp_tls_security_level": "none",
    "smtpd_peername_lookup": "no",
    "queue_run_delay": "1000s",
    "minimal_backoff_time": "1000s",
    "maximal_backoff_time": "4000s",
}

Result = namedtuple("Result", "status output")


def run_command(*arguments, user=None, stdin="", timeout=60, check=False):
    """Runs a program; its exit status, and standard output and error together."""
    if user:
        arguments = ("setpriv", "--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups") + arguments
    done = subprocess.run(arguments, input=stdin, text=True, timeout=timeout, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode != 0:
        fail(f"{' '.join(arguments)} failed with {done.returncode}: {done.stdout}")
    return Result(done.returncode, done.stdout)


@functools.lru_cache(None)
def postfix_version():
    """For example (3, 7)."""
    text = run_command("postconf", "-d", "-h", "mail_version", check=True).output
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", text).groups())


def smtp_answers(address="127.0.0.1"):
    try:
        with SmtpClient(address, timeout=10) as client:
            return client.greeting.startswith("220")
    except OSError:
        return False


class PostfixInstance:
    def __init__(self):
        if not (CONFIG_DIRECTORY / "main.cf").exists():
            shutil.copy("/usr/share/postfix/main.cf.debian", CONFIG_DIRECTORY / "main.cf")
        self.log = Maillog(BASE_PARAMETERS["maillog_file"])
        self.configure(**BASE_PARAMETERS)

    # --- configuration

    def configure(self, **parameters):
        """Sets main.cf parameters. A running Postfix reads them when it sees fit, or see reload()."""
        run_command("postconf", "-e", *(f"{name}={value}" for name, value in parameters.items()), check=True)

    def set_service(self, name, line):
        """Adds or replaces a line of master.cf; name as in flush/unix."""
        run_command("postconf", "-M", f"{name}={line}", check=True)

    def set_service_field(self, name, field, value):
        run_command("postconf", "-F", f"{name}/{field}={value}", check=True)

    def use_flush(self, daemon=DAEMON, options=""):
        """Puts a daemon behind flush/unix: the one line of master.cf that a user changes."""
        self.set_service_field("flush/unix", "command", f"{daemon} {options}".strip())
        if self.running():
            self.reload()

    def parameter(self, name):
        return run_command("postconf", "-h", name, check=True).output.strip()

    def mail_owner_uid(self):
        return pwd.getpwnam(self.parameter("mail_owner")).pw_uid

    # --- running

    def running(self):
        return run_command("postfix", "status").status == 0

    def start(self):
        mark = self.log.mark()
        run_command("postfix", "start", check=True)
        self.log.wait_for(r"postfix/master\[\d+\]: daemon started", since=mark)
        wait_until("SMTP answers", smtp_answers)

    def stop(self):
        run_command("postfix", "stop", check=True)
        wait_until("the master has gone", lambda: not self.running(), timeout=PATIENCE)
        wait_until("the flush processes have gone", lambda: not self.flush_processes(any_daemon=True), timeout=PATIENCE)

    def reload(self):
        """Reloads, and waits until no process that a scenario talks to has the old configuration.

        An SMTP server may still take one more client on a busy machine, as it retires. There must
        not be an SMTP session that is open."""
        mark = self.log.mark()
        names = ("flush", "flushd", "smtpd")
        before = set(self.processes(names))
        run_command("postfix", "reload", check=True)
        self.log.wait_for(r"postfix/master\[\d+\]: reload", since=mark)
        wait_until("the processes from before the reload have gone",
                   lambda: not before & set(self.processes(names)), timeout=PATIENCE)

    @staticmethod
    def flush_processes(any_daemon=False):
        """Process IDs of the daemon under test, or of it and of stock flush."""
        return PostfixInstance.processes(("flush", "flushd") if any_daemon else (DAEMON,))

    @staticmethod
    def processes(names):
        """IDs of the processes with one of these names."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                # pid (name) state ...
                name, state = re.match(r"\d+ \((.*)\) (\S)", (entry / "stat").read_text()).groups()
            except OSError:
                continue
            if name in names and state != "Z":
                found.append(int(entry.name))
        return sorted(found)

    # --- mail

    def send_smtp(self, *recipients, sender=SENDER):
        """Hands in one message by SMTP; returns its queue ID."""
        with SmtpClient() as client:
            client.expect("250", "EHLO my.client.tld")
            queue_id = client.send_mail(sender, recipients)
            client.command("QUIT")
        return queue_id

    def send_sendmail(self, *recipients, sender=SENDER):
        """Hands in one message by sendmail(1); returns its queue ID, which pickup logs."""
        mark = self.log.mark()
        run_command("sendmail", "-f", sender, *recipients, stdin="Subject: test\n\ntest\n", check=True)
        return self.log.wait_for(rf"postfix/pickup\[\d+\]: (\w+): uid=\d+ from=<{sender}>", since=mark).group(1)

    def queue(self):
        """What postqueue -j says: one dictionary for each message."""
        return [json.loads(line) for line in run_command("postqueue", "-j", check=True).output.splitlines()]

    def queue_ids(self, queue_name=None, domain=None):
        """IDs of the messages in one queue, or in all, for one recipient domain, or for all."""
        return sorted(entry["queue_id"] for entry in self.queue()
                      if queue_name in (None, entry["queue_name"])
                      and (domain is None or any(r["address"].endswith("@" + domain) for r in entry["recipients"])))

    def wait_deferred(self, ids, timeout=PATIENCE):
        wait_until(f"{ids} deferred", lambda: set(ids) <= set(self.queue_ids("deferred")), timeout)

    def wait_gone(self, ids, timeout=PATIENCE):
        wait_until(f"{ids} no longer queued", lambda: not set(ids) & set(self.queue_ids()), timeout)

    def was_active(self, queue_id, since):
        """Did the queue manager open the message's file?"""
        return self.log.search(rf"postfix/qmgr\[\d+\]: {queue_id}: from=<.*\(queue active\)", since) is not None

    def expect_untouched(self, ids, since, seconds=1.0):
        """Nothing happens to these deferred messages, now or shortly."""
        time.sleep(seconds)
        expect(not any(self.log.search(rf": {queue_id}: ", since) for queue_id in ids)
               and set(ids) <= set(self.queue_ids("deferred")), f"{ids} untouched and still deferred")

    # --- logfiles below flush/

    @staticmethod
    def logfile_name(site):
        return re.sub(r"[^a-z0-9]", "_", site.lower())

    def logfile_path(self, site):
        """The path of a site's logfile, whatever hash_queue_names makes of it; None when there is none."""
        name = self.logfile_name(site)
        return next((path for path in FLUSH_DIRECTORY.rglob(name) if path.is_file()), None)

    def logfile(self, site):
        """The IDs in a site's logfile, in order, repeated ones too; [] also when there is no file.

        Without the marks of sends in progress: see flushd(8)."""
        path = self.logfile_path(site)
        return [line for line in path.read_text().split() if not line.startswith("flushd_mark_")] if path else []

    @staticmethod
    def logfile_names():
        return sorted(path.name for path in FLUSH_DIRECTORY.rglob("*") if path.is_file())

    @staticmethod
    def remove_logfiles():
        for path in FLUSH_DIRECTORY.rglob("*"):
            if path.is_file():
                os.unlink(path)
