"""flushd metrics: what the service has done, for Prometheus, and what is listed.

Counters are kept in data_directory by the chrooted, unprivileged daemon; they go on over restarts of Postfix and while
stock flush takes its place, and whether they can be kept or not, the service does its work.
"""

import os
import re
import stat
import time
from pathlib import Path

from harness import (IS_FLUSHD, OK, ask_flush, customer_postfix, deferred_mail, etrn, expect, expect_equal, expect_match, fail,
                     run_command, wait_until)
from harness.flush_client import ask_raw
from harness.tool import flushd

if not IS_FLUSHD:
    raise SystemExit(0)

postfix, sink = customer_postfix(start=False)
COUNTERS = Path(postfix.parameter("data_directory")) / "flushd.counters"


def metrics(*arguments):
    """Each series and its value."""
    status, output = flushd("metrics", *arguments)
    if status:
        fail(f"metrics: {status} {output}")
    return dict(re.match(r"(\S+(?:\{.*\})?) (\S+)$", line).groups() for line in output.splitlines()
                if not line.startswith(("#", "flushd: ")))


def requests(kind, status):
    return int(metrics()[f'postfix_flush_requests_total{{request="{kind}",status="{status}"}}'])


# The queue directory of a Postfix that was never started may lack its sub-directories.
expect(flushd("metrics").status in (0, 69), "before the first start")
postfix.set_service_field("flush/unix", "chroot", "y")
postfix.start()
of_nobody = flushd("metrics", user="nobody")
expect_equal("an ordinary user, by postqueue", (of_nobody.status, "postfix_flush_requests" in of_nobody.output), (0, False))
expect_match("what is missing is said", of_nobody.output,
             r"(?m)^flushd: without the figures of the service, which only root and mail_owner may read$")
expect_equal("nothing listed", metrics()["postfix_flush_listed_messages"], "0")
expect_equal("nothing queued", (metrics()['postfix_queue_messages{queue="deferred"}'], metrics()["postfix_queue_destinations"]),
             ("0", "0"))
expect_equal("the service answers", metrics()["postfix_flush_up"], "1")

began = time.time()
(mine,) = deferred_mail(postfix, "user@customer.tld")
wait_until("the add is counted", lambda: requests("add", "ok") == 1)
status = COUNTERS.stat()
expect_equal("owner and mode of the file", (status.st_uid, oct(stat.S_IMODE(status.st_mode))),
             (postfix.mail_owner_uid(), "0o600"))
expect_equal("a site that is not eligible", ask_flush("add", site="not.a.customer.domain", queue_id="ABC"), 4)
ask_raw(b"request\0nonsense\0\0")
sink.accept()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
sink.wait_for_recipients(["user@customer.tld"])
expect_equal("postqueue -i", run_command("postqueue", "-i", "NONE").status, 0)
wait_until("counted", lambda: requests("send_site", "ok") == 1 and requests("send_file", "ok") == 1)
now = metrics()
for series, value in {
        'postfix_flush_requests_total{request="add",status="deny"}': "1",
        'postfix_flush_requests_total{request="malformed",status="bad"}': "1",
        'postfix_flush_messages_total{operation="send",result="moved"}': "1",
        'postfix_flush_messages_total{operation="send_file",result="missing"}': "1",
        'postfix_flush_runs_total{operation="send"}': "1",
        'postfix_flush_failures_total{operation="write"}': "0"}.items():
    expect_equal(series, now[series], value)
expect(float(now['postfix_flush_run_seconds_total{operation="send"}']) > 0, "it took its time")

# A refresh counts as one.
sink.off()
again = deferred_mail(postfix, "user@customer.tld", "user@other.customer.tld")
time.sleep(1.1) # what was read in this second is not due
expect_equal("purge", ask_flush("purge"), OK)
wait_until("the refresh is counted", lambda: metrics()['postfix_flush_runs_total{operation="refresh"}'] == "2")
wait_until("what was refreshed is deferred again", lambda: requests("add", "ok") == 5)
postfix.wait_deferred(again)

