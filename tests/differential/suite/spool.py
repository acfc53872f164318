"""A spool of one's own for each run of a case: how it is filled, and what has become of it."""

import os
import pwd
import re
import shutil
import stat
import time

OLD = 10_000_000  # an age in seconds, beyond every limit
LONG_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
DIRECTORIES = ("active bounce corrupt defer deferred flush hold incoming maildrop pid private public "
               "saved trace").split()
COMPARED = ("flush", "deferred", "incoming", "active")

BASE_PARAMETERS = {
    "compatibility_level": "2",
    "mail_owner": "postfix",
    "myhostname": "mail.provider.tld",
    "mydestination": "localhost",
    "inet_interfaces": "loopback-only",
    "inet_protocols": "ipv4",
    "maillog_file": "/var/log/not-used",
    "fast_flush_domains": "customer.tld, other.customer.tld",
    "max_idle": "30s",
}


class Spool:
    """root/etc is the configuration directory, root/q the queue directory."""

    def __init__(self, root, main_cf):
        self.root, self.queue, self.etc = root, f"{root}/q", f"{root}/etc"
        self.owner = pwd.getpwnam("postfix").pw_uid
        self.parameters = {**BASE_PARAMETERS, **main_cf, "queue_directory": self.queue,
                           "data_directory": f"{root}/data"}
        shutil.rmtree(root, ignore_errors=True)
        for directory in (self.etc, f"{root}/data", *(f"{self.queue}/{name}" for name in DIRECTORIES)):
            os.makedirs(directory, 0o755)
        for name in DIRECTORIES:
            if name != "pid":
                os.chown(f"{self.queue}/{name}", self.owner, 0)
                os.chmod(f"{self.queue}/{name}", 0o755 if name == "public" else 0o700)
        os.chown(f"{root}/data", self.owner, 0)
        self.write_main_cf(**self.parameters)
        self.before = {}

    # --- filling

    def write_main_cf(self, **parameters):
        self.parameters.update(parameters)
        with open(f"{self.etc}/main.cf", "wb") as file:
            for name, value in self.parameters.items():
                value = value if isinstance(value, bytes) else value.encode()
                file.write(name.encode() + b" = " + value.replace(b"@ETC@", self.etc.encode()) + b"\n")

    def hashed_path(self, queue, name):
        """Where Postfix keeps a file of a queue, told independently of both programs."""
        hashed = re.split("[, \t]+", self.parameters.get("hash_queue_names", "deferred, defer"))
        if queue not in hashed:
            return f"{queue}/{name}"
        key, separator = name, name.rfind("z")
        if separator >= 10:
            number = 0
            for digit in name[separator - 4:separator]:
                if digit not in LONG_DIGITS:
                    number = 0
                    break
                number = number * len(LONG_DIGITS) + LONG_DIGITS.index(digit)
            key = f"{number:05X}"
        depth = int(self.parameters.get("hash_queue_depth", "1"))
        return "/".join([queue, *((key[n] if n < len(key) else "_") for n in range(depth)), name])

    def _parents(self, path):
        directory = os.path.dirname(path)
        if not os.path.isdir(directory):
            self._parents(directory)
            os.mkdir(directory, 0o700)
            os.chown(directory, self.owner, 0)

    def path(self, queue, name, hashed=True):
        result = f"{self.queue}/{self.hashed_path(queue, name) if hashed else f'{queue}/{name}'}"
        self._parents(result)
        return result

    def file(self, queue, name, content=b"", mode=0o600, age=OLD, read_age=None, owner=None, hashed=True):
        path = self.path(queue, name, hashed)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        os.chown(path, self.owner if owner is None else owner, 0)
        now = time.time()
        os.utime(path, (now - (age if read_age is None else read_age), now - age))
        return path

    # --- looking

    def remember(self):
        """Times are told as kept, when they are those of this moment."""
        self.began = time.time()
        self.before = {path: (status.st_atime_ns, status.st_mtime_ns) for path, status in self._walk()}

    def _walk(self):
        for queue in COMPARED:
            for directory, names, files in os.walk(f"{self.queue}/{queue}"):
                for name in names + files:
                    path = os.path.join(directory, name)
                    yield path, os.lstat(path)

    def look(self):
        """One line of description for each file, by queue and name."""
        ended = time.time()
        seen = {}
        for path, status in list(self._walk()):
            owner = {0: "root", self.owner: "postfix"}.get(status.st_uid, status.st_uid)
            words = [stat.filemode(status.st_mode), str(owner)]
            if not stat.S_ISDIR(status.st_mode) and not stat.S_ISLNK(status.st_mode):  # whoever looks changes these
                old = self.before.get(path) or self._time_elsewhere(path)
                for what, index, value in (("read", 0, status.st_atime_ns), ("written", 1, status.st_mtime_ns)):
                    words.append(f"{what} {self._tell(value, old and old[index], ended)}")
            if status.st_nlink != 1 and not stat.S_ISDIR(status.st_mode):
                words.append(f"{status.st_nlink} links")
            if stat.S_ISLNK(status.st_mode):
                words.append("-> " + os.readlink(path).replace(self.root, ""))
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    words.append(repr(file.read()))
            seen[path[len(self.queue) + 1:]] = " ".join(words)
        return seen

    def _time_elsewhere(self, path):
        """The times before of a file that was moved here."""
        name = os.path.basename(path)
        return next((times for other, times in self.before.items() if os.path.basename(other) == name), None)

    def _tell(self, value, old, ended):
        if value == old:
            return "as before"
        seconds = value / 1e9
        if self.began - 1.1 <= seconds <= ended + 0.1:
            return "now"
        return "future" if seconds > ended else "past"

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
