"""flushd rebuild: mail that was deferred before is listed at once, without `sendmail -q`.

On a first installation, with destinations that are not eligible, twice, beside adds, and on a spool of
FLUSHD_SPOOL messages (10000; by hand 100000). What is listed is what can be sent.
"""

import os
import threading
import time

from harness import (IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, etrn, expect, expect_equal, expect_match)
from harness.big_spool import bulk_site, fill_deferred
from harness.tool import flushd, flushd_json

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 400

postfix, sink = customer_postfix()
status, output = flushd("rebuild")
expect_equal("an empty queue", status, 0)
expect_match("says so", output, r"^0 deferred messages checked in \d\.\d s: 0 added for 0 destinations, "
                                r"0 already listed, 0 not eligible\n$")
expect_equal("an ordinary user", flushd("rebuild", user="nobody"), (77, "flushd: only root may do that\n"))

# The case of the howto, populate_by_sendmail_q.
ids = deferred_mail(postfix, "user@customer.tld", "user@other.customer.tld", "user@sub.customer.tld")
(foreign,) = deferred_mail(postfix, "user@not.a.customer.domain", listed=False)
several = postfix.send_smtp("a@customer.tld", "b@customer.tld", "c@not.a.customer.domain")
postfix.wait_deferred([several])
postfix.stop()
postfix.remove_logfiles()
status, output = flushd("rebuild")
expect_equal("while Postfix is stopped", (status, "mail system is down" in output), (69, True))
postfix.start()
time.sleep(1)
postfix.wait_deferred(ids + [foreign, several])
postfix.remove_logfiles()
mark = postfix.log.mark()

status, output = flushd("rebuild")
expect_equal("rebuild", status, 0)
expect_match("what it did", output, r"^5 deferred messages .*: 4 added for 3 destinations, 0 already listed, 2 not eligible\n$")
expect_equal("listed for customer.tld", sorted(postfix.logfile("customer.tld")), sorted([ids[0], several]))
expect_equal("for its subdomain, which is a site of its own", postfix.logfile("sub.customer.tld"), [ids[2]])
expect_equal("logfiles", postfix.logfile_names(), ["customer_tld", "other_customer_tld", "sub_customer_tld"])
status, output = flushd("rebuild")
expect_match("a second time", output, r": 0 added for 3 destinations, 4 already listed, 2 not eligible\n$")
# As a part of the installation.
expect_equal("uninstall", flushd("uninstall").status, 0)
postfix.remove_logfiles()
status, output = flushd("install", "--rebuild")
expect_equal("install --rebuild", status, 0)
# It has asked for each destination with one of its messages, which is listed then, before and after.
expect_match("what it did", output, r"(?s)flushd answers on .*: 1 added for 3 destinations, 3 already listed, 2 not eligible\n$")
expect_equal("listed by it", sorted(set(postfix.logfile("customer.tld"))), sorted([ids[0], several]))
expect_equal("warnings of the service", postfix.log.of_daemon(mark, "warning"), [])
postfix.expect_untouched(ids + [foreign], since=mark)
expect_match("one destination", flushd("rebuild", "other.customer.tld").output, r": 0 added for 1 destination, 1 already listed")
status, output = flushd("rebuild", "not.a.customer.domain")
expect_equal("one that is not eligible", status, 69)
expect_match("and what to do", output, r"postconf -e 'fast_flush_domains = \$relay_domains, not\.a\.customer\.domain'")

sink.accept()
expect_equal("ETRN", etrn("other.customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@other.customer.tld"])

# A long queue, while delivery agents add.
count, sites = int(os.environ.get("FLUSHD_SPOOL", "10000")), 200
postfix.configure(relay_domains="customer.tld, bulk.tld", defer_transports="later",
                  transport_maps="inline:{ { bulk.tld = later: }, { .bulk.tld = later: } }")
postfix.set_service("later/unix", "later unix - - n - - smtp")
postfix.reload()
begin = time.monotonic()
bulk = fill_deferred(postfix, count, sites)
print(f"{count} messages made in {time.monotonic() - begin:.1f} s", flush=True)
postfix.remove_logfiles()
running = True
slowest = [0.0]


def add():
    while running:
        start = time.monotonic()
        if ask_flush("add", site="customer.tld", queue_id="ABCDEF") != OK:
            slowest[0] = 1000
        slowest[0] = max(slowest[0], time.monotonic() - start)
        time.sleep(0.005)


adding = threading.Thread(target=add)
adding.start()
begin = time.monotonic()
status, output = flushd("rebuild", timeout=300)
took = time.monotonic() - begin
running = False
adding.join()
print(f"figure: rebuild of {count} messages in {took:.2f} s; the slowest other add {slowest[0] * 1000:.0f} ms", flush=True)
print(output, end="")
expect_match("a long queue", output, rf": {count + 3} added for {sites + 2} destinations")
expect(slowest[0] < 2, "others can add meanwhile")
expect_equal("listed for one of many", sorted(postfix.logfile(bulk_site(7))), sorted(bulk[bulk_site(7)]))
begin = time.monotonic()
expect_match("again", flushd("rebuild", timeout=300).output, rf": 0 added for .*, {count + 3} already listed")
print(f"figure: with everything listed {time.monotonic() - begin:.2f} s", flush=True)
begin = time.monotonic()
report = flushd_json("status", "--json")
print(f"figure: status of {count} messages in {time.monotonic() - begin:.2f} s", flush=True)
expect_equal("status", (report["total"]["listed"], report["total"]["deferred"]), (count + 4, count + 3))
