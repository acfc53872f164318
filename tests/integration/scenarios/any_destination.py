"""fast_flush_domains = static:all: mail for any destination can be sent by itself.

After an outage at a large provider the mail for it goes out when it is back, and no other mail is tried: by
`flushd send`, and by postqueue -s, which users may do, too.
"""

from harness import (IS_FLUSHD, customer_postfix, expect, expect_equal, expect_match, run_command, transport_for,
                     wait_until)
from harness.tool import flushd, flushd_json

SITES = {"provider.tld": "127.0.2.1", "away.tld": "127.0.2.2", "xn--bcher-kva.tld": "127.0.2.3"}

postfix, sink = customer_postfix()
postfix.configure(transport_maps=transport_for(SITES))
postfix.reload()


def deferred(*recipients):
    ids = [postfix.send_smtp(recipient) for recipient in recipients]
    postfix.wait_deferred(ids)
    return ids


# The outage was there before anybody thought of it.
before = deferred("a@provider.tld", "b@provider.tld")
other = deferred("a@away.tld")
postfix.configure(fast_flush_domains="static:all")
postfix.reload()
if IS_FLUSHD:
    expect_match("rebuild", flushd("rebuild").output, r": 3 added for 2 destinations, 0 already listed, 0 not eligible\n$")
else:
    run_command("sendmail", "-q", check=True)
    wait_until("listed", lambda: len(postfix.logfile("provider.tld")) == 2)
    postfix.wait_deferred(before + other)
later = deferred("c@provider.tld", "a@xn--bcher-kva.tld")
wait_until("what is deferred now is listed by itself",
           lambda: set(postfix.logfile("provider.tld")) == set(before + later[:1]))

sink.accept()
mark = postfix.log.mark()
if IS_FLUSHD:
    expect_equal("the destinations", {site["logfile"]: site["deferred"] for site in flushd_json("status", "--json")["sites"]},
                 {"provider_tld": 3, "away_tld": 1, "xn__bcher_kva_tld": 1})
    status, output = flushd("send", "--wait", "provider.tld")
    expect_equal("send", (status, output), (0, "provider.tld: of 3 messages, 3 delivered\n"))
else:
    expect_equal("postqueue -s", run_command("postqueue", "-s", "provider.tld"), (0, ""))
sink.wait_for_recipients(["a@provider.tld", "b@provider.tld", "c@provider.tld"])
postfix.expect_untouched(other + later[1:], since=mark)

sink.off()
(again,) = deferred("d@provider.tld")
wait_until("listed", lambda: again in postfix.logfile("provider.tld"))
sink.accept()
mark = postfix.log.mark()
expect_equal("a user's postqueue -s", run_command("postqueue", "-s", "provider.tld", user="nobody"), (0, ""))
sink.wait_for_recipients([f"{who}@provider.tld" for who in "abcd"])
postfix.expect_untouched(other + later[1:], since=mark)

if IS_FLUSHD:
    # The names of the logfiles say little; the service takes the site's, and all can be sent without them.
    expect_equal("a name in Unicode", flushd("send", "--wait", "bücher.tld"),
                 (0, "bücher.tld: of 1 message, 1 delivered\n"))
    status, output = flushd("send", "--all", "--wait")
    expect_equal("all that is left", (status, output), (0, "away_tld: of 1 message, 1 delivered\n"))
    expect(not postfix.queue(), "the queue is empty")
