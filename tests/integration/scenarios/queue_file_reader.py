"""libpostfix-proto's reader of queue files finds what postcat(1) finds: sender, recipients with the offsets of their records, content
filter; after rewriting, added recipients, edits of a Milter, thousands of recipients, a partial delivery and postsuper -r."""

import re
from pathlib import Path

from harness import customer_postfix, expect, expect_equal, run_command, wait_until
from harness.milter import EnvelopeMilter

EXAMPLES = ["queue_envelope"]


def by_postcat(queue_id):
    """The lines that queue_envelope prints, from the output of postcat."""
    lines = []
    original = ""
    for line in run_command("postcat", "-oeq", queue_id, check=True).output.splitlines():
        offset, text = line.split(None, 1) if line.strip() and line.strip()[0].isdigit() else ("", line)
        name, _, value = text.partition(": ")
        if text in ("sender:", "original_recipient:"):
            name, value = text[:-1], ""
        if name == "original_recipient":
            original = value
        elif name in ("done_recipient", "canceled_recipient"):
            original = ""
        elif name == "recipient":
            lines += [f"original_recipient: {original}"] if original else []
            lines.append(f"recipient: {offset} {value}")
            original = ""
        elif name in ("sender", "content_filter"):
            lines.append(f"{name}: {value}".strip() if value else f"{name}: ")
    return lines


def by_reader(queue_id):
    lines = run_command("/examples/queue_envelope", queue_id, check=True).output.splitlines()
    return lines[0].split(), [line for line in lines[1:] if not line.startswith("reason: ")]


def expect_same(what, queue_id):
    head, envelope = by_reader(queue_id)
    theirs = by_postcat(queue_id)
    # A filter that header_checks chose is the last record, and the one that counts.
    filters = [line for line in theirs if line.startswith("content_filter: ")]
    theirs = [theirs[0]] + filters[-1:] + [line for line in theirs[1:] if line not in filters]
    expect_equal(f"{what}: as postcat", envelope, theirs)
    size = run_command("postcat", "-eq", queue_id, check=True).output
    expect_equal(f"{what}: the size", head[2], re.search(r"^message_size: +(\d+)", size, re.M)[1])
    return envelope


def recipients(envelope):
    return [line.split()[-1] for line in envelope if line.startswith("recipient: ")]


def newest(before):
    wait_until("it is deferred", lambda: set(postfix.queue_ids("deferred")) - before)
    (queue_id,) = set(postfix.queue_ids("deferred")) - before
    return queue_id


def queued(send):
    before = set(postfix.queue_ids())
    send()
    return newest(before)


def sendmail(message, *options):
    return queued(lambda: run_command("sendmail", *options, stdin=message, check=True))


milter = EnvelopeMilter()
postfix, sink = customer_postfix()
Path("/etc/postfix/canonical").write_text("old@customer.tld new@customer.tld\n")
Path("/etc/postfix/header_checks").write_text("/^X-Filter: / FILTER smtp:filter.tld\n")
postfix.configure(recipient_canonical_maps="texthash:/etc/postfix/canonical", header_checks="regexp:/etc/postfix/header_checks",
                  smtpd_milters=milter.address, non_smtpd_milters=milter.address, milter_default_action="tempfail",
                  defer_transports="smtp", smtpd_recipient_limit="5000")
postfix.reload()

body = "Subject: x\n\nbody\n"
envelope = expect_same("plain", queued(lambda: postfix.send_smtp("a@customer.tld", sender="")))
expect_equal("the null sender", envelope[0], "sender: ")
expect_equal("one recipient", recipients(envelope), ["a@customer.tld"])

envelope = expect_same("rewritten", sendmail(body, "-f", "s@sender.tld", "old@customer.tld", '"a b"@customer.tld'))
expect("original_recipient: old@customer.tld" in envelope, "the address before rewriting")

envelope = expect_same("from the header", sendmail("To: x@customer.tld\nBcc: y@sub.customer.tld\n" + body, "-t"))
expect_equal("two recipients", sorted(recipients(envelope)), ["x@customer.tld", "y@sub.customer.tld"])

envelope = expect_same("a filter of header_checks", sendmail("X-Filter: yes\n" + body, "a@customer.tld"))
expect("content_filter: smtp:filter.tld" in envelope, "the filter")

edits = "X-Add: added@customer.tld\nX-Add: second@customer.tld\nX-Remove: b@customer.tld\nX-Sender: changed@longer.sender.example.tld\n"
edited = sendmail(edits + body, "-f", "s@sender.tld", "a@customer.tld", "b@customer.tld")
envelope = expect_same("edited by a Milter", edited)
expect_equal("the changed sender", envelope[0], "sender: changed@longer.sender.example.tld")
expect_equal("the recipients", recipients(envelope),
             ["a@customer.tld", "added@customer.tld", "second@customer.tld"])

large = "Subject: x\n\n" + ("x" * 70 + "\n") * 20000
envelope = expect_same("large, edited", sendmail(edits + large, "-f", "s@sender.tld", "a@customer.tld"))

many = [f"user{number}@customer.tld" for number in range(3000)]
envelope = expect_same("3000 recipients", queued(lambda: postfix.send_smtp(*many)))
expect_equal("all of them", sorted(recipients(envelope)), sorted(many))

# What was delivered is marked in place.
partial = queued(lambda: postfix.send_smtp("user@customer.tld", "user@sub.customer.tld"))
Path("/etc/postfix/transport").write_text("sub.customer.tld discard:\n")
postfix.configure(transport_maps="texthash:/etc/postfix/transport " + postfix.parameter("transport_maps"))
postfix.reload()
run_command("postqueue", "-i", partial, check=True)
wait_until("one recipient is left", lambda: "done_recipient" in run_command("postcat", "-eq", partial).output)
postfix.wait_deferred([partial])
envelope = expect_same("one is done", partial)
expect_equal("one is left", recipients(envelope), ["user@customer.tld"])
reasons = run_command("/examples/queue_envelope", partial).output
expect(re.search(r"^reason: \d+ user@customer.tld 4\.\d\.\d .", reasons, re.M), "the reason, of the same record")
offset = re.search(r"^recipient: (\d+) ", reasons, re.M)[1]
expect(f"reason: {offset} " in reasons, "with the offset of the recipient")

run_command("postsuper", "-h", partial, check=True)
expect_same("on hold", partial)
run_command("postsuper", "-H", "ALL", check=True)
before = set(postfix.queue_ids())
run_command("postsuper", "-r", edited, check=True)
run_command("postkick", "public", "pickup", "W", check=True)
wait_until("it is queued anew", lambda: set(postfix.queue_ids("deferred")) - before)
for queue_id in postfix.queue_ids():
    expect_same(f"in the end: {queue_id}", queue_id)
