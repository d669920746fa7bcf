"""The real outside of an approved plugin: what its policy lists, through the host."""

from __future__ import annotations

import os
import secrets as random_source
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from sandbox.limits import Limits
from sandbox.outside.addresses import Names, Resolver, system_resolver
from sandbox.outside.decide import Permit
from sandbox.outside.desk import Desk, Parts
from sandbox.outside.disk import HostDisk
from sandbox.outside.storage import HostStore
from sandbox.outside.web import HostWeb
from sandbox.policy import Policy


def _unheard(_kind: str, _content: dict[str, object]) -> None:
    """Drop a message nobody listens to."""


class RealOutside(Desk):
    """Answers asks by doing what they say, as far as the policy and the limits allow.

    `secrets` maps "host:port" to a header line ("Authorization: Bearer ...") that the host adds over TLS, so that the
    plugin need not hold it. `forbidden` lists trees that no grant reaches: user state and the control files of
    workspaces. `addressable` lists addresses that are allowed although they are not public; it comes from the person.
    """

    def __init__(
        self,
        policy: Policy,
        limits: Limits,
        storage_dir: Path,
        secrets: Mapping[str, str] | None = None,
        *,
        forbidden: Iterable[str] = (),
        home: str | None = None,
        environ: Mapping[str, str] | None = None,
        resolver: Resolver = system_resolver,
        addressable: Collection[str] = (),
        trusted_ca: str | None = None,
        on_message: Callable[[str, dict[str, object]], None] = _unheard,
    ) -> None:
        permit = Permit(policy, home if home is not None else os.path.expanduser("~"))
        web = HostWeb(
            permit,
            network_mb=limits.network_mb,
            wall_s=limits.wall_s,
            secrets=secrets,
            names=Names(resolver=resolver, addressable=frozenset(addressable)),
            trusted_ca=trusted_ca,
        )
        protected = (*forbidden, str(storage_dir))
        variables = os.environ if environ is None else environ
        parts = Parts(
            web=web,
            disk=HostDisk(permit, forbidden=protected, limits=limits),
            store=HostStore(storage_dir, quota_mb=limits.disk_mb),
            variable=variables.get,
            now=time.time,
            monotonic=time.monotonic,
            seed=lambda: random_source.randbits(63),
            message=on_message,
        )
        super().__init__(permit, parts, wall_s=limits.wall_s, upload_bytes=int(limits.network_mb * 1024 * 1024))
        self._web = web

    @property
    def network_bytes(self) -> int:
        """The bytes that were sent and received so far, as they count against `Limits.network_mb`."""
        return self._web.moved
