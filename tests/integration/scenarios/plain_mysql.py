"""A Postfix as ISPConfig sets it up, in small: $relay_domains asks MariaDB. From stock to ETRN
through flushd by `flushd install --proxy`, with a file that only root can read at first, and back,
also when main.cf has been changed meanwhile.
"""

import sys

from harness import IS_FLUSHD, Sink, expect, expect_equal, expect_match
from harness.advice import advised_commands, expect_mail_flows, follow
from harness.databases import Mysql
from harness.postfix import CONFIG_DIRECTORY, PostfixInstance, run_command
from harness.sites import SINK_PORT, SITES, expect_etrn_serves
from harness.tool import flushd_exits as run

IMAGE = "databases"
TIME_LIMIT = 400

MAIN_CF = CONFIG_DIRECTORY / "main.cf"
CF = CONFIG_DIRECTORY / "mysql-virtual_relaydomains.cf"
TABLE = f"mysql:{CF}"

database = Mysql({"customer.tld": ["customer.tld"], "other.customer.tld": ["x"]})
database.start()
CF.write_text(database.config(tcp=True))
CF.chmod(0o600)
(CONFIG_DIRECTORY / "transport").write_text("".join(f"{site} smtp:[{address}]:{SINK_PORT}\n" for site, address in SITES.items()))

postfix = PostfixInstance()
sink = Sink(SINK_PORT)
# As it is in ISPConfig's main.cf: the file by a reference, and a list of maps of its own.
postfix.configure(
    relay_domains="mysql:$config_directory/mysql-virtual_relaydomains.cf",
    relay_recipient_maps="", transport_maps=f"texthash:{CONFIG_DIRECTORY}/transport",
    proxy_read_maps="$local_recipient_maps $mydestination $virtual_alias_maps $virtual_alias_domains "
                    "$virtual_mailbox_maps $virtual_mailbox_domains $relay_recipient_maps $relay_domains "
                    "$canonical_maps $sender_canonical_maps $recipient_canonical_maps $relocated_maps $transport_maps "
                    "$mynetworks $smtpd_sender_login_maps")
postfix.use_flush("flush")
postfix.start()
stock = MAIN_CF.read_bytes()


def expect_served(by):
    expect_etrn_serves(postfix, sink, by)


def postqueue():
    """As an ordinary user, who may not read the password: also with stock it ends there."""
    done = run_command("postqueue", "-s", "customer.tld", user="daemon")
    return done.status, done.output


def mail_flows():
    sink.accept()
    expect_mail_flows(postfix, sink, "user@customer.tld")


# Stock asks the database as root, before it gives that up. smtpd and the others do, too.
expect_served("flush")
if not IS_FLUSHD:
    sys.exit(0)
follow([f"chgrp postfix {CF}", f"chmod g+r {CF}"])
by_stock = postqueue()
print(f"postqueue -s by an ordinary user: {by_stock}")
follow([f"chgrp root {CF}", f"chmod g-r {CF}"])

answer = run("install", "--proxy", status=77)
expect_match("why", answer, r"(?m)^flushd: proxymap\(8\) runs as postfix, which cannot read the tables' files\. To permit it:$")
expect(MAIN_CF.read_bytes() == stock, "nothing was touched")
commands = advised_commands(answer)
expect_equal("what to do", commands, [f"chgrp postfix {CF}", f"chmod g+r {CF}"])
expect_equal("the same as the beginning of what install says", advised_commands(run("install", status=78))[:2], commands)
follow(commands)
expect_equal("no more than that", oct(CF.stat().st_mode & 0o7777), "0o640")

mark = postfix.log.mark()
answer = run("install", "--proxy")
expect_equal("the list", postfix.parameter("fast_flush_domains"), "$relay_domains")
expect(postfix.parameter("proxy_read_maps").endswith(f" $smtpd_sender_login_maps proxy:{TABLE}"), "what was there stays")
expect_match("nothing is left to do", run("check"), r"\Aok: ")
mail_flows()
expect_served("flushd")
expect_equal("postqueue -s by an ordinary user", postqueue(), by_stock)
expect_equal("what of Postfix ended on the way", postfix.log.find_all(r"postfix/(?!postqueue)\S+: (fatal|panic): ", mark), [])

# The database goes away and comes back: FAIL in between, and no process ends.
database.stop()
run("check", status=2)
database.start()

# Somebody has changed main.cf since: that stays, and the rest goes.
postfix.configure(minimal_backoff_time="900s", fast_flush_domains="$relay_domains, some.other.domain")
postfix.reload()
shown = run("uninstall")
expect("note: " not in shown, "which is none of its business")
expect_equal("what stays", postfix.parameter("fast_flush_domains"), "$relay_domains, some.other.domain")
expect_equal("what else stays", postfix.parameter("minimal_backoff_time"), "900s")
expect("proxy:mysql" not in MAIN_CF.read_text(), "what was added has gone")
expect_served("flush")

# And where somebody relies on what has been added, it stays as well.
run_command("postconf", "-e", "fast_flush_domains=$relay_domains", check=True)
postfix.reload()
run("install", "--proxy")
postfix.configure(smtpd_sender_restrictions=f"check_sender_access proxy:{TABLE}")
postfix.reload()
mark = postfix.log.mark()
expect_match("says so", run("uninstall"), r"(?m)^note: proxy_read_maps is left unchanged, since smtpd_sender_restrictions relies on it$")
mail_flows()
expect_served("flush")
expect_equal("what of Postfix ended on the way", postfix.log.find_all(r"postfix/(?!postqueue)\S+: (fatal|panic): ", mark), [])
