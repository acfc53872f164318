"""The daemon as a child of the master: unprivileged, chrooted when master.cf says so,
and served under any process limit. (Stock flush insists on a limit of 0.)

Nothing that it has open leads out of the jail, and it can gain no rights; without a jail, too, it makes files in the
queue only, where the kernel has Landlock. (Stock flush may.)
"""

import ctypes
import os
import re
from pathlib import Path

from harness import FAIL, FLUSH_DIRECTORY, IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, wait_until
from harness.postfix import QUEUE_DIRECTORY
from harness.tool import tool_path

postfix, sink = customer_postfix()
uid = postfix.mail_owner_uid()


# Builds with sanitizers have neither Landlock nor a system call filter: they look into themselves.
SANITIZED = IS_FLUSHD and re.search(rb"__[at]san_init", Path(tool_path()).read_bytes())


def ids(pid, field):
    """The real, effective, saved and file system ID of a process, or what else its status has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith(field)).split()[1:]


def open_directories(pid):
    """Where a descriptor leads to a directory."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if descriptor.is_dir():
                found.append(os.readlink(descriptor))
        except OSError: # closed meanwhile
            pass
    return found


number = 0
for chroot in ("y", "n"):
    for process_limit in ("0", "1", "5") if IS_FLUSHD else ("0",):
        postfix.set_service_field("flush/unix", "chroot", chroot)
        postfix.set_service_field("flush/unix", "process_limit", process_limit)
        postfix.reload()
        number += 1
        what = f"chroot {chroot}, process limit {process_limit}"
        expect_equal(f"add with {what}", ask_flush("add", site="customer.tld", queue_id=f"ABC{number}"), OK)
        for pid in postfix.flush_processes():
            # The master may have begun a second one, which is still about to drop its rights.
            wait_until(f"{pid} runs as the mail owner", lambda: ids(pid, "Uid") == [str(uid)] * 4)
            expect("0" not in ids(pid, "Gid"), f"{pid} has no group of root")
            expect_equal(f"the root directory with {what}", os.readlink(f"/proc/{pid}/root"),
                         str(QUEUE_DIRECTORY) if chroot == "y" else "/")
            if IS_FLUSHD:
                expect_equal(f"directories outside the queue that {pid} has open",
                             [path for path in open_directories(pid) if not path.startswith(str(QUEUE_DIRECTORY))], [])
                expect_equal("it can gain no rights", ids(pid, "NoNewPrivs"), ["1"])
                expect(SANITIZED or ids(pid, "Seccomp:") == ["2"], "its system calls are filtered")

expect_equal("all are listed", postfix.logfile("customer.tld"), [f"ABC{n}" for n in range(1, number + 1)])
expect_equal("complaints", postfix.log.find_all(r"/(flush|flushd|master)\[\d+\]: (warning|fatal|panic)"), [])

def landlock_version():
    """What this container may use of it."""
    return ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)


# A directory of the queue that leads out of it, without a jail.
postfix.configure(hash_queue_names="deferred, defer, flush")
postfix.reload()
wait_until("postsuper has moved the logfile, and ended",
           lambda: not (FLUSH_DIRECTORY / "customer_tld").exists() and not postfix.processes(("postsuper",)))
outside = Path("/var/lib/outside")
outside.mkdir()
os.chown(outside, uid, -1)
(FLUSH_DIRECTORY / "o").symlink_to(outside)
has_landlock = landlock_version() >= 2 and not SANITIZED
print(f"Landlock here: {has_landlock}")
status = FAIL if IS_FLUSHD and has_landlock else OK
expect_equal("add by way of a link to elsewhere", ask_flush("add", site="other.customer.tld", queue_id="ABC1001"), status)
expect_equal("what has been made there", len(list(outside.iterdir())), 0 if status == FAIL else 1)
expect_equal("add in the queue", ask_flush("add", site="customer.tld", queue_id="ABC1002"), OK)
