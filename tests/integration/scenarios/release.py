"""Which Postfix this is: each Debian suite stands for one release, and before 3.6 the
server must not speak first. And which flushd: the build that the test names.
"""

import re
import socket
from pathlib import Path

from harness import IS_FLUSHD, OK, FlushClient, ask_flush, customer_postfix, expect, expect_equal
from harness.flush_client import GREETING, request
from harness.postfix import postfix_version

RELEASES = {"bullseye": (3, 5), "bookworm": (3, 7), "trixie": (3, 10)}
NOT_RELEASED = {"forky": (3, 11)}  # may still get a newer one

postfix, sink = customer_postfix()
suite = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text()).group(1)
if suite in NOT_RELEASED:
    expect(postfix_version() >= NOT_RELEASED[suite], f"the Postfix of {suite}: {postfix_version()}")
else:
    expect_equal(f"the Postfix of {suite}", postfix_version(), RELEASES[suite])

# A client that only listens: what the server says before it has been asked.
# Where nothing is to come it is not waited for long.
with FlushClient(timeout=60 if postfix_version() >= (3, 6) else 1) as client:
    try:
        first_words = client.socket.recv(100)
    except socket.timeout:
        first_words = b""
    expect_equal("what the server says first", first_words, GREETING if postfix_version() >= (3, 6) else b"")
    client.socket.settimeout(60)
    # Now it is a client of 3.5, or one of 3.6 that has read its announcement.
    client.send(request("add", site="customer.tld", queue_id="ABCDEF0123"))
    answer = client.receive_all()
    expect_equal("the answer", answer, b"status\x000\0\0")

# A client that does not wait, as those of 3.5; the harness knows whether an announcement has to come.
expect_equal("a client that sends at once", ask_flush("add", site="customer.tld", queue_id="BCDEF01234"), OK)
expect_equal("listed", postfix.logfile("customer.tld"), ["ABCDEF0123", "BCDEF01234"])

if IS_FLUSHD:
    (pid, *_) = postfix.flush_processes()
    mapped = {line.split()[5] for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if ".so" in line}
    print("\n".join(sorted(mapped)))
    # Its libraries, but not those of this Debian: nothing here depends on what happens to be installed.
    expect(mapped and all(path.startswith("/flushd-lib/") for path in mapped), "only the libraries of its bundle are loaded")
expect_equal("complaints", postfix.log.find_all(r"/(flush|flushd|master)\[\d+\]: (warning|fatal|panic)"), [])
