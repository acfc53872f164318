"""flushd status of a long queue: every message once, as postqueue lists them, and at a fraction of the cost.

Ten thousand messages; FLUSHD_SPOOL=100000 for the figures of flushd/doc/figures.md.
"""

import json
import os
import subprocess
import time
from collections import Counter

from harness import IS_FLUSHD, customer_postfix, expect, expect_equal
from harness.big_spool import fill_deferred
from harness.tool import tool_path

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 1200
COUNT, SITES = int(os.environ.get("FLUSHD_SPOOL", "10000")), 1000


def measured(*command):
    """Its output, seconds of CPU, the most memory in MiB, and how many seconds it took."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    expect_equal(f"{command[0]} ends well", status, 0)
    process.returncode = 0
    return output, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - begin


postfix, sink = customer_postfix(start=False)
postfix.configure(relay_domains="bulk.tld", defer_transports="later",
                  transport_maps="inline:{ { bulk.tld = later: }, { .bulk.tld = later: } }")
postfix.start()
fill_deferred(postfix, COUNT, SITES)
listing, _, _, theirs = measured("postqueue", "-j")
output, cpu, memory, ours = measured(tool_path(), "status", "--json")
report = json.loads(output)
print(f"figure: {COUNT} messages: status {cpu:.2f} s of CPU, {ours:.2f} s, {memory:.0f} MiB; postqueue -j {theirs:.2f} s", flush=True)
expected, sizes = Counter(), Counter()
for line in listing.splitlines():
    message = json.loads(line)
    for site in {recipient["address"].split("@")[1] for recipient in message["recipients"]}:
        expected[site] += 1
        sizes[site] += message["message_size"]
expect_equal("messages", report["waiting"]["messages"], COUNT)
expect(({row["name"]: row["messages"] for row in report["groups"]} == dict(expected)), "messages of each destination")
expect(({row["name"]: row["size"] for row in report["groups"]} == dict(sizes)), "bytes of each destination")
site = report["groups"][0]["name"]
of_site, _, _, _ = measured(tool_path(), "status", "--json", site)
theirs_of_site = {json.loads(line)["queue_id"]: json.loads(line) for line in listing.splitlines() if f"@{site}".encode() in line}
for message in json.loads(of_site)["messages"]:
    other = theirs_of_site.pop(message["queue_id"])
    expect((message["arrival"], message["size"], message["sender"], message["recipient"], message["reason"]) ==
           (other["arrival_time"], other["message_size"], other["sender"], other["recipients"][0]["address"],
            other["recipients"][0]["delay_reason"]), f"{message['queue_id']} as postqueue has it")
expect_equal("messages that are missing", theirs_of_site, {})
expect(ours < theirs, f"it takes less time than postqueue: {ours:.2f} s and {theirs:.2f} s")
