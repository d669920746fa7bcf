"""Have typing evaluate text."""

from __future__ import annotations

import typing

ORIGIN = "Annotations as text are evaluated."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    def inner():
        return 1

    inner.__annotations__ = {"x": "().__class__"}
    return typing.get_type_hints(inner)["x"] is tuple
