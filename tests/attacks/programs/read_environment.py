"""Read the environment of the host."""

from __future__ import annotations

import os

ORIGIN = "Pyodide under node hands out process.env."
SEEN = "secret"


def attack(target):
    return dict(os.environ)
