"""flushd check: who may use ETRN, and who is told of it; what it could not find out; for Nagios and for Zabbix.

Each finding is compared with what the SMTP server does, and mended by its own words.
"""

import json
from pathlib import Path

from harness import IS_FLUSHD, SmtpClient, customer_postfix, etrn, expect, expect_equal, expect_match, run_command
from harness.advice import follow
from harness.tool import flushd

TIME_LIMIT = 400

if not IS_FLUSHD:
    raise SystemExit(0)

postfix, sink = customer_postfix(start=False)


def check(*patterns, status):
    """All but what is well; each must match a pattern, in this order."""
    result = flushd("check")
    found = [line for line in result.output.splitlines() if not line.startswith("ok: ")]
    print("\n".join(found), f"[exit {result.status}]", flush=True)
    expect_equal("findings", len(found), len(patterns))
    for line, pattern in zip(found, patterns):
        expect_match("finding", line, pattern)
    expect_equal("exit status", result.status, status)
    line = flushd("check", "--quiet")
    expect_equal("--quiet: exit status", line.status, status)
    expect_match("--quiet", line.output, rf"\AFLUSHD {('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')[status]} - [^|\n]*\n\Z")
    return found


def mend(finding):
    follow([finding.rsplit(": ", 1)[1]])
    postfix.reload()


def offered():
    with SmtpClient() as client:
        return "ETRN" in client.expect("250", "EHLO my.client.tld")


check(r"^error: Postfix is not running", status=2)
# The client that the scenario is comes from elsewhere.
OUTSIDE = {"inet_interfaces": "all", "mynetworks": "192.0.2.0/24"}
postfix.configure(**OUTSIDE)
postfix.start()
check(status=0) # only customers are eligible
result = flushd("check", "--quiet")
expect_match("all is well", result.output, r"^FLUSHD OK - \d+ checks passed$")
result = flushd("check", "--quiet", user="nobody")
expect_equal("as somebody", result.status, 3)
expect_match("as somebody", result.output, r"\AFLUSHD UNKNOWN - 1 unknown: which program answers, .*\n\Z")

# Open to everybody.
postfix.configure(fast_flush_domains="static:all")
postfix.reload()
expect_equal("a stranger's ETRN", etrn("any.tld"), "250 Queuing started")
(finding,) = check(r"^warning: every destination is eligible, and smtp/inet lets everybody use ETRN, so anybody on the net can have all "
                   r"mail sent: postconf -e ", status=1)
mend(finding)
expect_match("a stranger's ETRN now", etrn("any.tld"), "^554 ")
check(status=0)
for restrictions, is_open in (("permit_mynetworks", True), ("check_client_access static:reject", False)):
    postfix.configure(smtpd_etrn_restrictions=restrictions)
    postfix.reload()
    if is_open:
        check(r"^warning: .* everybody use ETRN", status=1)
    else:
        check(status=0)
postfix.configure(smtpd_etrn_restrictions="", smtpd_client_restrictions="permit_mynetworks, reject")
postfix.reload()
expect_match("ETRN of whom smtpd_client_restrictions rejects", etrn("any.tld"), "^554 ")
check(status=0)
# master.cf has another opinion.
postfix.configure(smtpd_client_restrictions="", smtpd_etrn_restrictions="reject")
postfix.set_service("2526/inet", "2526 inet n - y - - smtpd -o smtpd_etrn_restrictions=permit")
postfix.reload()
expect_equal("at the other port", etrn("any.tld", port=2526), "250 Queuing started")
(finding,) = check(r"^warning: .*, and 2526/inet lets everybody use ETRN.*: postconf -P '2526/inet/smtpd_etrn_restrictions=", status=1)
mend(finding)
expect_match("at the other port", etrn("any.tld", port=2526), "^554 ")
check(status=0)
run_command("postconf", "-MX", "2526/inet", check=True)
postfix.reload()
(finding,) = check(r"^error: smtpd_etrn_restrictions begins with reject, so every ETRN is refused: postconf -e ", status=2)
mend(finding)
check(status=0)

# Hidden, which does not refuse it.
postfix.configure(smtpd_etrn_restrictions="", smtpd_discard_ehlo_keywords="silent-discard, ETRN")
postfix.reload()
expect_equal("offered, and done", (offered(), etrn("any.tld")), (False, "250 Queuing started"))
_, finding = check(r"^warning: every .* \(smtpd_discard_ehlo_keywords hides ETRN, but does not refuse it\)",
                   r"^warning: smtpd_discard_ehlo_keywords of smtp/inet has etrn, .*: postconf -e", status=1)
postfix.configure(fast_flush_domains="$relay_domains")
mend(finding)
expect_equal("offered", offered(), True)
expect_equal("what else is discarded", postfix.parameter("smtpd_discard_ehlo_keywords"), "silent-discard")
check(status=0)
postfix.set_service_field("smtp/inet", "command", "smtpd -o smtpd_discard_ehlo_keywords=etrn,dsn")
postfix.configure(smtpd_discard_ehlo_keyword_address_maps="cidr:/etc/postfix/keywords")
Path("/etc/postfix/keywords").write_text("192.0.2.0/24 etrn\n")
postfix.reload()
expect_equal("offered", offered(), False)
finding, _ = check(r"^warning: smtpd_discard_ehlo_keywords of smtp/inet has etrn", r"^note: .*_address_maps is cidr:.*: whether it hides", status=1)
mend(finding)
expect_equal("offered", offered(), True)
check(r"^note: ", status=0)
postfix.configure(smtpd_discard_ehlo_keyword_address_maps="")

# A table that is not there.
postfix.configure(smtpd_etrn_restrictions="check_client_access hash:/etc/postfix/clients, check_etrn_access texthash:/etc/postfix/sites")
postfix.reload()
expect_match("ETRN", etrn("customer.tld"), r"^451 4\.3\.5 .*Server configuration error")
check(r"^error: smtpd_etrn_restrictions names hash:/etc/postfix/clients, which cannot be searched, so ETRN is refused: .*No such file",
      r"^error: smtpd_etrn_restrictions names texthash:/etc/postfix/sites, .*No such file", status=2)
report = json.loads(run_command("sh", "-c", "flushd check --json || true").output)
expect_equal("for Zabbix", [report[name] for name in ("status", "exit_status", "errors", "warnings", "unknown")], ["CRITICAL", 2, 2, 0, 0])
expect_match("its summary", report["summary"], r"^FLUSHD CRITICAL - 2 errors: smtpd_etrn_restrictions names hash:")
expect("ok" in {one["level"] for one in report["findings"]}, "what is well is there, too")
Path("/etc/postfix/clients").write_text("127.0.0.1 permit\n")
Path("/etc/postfix/sites").write_text("customer.tld permit\n")
run_command("postmap", "hash:/etc/postfix/clients", check=True)
postfix.reload()
expect_equal("ETRN", etrn("customer.tld"), "250 Queuing started")
check(status=0)
postfix.configure(smtpd_etrn_restrictions="")

# What nobody can know now is not said to be well.
postfix.wait_deferred([postfix.send_sendmail("user@not.a.customer.domain")])
postfix.configure(fast_flush_domains="$relay_domains, texthash:/etc/postfix/none")
postfix.reload()
check(r"^error: fast_flush_domains: .*/etc/postfix/none", r"^unknown: the eligibility of 1 destination with deferred mail", status=2)
