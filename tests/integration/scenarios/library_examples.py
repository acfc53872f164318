"""The examples of libpostfix-proto, in a Postfix without flushd.

queue_list prints what `postqueue -j` prints, byte for byte. ask_flush does what `postqueue -s` does. ask_services speaks with anvil,
verify and proxymap. etrn_pause is a policy service, which master runs chrooted and without privileges.
"""

import os
from pathlib import Path

from harness import (SmtpClient, customer_postfix, deferred_mail, etrn, expect, expect_equal, expect_match, run_command,
                     wait_until)
from harness.postfix import postfix_version

EXAMPLES = ["ask_flush", "ask_services", "etrn_pause", "queue_list"]


def expect_same_list(what):
    theirs = run_command("postqueue", "-j", check=True).output
    expect_equal(f"queue_list, {what}", run_command("/examples/queue_list").output, theirs)
    return theirs


def process_of(service):
    return postfix.processes((service,))


postfix, sink = customer_postfix()

# --- queue_list
expect_equal("queue_list, an empty queue", run_command("/examples/queue_list"), (0, ""))
deferred = deferred_mail(postfix, "user@customer.tld", "other@customer.tld")
postfix.send_smtp("a@customer.tld", "b@sub.customer.tld", '"quoted \\" here"@customer.tld', sender="")
with SmtpClient() as client:
    client.expect("250", "EHLO my.client.tld")
    client.expect("250", "MAIL FROM:<jürgen@sender.tld> SMTPUTF8")
    client.expect("250", "RCPT TO:<jürgen@customer.tld>")
    client.expect("354", "DATA")
    client.socket.sendall(b"Subject: test\r\n\r\ntest\r\n.\r\n")
    expect_match("accepted", client.read_reply(), "^250 ")
wait_until("all are deferred", lambda: len(postfix.queue_ids("deferred")) == 4)
run_command("postsuper", "-h", deferred[0], check=True)
run_command("postsuper", "-e", deferred[1], check=True)
listing = expect_same_list("four messages")
for part in ('"queue_name": "hold"', '"forced_expire": true', '"delay_reason": "', '\\\\\\"', "jürgen", "MAILER-DAEMON"):
    expect(part in listing, f"a listing with {part}")
expect_equal("as many lines as messages", listing.count("\n"), 4)
# What the bounce log has is listed since 3.11.
(waiting,) = (Path("/var/spool/postfix/defer").rglob(deferred[1]))
bounced = Path("/var/spool/postfix/bounce", deferred[1])
bounced.write_text(waiting.read_text().replace("customer.tld", "gone.tld"))
bounced.chmod(0o600)
os.chown(bounced, postfix.mail_owner_uid(), -1)
listing = expect_same_list("with a bounce log")
expect_equal("a bounce is listed", '"bounce_reason": ' in listing, postfix_version() >= (3, 11))
expect_equal("the address before aliases is listed", '"orig_address": ' in listing, postfix_version() >= (3, 11))
run_command("postsuper", "-d", "ALL", check=True)

# --- ask_flush
(waiting,) = deferred_mail(postfix, "user@customer.tld")
sink.accept()
expect_equal("ask_flush", run_command("/examples/ask_flush", "customer.tld"), (0, ""))
postfix.wait_gone([waiting])
result = run_command("/examples/ask_flush", "not.a.customer.domain")
expect_equal("not eligible", result.status, 69)
expect_match("says so", result.output, "^ask_flush: .*not.a.customer.domain")

# --- ask_services
Path("/etc/postfix/colours").write_text("sky blue\n")
postfix.configure(proxy_read_maps=postfix.parameter("proxy_read_maps") + ", proxy:texthash:/etc/postfix/colours",
                  address_verify_map="", smtpd_client_event_limit_exceptions="")
postfix.reload()
wait_until("proxymap has a value", lambda: run_command(
    "/examples/ask_services", "proxymap", "texthash:/etc/postfix/colours", "sky") == (0, "blue\n"))
