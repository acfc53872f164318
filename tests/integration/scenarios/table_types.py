"""Every table type: fast_flush_domains is looked up in it by stock flush and by the
daemon under test, and each answer is the same. Types that this Postfix does not
have, or was built without, are left out.
"""

from harness import DAEMON, OK, ask_flush, customer_postfix, expect, expect_equal, run_command
from harness.postfix import CONFIG_DIRECTORY, postfix_version

TIME_LIMIT = 600

KEYS = ["customer.tld", "CUSTOMER.tld", "sub.customer.tld", "a.b.customer.tld", "xcustomer.tld", "customer", "tld",
        "other.tld", "sub.other.tld", "user.pattern.tld", "a.pattern.tld", "not.pattern.tld", "dot.tld", "sub.dot.tld",
        "192.0.2.1", "192.0.2.200", "198.51.100.7", "empty.tld", "first.tld", "second.tld", "path"]

ENTRIES = "customer.tld yes\n.dot.tld yes\nother.tld\n  continued\n# comment\nsecond.tld third\n"
FILES = {
    "hash": ENTRIES,
    "btree": ENTRIES,  # its database has the same suffix as that of a hash
    "twice": "customer.tld one\nother.tld x\ncustomer.tld two\n",
    "odd": "lonely\n\"open x\ncustomer.tld yes\n",
    "regexp": "/^customer\\.tld$/ yes\nif /\\.tld$/\nif !/^not/\n/^(.*)\\.pattern\\.tld$/ $1\nendif\n/^dot/x yes\n"
              "endif\n!/^[^.]*$/!/tld|^192/ second\n/(/ bad\n/x/ $1\n/^first/q x\nendif\n/^empty\n",
    "pcre": "/^customer\\.tld$/ yes\nif /\\.tld$/\nif !/^not/\n/^(.*)\\.pattern\\.tld$/ $1\nendif\n/^d ot/x yes\n"
            "endif\n/(/ bad\n/x/ $1\n/^first(?=\\.)/U x\n/^(?!192)\\d/ x\n/^empty\\.tld$/\n",
    "cidr": "192.0.2.1 yes\nif 192.0.2.0/24\n!192.0.2.0/25 upper\nendif\n198.51.100.0/23 bad\n198.51.100.0/24 yes\n"
            "customer.tld bad\n2001:db8::/32 x\nif 10.0.0.0/8\n10.0.0.0/8 x\n",
}
LISTS = [
    "static:all", "static:{ all }", "!inline:{other.tld=x}, static:all",
    "inline:{customer.tld=x, {second.tld = a b}, empty.tld=}", "inline:{}", "inline:{x}",
    "texthash:/etc/postfix/t-hash", "texthash:/etc/postfix/t-twice", "texthash:/etc/postfix/t-odd", "texthash:/nonexistent",
    "hash:/etc/postfix/t-hash", "btree:/etc/postfix/t-btree", "hash:/nonexistent", "lmdb:/etc/postfix/t-hash",
    "cdb:/etc/postfix/t-hash",
    "regexp:/etc/postfix/t-regexp", "regexp:/nonexistent", "regexp:{{/customer/ x}}", "pcre:/etc/postfix/t-pcre",
    "cidr:/etc/postfix/t-cidr", "cidr:/nonexistent",
    "fail:x", "customer.tld, fail:x", "environ:x", "randmap:{a, b}", "randmap:{}",
    "unionmap:{inline:{customer.tld=a}, inline:{other.tld=b}}", "unionmap:{inline:{empty.tld=}, inline:{customer.tld=x}}",
    "unionmap:{inline:{customer.tld=a}, fail:x}", "unionmap:{regexp:{{/^sub/ x}}, inline:{customer.tld=a}}",
    "pipemap:{inline:{customer.tld=other.tld, second.tld=third}, texthash:/etc/postfix/t-hash}",
    "pipemap:{regexp:/etc/postfix/t-regexp, inline:{user=x}}", "pipemap:{inline:{customer.tld=a}, fail:x}", "pipemap:{x}",
    "nosuchtype:x",
    "proxy:hash:/etc/postfix/t-hash", "proxy:regexp:/etc/postfix/t-regexp", "proxy:hash:/nonexistent",
    "proxy:unionmap:{inline:{customer.tld=a}, inline:{other.tld=b}}", "!other.tld, proxy:inline:{tld=x}",
    "unionmap:{inline:{customer.tld=a}, proxy:inline:{other.tld=b}}",
    "pipemap:{proxy:inline:{customer.tld=a}, inline:{a=b}}",
]

# Those in which keys that are fixed, and keys that are not, are asked for parents in another way.
OTHER_STYLE = ("static:all", "inline:{customer.tld=x", "texthash:/etc/postfix/t-hash", "hash:/etc/postfix/t-hash",
               "regexp:/etc/postfix/t-regexp", "unionmap:{regexp", "proxy:hash:/etc/postfix/t-hash", "proxy:regexp")

postfix, sink = customer_postfix()
types = run_command("postconf", "-m", check=True).output.split()
for name, text in FILES.items():
    (CONFIG_DIRECTORY / f"t-{name}").write_text(text)
for type_name in ("hash", "btree", "lmdb", "cdb"):
    if type_name in types:
        source = "btree" if type_name == "btree" else "hash"
        run_command("postmap", f"{type_name}:/etc/postfix/t-{source}", check=True)
postfix.configure(proxy_read_maps=" ".join("proxy:" + part for part in (
    "hash:/etc/postfix/t-hash", "regexp:/etc/postfix/t-regexp", "hash:/nonexistent",
    "unionmap:{inline:{customer.tld=a}, inline:{other.tld=b}}", "inline:{tld=x}", "inline:{other.tld=b}",
    "inline:{customer.tld=a}")))


def answers(value):
    return {key: ask_flush("send_site", site=key) for key in KEYS}


def is_here(value):
    if "regexp:{{" in value and postfix_version() < (3, 7):
        return False
    return all(word not in value or word.rstrip(":") in types for word in ("lmdb:", "cdb:", "pcre:"))


differences = []
here = [value for value in LISTS if is_here(value)]
for style in ("fast_flush_domains", ""):
    asked = here if style else [value for value in here if value.startswith(OTHER_STYLE)]
    told = {}
    for daemon in ("flush", DAEMON):
        postfix.configure(parent_domain_matches_subdomains=style)
        postfix.use_flush(daemon)
        for value in asked:
            postfix.configure(fast_flush_domains=value)
            postfix.reload()
            told[daemon, value] = answers(value)
    for value in asked:
        stock, ours = told["flush", value], told[DAEMON, value]
        print(f"    {value}: found", [key for key in KEYS if stock[key] == OK])
        differences += [f"{value}, {key}: stock {stock[key]}, {DAEMON} {ours[key]}"
                        for key in KEYS if stock[key] != ours[key]]
expect_equal("different answers", differences, [])
expect(len(here) > 30, "most types are here")
