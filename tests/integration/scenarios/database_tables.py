"""The table types of Debian's packages postfix-ldap, -mysql, -pgsql and -sqlite, with real
servers: stock flush and the daemon under test answer the same for each site when
fast_flush_domains names a table as proxy:type:name, also while its server is away. Named
without proxy:, stock asks the server itself, and flushd has proxymap ask it all the same.
"""

import re
import socket
from collections import namedtuple
from pathlib import Path

from harness import (DAEMON, DENY, FAIL, IS_FLUSHD, OK, ask_flush, by_daemon, customer_postfix, expect,
                     expect_equal, run_command, wait_until)
from harness.databases import Ldap, Mysql, Pgsql, Sqlite
from harness.postfix import CONFIG_DIRECTORY, QUEUE_DIRECTORY, postfix_version

IMAGE = "databases"
TIME_LIMIT = 300

ENTRIES = {
    "customer.tld": ["other.tld"],
    "other.tld": ["x"],
    ".dot.tld": ["yes"],
    "twice.tld": ["one", "two"],
    "empty.tld": [""],
    "null.tld": [None],
    "axb.tld": ["yes"],
    "full.tld": ["%s"],
    "UPPER.tld": ["yes"],
    "o'brien.tld": ["yes"],
    "user@full.tld": ["yes"],
    "b\u00fccher.tld": ["yes"],
}
KEYS = ["customer.tld", "CUSTOMER.tld", "sub.customer.tld", "a.b.customer.tld", "xcustomer.tld", "tld", "other.tld",
        "dot.tld", "sub.dot.tld", "twice.tld", "sub.twice.tld", "empty.tld", "sub.empty.tld", "null.tld", "full.tld",
        "upper.tld", "o'brien.tld", "sub.o'brien.tld", "x' or 'a'='a", "a*b.tld", "a_b.tld", "a\\b.tld", "(axb.tld)",
        "user@full.tld", "@full.tld", "b\u00fccher.tld", "B\u00dcCHER.tld", "%s", "near.tld", "nowhere.tld"]

# What the table's .cf file says, see harness/databases.py.
VARIANTS = {
    "all": {},
    "user": {"key": "%u"},  # the part before an @, or all
    "domain": {"key": "%d"},  # the part behind it
    "label": {"key": "%2.%1"},
    "limit": {"expansion_limit": 1, "result_format": "<%s> for %S"},
    "filter": {"domain": "full.tld, customer.tld"},
    "tcp": {"tcp": True},
    "secret": {},  # which only root can read
}
KINDS = (Ldap, Mysql, Pgsql, Sqlite)


def table(kind, variant):
    return f"{kind.type}:{CONFIG_DIRECTORY}/{kind.type}-{variant}.cf"


def proxied(kind, variant):
    return "proxy:" + table(kind, variant)


NAMED = [proxied(kind, variant) for variant in [*VARIANTS, "missing"] for kind in KINDS]
INSIDE_PROXYMAP = f"proxy:unionmap:{{{table(Ldap, 'all')}, {table(Mysql, 'user')}}}"
COMPOSED = [
    f"unionmap:{{{proxied(Ldap, 'all')}, {proxied(Pgsql, 'all')}}}",
    f"unionmap:{{{proxied(Mysql, 'user')}, {proxied(Sqlite, 'all')}}}",
    f"unionmap:{{{proxied(Sqlite, 'all')}, {proxied(Mysql, 'user')}}}",
    f"unionmap:{{{proxied(Mysql, 'limit')}, {proxied(Pgsql, 'all')}}}",
    f"pipemap:{{{proxied(Mysql, 'all')}, {proxied(Pgsql, 'all')}}}",
    f"pipemap:{{inline:{{near.tld=other.tld}}, {proxied(Ldap, 'all')}}}",
    f"pipemap:{{{proxied(Pgsql, 'all')}, {proxied(Mysql, 'missing')}}}",
    f"!{proxied(Sqlite, 'user')}, {proxied(Pgsql, 'limit')}, {proxied(Mysql, 'all')}",
    INSIDE_PROXYMAP,
]
OF_BOTH_STYLES = [value for value in NAMED if re.search(r"-(all|user)\.cf$", value)] + COMPOSED

