"""Connect by the event loop."""

from __future__ import annotations

import asyncio

ORIGIN = "Another way to the same socket."
SEEN = "connected"


async def _connect(port):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


def attack(target):
    asyncio.run(_connect(target["port"]))
