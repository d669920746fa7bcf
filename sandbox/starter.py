"""What a level is to the rest of the package: something that starts workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from sandbox.limits import Limits
from sandbox.protocol import Frame, Request
from sandbox.session import Worker

Kind = Literal["plain", "tests", "parse"]


class Starter(Protocol):
    """Starts the workers of one level."""

    def start(self, kind: Kind, seed: int | None, limits: Limits, setup: Frame, first: Request | None = None) -> Worker:
        """Return an isolated worker; raises `SandboxUnavailable`.

        `first` is the request that it will be given first, for a level that can send it with the setup.
        """
        ...

    def layers(self) -> Mapping[str, str]:
        """Return what is in place at this level, for the probe."""
        ...

    def traits(self) -> str:
        """Return what a finding about this level depends on, besides kernel, version and account: cheap to ask."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Return what cannot be enforced exactly here, and what is done instead."""
        ...

    def close(self) -> None:
        """End everything that was started."""
        ...
