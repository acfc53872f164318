"""The tables of cases, one module a group."""

import importlib

GROUPS = ("wire", "sites", "queue", "housekeeping", "eligibility", "process")


def all_cases():
    """group -> cases; every case has a name of its own."""
    groups = {name: list(importlib.import_module(f"cases.{name}").cases()) for name in GROUPS}
    names = [case.name for cases in groups.values() for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"names used twice: {sorted(twice)}"
    return groups
