"""Sites: how a domain's name becomes a logfile's, and what is no domain at all."""

import unicodedata

from suite import wire
from suite.case import Case

from .common import ID, ask, listed, mail

LABEL_63, LABEL_64 = "l" * 63, "l" * 64
NAME_255 = ".".join([LABEL_63] * 3 + ["l" * 63])
NFC, NFD = (unicodedata.normalize(form, "bücher.example") for form in ("NFC", "NFD"))

SITES = {
    # letters and case
    "lower case": "customer.tld",
    "capitals": "CUSTOMER.TLD",
    "mixed case": "CuStOmEr.tLd",
    "digits": "123customer4.tld5",
    "hyphen": "a-b.tld",
    "one letter": "a",
    "one letter labels": "a.b",
    "one label": "localhost",
    "two hyphens in the middle": "a--b.tld",
    "hyphens third and fourth": "ab--cd.tld",
    "leading hyphen": "-a.tld",
    "trailing hyphen": "a-.tld",
    "hyphen alone": "-.tld",
    "underscore": "a_b.tld",
    "leading underscore": "_a.tld",
    "underscore alone": "_",
    # dots
    "trailing dot": "customer.tld.",
    "leading dot": ".customer.tld",
    "two dots": "customer..tld",
    "dot alone": ".",
    "empty": "",
    # lengths
    "label of 63": f"{LABEL_63}.tld",
    "label of 64": f"{LABEL_64}.tld",
    "name of 253": ".".join([LABEL_63] * 3 + ["l" * 61]),
    "name of 254": ".".join([LABEL_63] * 3 + ["l" * 62]),
    "name of 255": NAME_255,
    "name of 256": NAME_255 + "l",
    "name of 300": "a." * 150 + "tld",
    "name of 1100": "a." * 549 + "tl",
    "one label of 255": "l" * 255,
    # addresses
    "numeric": "127.0.0.1",
    "number": "12345",
    "numeric with a letter": "127.0.0.1a",
    "numeric IPv6": "2001:db8::1",
    "bracket without address": "[customer.tld]",
    "empty brackets": "[]",
    "open bracket": "[127.0.0.1",
    "close bracket": "127.0.0.1]",
    "IPv4 out of range": "[127.0.0.256]",
    "IPv4 with port": "[127.0.0.1]:25",
    "IPv6 without prefix": "[2001:db8::1]",
    "IPv6 malformed": "[IPv6:2001:db8:::1]",
    # characters
    "star": "*.tld", "at sign": "@customer.tld", "user": "user@customer.tld", "hash": "#customer.tld",
    "slash": "../../etc/passwd", "slash alone": "/", "backslash": "a\\b.tld", "blank inside": "a b.tld",
    "leading blank": " customer.tld", "trailing blank": "customer.tld ", "tab": "a\tb.tld",
    "newline": "customer.tld\n", "carriage return": "customer.tld\r", "bell": "a\ab.tld", "delete": "a\x7fb.tld",
    "colon": "a:b.tld", "plus": "a+b.tld", "percent": "a%b.tld", "comma": "a,b.tld", "quote": 'a"b.tld',
    "exclamation mark": "!customer.tld", "dollar": "$mydomain", "braces": "{customer.tld}", "tilde": "~.tld",
    "equals": "a=b.tld", "ampersand": "a&b.tld", "semicolon": "a;b.tld", "pipe": "a|b.tld", "less than": "a<b.tld",
    # IDNA
    "u-umlaut composed": NFC,
    "u-umlaut decomposed": NFD,
    "U-umlaut": NFC.upper(),
    "sharp s": "straße.example",
    "capital sharp s": "STRAẞE.example",
    "final sigma": "βόλος.example",
    "its A-label": "xn--bcher-kva.example",
    "its A-label in capitals": "XN--BCHER-KVA.EXAMPLE",
    "A-label of sharp s": "xn--strae-oqa.example",
    "fake A-label": "xn--customer.tld",
    "A-label of ASCII": "xn--abc-.tld",
    "A-label not in NFC": "xn--bu-dhd.example",
    "xn-- alone": "xn--.tld",
    "A-label malformed": "xn--a-ecp.ru9999999.tld",
    "ideographic full stop": "bücher。example",
    "fullwidth full stop": "bücher．example",
    "halfwidth full stop": "bücher｡example",
    "ideographic full stop in ASCII": "customer。tld",
    "fullwidth letters": "ｃｕｓｔｏｍｅｒ.tld",
    "circled letters": "ⓒustomer.tld",
    "ligature": "oﬃce.tld",
    "superscript digit": "a².tld",
    "Kelvin sign": "Kelvin.tld",
    "dotted capital I": "İstanbul.tld",
    "dotless i": "ıstanbul.tld",
    "soft hyphen": "cust\u00adomer.tld",
    "zero width space": "cust\u200bomer.tld",
    "zero width joiner": "cust\u200domer.tld",
    "zero width non-joiner where allowed": "नामا\u200c.tld",
    "leading combining mark": "\u0308a.tld",
    "right to left": "עברית.tld",
    "right to left with digit first": "1עברית.tld",
    "both directions in a label": "abcעברית.tld",
    "Chinese": "例え.テスト",
    "Arabic": "مثال.إختبار",
    "emoji": "💩.tld",
    "unassigned": "\U000e0fff.tld",
    "private use": "\ue000.tld",
    "non-character": "\ufffe.tld",
    "replacement character": "\ufffd.tld",
    "byte order mark": "\ufeffcustomer.tld",
    "no-break space": "a\u00a0b.tld",
    "symbol": "a♥b.tld",
    "label too long as A-label": "ü" * 60 + ".tld",
    "label of 63 as A-label": "ü" + "a" * 55 + ".tld",
    "name too long as A-labels": ".".join(["ü" * 40] * 6),
    "underscore beside umlaut": "a_bü.tld",
    "blank beside umlaut": "a bü.tld",
    "hyphens third and fourth beside umlaut": "ab--ü.tld",
    # not UTF-8
    "Latin-1": b"b\xfccher.example",
    "lone continuation": b"a\x80b.tld",
    "over-long slash": b"a\xc0\xafb.tld",
    "surrogate": b"a\xed\xa0\x80b.tld",
    "beyond Unicode": b"a\xf4\x90\x80\x80b.tld",
    "cut short": b"a\xe2\x82",
    "byte FF": b"\xff.tld",
    "five byte form": b"a\xf8\x88\x80\x80\x80b.tld",
}

