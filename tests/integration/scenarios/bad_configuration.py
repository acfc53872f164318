"""A configuration that cannot work ends flushd with one fatal line that names the
parameter; a table that cannot be read is a warning and a FAIL.
"""

from harness import FAIL, IS_FLUSHD, OK, ask_flush, customer_postfix, etrn, expect, expect_equal, wait_until
from harness.postfix import CONFIG_DIRECTORY

postfix, sink = customer_postfix()
expect_equal("add before", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)

# A time that is none.
postfix.configure(fast_flush_refresh_time="xyz")
postfix.reload()
mark = postfix.log.mark()
try:
    ask_flush("purge", timeout=3)
except (OSError, AssertionError) as error:
    print("as one expects, no answer:", repr(error))
postfix.log.wait_for(r"/flushd?\[\d+\]: fatal: .*fast_flush_refresh_time", since=mark)
if IS_FLUSHD:
    processes = {line.split("[")[1].split("]")[0] for line in postfix.log.of_daemon(since=mark, severity="fatal")}
    expect_equal("fatal lines for each process", len(postfix.log.of_daemon(since=mark, severity="fatal")), len(processes))
postfix.configure(fast_flush_refresh_time="12h")
postfix.stop()
postfix.start()
expect_equal("add when mended", ask_flush("add", site="customer.tld", queue_id="ABCDEF0123"), OK)

# Tables that are not there, or are broken.
broken = CONFIG_DIRECTORY / "broken.db"
broken.write_bytes(b"this is not a database" * 100)
for table in ("hash:/etc/postfix/missing", "hash:/etc/postfix/broken", "/etc/postfix/missing-file"):
    postfix.configure(fast_flush_domains=table)
    postfix.reload()
    mark = postfix.log.mark()
    expect_equal(f"add with {table}", ask_flush("add", site="customer.tld", queue_id="BCDEF01234"), FAIL)
    expect_equal(f"send_site with {table}", ask_flush("send_site", site="customer.tld"), FAIL)
    expect_equal(f"ETRN with {table}", etrn("customer.tld"), "458 Unable to queue messages")
    wait_until("a warning", lambda: postfix.log.of_daemon(since=mark, severity="warning"))
    print("   ", postfix.log.of_daemon(since=mark, severity="warning"))
    expect(not postfix.log.of_daemon(since=mark, severity="fatal"), "nothing fatal")
    # Messages can still be asked for by ID.
    expect_equal("send_file", ask_flush("send_file", queue_id="BCDEF01234"), OK)
expect_equal("the logfile", set(postfix.logfile("customer.tld")), {"ABCDEF0123"})
