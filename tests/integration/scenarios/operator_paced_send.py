"""flushd send --first, --rate and --when-up, with 300 messages: carefully, or when the destination is up again.

The service carries them out, so they outlive the command and a process that is killed; flushd status tells of them,
and flushd send --cancel calls them off.
"""

import os
import re
import signal
import subprocess
import time

from harness import (DAEMON, OK, ask_flush, expect, expect_equal, expect_match, run_command, wait_until)
from harness.etrn_only import (MAILHOST, OTHER_SITE, SITE, Progress, discard, etrn_only_postfix, list_messages, mail_server)
from harness.advice import put_into_path
from harness.tool import flushd, flushd_json, tool_path

TIME_LIMIT = 600

MESSAGES = int(os.environ.get("FLUSHD_SPOOL", 300))

postfix = etrn_only_postfix(minimal_backoff_time="1h", maximal_backoff_time="1h")
postfix.configure(defer_transports="", transport_maps=f"inline:{{ {{ {SITE} = smtp:[{MAILHOST}] }}, {{ {OTHER_SITE} = discard: }} }}")
postfix.reload()


def listed():
    return set(postfix.logfile(SITE))


def send(*arguments, status=0):
    result = flushd("send", SITE, *arguments)
    print(f"    flushd send {' '.join(arguments)}: {result.output.strip()}", flush=True)
    expect_equal(f"flushd send {' '.join(arguments)}", result.status, status)
    return result.output


# --- so many

ids = list_messages(postfix, MESSAGES)
with mail_server():
    mark, progress = postfix.log.mark(), Progress(postfix, ids)
    expect_match("--first", send("--first", "50"), rf"{SITE}: sending {MESSAGES} messages, the first 50 messages")
    postfix.log.wait_for(rf"flush site={SITE}, delivered=50, ", since=mark)
    postfix.log.wait_for(rf"flush site={SITE}, moved=50, .*left={MESSAGES - 50}$", since=mark)
    progress.read()
    expect_equal("the others stay listed", listed(), ids - progress.sent)
    expect_equal("nothing is under way", flushd_json("status", SITE, "--json")["sends"], [])

    # --- so fast
    rest = listed()
    progress, begin = Progress(postfix, rest), time.monotonic()
    send("--rate", "50/s")
    first_second = {}
    while len(progress.sent) < len(rest) and time.monotonic() < begin + 60:
        progress.read()
        first_second[int(time.monotonic() - begin)] = len(progress.sent)
        time.sleep(0.02)
    seconds = time.monotonic() - begin
    expect_equal("all are sent", progress.sent, rest)
    print(f"    {len(rest)} messages at 50/s took {seconds:.1f} s; delivered after each second: {first_second}", flush=True)
    # It has a second in advance at most.
    expect(seconds > len(rest) / 50 - 2, "and not faster than was asked for")
wait_until("nothing is listed", lambda: not listed())

# --- not, when the site defers them again

ids = list_messages(postfix, MESSAGES)
with mail_server("-r", "RCPT"):
    mark = postfix.log.mark()
    send("--rate", "20/s")
    found = postfix.log.wait_for(rf"flush site={SITE}, moved=(\d+), .*left=(\d+) \((.*)\)", since=mark, timeout=60)
    print(f"    deferred again: {found.group(0)}", flush=True)
    expect(int(found.group(1)) < MESSAGES / 2, "it stops when messages are deferred again")
    wait_until("all are listed", lambda: listed() == ids)
discard(ids)
postfix.logfile_path(SITE).write_bytes(b"")

# --- when it is up

ids = list_messages(postfix, MESSAGES)
mark, progress = postfix.log.mark(), Progress(postfix, ids)
with subprocess.Popen([tool_path(), "send", "--when-up", SITE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as waiting:
    postfix.log.wait_for(rf"flush site={SITE}, delivered=0, .*deferred=1", since=mark, timeout=60)
    expect_match("status tells of it", flushd("status", SITE).output, rf"(?m)^{SITE}: to be sent when it is up; given up in ")
    # Another's mail is not affected, and the process that waits may be killed.
    mark = postfix.log.mark()
    for pid in set(postfix.flush_processes()) - {waiting.pid}:
        os.kill(pid, signal.SIGKILL)
    expect_equal("another client's add", ask_flush("add", site=OTHER_SITE, queue_id="A1B2C3D4E5"), OK)
    postfix.log.wait_for(rf"flush site={SITE}, delivered=0, .*deferred=1", since=mark, timeout=60)
    progress.read()
    expect(len(progress.deferred) < 10, f"few are tried meanwhile: {len(progress.deferred)}")
    with mail_server():
        output = waiting.communicate(timeout=120)[0]
print(f"    flushd send --when-up: {output.strip()}", flush=True)
expect_equal("flushd send --when-up", waiting.returncode, 0)
expect_match("it says so", output, rf"(?m)^{SITE}: is up$")
progress.read()
expect_equal("all are sent", len(progress.sent), MESSAGES)

# --- not in time, and called off

ids = list_messages(postfix, 3)
expect_match("--for", send("--when-up", "--for", "2s", status=75), "not up in time")
send("--when-up", "--keep")
mark = postfix.log.mark()
postfix.stop()
postfix.start()
expect_equal("another client's add", ask_flush("add", site=OTHER_SITE, queue_id="A1B2C3D4E5"), OK)
postfix.log.wait_for(rf"flush site={SITE}, when it is up", since=mark, timeout=60)
expect_equal("it is kept", [(one["site"], one["under_way"]) for one in flushd_json("status", "--json")["sends"]], [(SITE, True)])
put_into_path()
command, = re.findall(r"`(flushd send --cancel .*?)`", flushd("status", SITE).output)
result = run_command("bash", "-c", command)
expect_match(command, result.output, f"{SITE}: called off")
expect_equal(command, result.status, 0)
postfix.log.wait_for(rf"flush site={SITE}, called off", since=mark, timeout=60)
expect_match("--cancel once more", send("--cancel", status=69), "nothing is under way")
expect_equal("nor listed as such", flushd_json("status", "--json")["sends"], [])
discard(ids)

# --- mistakes

for arguments, reason in ((("--rate", "20"), "not a rate such as"), (("--keep",), "--keep needs --when-up"),
                          (("--cancel", "--first", "3"), "--cancel stands alone")):
    expect_match(" ".join(arguments), send(*arguments, status=64), reason)
expect_match("without a site", flushd("send", "--all", "--first", "3").output, "need SITE")
ids = list_messages(postfix, 3)
postfix.use_flush("flush")
expect_match("stock does not know how", send("--first", "1", status=69), "`flushd check` tells whether flushd is the flush service")
expect_match("and flushd check tells so", flushd("check").output, r"(?m)^warning: flush/unix in .* still runs Postfix's own flush")
postfix.use_flush(DAEMON)
expect_equal("and nothing is left behind", flushd_json("status", "--json")["sends"], [])
