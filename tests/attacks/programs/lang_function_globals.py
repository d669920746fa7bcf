"""Reach the globals of a library function."""

from __future__ import annotations

import textwrap

ORIGIN = "Every function carries its module."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return "os" in textwrap.dedent.__globals__ or len(textwrap.dedent.__globals__) > 3
