"""What of the outside a sandboxed program may reach: nothing, unless it is listed here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An allow-list. Every empty field means nothing of that kind; there is no value that means everything.

    `network` holds "host:port" with both parts literal; `read` and `write` hold absolute or `~/` paths of files or
    folders; `environment` holds names; `effects` holds "clock" and "random".
    """

    network: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    storage: bool = False
    effects: tuple[str, ...] = ()
