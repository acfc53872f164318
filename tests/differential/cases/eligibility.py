"""fast_flush_domains: which sites are served."""

import os
import subprocess

from suite import wire
from suite.case import Case

from .common import ID, ask

SITES = ("customer.tld", "CUSTOMER.tld", "sub.customer.tld", "a.b.customer.tld", "notcustomer.tld", "tld", "other.tld")

LISTS = {
    "empty": "", "one": "customer.tld", "in capitals": "CUSTOMER.TLD", "two": "foreign.tld, customer.tld",
    "separated by blanks": "foreign.tld customer.tld", "separated by commas only": "foreign.tld,customer.tld,,",
    "negated": "!customer.tld, tld", "negated after": "customer.tld, !customer.tld", "negated subdomain": "!sub.customer.tld, customer.tld",
    "negated twice": "!!customer.tld", "negated with blank": "! customer.tld, tld", "only negated": "!foreign.tld", "dot before": ".customer.tld",
    "dot and name": "customer.tld, .customer.tld", "dot alone": ".", "negated dot": "!.customer.tld, customer.tld", "top level": "tld",
    "top level with dot": ".tld", "star": "*", "star domain": "*.customer.tld", "trailing dot": "customer.tld.",
    "long": ", ".join(f"site{n}.tld" for n in range(500)) + ", customer.tld",
    "macro": "$mydestination, $relay_domains", "address": "[127.0.0.1]", "colon": "customer.tld:25",
    "file": "@ETC@/domains", "negated file": "!@ETC@/domains, tld", "file missing": "@ETC@/missing",
    "file missing, after a match": "customer.tld, @ETC@/missing", "file missing, before a match": "@ETC@/missing, customer.tld",
    "file a directory": "@ETC@", "file with a comment": "@ETC@/commented", "file continued": "@ETC@/continued", "file with odd lines": "@ETC@/odd_lines", "file that begins with a blank": "@ETC@/blank_first", "file that includes": "@ETC@/including",
    "file of tables": "@ETC@/of_tables", "file empty": "@ETC@/empty", "file without newline": "@ETC@/unended",
    "file with CRLF": "@ETC@/crlf", "file unreadable": "@ETC@/unreadable",
    "inline": "inline:{{customer.tld = x}}", "inline two": "inline:{foreign.tld=x, customer.tld=y}", "inline in capitals": "inline:{CUSTOMER.TLD=x}",
    "inline with dot": "inline:{.customer.tld=x}", "inline empty": "inline:{}", "inline malformed": "inline:{customer.tld",
    "negated inline": "!inline:{sub.customer.tld=x}, customer.tld", "static": "static:x", "fail": "fail:x", "fail, after a match": "customer.tld, fail:x", "negated fail": "!fail:x, customer.tld", "static empty": "static:", "negated static": "!static:x",
    "texthash": "texthash:@ETC@/table", "texthash in capitals": "texthash:@ETC@/capitals", "texthash with dots": "texthash:@ETC@/dotted",
    "texthash missing": "texthash:@ETC@/missing", "texthash malformed": "texthash:@ETC@/malformed", "hash": "hash:@ETC@/table",
    "hash in capitals": "hash:@ETC@/capitals", "hash with dots": "hash:@ETC@/dotted", "hash missing": "hash:@ETC@/missing",
    "hash missing, after a match": "customer.tld, hash:@ETC@/missing", "hash of text": "hash:@ETC@/text", "hash empty file": "hash:@ETC@/nothing",
    "hash unreadable": "hash:@ETC@/closed", "negated hash": "!hash:@ETC@/table, tld", "btree": "btree:@ETC@/table",
    "btree with dots": "btree:@ETC@/dotted", "btree missing": "btree:@ETC@/missing", "hash of a btree": "hash:@ETC@/asbtree",
    "unknown type": "nonsense:@ETC@/table", "no type": ":table", "relative file": "etc/domains", "cidr-like": "127.0.0.0/8",
    "brace": "{customer.tld}", "default": None,
}

FILES = {
    "domains": "customer.tld\nforeign.tld\n", "commented": "# tld\nforeign.tld\n# tld\ncustomer.tld # tld\n", "continued": "foreign.tld # tld\n  customer.tld\n", "odd_lines": "foreign.tld,\n\n  # tld\n\tcustomer.tld\ncust\n  omer.tld\n", "blank_first": " foreign.tld\ncustomer.tld\n  # x\n", "including": "@ETC@/domains\n",
    "of_tables": "inline:{customer.tld=x}\n", "empty": "", "unended": "foreign.tld\ncustomer.tld", "crlf": "customer.tld\r\n",
    "unreadable": "customer.tld\n", "table": "customer.tld x\nforeign.tld y\n", "capitals": "CUSTOMER.TLD x\n", "dotted": ".customer.tld x\n",
    "malformed": "customer.tld\nforeign.tld x\n", "asbtree": "customer.tld x\n", "closed": "customer.tld x\n",
}


