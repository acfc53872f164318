"""A Postfix whose $relay_domains is a table that only Postfix has code for: a memcache server next
door. Stock flush asks it; flushd has proxymap(8) ask it. From stock to ETRN through flushd, by the
words of `flushd install` and by `flushd install --proxy`, and back: mail flows at each step, what
is in fast_flush_domains is left alone, and main.cf is in the end what it was.
"""

import sys

from harness import (IS_FLUSHD, DENY, OK, Sink, ask_flush, deferred_mail, expect, expect_equal, expect_match,
                     run_command, wait_until)
from harness.advice import advised_commands, expect_mail_flows, follow
from harness.memcache import Memcache
from harness.postfix import CONFIG_DIRECTORY, PostfixInstance
from harness.sites import SINK_PORT, SITES, expect_etrn_serves
from harness.tool import flushd_exits as run

TIME_LIMIT = 400

PORT = 11211
CF = CONFIG_DIRECTORY / "domains-memcache.cf"
DOMAINS = f"memcache:{CF}"
MAIN_CF = CONFIG_DIRECTORY / "main.cf"

server = Memcache({"customer.tld": "customer.tld", "other.customer.tld": "x"}, PORT)
CF.write_text(server.config())
(CONFIG_DIRECTORY / "transport").write_text("".join(f"{site} smtp:[{address}]:{SINK_PORT}\n" for site, address in SITES.items()))
postfix = PostfixInstance()
sink = Sink(SINK_PORT)
postfix.configure(relay_domains=DOMAINS, transport_maps=f"texthash:{CONFIG_DIRECTORY}/transport",
                  relay_recipient_maps="", smtpd_recipient_restrictions="permit_mynetworks, reject")
postfix.use_flush("flush")
postfix.start()


def expect_served(by):
    expect_equal("who serves", {name for name in ("flush", "flushd") if postfix.processes((name,))} or {by}, {by})
    expect_etrn_serves(postfix, sink, by)


def postqueue(site):
    """As an ordinary user, for whom it looks in fast_flush_domains itself before it asks."""
    return run_command("postqueue", "-s", site, user="daemon")


def mail_flows():
    sink.accept()
    expect_mail_flows(postfix, sink, "user@customer.tld")


expect_served("flush")
by_stock = {site: postqueue(site) for site in ("customer.tld", "not.a.customer.domain")}
expect_equal("postqueue -s", [answer.status for answer in by_stock.values()], [0, 69])
if not IS_FLUSHD:
    sys.exit(0)
stock = MAIN_CF.read_bytes()
master_cf = (CONFIG_DIRECTORY / "master.cf").read_bytes()

# Refused with the reason, and with what to do; nothing has been touched.
for arguments in (("install",), ("install", "--dry-run")):
    answer = run(*arguments, status=78)
    expect_match("the reason", answer, rf"\Aflushd: fast_flush_domains names {DOMAINS}, which flushd needs proxymap\(8\) "
                 rf"to look up, but proxy_read_maps lacks proxy:{DOMAINS}: nothing has been changed")
expect(MAIN_CF.read_bytes() == stock and (CONFIG_DIRECTORY / "master.cf").read_bytes() == master_cf, "nothing was touched")
expect_served("flush")

# To the letter.
commands = advised_commands(answer)
expect_equal("the last command", commands[-1], "flushd install")
follow(commands, between=mail_flows)
expect_match("nothing is left to do", run("check"), r"\Aok: ")
expect_served("flushd")
run("uninstall")
expect_served("flush")
MAIN_CF.write_bytes(stock)
postfix.reload()

# The service is there already, and main.cf comes to name such a table.
postfix.configure(fast_flush_domains="customer.tld")
run("install")
postfix.configure(fast_flush_domains="$relay_domains, some.other.domain")
mark = postfix.log.mark()
postfix.reload()
expect_equal("a site behind the table", ask_flush("add", site="customer.tld", queue_id="AB1") == OK, False)
postfix.log.wait_for(rf"warning: fast_flush_domains: {DOMAINS}: table lookup problem: proxymap is not configured for it: list "
                     rf"proxy:{DOMAINS} in proxy_read_maps, and reload Postfix$", since=mark)
