"""A change of main.cf, or of a table it names, takes effect within ten seconds and
without a reload. (Stock flush needs a reload, or its process to end.)
"""

from harness import DENY, IS_FLUSHD, OK, ask_flush, customer_postfix, expect_equal, run_command, wait_until
from harness.postfix import CONFIG_DIRECTORY

postfix, sink = customer_postfix()
TABLE = CONFIG_DIRECTORY / "flush_domains"


def add(site):
    return ask_flush("add", site=site, queue_id="ABCDEF0123")


def takes_effect(what, site, status):
    if IS_FLUSHD:
        wait_until(what, lambda: add(site) == status, timeout=10, interval=0.25)
    else:
        postfix.reload()
    expect_equal(what, add(site), status)


expect_equal("before", (add("customer.tld"), add("some.other.domain")), (OK, DENY))

postfix.configure(fast_flush_domains="$relay_domains, some.other.domain")
takes_effect("a domain added to main.cf", "some.other.domain", OK)
postfix.configure(fast_flush_domains="$relay_domains")
takes_effect("a domain removed from main.cf", "some.other.domain", DENY)
postfix.configure(relay_domains="customer.tld, third.tld")
takes_effect("a change of the parameter it refers to", "third.tld", OK)

for kind in ("texthash", "hash"):
    def write_table(text, kind=kind):
        TABLE.write_text(text)
        if kind == "hash":
            run_command("postmap", f"hash:{TABLE}", check=True)

    write_table("first.tld yes\n")
    postfix.configure(fast_flush_domains=f"{kind}:{TABLE}")
    takes_effect(f"the {kind} table named in main.cf", "first.tld", OK)
    expect_equal(f"{kind}: what it does not list", add("second.tld"), DENY)
    write_table("first.tld yes\nsecond.tld yes\n")
    takes_effect(f"a line added to the {kind} table", "second.tld", OK)
    write_table("second.tld yes\n")
    takes_effect(f"a line removed from the {kind} table", "first.tld", DENY)

list_file = CONFIG_DIRECTORY / "flush_domains.list"
list_file.write_text("first.tld\n")
postfix.configure(fast_flush_domains=str(list_file))
takes_effect("the file named in main.cf", "first.tld", OK)
list_file.write_text("first.tld\nsecond.tld\n")
takes_effect("a line added to the file", "second.tld", OK)

# No request may have failed on the way.
expect_equal("fatal lines", postfix.log.of_daemon(severity="fatal"), [])
