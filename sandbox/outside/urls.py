"""URLs of requests: one strict reading, so that what is checked is what is requested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from sandbox.outside.decide import host_name

_SAFE: Final = "/:?#[]@!$&'()*+,;=%-._~"
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")
_PLACE: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(?::[0-9]*)?\Z")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An absolute http or https URL, taken apart."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must be equal for credentials to be sent on."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> Url:
    """Return a URL; ValueError for anything that two readers could read differently."""
    if _ODD.search(text):
        raise ValueError("a URL has no spaces, control characters or backslashes")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ValueError("a URL starts with https:// or http://")
    if "@" in parts.netloc or not parts.hostname:
        raise ValueError("a URL names a host, without user or password")
    if not _PLACE.match(parts.netloc):
        raise ValueError("a URL spells its host plainly")
    path = quote(parts.path or "/", safe=_SAFE)
    query = "?" + quote(parts.query, safe=_SAFE) if parts.query else ""
    number = _PORTS[scheme] if port is None else port
    return Url(scheme=scheme, host=host_name(parts.hostname), port=number, target=path + query)


def redirected(url: Url, location: str) -> Url:
    """Return where a Location header leads."""
    return parse_url(urljoin(str(url), location.strip()[:8192]))
