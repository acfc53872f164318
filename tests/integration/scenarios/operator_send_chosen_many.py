"""Chosen messages beside what people do: postqueue -j, and postqueue -i for each. 3 and 1000 of them, with other mail.

The first message begins as soon, and other mail does not wait. FLUSHD_SPOOL=10000 has the figures of the issue: the command takes less
than a tenth. (A large send is moved as fast as the queue manager reads, so that other mail does not wait: operator_send_chosen_busy.)
"""

import json
import os
import re
import subprocess
import time

from harness import DAEMON, IS_FLUSHD, PostfixInstance, expect, expect_equal
from harness.big_spool import bulk_site, fill_deferred
from harness.cpu import cpu_seconds
from harness.etrn_only import discard
from harness.postfix import QUEUE_DIRECTORY
from harness.tool import tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 1800

SIZES = [int(os.environ["FLUSHD_SPOOL"])] if "FLUSHD_SPOOL" in os.environ else [3, 1000]
# Of so many queued messages, half are chosen.
SITES = 10
WANTED = [bulk_site(number) for number in range(0, SITES, 2)]

postfix = PostfixInstance()
postfix.configure(default_transport="smtp:[127.0.1.9]:2525", smtpd_error_sleep_time="0", relay_domains="")
postfix.use_flush(DAEMON)
postfix.start()


def deliver(is_up):
    postfix.configure(transport_maps="static:discard:" if is_up else "")
    postfix.reload()


def as_people_do():
    """The IDs that a filter such as jq's prints, and a program for each."""
    listing = subprocess.run(["postqueue", "-j"], stdout=subprocess.PIPE, check=True).stdout
    ids = [one["queue_id"] for one in map(json.loads, listing.splitlines())
           if any(to["address"].split("@")[1] in WANTED for to in one["recipients"])]
    subprocess.run(["xargs", "-n1", "postqueue", "-i"], input="\n".join(ids), text=True, check=True)


def as_flushd_does():
    subprocess.run([tool_path(), "send", "--to", "d000[02468].bulk.tld"], stdout=subprocess.DEVNULL, check=True)


def measure(what, send, count):
    """How long until the command returns, and all are moved; and how long other mail took meanwhile."""
    deliver(False)
    ids = fill_deferred(postfix, 2 * count, sites=min(SITES, 2 * count))
    wanted = set(sum((of_site for site, of_site in ids.items() if site in WANTED), []))
    deliver(True)
    directories = [QUEUE_DIRECTORY / "deferred" / letter for letter in {one[0] for one in wanted}]
    deferred = lambda: wanted & {name for directory in directories for name in os.listdir(directory)}
    mark = postfix.log.mark()
    before, begin = cpu_seconds(), time.monotonic()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        send()
        os.write(writer, str(time.monotonic() - begin).encode())
        os._exit(0)
    other, first, number = None, None, len(wanted)
    while number > 0 and time.monotonic() < begin + 600:
        number = len(deferred())
        now = time.monotonic() - begin
        if first is None and number < len(wanted):
            first = now
            other = postfix.send_smtp("user@other.tld")
        time.sleep(0.002 if count < 1000 else 0.02)
    seconds = time.monotonic() - begin
    expect_equal("the command", os.waitpid(pid, 0)[1], 0)
    returned = float(os.read(reader, 100))
    used = cpu_seconds()
    used.subtract(before)
    delay = re.search(r"delay=([\d.]+)", postfix.log.wait_for(rf"{other}: to=<user@other\.tld>.*status=sent", since=mark, timeout=60).group(0))
    expect_equal(f"{what}: the others wait", len(set(postfix.queue_ids("deferred")) & set(sum(ids.values(), []))), 2 * count - len(wanted))
    print(f"{what}, {len(wanted)} of {2 * count}: the command returned after {returned:.3f} s; the first moved after {first:.3f} s, all after {seconds:.3f} s; other mail took {delay.group(1)} s; "
          f"CPU s: {({name: round(value, 2) for name, value in used.items() if value > 0.02})}", flush=True)
    discard(set(sum(ids.values(), [])))
    os.close(reader)
    os.close(writer)
    return returned, seconds, float(delay.group(1))


for count in SIZES:
    their_command, their_seconds, _ = measure("postqueue -i", as_people_do, count)
    command, seconds, delay = measure("flushd send", as_flushd_does, count)
    print(f"    {count} messages: {command / their_command:.4f} of the command's time, {seconds / their_seconds:.4f} until all are moved", flush=True)
    expect(delay < 5, "other mail does not wait")
    if count >= 1000:
        # A tenth is what a quiet machine has with 10000; on a busy one, the deliveries take most of it.
        expect(command < their_command / (10 if count >= 10000 else 3), "the command takes a fraction of the time")
        expect(seconds < their_seconds / 3, "and until all are moved, too")
