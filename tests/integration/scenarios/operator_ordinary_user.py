"""A user who is not root has what postqueue gives him: sends, their end as far as it can be known, and most of flushd check.

authorized_flush_users and authorized_mailq_users decide, as with postqueue. What is gone from the queue was delivered or returned: that is
said, also by the exit status, and so is what has not changed. nobody is such a user.
"""

import json
import os

from harness import IS_FLUSHD, PostfixInstance, expect, expect_equal, expect_match
from harness.etrn_only import MAILHOST, mail_server
from harness.tool import flushd

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 300

USER = "nobody"
LISTED = "listed.tld" # is eligible
DOWN = "smtp:[127.0.1.9]:2525"

postfix = PostfixInstance()
postfix.configure(relay_domains=LISTED, default_transport=DOWN, relay_transport=DOWN, smtpd_error_sleep_time="0")
postfix.use_flush()
postfix.start()


def deliver(to=DOWN):
    postfix.configure(default_transport=to, relay_transport=to)
    postfix.reload()


def deferred(*recipients):
    ids = [postfix.send_smtp(one) for one in recipients]
    postfix.wait_deferred(ids)
    return ids


def as_user(*arguments, status):
    result = flushd(*arguments, user=USER)
    print(f"{USER}$ flushd {' '.join(arguments)}\n{result.output}[exit {result.status}]", flush=True)
    expect_equal("exit status", result.status, status)
    return result.output


# --- all of it goes

deferred("a@up.tld", "b@UP.tld", f"a@{LISTED}", "a@down.tld")
deliver("discard:")
expect_equal("found in the queue", as_user("send", "--wait", "up.tld", status=3), "up.tld: of 2 messages, 2 left the queue, delivered or returned\n")
result = json.loads(as_user("send", "--wait", "--json", LISTED, status=3).splitlines()[-1])
(one,) = result["destinations"]
expect_equal("listed, as JSON", (result["status"], result["exit_status"], one["source"], one["left_queue"], one["delivered"]),
             ("left-queue", 3, "postqueue", 1, 0))
expect_equal("nothing is left", as_user("send", "--wait", "--to", "*.tld", "--not", "to=down.tld", status=0), "selected messages: no mail to send\n")
expect_match("and to a command", as_user("send", "--notify", "echo $FLUSHD_STATUS $FLUSHD_MESSAGES", "--id", *postfix.queue_ids(domain="down.tld"), status=3),
             r"(?m)^left-queue 1$")

# --- it is returned: the user cannot tell

deliver()
deferred("a@up.tld")
deliver("error:5.1.1 gone for good")
expect_match("returned", as_user("send", "--wait", "up.tld", status=3), "1 left the queue, delivered or returned")

# --- deferred again, for another reason and for the same

deliver()
deferred("a@up.tld", "b@up.tld", f"a@{LISTED}")
deliver("retry:4.2.1 come back later")
expect_equal("another reason", as_user("send", "--wait", "up.tld", status=75), "up.tld: of 2 messages, 2 deferred again (come back later)\n")
result = json.loads(as_user("send", "--wait", "--json", "up.tld", LISTED, status=75).splitlines()[-1])
told = {one["destination"]: one for one in result["destinations"]}
# What has been tried for a moment, between two listings, looks as if nobody had touched it.
expect_equal("the same reason", told["up.tld"]["deferred"] + told["up.tld"]["not_moved"], 2)
expect_equal("beside another one", told[LISTED]["deferred"], 1)
if told["up.tld"]["not_moved"] > 0:
    expect_match("for a person", result["summary"], r"\d still deferred, tried or not$")

# --- what is on its way

expect_equal("nothing", as_user("wait", "up.tld", status=0), "up.tld: no mail to send\n")
with mail_server("-w", "3"):
    deliver(f"smtp:[{MAILHOST}]:25")
    postfix.send_smtp("c@slow.tld")
    expect_equal("one message", as_user("wait", "slow.tld", status=3), "slow.tld: of 1 message, 1 left the queue, delivered or returned\n")

# --- what is not permitted

deliver("discard:")
for options in (("--rate", "1/s"), ("--release",), ("--when-up",)):
    expect_match("a right of root's", as_user("send", *options, "up.tld", status=77), rf"^flushd: only root and postfix may use {options[0]}\n$")
before = postfix.queue_ids("deferred")
postfix.configure(authorized_mailq_users="root")
for command in (("send", "--wait", "up.tld"), ("wait", "up.tld"), ("send", "--to", "up.tld")):
    expect_match("one who may not see", as_user(*command, status=77), r"^flushd: postqueue: fatal: .* is not allowed to view the mail queue\n$")
expect_equal("and nothing was sent", postfix.queue_ids("deferred"), before)
postfix.configure(authorized_mailq_users="static:anyone", authorized_flush_users=f"!{USER}, static:anyone")
expect_match("one who may not send", as_user("send", "--wait", LISTED, status=77), r"^flushd: postqueue: fatal: .* is not allowed to flush the mail queue\n$")
expect_equal("nothing was sent either", postfix.queue_ids("deferred"), before)

# --- flushd check


def check(*expected, status):
    """The findings that are not ok, in this order; the last one is what only root knows."""
    output = as_user("check", status=status)
    findings = [line for line in output.splitlines() if not line.startswith("ok: ")]
    expect_match("only root knows", findings.pop(), r"^unknown: which program answers, .*: \"flushd check\" as root tells$")
    expect_equal("findings", len(findings), len(expected))
    for line, pattern in zip(findings, expected):
        expect_match("finding", line, pattern)
    return output


check(r"^unknown: whether \S+/public/flush answers: postqueue: fatal: .* is not allowed to flush the mail queue", status=3)
postfix.configure(authorized_flush_users="static:anyone")
output = check(status=3)
for line in (r"^ok: flush/unix in /etc/postfix/master\.cf runs flushd$", r"^ok: fast_flush_domains is ", r"^ok: \S+/public/flush answers postqueue\(1\)$"):
    expect_match("what is well", output, "(?m)" + line)
expect_match("in one line", as_user("check", "--quiet", status=3), r"^FLUSHD UNKNOWN - 1 unknown: which program answers")
secret = "/etc/postfix/secret"
with open(secret, "w", encoding="ascii") as file:
    file.write("/^private/ yes\n")
os.chmod(secret, 0o640)
postfix.configure(fast_flush_domains=f"regexp:{secret}, {LISTED}", smtpd_etrn_restrictions=f"check_etrn_access regexp:{secret}")
output = as_user("check", status=3)
expect(not any(line.startswith("error") for line in output.splitlines()), "a table that the user may not read is no error")
expect_match("the list", output, r"(?m)^unknown: whether fast_flush_domains can be searched: .*Permission denied")
expect_match("the restrictions", output, rf"(?m)^unknown: whether regexp:{secret} in smtpd_etrn_restrictions can be searched: ")
postfix.configure(fast_flush_domains="", smtpd_etrn_restrictions="reject")
check(r"^error: fast_flush_domains is empty", r"^error: smtpd_etrn_restrictions begins with reject", status=2)
postfix.configure(fast_flush_domains="$relay_domains", smtpd_etrn_restrictions="")
postfix.stop()
check(r"^error: \S+/public/flush does not answer: postqueue: fatal: .*mail system is down: postfix start$", status=2)
