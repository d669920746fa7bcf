"""Have code run at collection."""

from __future__ import annotations

ORIGIN = "smolagents issue 2395: __del__ runs outside the call."
SEEN = "claimed"
LANGUAGE = "dialect"


seen = []


class Bomb:
    def __del__(self):
        seen.append(1)


def attack(target):
    bomb = Bomb()
    del bomb
    return seen == [1]