expect_match("install says it", run("install"), r"nothing to do: (.|\n)*note: .*\"flushd install --proxy\" arranges that")
answer = run("check", status=2)
(finding,) = [line for line in answer.splitlines() if not line.startswith("ok: ")]
expect_match("the finding", finding, rf"^error: fast_flush_domains names {DOMAINS}, .*: run flushd install --proxy or, in this order: ")
before = MAIN_CF.read_bytes()
follow(finding.rsplit(": ", 1)[1].split(" && "), between=mail_flows)
expect_match("it is gone", run("check"), r"\Aok: ")
expect_equal("the list", postfix.parameter("fast_flush_domains"), "$relay_domains, some.other.domain")
expect_served("flushd")
# What the log said.
MAIN_CF.write_bytes(before)
postfix.reload()
follow([f"postconf -e \"proxy_read_maps = $(postconf -h proxy_read_maps) proxy:{DOMAINS}\"", "postfix reload"], between=mail_flows)
expect_match("it is gone", run("check"), r"\Aok: ")
run("uninstall")
MAIN_CF.write_bytes(stock)
postfix.reload()

# By one command.
shown = run("install", "--proxy", "--dry-run")
expect_match("shows proxy_read_maps", shown, rf"(?m)^\+ proxy_read_maps = \$local_recipient_maps .*\$relay_domains .*proxy:{DOMAINS}$")
expect("\n+ fast_flush_domains" not in shown, "and nothing else of main.cf")
expect(MAIN_CF.read_bytes() == stock, "--dry-run changes nothing")
sink.off()
(waiting,) = deferred_mail(postfix, "user@other.customer.tld")
mark = postfix.log.mark()
answer = run("install", "--proxy")
expect("".join(line for line in shown.splitlines(True) if not line.startswith("dry run")) in answer, "shows the same")
expect_match("proof", answer, r"asked about 1 destinations of the deferred queue before and after the change, 1 of them eligible: "
             r"no answer is worse\nPostfix has been reloaded: flushd answers on ")
expect(set(postfix.logfile("other.customer.tld")) == {waiting}, "the message is listed, and nothing else")
expect_equal("logfiles", [name for name in postfix.logfile_names() if "invalid" in name], [])
expect_match("nothing is left to do", run("check"), r"\Aok: ")
expect_match("again", run("install", "--proxy"), r"\Anothing to do: ")
mail_flows()
expect_served("flushd")
expect_equal("the lists are left alone", [postfix.parameter(name) for name in ("relay_domains", "fast_flush_domains")],
             [DOMAINS, "$relay_domains"])
for site, answer in by_stock.items():
    expect_equal(f"postqueue -s {site}", postqueue(site), answer)
expect_equal("what of Postfix ended on the way", postfix.log.find_all(r"postfix/(?!postqueue)\S+: (fatal|panic): ", mark), [])

shown = run("uninstall")
expect_match("shows what goes", shown, rf"(?m)^- proxy_read_maps = .* proxy:{DOMAINS}$")
expect(MAIN_CF.read_bytes() == stock, "main.cf is what it was")
expect((CONFIG_DIRECTORY / "master.cf").read_bytes() == master_cf, "and so is master.cf")
expect_equal("what is left behind", sorted(path.name for path in CONFIG_DIRECTORY.glob("*flushd*")), ["master.cf.saved-by-flushd"])
expect_served("flush")
expect_equal("what of Postfix ended on the way", postfix.log.find_all(r"postfix/(?!postqueue)\S+: (fatal|panic): ", mark), [])

# A list that is the flush service's own, in master.cf.
run_command("postconf", "-P", f"flush/unix/fast_flush_domains=own.tld,{DOMAINS}", check=True)
postfix.configure(fast_flush_domains="customer.tld")
postfix.reload()
run("install", "--proxy")
expect_equal("its sites", [ask_flush("add", site=site, queue_id="AB1") for site in ("own.tld", "customer.tld", "else.tld")], [OK, OK, DENY])
expect_match("a name of that list", run("status", "--all"), r"(?m)^own\.tld ")
expect_match("what to do for another", run("send", "else.tld", status=69), r"(?m)^    postconf -P \'?flush/unix/fast_flush_domains=own.tld,"
             rf"{DOMAINS},else.tld\'?$")
run("uninstall")
run_command("postconf", "-PX", "flush/unix/fast_flush_domains", check=True)
MAIN_CF.write_bytes(stock)
postfix.reload()

# mail_owner cannot read what proxymap must: found before anything is touched.
CF.chmod(0o600)
answer = run("install", "--proxy", status=77)
expect_match("the reason", answer, r"(?m)^flushd: proxymap\(8\) runs as postfix, which cannot read the tables' files\. To permit it:$")
expect_equal("nothing was touched", (MAIN_CF.read_bytes() == stock, [path.name for path in CONFIG_DIRECTORY.glob("main.cf.*flushd*")]),
             (True, []))
wait_until("stock still serves", lambda: ask_flush("add", site="customer.tld", queue_id="AB2") in (OK, DENY))
