"""What README shows of the tool is what it prints.

The destinations and the trouble are made as README has them. Numbers, ages and sizes differ from run to run: they are not
compared.
"""

import re
from pathlib import Path

from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect, expect_equal, wait_until
from harness.tool import flushd

if not IS_FLUSHD:
    raise SystemExit(0)

README = Path(__file__).resolve().parents[3] / "README.md"


def without_figures(text):
    """A number becomes N, with its unit, as does "4d 23h", and the blanks that fill up a column one blank."""
    text = re.sub(r"\b\d+[mhd] \d+[smh]\b", "N", text)
    text = re.sub(r"\b\d+(\.\d+)?[KMsmhd]?\b", "N", text)
    return [re.sub(r" +", " ", line).strip() for line in text.strip().splitlines()]


def shown(command):
    """The blocks of README that show this command, each without the command."""
    blocks = re.findall(rf"^    \$ flushd {re.escape(command)}\n((?:    .*\n)+)", README.read_text(), re.MULTILINE)
    expect(blocks, f"README shows `flushd {command}`")
    return [without_figures(block) for block in blocks]


def expect_shown(command, number=0):
    result = flushd(*command.split())
    print(f"$ flushd {command}\n{result.output}")
    expect_equal(f"what README shows of `flushd {command}`", without_figures(result.output), shown(command)[number])


postfix, sink = customer_postfix()
listed = deferred_mail(postfix, "user@customer.tld", "user@customer.tld", "user@other.customer.tld")[:2]
expect_shown("send --wait customer.tld")
wait_until("both are listed again", lambda: set(postfix.logfile("customer.tld")) == set(listed))
expect_shown("status")

postfix.configure(smtpd_etrn_restrictions="reject")
postfix.reload()
expect_shown("check")

sink.accept()
expect_shown("send --wait customer.tld", number=1)
