"""Tables behind proxymap: one of each type that Postfix has files for. What proxymap is told, and what it answers, differ by release; a key that
is there is found each time, also after one that is not, and a table in a union or a list is asked like any other.
"""

from harness import DENY, OK, ask_flush, customer_postfix, expect_equal, run_command
from harness.postfix import CONFIG_DIRECTORY

TIME_LIMIT = 300  # a reload for each list, on a busy machine

TYPES = ("hash", "btree", "cdb", "lmdb", "texthash", "regexp", "pcre", "inline")
# In an order in which something is found, then nothing, and then something again.
SITES = (("customer.tld", OK), ("other.tld", DENY), ("sub.customer.tld", OK), ("customer.tld", OK), ("xcustomer.tld", DENY),
         ("CUSTOMER.tld", OK), ("second.tld", OK), ("other.tld", DENY), ("second.tld", OK))

postfix, sink = customer_postfix(start=False)
known = run_command("postconf", "-m", check=True).output.split()
types = [name for name in TYPES if name in known]
expect_equal("types that this Postfix lacks", [name for name in TYPES if name not in known], [])

(CONFIG_DIRECTORY / "sites").write_text("customer.tld x\nsecond.tld y\n")
(CONFIG_DIRECTORY / "patterns").write_text("/^(.*\\.)?customer\\.tld$/ x\n/^second\\.tld$/ y\n")
NAMES = {"regexp": "/etc/postfix/patterns", "pcre": "/etc/postfix/patterns", "inline": "{customer.tld=x, second.tld=y}"}
tables = {name: f"proxy:{name}:{NAMES.get(name, '/etc/postfix/sites')}" for name in types}
for name in ("hash", "cdb", "lmdb"):  # a btree has the suffix of a hash
    run_command("postmap", f"{name}:/etc/postfix/sites", check=True)
(CONFIG_DIRECTORY / "tree").write_text((CONFIG_DIRECTORY / "sites").read_text())
run_command("postmap", "btree:/etc/postfix/tree", check=True)
tables["btree"] = "proxy:btree:/etc/postfix/tree"
tables["a list"] = f"{tables['texthash']}, {tables['cdb']}, {tables['lmdb']}"
tables["a union"] = f"unionmap:{{{tables['cdb']}, {tables['lmdb']}, {tables['hash']}}}"
postfix.configure(proxy_read_maps=" ".join(tables[name] for name in types), local_recipient_maps="")
postfix.start()

for name, table in tables.items():
    postfix.configure(fast_flush_domains=table)
    postfix.reload()
    expect_equal(f"{name}: {table}", [(site, ask_flush("add", site=site, queue_id="ABCDEF0123")) for site, _ in SITES], list(SITES))

expect_equal("lookups that did not come off", postfix.log.find_all("table lookup problem|panic"), [])
