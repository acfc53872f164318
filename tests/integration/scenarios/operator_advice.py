"""What a message advises is done to the letter, and helps; also for an instance that -c names, without a trace in the first.

A domain that fast_flush_domains excludes: by its name, its parent's, a table, a file, in main.cf and in master.cf.
"""

import re
from pathlib import Path

from harness import IS_FLUSHD, customer_postfix, deferred_mail, expect_equal, expect_match, run_command, wait_until
from harness.advice import advised_commands, follow
from harness.postfix import BASE_PARAMETERS, CONFIG_DIRECTORY
from harness.tool import flushd, flushd_exits, flushd_json

if not IS_FLUSHD:
    raise SystemExit(0)

TIME_LIMIT = 400

postfix, sink = customer_postfix(start=False)
Path("/etc/postfix/excluded").write_text("!file.tld\n")
postfix.configure(
    transport_maps="inline:{ { big.tld = smtp:[127.0.1.1]:2525 }, { table.tld = smtp:[127.0.1.3]:2525 } }",
    default_transport="smtp:[127.0.1.2]:2525",
    fast_flush_domains="!BIG.tld, !inline:{ { table.tld = x }, { other.tld = y } }, /etc/postfix/excluded, static:all")
postfix.start()


def refused_and_mended(site, reason, command, status=69):
    """Also names the item that excludes it; then its mail can be sent by its name. What is in the queue can be in any case."""
    output = flushd_exits("send", site, status=status)
    if status == 0:
        expect_match("which way", output, rf"^{re.escape(site)}: sending 1 message found in the queue\n")
    expect_match("why", output, rf"(?m)^{'flushd: ' if status else ''}{re.escape(site)} is not eligible: {reason}\. To have")
    commands = advised_commands(output)
    expect_match("the first command", commands[0], command)
    follow(commands)
    expect_match("now it is eligible", flushd_exits("send", site), rf"^{re.escape(site)}: (sending|no mail)")


excluded = deferred_mail(postfix, "a@big.tld", "a@table.tld", listed=False)
refused_and_mended("sub.big.tld", '"!BIG.tld" in fast_flush_domains excludes it', r"'fast_flush_domains = sub\.big\.tld, !BIG\.tld, ")
refused_and_mended("big.tld", '"!BIG.tld" in fast_flush_domains excludes it', r"'fast_flush_domains = sub\.big\.tld, big\.tld, !inline",
                   status=0)
refused_and_mended("table.tld", r'"!inline:\{.*\}" in fast_flush_domains excludes it', r"'fast_flush_domains = table\.tld, sub\.big",
                   status=0)
refused_and_mended("file.tld", '"/etc/postfix/excluded" in fast_flush_domains excludes it', r"'fast_flush_domains = file\.tld, ")
postfix.wait_deferred(excluded)
sink.accept()
expect_equal("and its mail is delivered", flushd_exits("send", "--wait", "big.tld", "table.tld"),
             "big.tld: of 1 message, 1 delivered\ntable.tld: of 1 message, 1 delivered\n")
sink.off()
postfix.configure(fast_flush_domains="!big.tld, static:all")
postfix.set_service_field("flush/unix", "command", "flushd -o fast_flush_domains=!big.tld,static:all")
postfix.reload()
refused_and_mended("big.tld", '"!big.tld" in fast_flush_domains excludes it', r"'fast_flush_domains = big\.tld, static:all'")
postfix.use_flush()
postfix.configure(fast_flush_domains="static:all")
postfix.reload()

# The second instance, with nothing configured. The first one must not notice.
TWO = "/etc/postfix-two"
run_command("postmulti", "-e", "init", check=True)
run_command("postmulti", "-I", "postfix-two", "-e", "create", check=True)
# Else "postfix reload" is for both.
run_command("postconf", "-e", "multi_instance_directories = ", f"alternate_config_directories = {TWO}", check=True)


def configure_two(**parameters):
    run_command("postconf", "-c", TWO, "-e", *(f"{name}={value}" for name, value in parameters.items()), check=True)


configure_two(**BASE_PARAMETERS)
configure_two(master_service_disable="inet", multi_instance_enable="no", default_transport="smtp:[127.0.1.1]:2525", fast_flush_domains="$relay_domains",
              relay_domains="", compatibility_level="2", authorized_submit_users="static:anyone")
