"""Run code by a metaclass."""

from __future__ import annotations

ORIGIN = "RestrictedPython: __metaclass__ hooks."
SEEN = "claimed"
LANGUAGE = "dialect"


class Meta(type):
    def __call__(cls, *arguments):
        return 7


class Thing(metaclass=Meta):
    pass


def attack(target):
    return Thing() == 7
