"""A reload in the middle of a send to an etrn-only customer: the send goes on, and nothing is lost.

The queue manager that comes then begins anew with what the one before had in hand, and has forgotten that it is to
override defer_transports for it. flushd tells it so again, as soon as it hears of the reload. What the queue manager
has read before that is deferred and listed, and the next send delivers it. (With stock, all of it.) With FLUSHD_SPOOL,
what stock does is shown beside it.
"""

import os

from harness import DAEMON, IS_FLUSHD, expect, expect_equal, run_command, wait_until
from harness.etrn_only import SITE, Progress, discard, etrn_only_postfix, expect_all_delivered, list_messages, mail_server
from harness.maillog import collect_syslog

TIME_LIMIT = 300

PATIENCE = 120

# What is sent at once, and what follows a part at a time.
COUNTS = [int(os.environ["FLUSHD_SPOOL"])] if "FLUSHD_SPOOL" in os.environ else [1000, 3000]

# postlogd(8) sometimes hangs when it begins while many messages are logged, and all of Postfix with it for a minute or more
# (with stock flush as well: 3 of 32 times).
collect_syslog()
postfix = etrn_only_postfix(maillog_file="")


def send_with_reload(count, daemon=DAEMON):
    postfix.use_flush(daemon)
    ids = list_messages(postfix, count)
    progress = Progress(postfix, ids)
    expect_equal("postqueue -s", run_command("postqueue", "-s", SITE), (0, ""))
    progress.wait(lambda: len(progress.sent) > 100)
    postfix.reload()
    progress.wait(progress.all_told, patience=PATIENCE)
    print(f"{daemon}: reload in the middle: {progress}", flush=True)
    expect(progress.all_told(), "each message has been tried or is deferred")
    rest = ids - progress.sent
    wait_until("what has not been delivered is listed again", lambda: set(postfix.logfile(SITE)) >= rest)
    postfix.wait_deferred(rest)
    second = Progress(postfix, rest)
    expect_equal("postqueue -s", run_command("postqueue", "-s", SITE), (0, ""))
    if rest and daemon == "flushd":
        expect_all_delivered(second, "the next send")
    else: # after 3000 messages or so stock has forgotten what it is to override
        second.wait(second.all_told, patience=PATIENCE)
        discard(ids)


with mail_server():
    for number in COUNTS:
        send_with_reload(number)
    if IS_FLUSHD and "FLUSHD_SPOOL" in os.environ:
        send_with_reload(COUNTS[-1], "flush")