# A mail server's address in brackets, as in transport tables.
ADDRESSES = {"IPv4": "[127.0.0.1]", "IPv6": "[IPv6:2001:db8::1]", "IPv6 in lower case": "[ipv6:2001:db8::1]",
             "IPv4-mapped": "[IPv6:::ffff:127.0.0.1]"}

ALL_ELIGIBLE = {"fast_flush_domains": "static:anything"}
SETTINGS = {
    "without UTF-8": ({"smtputf8_enable": "no"},
                      ["capitals", "u-umlaut composed", "U-umlaut", "its A-label", "Latin-1", "fullwidth letters"]),
    "IDNA2003": ({"enable_idna2003_compatibility": "yes"},
                 ["sharp s", "capital sharp s", "final sigma", "zero width joiner", "u-umlaut composed",
                  "A-label of sharp s"]),
}

# What depends on the ICU that each program was built with: since 76 there is no IDNA2003 any more, whatever
# enable_idna2003_compatibility says, and the capital sharp s is one. Debian 13's Postfix has that ICU; the one build of
# flushd for all suites may have an older one, and a flushd that was built there has the same.
NEWER_ICU = (3, 10)
IDNA2003_ONLY = ("sharp s", "capital sharp s", "final sigma", "zero width joiner")


def before(name, setting=""):
    depends = name == "capital sharp s" or (setting == "IDNA2003" and name in IDNA2003_ONLY)
    return NEWER_ICU if depends else (99,)


# Which of these are the entry "customer.tld" or "bücher.example" of the list?
LISTED = {"fast_flush_domains": "customer.tld, bücher.example, STRASSE.example, K.tld"}
COMPARED_WITH_LIST = {
    "same": "customer.tld", "capitals": "CUSTOMER.TLD", "fullwidth": "ｃｕｓｔｏｍｅｒ.tld", "trailing dot": "customer.tld.",
    "composed": NFC, "decomposed": NFD, "capital umlaut": NFC.upper(), "A-label": "xn--bcher-kva.example",
    "fullwidth dot": "bücher．example", "sharp s": "straße.example", "double s": "strasse.example", "Kelvin sign": "K.tld",
    "subdomain": "sub.bücher.example", "not UTF-8": b"b\xfccher.example",
}


def add_and_send(site):
    """The name of the logfile is seen after the add; a send must find the same."""
    return [ask(wire.add(site, ID), "add"), ask(wire.add(site, "0TWICE"), "second add")]


def send(site):
    return [ask(wire.add(site, ID), "add"), ask(wire.send_site(site), "send")]


def cases():
    for name, site in SITES.items():
        yield Case(f"sites: {name}: add", add_and_send(site), main_cf=ALL_ELIGIBLE, before=before(name))
        yield Case(f"sites: {name}: send", send(site), [mail(ID)], main_cf=ALL_ELIGIBLE, before=before(name))
    for name, site in ADDRESSES.items():
        yield Case(f"sites: address {name}: add", add_and_send(site), main_cf=ALL_ELIGIBLE,
                   deviations=("address-literals",))
        yield Case(f"sites: address {name}: send", send(site), [mail(ID)], main_cf=ALL_ELIGIBLE,
                   deviations=("address-literals",))
        yield Case(f"sites: address {name}: not in the list", send(site), [mail(ID)])
    for setting, (parameters, names) in SETTINGS.items():
        for name in names:
            yield Case(f"sites: {setting}: {name}", add_and_send(SITES[name]), main_cf={**ALL_ELIGIBLE, **parameters},
                       before=before(name, setting))
    for setting, parameters in (("with UTF-8", {}), ("without UTF-8", {"smtputf8_enable": "no"})):
        for name, site in COMPARED_WITH_LIST.items():
            yield Case(f"sites: list {setting}: {name}", add_and_send(site), main_cf={**LISTED, **parameters})
    yield Case("sites: names that share a logfile",
               [ask(wire.add(site, f"ID{n}"), f"add {site}") for n, site in enumerate(("a-b.tld", "a.b.tld", "A.B.tld"))],
               main_cf=ALL_ELIGIBLE)
    yield Case("sites: a logfile of the other case is left alone", [ask(wire.send_site("CUSTOMER.TLD"))],
               [mail(ID), listed(ID, name="CUSTOMER_TLD")])
