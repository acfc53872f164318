"""flushd send --wait ends when the service leaves the rest of a site's mail because its server is down, and says so."""

import re

from harness import IS_FLUSHD, expect, expect_equal
from harness.etrn_only import SITE, etrn_only_postfix, list_messages
from harness.tool import flushd

if not IS_FLUSHD:
    raise SystemExit(0)

MESSAGES = 2500

postfix = etrn_only_postfix()
list_messages(postfix, MESSAGES)
status, output = flushd("send", "--wait", "--timeout", "90s", SITE)
print(output)
expect_equal("exit status", status, 75)
told = re.search(r"of 2500 messages, (\d+) deferred again \(connect to .*refused\), (\d+) not tried: destination is down\n$", output)
expect(told and int(told[1]) + int(told[2]) == MESSAGES, "each message is told of")
expect_equal("nothing is on its way then", flushd("wait", SITE), (0, f"{SITE}: no mail to send\n"))
