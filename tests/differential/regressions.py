"""What upstream had to fix once, and the cases that would notice if it came back."""

import re

# Year and what was wrong -> regular expressions; each must match the name of a case.
FIXED_UPSTREAM = {
    "2000: logfile names that differ in case lose mail": [
        r"sites: (capitals|mixed case): (add|send)", r"sites: a logfile of the other case is left alone",
        r"sites: names that share a logfile"],
    "2001: sites that are an [address]": [r"sites: address IPv4: (add|send)", r"sites: address IPv6: (add|send)"],
    "2001: one-letter labels": [r"sites: one letter( labels)?: (add|send)", r"housekeeping: refresh: logfile 0 'a'"],
    "2001: trigger sockets closed before they are read": [r"queue: qmgr slow: (send|send_file|refresh)"],
    "2002: housekeeping makes the queue manager attempt what defer_transports holds": [
        r"housekeeping: refresh does not unthrottle", r"queue: qmgr (socket|fifo): (refresh|wakeup)"],
    "2003: long logfile names are refused as queue IDs": [
        r"sites: name of 25[3-6]: (add|send)", r"sites: label of 6[34]: add", r"queue: ID 25[4-6] bytes: (add|listed)"],
    "2006: mail stays deferred when the request comes during a scan, hence unthrottling first": [
        r"queue: qmgr (socket|fifo): send", r"queue: the queue manager is told before anything is moved",
        r"queue: message of mode 0700 in (deferred|incoming): send_file"],
    "2007: refresh goes by times that a noatime mount does not keep": [
        r"housekeeping: refresh: listed mail, (read|written).*", r"housekeeping: refresh twice", r"wire: send_site"],
    "2011: a broken table is FAIL, and not the end": [
        r"eligibility: (file|hash|texthash) missing", r"eligibility: unknown type", r"eligibility: hash of text"],
    "2015: UTF-8 domains": [r"sites: u-umlaut (composed|decomposed): (add|send)", r"sites: list with UTF-8: .*",
                            r"sites: list without UTF-8: .*", r"sites: its A-label: (add|send)"],
    "2020: the server announces the protocol": [r"wire: the announcement comes unasked"],
}


def mistakes(groups):
    """Items that no case covers."""
    names = [case.name for cases in groups.values() for case in cases]
    return [f"regression \"{item}\": no case is called {pattern}" for item, patterns in FIXED_UPSTREAM.items()
            for pattern in patterns or ["anything"] if not any(re.fullmatch(pattern, name) for name in names)]