expect_equal("no such key", run_command("/examples/ask_services", "proxymap", "texthash:/etc/postfix/colours", "sea"), (1, ""))
result = run_command("/examples/ask_services", "proxymap", "texthash:/etc/passwd", "root")
expect_equal("not in proxy_read_maps", result.status, 69)
expect_match("says so", result.output, r"proxy_read_maps")
with SmtpClient():
    # The first client of this minute was long ago, or not: the rates are whatever they are.
    result = run_command("/examples/ask_services", "anvil", "smtp", "127.0.0.1")
    expect_match("anvil", result.output, r"^connections=1 rate=[1-9]\d* messages=\d+ recipients=\d+\n$")
expect_equal("anvil, of a stranger", run_command("/examples/ask_services", "anvil", "smtp", "192.0.2.1"),
             (0, "connections=0 rate=0 messages=0 recipients=0\n"))
result = run_command("/examples/ask_services", "verify", "user@customer.tld")
expect_match("verify", result.output, r"^3 Address verification in progress\n$")
wait_until("the probe has come back",
           lambda: run_command("/examples/ask_services", "verify", "user@customer.tld").output.startswith("0 "))

# --- etrn_pause
uid = postfix.mail_owner_uid()
Path(postfix.parameter("daemon_directory"), "etrn_pause").write_bytes(Path("/examples/etrn_pause").read_bytes())
Path(postfix.parameter("daemon_directory"), "etrn_pause").chmod(0o755)
postfix.set_service("etrn_pause/unix", "etrn_pause unix - - y - 1 etrn_pause -v -o etrn_pause=1h")
postfix.configure(smtpd_etrn_restrictions="check_policy_service unix:private/etrn_pause")
postfix.reload()
expect_equal("the first ETRN", etrn("customer.tld"), "250 Queuing started")
expect_match("the second", etrn("customer.tld"), "^450 4.7.1 <customer.tld>: .*: asked a moment ago$")
expect_equal("another site", etrn("sub.customer.tld"), "250 Queuing started")
(process,) = process_of("etrn_pause")
status = Path(f"/proc/{process}/status").read_text()
expect_match("without privileges", status, rf"(?m)^Uid:\t{uid}\t{uid}\t{uid}\t{uid}$")
expect_equal("in the jail", str(Path(f"/proc/{process}/root").readlink()), "/var/spool/postfix")
with SmtpClient() as client:
    client.expect("250", "HELO my.client.tld")
    client.expect("450", "ETRN customer.tld")
    # The SMTP server keeps its connection to the service. That does not keep the service from retiring.
    mark = postfix.log.mark()
    run_command("postfix", "reload", check=True)
    wait_until("the service retires on reload", lambda: process not in process_of("etrn_pause"))
    postfix.log.wait_for(r"postfix/etrn_pause\[\d+\]: master disconnect -- retiring", since=mark)
postfix.set_service("etrn_pause/unix", "etrn_pause unix - - y - 1 etrn_pause -o etrn_pause=soon")
postfix.reload()
mark = postfix.log.mark()
with SmtpClient() as client:  # master waits for a minute, and the SMTP server with it
    client.expect("250", "HELO my.client.tld")
    client.socket.sendall(b"ETRN customer.tld\r\n")
    postfix.log.wait_for(r"postfix/etrn_pause\[\d+\]: fatal: parameter etrn_pause: bad time value or unit: soon",
                         since=mark)

postfix.stop()
result = run_command("/examples/ask_services", "verify", "user@customer.tld")
expect_equal("ask_services, Postfix stopped", result.status, 69)
for example, *arguments in (["queue_list"], ["ask_flush", "customer.tld"]):
    result = run_command(f"/examples/{example}", *arguments)
    expect_equal(f"{example}, Postfix stopped", result.status, 69)
    expect_match("says so", result.output, f"^{example}: .*mail system is down")
