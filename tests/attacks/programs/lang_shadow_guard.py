"""Shadow a guard by a parameter."""

from __future__ import annotations

ORIGIN = "RestrictedPython, CVE-2026-55830: positional-only parameters shadow guards."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    def inner(_getattr_=lambda thing, name: 5, _write_=lambda thing: thing, /):
        return ().__class__ is tuple

    return inner()
