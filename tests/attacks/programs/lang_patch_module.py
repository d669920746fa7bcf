"""Change a module that others use."""

from __future__ import annotations

import json

ORIGIN = "smolagents, CVE-2026-4963: modules are shared."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    before = json.dumps
    json.dumps = len
    changed = json.dumps is len
    json.dumps = before
    return changed
