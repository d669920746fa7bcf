"""Ask the service by HTTP."""

from __future__ import annotations

import urllib.request

ORIGIN = "Server-side request forgery."
SEEN = "connected"


def attack(target):
    urllib.request.urlopen(f"http://127.0.0.1:{target['port']}/", timeout=1)
