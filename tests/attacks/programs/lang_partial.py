"""Smuggle getattr through partial."""

from __future__ import annotations

import functools

ORIGIN = "functools.partial calls what guards forbid to name."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return functools.partial(getattr, ())("__class__") is tuple
