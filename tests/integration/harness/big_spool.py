"""Many deferred messages at once, as copies of one that Postfix itself has deferred.

A hundred thousand take some ten seconds; by SMTP it would be half an hour.
"""

import os
import time

from .expect import wait_until
from .postfix import QUEUE_DIRECTORY, PostfixInstance

# What the copies' recipient domains are called: all of one length, so that the records of a queue
# file need not be made anew.
TEMPLATE_SITE = "d0000.bulk.tld"


def bulk_site(number):
    return f"d{number:04d}.bulk.tld"


def fill_deferred(postfix, count, sites, age=7200):
    """Puts `count` messages into the deferred queue, in turn for bulk_site(0) to bulk_site(sites - 1); with
    their defer logs, but not listed. Returns their IDs by site. Postfix must be running, without a transport
    for these sites that delivers; what is there is `age` seconds old."""
    template = postfix.send_smtp(f"user@{TEMPLATE_SITE}")
    postfix.wait_deferred([template])
    source = next((QUEUE_DIRECTORY / "deferred").rglob(template))
    wait_until("the template has a defer log", lambda: list((QUEUE_DIRECTORY / "defer").rglob(template)))
    log_source = next((QUEUE_DIRECTORY / "defer").rglob(template))
    message, defer_log = source.read_bytes(), log_source.read_bytes()
    uid, gid = source.stat().st_uid, source.stat().st_gid
    for path in (source, log_source):
        os.unlink(path)
    now = int(time.time())
    old = str(now - age).encode()
    # The time of arrival: ten digits, then blank and microseconds.
    start = message.index(b"T", message.index(b"C") + 2) + 2
    message = message[:start] + old + message[start + 10:]
    ids = {}
    for number in range(count):
        site = bulk_site(number % sites)
        name = f"{number % 16:X}{number // 16:04X}" # what comes before the inode number
        for queue, content, mode in (("deferred", message, 0o700), ("defer", defer_log, 0o600)):
            directory = QUEUE_DIRECTORY / queue / name[0]
            if number < 16:
                directory.mkdir(mode=0o700, exist_ok=True)
                os.chown(directory, uid, gid)
            path = f"{directory}/{name}"
            fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, mode)
            os.write(fd, content.replace(TEMPLATE_SITE.encode(), site.encode()))
            os.fchown(fd, uid, gid)
            os.fchmod(fd, mode)
            if queue == "deferred":
                # postsuper renames what is called otherwise.
                queue_id = f"{name}{os.fstat(fd).st_ino:X}"
                os.utime(fd, (now, now + 100000))
            os.close(fd)
            os.rename(path, f"{directory}/{queue_id}")
        ids.setdefault(site, []).append(queue_id)
    return ids


def list_all(ids):
    """Lists the messages for their sites, as the flush service would."""
    uid = (QUEUE_DIRECTORY / "flush").stat().st_uid
    for site, of_site in ids.items():
        path = QUEUE_DIRECTORY / "flush" / PostfixInstance.logfile_name(site)
        path.write_text("".join(f"{queue_id}\n" for queue_id in of_site))
        path.chmod(0o600)
        os.chown(path, uid, -1)