# --- the servers, and Postfix

tables = [kind(ENTRIES) for kind in KINDS]
for one in tables:
    one.start()
    for variant, settings in VARIANTS.items():
        path = CONFIG_DIRECTORY / f"{one.type}-{variant}.cf"
        path.write_text(one.config(**settings))
        path.chmod(0o600 if variant == "secret" else 0o644)
sqlite = tables[-1]
(CONFIG_DIRECTORY / "sqlite-broken.cf").write_text(sqlite.config(query="SELECT result FROM missing"))

postfix, sink = customer_postfix(
    start=False, proxy_read_maps=" ".join([*NAMED, INSIDE_PROXYMAP, proxied(Sqlite, "broken")]),
    # So that proxymap ends as soon as nobody asks: to a server that was away it turns again only after a minute.
    ipc_idle="1s", local_recipient_maps="")
run_command("postconf", "-P", "proxymap/unix/max_idle=1s", check=True)
types = run_command("postconf", "-m", check=True).output.split()
expect(all(kind.type in types for kind in KINDS), "this Postfix has the four types")

# --- a flush service for each list, all in one Postfix, instead of one that is reloaded for each

Service = namedtuple("Service", "name list")
numbers = iter(range(1000))


def add_services(daemon, lists, chroot="y", **parameters):
    # Of two idle processes of stock, one waits for the other, with its connection to proxymap open.
    parameters["max_idle"] = "1s" if daemon == "flush" else "1000s"
    options = "".join(f" -o {{ {name} = {value} }}" for name, value in parameters.items())
    services = [Service(f"{daemon}-{next(numbers)}", value) for value in lists]
    run_command("postconf", "-M", check=True, *(
        f"{service.name}/unix={service.name} unix n - {chroot} - 0 {daemon}"
        f" -o {{ fast_flush_domains = {service.list} }}{options}" for service in services))
    return services


def add_pairs(lists, **parameters):
    return list(zip(*(add_services(daemon, lists, **parameters) for daemon in ("flush", DAEMON))))


def socket_path(service):
    return str(QUEUE_DIRECTORY / "public" / service.name)


def ask(service, site):
    return ask_flush("send_site", site=site, path=socket_path(service), timeout=20)


proxied_below = add_pairs(NAMED + COMPOSED, parent_domain_matches_subdomains="fast_flush_domains")
proxied_dot = add_pairs(OF_BOTH_STYLES, parent_domain_matches_subdomains="")
away = add_pairs([f"always.tld, {proxied(kind, 'all')}" for kind in (Ldap, Mysql, Pgsql)]
                 + [f"always.tld, {COMPOSED[0]}"])
ending_proxymap = add_pairs([f"always.tld, {proxied(Sqlite, variant)}" for variant in ("broken", "all")],
                            ipc_timeout="2s")

PLAIN = [(kind, variant) for kind in KINDS for variant in ("all", "tcp", "secret", "missing")]
PLAIN_LISTS = [f"always.tld, {table(*which)}" for which in PLAIN]
plain_stock = {chroot: add_services("flush", PLAIN_LISTS, chroot=chroot) for chroot in "ny"}
plain_ours = add_services(DAEMON, PLAIN_LISTS, daemon_table_open_error_is_fatal="yes")
UNLISTED = f"mysql:{CONFIG_DIRECTORY}/mysql-unlisted.cf"
(plain_unlisted,) = add_services(DAEMON, [f"always.tld, {UNLISTED}"])

postfix.start()

# --- each answer


def compare(what, pairs):
    """Asks both for each key; returns what stock found in each list."""
    found, different = {}, []
    for stock, ours in pairs:
        told = {key: (ask(stock, key), ask(ours, key)) for key in KEYS}
        found[ours.list] = [key for key in KEYS if told[key][0] == OK]
        print(f"    {ours.list}: found {found[ours.list]}, failed for "
              f"{sum(answer == FAIL for answer, _ in told.values())} of {len(KEYS)}")
        different += [f"{ours.list}, {key}: stock {stock_told}, {DAEMON} {our_told}"
                      for key, (stock_told, our_told) in told.items() if stock_told != our_told]
    expect_equal(f"different answers: {what}", different, [])
    return found


