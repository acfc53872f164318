"""What smtpd(8) replies to each kind of ETRN argument, with an eligible and with an empty list."""

from harness import SmtpClient, customer_postfix, etrn, expect_equal

SYNTAX = "501 Error: invalid parameter syntax"

# (argument, reply when $relay_domains is eligible, reply when nothing is)
REPLIES = [
    ("customer.tld", "250 Queuing started", "459 <customer.tld>: service unavailable"),
    ("CUSTOMER.TLD", "250 Queuing started", "459 <CUSTOMER.TLD>: service unavailable"),
    ("sub.customer.tld", "250 Queuing started", "459 <sub.customer.tld>: service unavailable"),
    ("other.customer.tld", "250 Queuing started", "459 <other.customer.tld>: service unavailable"),
    ("@customer.tld", "250 Queuing started", "459 <customer.tld>: service unavailable"),
    ("#customer.tld", "250 Queuing started", "459 <customer.tld>: service unavailable"),
    ("not.a.customer.domain", *["459 <not.a.customer.domain>: service unavailable"] * 2),
    ("[127.0.0.1]", *["459 <[127.0.0.1]>: service unavailable"] * 2),
    ("foo", *["459 <foo>: service unavailable"] * 2),
    ("xcustomer.tld", *["459 <xcustomer.tld>: service unavailable"] * 2),
    ("bad..domain", SYNTAX, SYNTAX),
    ("@", SYNTAX, SYNTAX),
    ("#", SYNTAX, SYNTAX),
    ("customer.tld.", SYNTAX, SYNTAX),
    (".customer.tld", SYNTAX, SYNTAX),
    ("*.tld", SYNTAX, SYNTAX),
    ("user@customer.tld", SYNTAX, SYNTAX),
    (None, *["500 Syntax: ETRN domain"] * 2),
    ("customer.tld other.customer.tld", *["500 Syntax: ETRN domain"] * 2),
]


def in_the_middle_of_a_transaction():
    with SmtpClient() as client:
        client.expect("250", "HELO my.client.tld")
        client.expect("250", "MAIL FROM:<someone@sender.tld>")
        return client.command("ETRN customer.tld")


postfix, sink = customer_postfix()
for argument, reply, _ in REPLIES:
    expect_equal(f"eligible list: ETRN {argument}", etrn(argument), reply)
expect_equal("eligible list: ETRN after MAIL", in_the_middle_of_a_transaction(),
             "503 Error: MAIL transaction in progress")

postfix.configure(fast_flush_domains="")
postfix.reload()
for argument, _, reply in REPLIES:
    expect_equal(f"empty list: ETRN {argument}", etrn(argument), reply)
expect_equal("empty list: ETRN after MAIL", in_the_middle_of_a_transaction(),
             "503 Error: MAIL transaction in progress")
expect_equal("logfiles", postfix.logfile_names(), [])
