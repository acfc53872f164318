"""Howto, "Using": who may run sendmail -qR and postqueue -s is controlled with
authorized_flush_users. root and the mail owner may always.
"""

from harness import customer_postfix, deferred_mail, expect_equal, run_command

postfix, sink = customer_postfix(authorized_flush_users="!nobody, static:anyone")
(mine,) = deferred_mail(postfix, "user@customer.tld")

commands = (["postqueue", "-s", "customer.tld"], ["postqueue", "-i", mine],
            ["sendmail", "-qRcustomer.tld"], ["sendmail", "-qI" + mine])
mark = postfix.log.mark()
for command in commands:
    result = run_command(*command, user="nobody")
    expect_equal(" ".join(command) + " by nobody",
                 (result.status, "is not allowed to flush the mail queue" in result.output), (69, True))
postfix.expect_untouched([mine], since=mark)

for user in ("daemon", None):
    for command in commands:
        expect_equal(f"{' '.join(command)} by {user or 'root'}", run_command(*command, user=user), (0, ""))
        postfix.wait_deferred([mine])

sink.accept()
run_command("postqueue", "-s", "customer.tld", check=True)
sink.wait_for_recipients(["user@customer.tld"])
