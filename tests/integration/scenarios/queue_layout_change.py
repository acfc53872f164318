"""hash_queue_depth and hash_queue_names change when Postfix reloads, and not when main.cf does: nothing that is listed
is lost in between, nor while postsuper moves the files."""

import time

from harness import IS_FLUSHD, OK, Sink, ask_flush, customer_postfix, deferred_mail, etrn, expect, expect_equal, wait_until
from harness.postfix import FLUSH_DIRECTORY, QUEUE_DIRECTORY

SITE = "customer.tld"
number = 0

postfix, sink = customer_postfix()


def three_more():
    global number
    number += 3
    recipients = [f"user{n}@{SITE}" for n in range(number - 3, number)]
    ids = deferred_mail(postfix, *recipients)
    return recipients, ids


def all_sent(what, recipients, ids):
    sink.accept()
    mark = postfix.log.mark()
    expect_equal("ETRN", etrn(SITE), "250 Queuing started")
    if IS_FLUSHD:
        postfix.log.wait_for(rf"flush site={SITE}, moved={len(ids)}, missing=0, ", since=mark)
    sink.wait_for_recipients(sorted(recipients))
    postfix.wait_gone(ids)
    sink.messages.clear()
    sink.off()
    print("ok:", what, flush=True)


def change(**parameters):
    """What flushd makes of a change of main.cf: it ends, and the next one reads it."""
    mark, before = postfix.log.mark(), set(postfix.flush_processes())
    postfix.configure(**parameters)
    if IS_FLUSHD:
        wait_until("the process with the old main.cf has gone", lambda: not before & set(postfix.flush_processes()))
    return mark


def depths(queue):
    return sorted({len(path.relative_to(QUEUE_DIRECTORY / queue).parts) - 1
                   for path in (QUEUE_DIRECTORY / queue).rglob("*") if path.is_file()})


for names in ("deferred, defer", "deferred, defer, flush"):
    postfix.configure(hash_queue_names=names, hash_queue_depth="1")
    postfix.reload()
    wait_until("logfiles where they belong", lambda: depths("flush") in ([], [1 if "flush" in names else 0]))

    sent = three_more()
    mark = change(hash_queue_depth="2")
    all_sent(f"{names}: all are sent after a change of main.cf only", *sent)
    if IS_FLUSHD:
        postfix.log.wait_for(r'warning: hash_queue_depth or hash_queue_names has changed: .*"postfix reload"', since=mark)
    sent = three_more()
    expect(depths("flush") == [1 if "flush" in names else 0], "logfiles are where they were")
    # Some before the reload, some after it, for the same site.
    postfix.reload()
    more = three_more()
    wait_until("postsuper has moved all", lambda: depths("deferred") == [2])
    wait_until("postsuper has moved all logfiles", lambda: depths("flush") == [2 if "flush" in names else 0])
    all_sent(f"{names}: all are sent after the reload", sent[0] + more[0], sent[1] + more[1])

    sent = three_more()
    change(hash_queue_depth="1")
    postfix.reload()
    all_sent(f"{names}: all are sent while postsuper moves them", *sent)

# Files that nobody has moved yet, of a queue that is not hashed any more.
sent = three_more()
for path in list((QUEUE_DIRECTORY / "deferred").rglob("*")):
    if path.name in sent[1]:
        (QUEUE_DIRECTORY / "deferred" / path.name[0] / "X").mkdir(exist_ok=True, parents=True) # in nobody's way
        path.rename(QUEUE_DIRECTORY / "deferred" / path.name)
if IS_FLUSHD: # stock finds nothing
    all_sent("all are sent that lie at another depth", *sent)
