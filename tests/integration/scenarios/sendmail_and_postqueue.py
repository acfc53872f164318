"""Each command that asks for mail, and its exit status: sendmail -qRsite, -qIid, postqueue -s, -i.

Howto, "Using": the operator can request delivery for one customer.
"""

from harness import customer_postfix, deferred_mail, expect, expect_equal, run_command

postfix, sink = customer_postfix()
NONEXISTENT = "ABCDEF0123"

ids = deferred_mail(postfix, *(f"user{number}@customer.tld" for number in range(4)))
(other,) = deferred_mail(postfix, "user@other.customer.tld")
sink.accept()
mark = postfix.log.mark()

# One message by its queue ID, then the site.
expect_equal("postqueue -i ID", run_command("postqueue", "-i", ids[0]), (0, ""))
sink.wait_for_recipients(["user0@customer.tld"])
expect_equal("sendmail -qIID", run_command("sendmail", "-qI" + ids[1]), (0, ""))
sink.wait_for_recipients(["user0@customer.tld", "user1@customer.tld"])
postfix.expect_untouched(ids[2:] + [other], since=mark)

expect_equal("sendmail -qRsite", run_command("sendmail", "-qRcustomer.tld"), (0, ""))
everybody = [f"user{number}@customer.tld" for number in range(4)]
sink.wait_for_recipients(everybody)
expect_equal("postqueue -s site", run_command("postqueue", "-s", "other.customer.tld"), (0, ""))
sink.wait_for_recipients(everybody + ["user@other.customer.tld"])

for command in (["postqueue", "-i", NONEXISTENT], ["sendmail", "-qI" + NONEXISTENT],
                ["postqueue", "-s", "customer.tld"], ["sendmail", "-qRcustomer.tld"]):
    expect_equal(" ".join(command) + " with nothing to deliver", run_command(*command), (0, ""))

for command in (["postqueue", "-s", "not.a.customer.domain"], ["sendmail", "-qRnot.a.customer.domain"]):
    result = run_command(*command)
    expect_equal(" ".join(command), (result.status,
                 'Flush service is not configured for destination "not.a.customer.domain"' in result.output), (69, True))

postfix.stop()
for command in (["postqueue", "-s", "customer.tld"], ["sendmail", "-qRcustomer.tld"],
                ["postqueue", "-i", NONEXISTENT], ["sendmail", "-qI" + NONEXISTENT]):
    result = run_command(*command)
    expect_equal(" ".join(command) + " with the mail system stopped", result.status, 69)
    for text in ("warning: connect to", "public/flush: Connection refused", "mail system is down"):
        expect(text in result.output, f"it says {text!r}: {result.output!r}")