found = compare("parents match below", proxied_below)
expect_equal("found by the first style", found[proxied(Sqlite, "all")], [
    "customer.tld", "CUSTOMER.tld", "sub.customer.tld", "a.b.customer.tld", "other.tld", "twice.tld", "sub.twice.tld",
    "full.tld", "b\u00fccher.tld", "B\u00dcCHER.tld"])
found = compare("a dot matches below", proxied_dot)
expect_equal("found by the second style", found[proxied(Sqlite, "all")], [
    "customer.tld", "CUSTOMER.tld", "other.tld", "sub.dot.tld", "twice.tld", "full.tld", "b\u00fccher.tld",
    "B\u00dcCHER.tld"])
# Who writes proxy: before a table for flushd's sake loses nothing.
compare("stock without proxy:, the other with it",
        [(stock, ours) for stock, (_, ours) in zip(plain_stock["n"][::4], proxied_below)])

# --- while the servers are away, and when they are back

SERVED = {"always.tld": OK, "customer.tld": OK, "nowhere.tld": DENY}
FAILING = {"always.tld": OK, "customer.tld": FAIL, "nowhere.tld": FAIL}


def expect_answers(when, services, expected):
    for service in services:
        told = {site: ask(service, site) for site in expected}
        expect_equal(f"{when}: {service.name}: {service.list}", told, expected)


def proxymap_ends():
    wait_until("proxymap has ended, as nobody asks", lambda: not postfix.processes(("proxymap",)), timeout=60)


def processes_of(services):
    """By the names that master has given them."""
    found = {}
    for process in postfix.flush_processes():
        words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
        found.update({service.name: process for service in services if service.name in words})
    return found


away_services = [service for pair in away for service in pair]
expect_answers("before", away_services, SERVED)
processes = processes_of([ours for _, ours in away])
for one in tables:
    one.stop()
expect_answers("servers away", away_services, FAILING)
for one in tables:
    one.start()
proxymap_ends()
expect_answers("servers back", away_services, SERVED)
if IS_FLUSHD:
    expect_equal("the processes of flushd", processes_of([ours for _, ours in away]), processes)

# --- without proxy:

for chroot, services in plain_stock.items():
    for (kind, variant), service in zip(PLAIN, services):
        # Stock has read the .cf file as root, and SQLite's file is open; sockets are outside of its chroot.
        is_reached = chroot == "n" or variant == "tcp" or kind is Sqlite
        expect_answers(f"stock itself, chroot {chroot}", [service],
                       SERVED if is_reached and variant != "missing" else FAILING)

if IS_FLUSHD:
    # It is proxymap that looks up, which is not in a chroot, and not root.
    for (kind, variant), service in zip(PLAIN, plain_ours):
        expect_answers("flushd, by proxymap", [service], SERVED if variant in ("all", "tcp") else FAILING)
    mark = postfix.log.mark()
    expect_answers("flushd, not in proxy_read_maps", [plain_unlisted], FAILING)
    postfix.log.wait_for(rf"/flushd\[\d+\]: warning: fast_flush_domains: {re.escape(UNLISTED)}: table lookup problem: proxymap is not "
                         rf"configured for it: list proxy:{re.escape(UNLISTED)} in proxy_read_maps, and reload Postfix$", since=mark)

# --- tables that end proxymap, as most troubles with SQLite do


def answer_or_none(service, site):
    try:
        return ask_flush("send_site", site=site, path=socket_path(service), timeout=5)
    except socket.timeout:
        return None


def expect_no_end(what, stock, ours):
    expect_equal(f"{what}: stock, no answer", answer_or_none(stock, "customer.tld"), None)
    expected = by_daemon("stock asks proxymap without end, flushd for ipc_timeout", flushd=FAILING, flush=None)
    if expected:
        expect_answers(what, [ours], expected)


expect_no_end("a bad query", *ending_proxymap[0])
# Stock would go on, and so would what master does about it.
postfix.stop()
sqlite.stop()
postfix.start()
if postfix_version() < (3, 10):
    expect_no_end("no database", *ending_proxymap[1])
else:
    expect_answers("no database", ending_proxymap[1], FAILING)
