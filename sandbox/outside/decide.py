"""What a policy allows: one decision for the real outside and for its doubles, with the name of what is missing."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from sandbox.outside.base import Refused
from sandbox.policy import Policy

_HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*\Z")
_MAX_NAME: Final = 300
_MAX_PATH, _MAX_PART = 4096, 255  # what Linux takes
_MAX_DEPTH: Final = 200  # of which each is looked at by itself, and made where it is missing
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
#: Trees of the system that no grant reaches: processes, devices, runtime sockets.
SYSTEM: Final = ("/proc", "/sys", "/dev", "/run", "/var/run")
#: Names that no path may contain: they steer git or this program.
_CONTROL: Final = frozenset({".git", "ratchet.toml"})


def host_name(text: str) -> str:
    """Return a host in its one spelling: lower case, ASCII, no final dot; ValueError if it is none."""
    if len(text) > _MAX_NAME:
        raise ValueError("a host name of this length does not exist")
    plain = text.strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(plain.strip("[]")))
    except ValueError:
        pass
    try:
        plain = plain.encode("idna").decode() if plain and not plain.isascii() else plain
    except UnicodeError as error:
        raise ValueError(f"{text!r} is not a host name") from error
    if len(plain) > 253 or not _HOST.match(plain):
        raise ValueError(f"{text!r} is not a host name")
    # "2130706433" and "0x7f.1" are addresses to some resolvers and names to others: neither is a name here.
    if re.fullmatch(r"(?:0x[0-9a-f]+|[0-9]+)", plain.rpartition(".")[2]):
        raise ValueError(f"{text!r} is not a host name")
    return plain


def clean_path(text: object, home: str) -> str:
    """Return an absolute path in its one spelling; ValueError for a relative one, `..`, or what no path can hold."""
    if type(text) is not str or not text or len(text) > _MAX_PATH or "\0" in text:
        raise ValueError(f"a path is a text of 1 to {_MAX_PATH} characters")
    path = home + text[1:] if text == "~" or text.startswith("~/") else text
    parts = path.encode().split(b"/")
    if sum(map(len, parts)) + len(parts) > _MAX_PATH or max(map(len, parts)) > _MAX_PART:
        raise ValueError(f"a path has at most {_MAX_PATH} bytes, each name in it {_MAX_PART}")
    if len(parts) > _MAX_DEPTH:
        raise ValueError(f"a path has at most {_MAX_DEPTH} names")
    if not path.startswith("/"):
        raise ValueError("a path is absolute or starts with ~/")
    if ".." in path.split("/"):
        raise ValueError("a path must not contain ..")
    return "/" + posixpath.normpath(path).strip("/")


def never_grantable(path: str, forbidden: Iterable[str] = ()) -> str:
    """Return why an absolute, clean path can never be granted, or an empty text.

    `forbidden` adds the trees of this installation: user state, and the control files of workspaces.
    """
    if path == "/":
        return "the whole file system cannot be granted"
    for tree in (*SYSTEM, *forbidden):
        if is_within(path, tree):
            return f"{tree} cannot be granted"
    for part in PurePosixPath(path).parts:
        if part.casefold() in _CONTROL:
            return f"{part} cannot be granted"
    return ""


def is_within(path: str, tree: str) -> bool:
    """Return whether `path` is `tree` or lies below it."""
    return path == tree or path.startswith(tree.rstrip("/") + "/")


class Permit:
    """One policy, asked: each method returns a Refused that names the capability, or None."""

    def __init__(self, policy: Policy, home: str) -> None:
        self.home = home.rstrip("/")
        self._policy = policy
        self._network = frozenset(_endpoint(entry) for entry in policy.network)
        self.write_grants = tuple(clean_path(path, self.home) for path in policy.write)
        self.read_grants = (*(clean_path(path, self.home) for path in policy.read), *self.write_grants)

    def network(self, host: str, port: int) -> Refused | None:
        """A connection to one host and port, by the name that was declared."""
        if (host, port) in self._network:
            return None
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return _refused(f"network:{shown}", f"the manifest does not declare the host {shown}")

    def read(self, path: str) -> Refused | None:
        """Reading one clean path; what may be written may be read back."""
        return self._reach("read", path, self.read_grants)

    def write(self, path: str) -> Refused | None:
        """Writing one clean path."""
        return self._reach("write", path, self.write_grants)

    def refuse(self, kind: str, path: str, problem: str = "") -> Refused:
        """Return the refusal of a path, which names it as manifests do: it is not declared, or has a problem."""
        shown = "~" + path[len(self.home) :] if self.home and is_within(path, self.home) else path
        reason = f"{problem}: user state, git and the system stay out of reach" if problem else ""
        return _refused(f"{kind}:{shown}", reason or f"the manifest does not declare: {kind} {shown}")

    def _reach(self, kind: str, path: str, grants: Iterable[str]) -> Refused | None:
        problem = never_grantable(path)
        if not problem and any(is_within(path, grant) for grant in grants):
            return None
        return self.refuse(kind, path, problem)

    def environment(self, name: str) -> Refused | None:
        """Reading one variable."""
        if name in self._policy.environment:
            return None
        shown = name if _NAME.match(name) else "?"
        return _refused(f"environment:{shown}", f"the manifest does not declare the variable {shown}")

    def storage(self) -> Refused | None:
        """Using the plugin's own store."""
        return None if self._policy.storage else _refused("storage", "the manifest does not declare storage")

    def effect(self, name: str) -> Refused | None:
        """An effect: clock or random."""
        if name in self._policy.effects:
            return None
        return _refused(f"effect:{name}", f"the manifest does not declare the effect {name}")


def _refused(capability: str, message: str) -> Refused:
    return Refused(capability=capability[:300], message=message[:500])


def _endpoint(entry: str) -> tuple[str, int]:
    host, _, port = entry.rpartition(":")
    return host_name(host), int(port)
