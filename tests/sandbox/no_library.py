"""Loaded ahead by a fork server, it takes away the library behind the language policy, as if it were not installed."""

from __future__ import annotations

import sys

sys.modules["RestrictedPython"] = None  # type: ignore[assignment] # what the import system takes for "there is none"
