"""Each way to name a destination: its domain, an address in brackets, and its logfile's name as found in flush/."""

from harness import IS_FLUSHD, customer_postfix, expect_equal, expect_match, run_command, wait_until
from harness.tool import flushd, flushd_exits, flushd_json, tool_path

TIME_LIMIT = 240

if not IS_FLUSHD:
    raise SystemExit(0)

ADDRESSES = ["[127.0.1.1]", "[127.0.1.3]"]
LONG_SITE = "a-rather-long-label-for-a-host." * 2 + "customer.tld" # longer than a label when it is a logfile's name
postfix, sink = customer_postfix(start=False)
postfix.configure(fast_flush_domains="$relay_domains, " + ", ".join(ADDRESSES), smtp_bind_address="127.0.0.1",
                  transport_maps="inline:{ { customer.tld = smtp:[127.0.1.1]:2525 }, { .customer.tld = smtp:[127.0.1.2]:2525 } }",
                  default_transport="smtp:[127.0.1.3]:2525", relay_transport="smtp:[127.0.1.3]:2525", relayhost="")
postfix.start()
recipients = [f"user@{site}" for site in (*ADDRESSES, "sub.customer.tld", LONG_SITE)]
ids = [postfix.send_sendmail(recipient) for recipient in recipients]
postfix.wait_deferred(ids)
by_logfile = dict(zip(("_127_0_1_1_", "_127_0_1_3_", "sub_customer_tld", postfix.logfile_name(LONG_SITE)), ids))
wait_until("all are listed", lambda: sorted(by_logfile) == postfix.logfile_names())


def listed(*sites):
    return {site["logfile"] for site in flushd_json("status", "--json", *sites)["sites"] if site["listed"]}


for address, name in zip(ADDRESSES, by_logfile):
    expect_equal(f"status {address}", listed(address), {name})
expect_equal("an option may follow it", listed("--sort=size", *ADDRESSES, "--top", "5"), set(list(by_logfile)[:2]))
for name in by_logfile:
    expect_equal(f"status {name}", listed(name), {name})
    expect_match(f"rebuild {name}", flushd_exits("rebuild", name), r": 0 added for 1 destination, 1 already listed")

# Each command that takes a SITE, while nobody answers there.
expect_equal("--wait, deferred again", flushd("send", "--wait", "[127.0.1.1]").status, 75)
wait_until("listed again", lambda: "_127_0_1_1_" in listed())
expect_match("when it is up", flushd_exits("send", "--when-up", "--keep", "sub_customer_tld"),
             r"^sub\.customer\.tld: 1 message will be sent when it is up.*`flushd send --cancel sub\.customer\.tld`")
expect_match("called off", flushd_exits("send", "--cancel", "sub_customer_tld"), "called off")
expect_match("looked for in the queue", flushd_exits("send", "--dry-run", "sub_customer_tld"), r"(?m)^sub\.customer\.tld +1 ")
expect_match("from standard input", run_command(tool_path(), "send", "-", "--dry-run", stdin="sub_customer_tld\n").output, r"(?m)^sub\.customer\.tld +1 ")
expect_equal("wait", flushd("wait", "[127.0.1.1]", "_127_0_1_3_").status, 0)

sink.accept()
for named, site in (("sub_customer_tld", "sub.customer.tld"), ("[127.0.1.1]", "[127.0.1.1]"), ("_127_0_1_3_", "[127.0.1.3]"),
                    (postfix.logfile_name(LONG_SITE), LONG_SITE)):
    expect_equal(f"send {named}", flushd_exits("send", "--wait", named), f"{site}: of 1 message, 1 delivered\n")
    expect_match(f"log {named}", flushd_exits("log", named), r"(?m)^(?!No send)")
sink.wait_for_recipients(recipients)
expect_match("a list in brackets is not a destination", flushd_exits("send", "[a,b]", status=64), r"not a domain name: \[a,b\]")
expect_match("the name of no logfile", flushd_exits("send", "no_such_site", status=69), r"^flushd: no_such_site is not eligible")