def prepare(spool):
    for name, text in FILES.items():
        with open(f"{spool.etc}/{name}", "w", encoding="utf-8") as file:
            file.write(text.replace("@ETC@", spool.etc))
    wanted = spool.parameters.get("fast_flush_domains", "")
    for kind in ("hash", "btree"):
        for name in ("table", "capitals", "dotted", "closed"):
            if f"{kind}:@ETC@/{name}" in wanted:
                subprocess.run(["postmap", f"{kind}:{spool.etc}/{name}"], check=True, env={**os.environ, "MAIL_CONFIG": spool.etc})
    if "asbtree" in wanted:
        subprocess.run(["postmap", f"btree:{spool.etc}/asbtree"], check=True, env={**os.environ, "MAIL_CONFIG": spool.etc})
    for name, data in (("text.db", b"this is text\n" * 1000), ("nothing.db", b"")):
        with open(f"{spool.etc}/{name}", "wb") as file:
            file.write(data)
    os.chmod(f"{spool.etc}/unreadable", 0o000)
    if os.path.exists(f"{spool.etc}/closed.db"):
        os.chmod(f"{spool.etc}/closed.db", 0o000)


def ask_all(request=lambda site: wire.add(site, ID)):
    return [ask(request(site), f"{site}") for site in SITES]


UNUSABLE = {"file a directory", "static empty", "no type"}
# Tables that give answers, so that nothing else is logged. Debian's 3.11 says at each what it thinks of it.
DEPRECATED = {"hash", "hash in capitals", "hash with dots", "hash unreadable", "negated hash", "btree", "btree with dots"}
STYLES = {"": {}, ", no parent style": {"parent_domain_matches_subdomains": ""},
          ", parent style of others": {"parent_domain_matches_subdomains": "debug_peer_list,relay_domains"}}


def cases():
    for name, value in LISTS.items():
        parameters = {"relay_domains": "customer.tld", "fast_flush_domains": value}
        if value is None:
            del parameters["fast_flush_domains"]
            parameters["fast_flush_domains"] = "$relay_domains"
        for style, more in STYLES.items():
            if style == ", parent style of others" and name not in ("one", "dot before", "hash", "inline", "file"):
                continue
            yield Case(f"eligibility: {name}{style}", ask_all(), [prepare], main_cf={**parameters, **more},
                       deviations=("unusable-entry",) if name in UNUSABLE else ("hash-deprecated",) if name in DEPRECATED else ())
    for name in ("one", "file missing", "hash missing", "texthash missing", "unknown type", "hash of text", "file a directory"):
        for value in ("yes",):
            yield Case(f"eligibility: {name}, daemon_table_open_error_is_fatal = {value}", ask_all(), [prepare],
                       main_cf={"fast_flush_domains": LISTS[name], "daemon_table_open_error_is_fatal": value},
                       deviations=("package-hint",) if name == "unknown type" else ("hash-deprecated",) if name.startswith("hash") else ())
    for name in ("one", "file missing", "hash missing", "negated", "empty"):
        yield Case(f"eligibility: {name}: send_site", ask_all(wire.send_site), [prepare], main_cf={"fast_flush_domains": LISTS[name]})
        yield Case(f"eligibility: {name}: send_file needs no eligibility", [ask(wire.send_file(ID))], [prepare],
                   main_cf={"fast_flush_domains": LISTS[name]}, deviations=("hash-deprecated",) if name.startswith("hash") else ())
    for value in ("", "fast_flush_domains", "FAST_FLUSH_DOMAINS", "nonsense", "!fast_flush_domains", "fast_flush_domains, !fast_flush_domains"):
        yield Case(f"eligibility: parent_domain_matches_subdomains = {value or 'nothing'!r}", ask_all(), [prepare],
                   main_cf={"fast_flush_domains": "customer.tld, .foreign.tld", "parent_domain_matches_subdomains": value})
    for name, list_name in (("not in the list", "one"), ("before a broken table", "file missing")):
        yield Case(f"eligibility: a name of 300 bytes, {name}", [ask(wire.add("a" * 300, ID), "add"), ask(wire.send_site("a" * 300), "send")],
                   [prepare], main_cf={"fast_flush_domains": LISTS[list_name]}, deviations=("long-name",))
