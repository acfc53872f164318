"""A Postfix as Mailu has it, in small: $relay_domains is a socketmap that a server next door
answers. Stock flush asks it; flushd has proxymap(8) ask it, which `flushd install --proxy` arranges.
From stock to ETRN through flushd, and back: what others open is left alone. A file that is named
by $config_directory is found each time, also right after main.cf has been changed.
"""

import sys

from harness import IS_FLUSHD, DENY, OK, Sink, ask_flush, expect, expect_equal, expect_match, run_command, wait_until
from harness.postfix import CONFIG_DIRECTORY, PostfixInstance
from harness.sites import SINK_PORT, SITES, expect_etrn_serves
from harness.socketmap import Socketmap
from harness.tool import flushd_exits as run

TIME_LIMIT = 200

PORT = 10027
DOMAINS = f"socketmap:inet:127.0.0.1:{PORT}:domain"
MAIN_CF = CONFIG_DIRECTORY / "main.cf"

server = Socketmap({"domain": {"customer.tld": "customer.tld", "other.customer.tld": "x"},
                    "transport": {site: f"smtp:[{address}]:{SINK_PORT}" for site, address in SITES.items()}}, PORT)
postfix = PostfixInstance()
sink = Sink(SINK_PORT)
(CONFIG_DIRECTORY / "more").write_text("more.tld x\n")
postfix.configure(relay_domains=f"texthash:$config_directory/more, {DOMAINS}", transport_maps=f"socketmap:inet:127.0.0.1:{PORT}:transport",
                  relay_recipient_maps="", smtpd_recipient_restrictions="permit_mynetworks, reject")
postfix.use_flush("flush")
postfix.start()


def expect_served(by):
    expect_etrn_serves(postfix, sink, by)
    # An ordinary user's postqueue asks the server itself.
    told = [run_command("postqueue", "-s", site, user="daemon").status for site in ("customer.tld", "not.a.customer.domain")]
    expect_equal("postqueue -s", told, [0, 69])


expect_served("flush")
if not IS_FLUSHD:
    sys.exit(0)
stock = MAIN_CF.read_bytes()

answer = run("install", status=78)
expect_match("the reason", answer, rf"\Aflushd: fast_flush_domains names {DOMAINS}, which flushd needs proxymap\(8\) to look up, but "
             rf"proxy_read_maps lacks proxy:{DOMAINS}: nothing has been changed")
run("install", "--proxy")
expect_match("nothing is left to do", run("check"), r"\Aok: ")
expect_served("flushd")
run("uninstall")
expect(MAIN_CF.read_bytes() == stock, "main.cf is what it was")
expect_served("flush")

# The server does not answer as proxymap would need it: found before anything is touched.
postfix.configure(relay_domains=f"{DOMAINS}, socketmap:inet:127.0.0.1:{PORT}:missing")
postfix.reload()
before = MAIN_CF.read_bytes()
answer = run("install", "--proxy", status=69)
expect_match("the reason", answer, rf"flushd: socketmap:inet:127.0.0.1:{PORT}:missing: lookup by postmap\(1\) as "
             r"postfix: .*; nothing has been changed\n\Z")
expect_equal("nothing was touched", (MAIN_CF.read_bytes() == before, [path.name for path in CONFIG_DIRECTORY.glob("main.cf.*flushd*")]),
             (True, []))
wait_until("stock still serves", lambda: ask_flush("add", site="customer.tld", queue_id="AB2") in (OK, DENY))
