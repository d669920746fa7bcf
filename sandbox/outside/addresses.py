"""Which addresses a name may resolve to: the public ones, at any spelling."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sandbox.outside.base import Refused
from sandbox.outside.limited import NotGranted

Resolver = Callable[[str, int], Sequence[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
# Not global by their allocation (not every Python knows that of each), or relays into whatever network is nearest, or
# public addresses that clouds answer metadata requests on.
_NEVER: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("192.0.0.0/24", "100.64.0.0/10", "168.63.129.16/32", "192.88.99.0/24"),
        *("64:ff9b:1::/48", "fec0::/10", "5f00::/16", "3fff::/20"),
    )
)
_WANTED: Final = 16
_MOST_AT_ONCE: Final = 8


def address_problem(text: str) -> str:
    """Return why an address is not a public one, or an empty text."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"{text!r} is not an address"
    for form in _forms(address):
        special = form.is_multicast or form.is_reserved or form.is_unspecified or form.is_loopback or form.is_link_local
        if special or not form.is_global or any(form in net for net in _NEVER if net.version == form.version):
            return f"{address} is not a public address"
    return ""


def _forms(address: Address) -> list[Address]:
    """Return the address and every IPv4 address that it carries."""
    forms: list[Address] = []
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [low]
    if address in _COMPATIBLE or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        forms.append(low)
    if address.sixtofour:
        forms.append(address.sixtofour)
    if address.teredo:
        forms.extend(address.teredo)
    return [address, *forms]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Resolve by the system, once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names on the way to addresses. `addressable` lists exact addresses that are allowed although they are not public.

    It comes from the person's own configuration, never from a workspace.
    """

    resolver: Resolver = system_resolver
    addressable: frozenset[str] = frozenset()
    # The system's resolver takes no deadline, so who gave up waiting leaves a thread behind: so many, and no more.
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_MOST_AT_ONCE))

    def resolve(self, host: str, port: int, *, timeout_s: float) -> list[str]:
        """Return the addresses to connect to; NotGranted when any of them is not public."""
        addresses = self._bounded(host, port, timeout_s)[:_WANTED]
        if not addresses:
            raise ConnectionError(f"{host} has no address")
        for address in addresses:
            problem = "" if address in self.addressable else address_problem(address)
            if problem:
                message = f"{host} leads to {address}, which is not a public address"
                raise NotGranted(Refused(capability=f"address:{address}", message=message))
        return addresses

    def _bounded(self, host: str, port: int, timeout_s: float) -> list[str]:
        found: list[str] = []
        failed: list[OSError] = []

        def work() -> None:
            try:
                found.extend(self.resolver(host, port))
            except OSError as error:
                failed.append(error)
            finally:
                self.slots.release()

        if not self.slots.acquire(blocking=False):
            raise TimeoutError(f"{host} was not resolved: {_MOST_AT_ONCE} names are still being asked for")
        thread = threading.Thread(target=work, daemon=True, name="resolver")
        thread.start()
        thread.join(timeout_s)
        if thread.is_alive():
            raise TimeoutError(f"{host} was not resolved in {timeout_s:g} s")
        if failed:
            raise ConnectionError(f"{host} cannot be resolved") from failed[0]
        return found
