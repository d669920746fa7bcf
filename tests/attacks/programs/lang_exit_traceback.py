"""Take the frame from __exit__."""

from __future__ import annotations

ORIGIN = "Context managers are handed tracebacks."
SEEN = "claimed"
LANGUAGE = "dialect"


class Catch:
    def __enter__(self):
        self.found = False
        return self

    def __exit__(self, kind, problem, trace):
        self.found = "open" in trace.tb_frame.f_builtins
        return True


def attack(target):
    with Catch() as catch:
        1 / 0
    return catch.found
