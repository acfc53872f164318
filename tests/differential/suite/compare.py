"""Differences between two runs of a case, and whether the deviations that it names explain them."""

import re

ABSENT = "(nothing)"


def differences(stock, flushd):
    """label -> (what stock showed, what flushd showed)"""
    labels = list(dict.fromkeys([*stock, *flushd]))
    pairs = {label: (stock.get(label, ABSENT), flushd.get(label, ABSENT)) for label in labels}
    return {label: pair for label, pair in pairs.items() if pair[0] != pair[1]}


def _holds(wanted, value):
    if callable(wanted):
        return wanted(value)
    return wanted == value


def _explains(rule, label, pair):
    return re.fullmatch(rule.label, label) is not None and _holds(rule.stock, pair[0]) and _holds(rule.flushd, pair[1])


def judge(found, deviations):
    """Complaints about a case's differences; empty when it passes."""
    complaints = []
    for label, pair in found.items():
        if not any(_explains(rule, label, pair) for deviation in deviations for rule in deviation.rules):
            complaints.append((label, pair))
    for deviation in deviations:
        shown = any(rule.required and _explains(rule, label, pair)
                    for label, pair in found.items() for rule in deviation.rules)
        if not shown:
            complaints.append((f"deviation {deviation.id} is not shown any more", None))
    return complaints
