"""Each site that is sent leaves one line: site=, moved=, missing=, held=, duplicate=, seconds=.

It goes to maillog_file, and looks like nobody's delivery: log readers count
lines with from=<, to=< and status=. (Stock logs nothing; it only shows that
the mail moves.)
"""

import re

from harness import IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, etrn, expect_equal, wait_until

postfix, sink = customer_postfix()
ids = deferred_mail(postfix, "one@customer.tld", "two@customer.tld")
expect_equal("one listed again", ask_flush("add", site="customer.tld", queue_id=ids[0]), OK)
expect_equal("one listed that does not exist", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)
sink.accept()

mark = postfix.log.mark()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["one@customer.tld", "two@customer.tld"])
if IS_FLUSHD:
    lines = wait_until("the line", lambda: [line for line in postfix.log.of_daemon(since=mark) if "site=" in line])
    expect_equal("lines for one site", len(lines), 1)
    fields = dict(re.findall(r"(\w+)=([^,\s]+)", lines[0]))
    seconds = float(fields.pop("seconds"))
    expect_equal("what it says", {name: fields[name] for name in ("site", "moved", "missing", "duplicate")},
                 {"site": "customer.tld", "moved": "2", "missing": "1", "duplicate": "1"})
    expect_equal("seconds are those of a few files", 0 <= seconds < 60, True)
    everything = postfix.log.of_daemon()
    expect_equal("lines that look like a delivery",
                 [line for line in everything if re.search(r"from=<|to=<|status=", line)], [])
    expect_equal("lines of severity", [line for line in everything if re.search(r"warning|error|fatal|panic", line)], [])
