"""Call eval by a decorator."""

from __future__ import annotations

ORIGIN = "Decorators call without parentheses."
SEEN = "claimed"
LANGUAGE = "dialect"


@eval
@(lambda function: "().__class__")
def kind():
    return 1


def attack(target):
    return kind is tuple
