"""The small world most scenarios live in: a provider's Postfix and its customers.

Each site has a mail server at an address of its own, so that a dead one
does not make Postfix suspend another.
"""

from .expect import expect, expect_equal, wait_until
from .postfix import PostfixInstance
from .sink import Sink
from .smtp_client import etrn

SINK_PORT = 2525

SITES = {
    "customer.tld": "127.0.1.1",
    "sub.customer.tld": "127.0.1.2",
    "other.customer.tld": "127.0.1.3",
    "some.other.domain": "127.0.1.4",
    "not.a.customer.domain": "127.0.1.5",
}
RELAY_DOMAINS = "customer.tld, other.customer.tld"


def transport_for(sites, port=SINK_PORT):
    entries = ", ".join(f"{{ {site} = smtp:[{address}]:{port} }}" for site, address in sites.items())
    return f"inline:{{ {entries} }}"


def customer_postfix(start=True, **parameters):
    """A configured Postfix with the daemon under test, and the customers' servers, switched off."""
    postfix = PostfixInstance()
    postfix.configure(relay_domains=RELAY_DOMAINS, transport_maps=transport_for(SITES), **parameters)
    postfix.use_flush()
    if start:
        postfix.start()
    return postfix, Sink(SINK_PORT)


def deferred_mail(postfix, *recipients, listed=True):
    """Sends a message to each recipient; returns the queue IDs once all are deferred.

    With listed, also waits for each ID to be in its site's logfile.
    """
    ids = [postfix.send_smtp(recipient) for recipient in recipients]
    postfix.wait_deferred(ids)
    if listed:
        for queue_id, recipient in zip(ids, recipients):
            site = recipient.split("@")[1]
            wait_until(f"{queue_id} in the logfile of {site}", lambda: queue_id in postfix.logfile(site))
    return ids


def expect_etrn_serves(postfix, sink, program):
    """A message is deferred, listed, requested by ETRN and delivered, by this program; a stranger is not served."""
    sink.off()
    (queue_id,) = deferred_mail(postfix, "user@customer.tld")
    sink.accept()
    expect_equal("ETRN not.a.customer.domain", etrn("not.a.customer.domain"), "459 <not.a.customer.domain>: service unavailable")
    expect_equal("ETRN customer.tld", etrn("customer.tld"), "250 Queuing started")
    postfix.wait_gone([queue_id])
    expect(postfix.processes((program,)), f"{program} serves")