# All queued mail, by destination, reason and server, whether it is listed or not.
postfix.configure(default_transport="smtp:[127.0.1.1]:2525")
postfix.reload()
shop, held = (postfix.send_smtp(*recipients) for recipients in (["a@my-shop.co.tld", "b@My-Shop.CO.tld"], ["a@held.tld"]))
postfix.wait_deferred([shop, held])
run_command("postsuper", "-h", held, check=True)
now = metrics()
destination = "postfix_queue_destination_{}{{destination=\"my-shop.co.tld\"{}}}"
for series, value in {
        'postfix_queue_messages{queue="hold"}': "1",
        destination.format("messages", ',state="deferred"'): "1",
        'postfix_queue_destination_messages{destination="held.tld",state="hold"}': "1",
        'postfix_queue_relay_messages{relay="127.0.1.1"}': "3",
        'postfix_queue_reason_messages{reason="connection_refused"}': "4",
        "postfix_queue_lifetime_seconds": "432000",
        "postfix_queue_damaged_messages": "0"}.items():
    expect_equal(series, now.get(series), value)
arrival = int(now[destination.format("oldest_arrival_timestamp_seconds", "")])
expect(began - 1 <= arrival <= time.time(), "when it arrived")
expect_equal("when it is returned", int(now[destination.format("first_return_timestamp_seconds", "")]), arrival + 432000)
expect(abs(int(now["postfix_flush_collected_timestamp_seconds"]) - time.time()) < 100, "these are of now")
expect_equal("as postqueue tells it", {name: value for name, value in metrics().items() if "_queue_messages" in name},
             dict(re.findall(r"(?m)^(postfix_queue_messages\S+) (\d+)$", flushd("metrics", user="nobody").output)))

# Restarts, stock flush, and back: they go on.
adds = requests("add", "ok")
postfix.stop()
expect_equal("after the end, all of it is written", requests("add", "ok") >= adds, True)
adds = requests("add", "ok")
expect_equal("nobody answers now", metrics()["postfix_flush_up"], "0")
postfix.start()
ask_flush("add", site="customer.tld", queue_id="ABC1")
wait_until("after a restart", lambda: requests("add", "ok") == adds + 1)
mark = postfix.log.mark()
postfix.use_flush("flush")
expect_equal("stock flush serves", ask_flush("add", site="customer.tld", queue_id="ABC2"), OK)
expect_equal("and is not counted", requests("add", "ok"), adds + 1)
expect_equal("nor does it complain", postfix.log.find_all(r"/flush\[\d+\]: (warning|fatal|panic)", mark), [])
postfix.use_flush("flushd")
ask_flush("add", site="customer.tld", queue_id="ABC3")
wait_until("and back", lambda: requests("add", "ok") == adds + 2)
expect_equal("what both have listed", set(postfix.logfile("customer.tld")) >= {"ABC1", "ABC2", "ABC3"}, True)

# The textfile collector's file.
os.chdir("/tmp")
os.umask(0o077)
expect_equal("--output says nothing", flushd("metrics", "--output", "flushd.prom"), (0, ""))
expect_equal("its mode", oct(stat.S_IMODE(os.stat("/tmp/flushd.prom").st_mode)), "0o644")
expect_match("its content", Path("/tmp/flushd.prom").read_text(), r'(?m)^postfix_flush_requests_total\{request="add"')
expect_equal("nothing else", [name for name in os.listdir("/tmp") if name.startswith("flushd.prom")], ["flushd.prom"])
expect_equal("where it cannot be", flushd("metrics", "--output", "/no/such/dir/x.prom"),
             (73, "flushd: cannot create /no/such/dir/x.prom: No such file or directory\n"))
top = metrics("--top", "1")
expect_equal("top destinations", [name for name in top if "destination_listed" in name],
             ['postfix_flush_destination_listed_messages{destination="customer.tld"}'])

# Where they cannot be kept.
COUNTERS.unlink()
COUNTERS.symlink_to("/etc/passwd")
before = Path("/etc/passwd").read_text()
mark = postfix.log.mark()
postfix.reload()
expect_equal("without counters", ask_flush("add", site="customer.tld", queue_id="ABC4"), OK)
expect_match("who asks is told", flushd("metrics").output,
             r"(?m)^flushd: no counters, all are shown as 0: .*/flushd\.counters: Too many levels of symbolic links; ")
expect_equal("warnings", postfix.log.of_daemon(mark, "warning"), [])
expect_equal("the file behind the link", Path("/etc/passwd").read_text(), before)
expect_equal("metrics without counters", requests("add", "ok"), 0)