postfix.reload()
untouched = {name: (CONFIG_DIRECTORY / name).read_bytes() for name in ("main.cf", "master.cf")}
mark = postfix.log.mark()


def two(*arguments, status=0):
    return flushd_exits("-c", TWO, *arguments, status=status)


def quoted(output):
    """The command in a sentence: behind the last colon, or in quotes."""
    found = re.findall(r"[`\"]((?:postfix|postqueue|postconf|postsuper|flushd) [^`\"]*)[`\"]", output)
    return found[-1] if found else output.strip().rsplit(": ", 1)[1].replace(", then ", " && ")


def to_the_letter(output):
    command = quoted(output)
    expect_match("for this instance", command, rf"^[a-z]+ -c {TWO} ")
    follow([command])


install = two("install")
expect_match("install leads on", install.splitlines()[-1], rf"^next: \"flushd -c {TWO} check\" .* \"flushd -c {TWO} status\" ")
follow(advised_commands(install)[:-1]) # makes everything eligible, and starts it
wait_until("it runs", lambda: run_command("postfix", "-c", TWO, "status").status == 0)
follow(advised_commands(install)[-1:])
follow(re.findall(r'"(flushd [^"]* status)"', install))


def mail_two(recipient):
    done = run_command("env", f"MAIL_CONFIG={TWO}", "sendmail", "-f", "someone@sender.tld", recipient, stdin="Subject: test\n\ntest\n")
    expect_equal(f"mail for {recipient}: {done.output}", done.status, 0)
    site = recipient.split("@")[1]
    queue_id = lambda: [line.split()[0].rstrip("*!") for line in run_command("postqueue", "-c", TWO, "-p").output.splitlines()
                        if line[:1].isalnum()]
    name = site.replace(".", "_")
    wait_until("listed", lambda: [one for one in flushd_json("-c", TWO, "status", "--json", site)["sites"]
                                  if one["logfile"] == name and one["deferred"]])
    return queue_id()


(queue_id,) = mail_two("user@customer.tld")
run_command("postsuper", "-c", TWO, "-h", queue_id, check=True)
to_the_letter(two("send", "--id", queue_id, status=69)) # postsuper -H
wait_until("released", lambda: flushd("-c", TWO, "send", "--id", queue_id).status == 0)
wait_until("listed again", lambda: "1 message" in flushd("-c", TWO, "send", "customer.tld").output)
wait_until("listed again", lambda: "1 message will be" in flushd("-c", TWO, "send", "--when-up", "--keep", "customer.tld").output)
to_the_letter(two("status", "customer.tld").splitlines()[-1]) # flushd send --cancel
expect_match("it was called off", two("send", "--cancel", "customer.tld", status=69), "nothing is under way")
configure_two(fast_flush_domains="!customer.tld, static:all")
wait_until("it knows", lambda: "is not eligible" in flushd("-c", TWO, "send", "customer.tld").output)
commands = advised_commands(two("send", "customer.tld"))
for command in commands:
    expect_match("for this instance", command, rf"^[a-z]+ -c {TWO} ")
follow(commands)
two("send", "customer.tld")
run_command("postconf", "-c", TWO, "-F", "flush/unix/wakeup=0", check=True)
run_command("postfix", "-c", TWO, "reload", check=True)
(finding,) = [line for line in two("check", status=1).splitlines() if "no wakeup" in line]
to_the_letter(finding)
run_command("postfix", "-c", TWO, "stop", check=True)
to_the_letter(two("send", "customer.tld", status=69)) # postfix start
wait_until("it runs", lambda: flushd("-c", TWO, "send", "customer.tld").status == 0)
for told in (("install",), ("check",)):
    output = run_command("/usr/local/sbin/flushd", "-c", TWO, *told, user="nobody").output
    expect_match(f"{told} as somebody", output, rf"\"flushd -c {TWO} {told[0]}\" as root")
expect_equal("the first instance", {name: (CONFIG_DIRECTORY / name).read_bytes() for name in untouched}, untouched)
expect_equal("was not reloaded", postfix.log.search(r" postfix/master\[\d+\]: reload", since=mark), None)
