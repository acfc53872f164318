"""A reload in the middle of a send to an etrn-only customer: nothing is lost, and the next send delivers the rest.

The queue manager that comes then begins anew with what the one before had in hand; only the messages that it had not
read yet are still known to be of a send. (With stock, none.)
"""

from harness import expect, expect_equal, run_command, wait_until
from harness.etrn_only import SITE, Progress, etrn_only_postfix, expect_all_delivered, list_messages, mail_server

TIME_LIMIT = 300

# postlogd(8) of 3.5 sometimes hangs when it begins while many messages are logged. Its watchdog ends it after 10 seconds,
# master(8) starts the next one a minute later, and so long Postfix stands still (with stock flush as well: 3 of 32 times).
PATIENCE = 120

postfix = etrn_only_postfix()
with mail_server():
    ids = list_messages(postfix, 1000)
    progress = Progress(postfix, ids)
    expect_equal("postqueue -s", run_command("postqueue", "-s", SITE), (0, ""))
    progress.wait(lambda: len(progress.sent) > 100)
    postfix.reload()
    progress.wait(progress.all_told, patience=PATIENCE)
    print(f"reload in the middle: {progress}", flush=True)
    expect(progress.all_told(), "each message has been tried or is deferred")
    rest = ids - progress.sent
    wait_until("what has not been delivered is listed again", lambda: set(postfix.logfile(SITE)) >= rest)
    postfix.wait_deferred(rest)
    second = Progress(postfix, rest)
    expect_equal("postqueue -s", run_command("postqueue", "-s", SITE), (0, ""))
    if rest:
        expect_all_delivered(second, "the next send")
