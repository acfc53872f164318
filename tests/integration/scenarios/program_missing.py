"""master.cf names flushd, and the file has gone, as after an upgrade of a container's image:
check of another copy says what to do, and what it says works, both ways. Mail that was deferred
meanwhile waits for an answer and is neither lost nor unlisted. install says what takes so long.
"""

import os
import re
import shutil
import sys

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, expect, expect_equal, expect_match, run_command, wait_until
from harness.advice import follow
from harness.tool import tool_path

TIME_LIMIT = 300

if not IS_FLUSHD:
    print("stock Postfix has no such command")
    sys.exit(0)

COPY = "/usr/local/bin/flushd"


def advice():
    result = run_command(COPY, "check", timeout=100)
    print(result.output)
    expect_equal("check", result.status, 2)
    found = re.search(r"(?m)^error: (\S+) is missing, and every program that defers mail waits for it: (.*); or go back to "
                      r"Postfix's own flush, which master\(8\) starts within a minute: (.*)$", result.output)
    expect(found is not None and found.group(1) == tool_path(), "it says that the program is missing")
    return found.group(2), found.group(3)


postfix, sink = customer_postfix(start=False)
shutil.copy(tool_path(), COPY)
os.unlink(tool_path())
postfix.start()
mark = postfix.log.mark()
waiting = postfix.send_smtp("user@customer.tld")
postfix.log.wait_for(rf"{waiting}: .*status=deferred", since=mark)
postfix.log.wait_for(r"master\[\d+\]: fatal: master_spawn: exec .*/flushd: No such file", since=mark)
postfix.log.wait_for(r"master\[\d+\]: warning: .*/flushd: bad command startup -- throttling", since=mark)
expect(waiting in postfix.queue_ids("active"), "the delivery agent waits, and the message with it")

# A postfix(1) that takes its time to check.
postfix_command = run_command("sh", "-c", "command -v postfix", check=True).output.strip()
shutil.move(postfix_command, f"{postfix_command}.real")


def use_postfix(when_it_checks):
    with open(postfix_command, "w", encoding="ascii") as script:
        script.write(f"""#!/bin/bash
case " $* " in *" check "*) {when_it_checks} ;; esac
exec -a postfix {postfix_command}.real "$@"
""")
    os.chmod(postfix_command, 0o755)


use_postfix("sleep 4")
install, _ = advice()
result = run_command("bash", "-c", install, timeout=100)
print(result.output)
expect_equal("install", result.status, 0)
expect_match("what takes so long", result.output, r"(?m)^flushd: postfix check is looking through the queue: [2-9]\d* s so far$")
expect_equal("flushd answers", ask_flush("add", site="customer.tld", queue_id="AB1"), OK)
wait_until("what waited is deferred and listed",
           lambda: waiting in postfix.queue_ids("deferred") and waiting in postfix.logfile("customer.tld"), timeout=60)
use_postfix("exit 0")  # the real one takes seconds on a busy machine
result = run_command(COPY, "uninstall", timeout=100)
print(result.output)
expect(result.status == 0 and "looking through" not in result.output, "a check that is quick is not spoken of")
shutil.move(f"{postfix_command}.real", postfix_command)
postfix.use_flush()

# The other way: without flushd.
if os.path.exists(tool_path()):
    os.unlink(tool_path())
postfix.reload()
mark = postfix.log.mark()
other = postfix.send_smtp("user@customer.tld")
postfix.log.wait_for(r"throttling", since=mark, timeout=60)
follow([advice()[1]])
wait_until("stock flush serves, and has listed what waited", lambda: other in postfix.logfile("customer.tld"), timeout=90)
sink.accept()
expect_equal("postqueue -s", run_command("postqueue", "-s", "customer.tld").status, 0)
postfix.wait_gone([waiting, other], timeout=60)
