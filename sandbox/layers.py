"""The layers of the process level by name, so that a failure says which one and what to do about it."""

from __future__ import annotations

import errno
from typing import Final

CURES: Final[dict[str, str]] = {
    "user namespace": "Allow unprivileged user namespaces (user.max_user_namespaces, kernel.unprivileged_userns_clone, "
    "kernel.apparmor_restrict_unprivileged_userns), or use the level wasm or container.",
    "namespaces": "Run outside a container that forbids namespaces, or use the level wasm or container.",
    "identity": "Allow a process to map its own user and group into a user namespace.",
    "mounts": "Allow mounts inside a user namespace (kernel 5.12 or later).",
    "limits": "Raise the hard resource limits of the account that runs Ratchet.",
    "landlock": "Use kernel 5.13 or later with Landlock among its security modules, or set allow_missing_landlock "
    "in the settings of the user (never in a workspace).",
    "capabilities": "Use kernel 4.3 or later.",
    "seccomp": "Use a kernel with seccomp filters, on x86_64 or aarch64.",
    "descriptors": "Close sandboxes that are not needed, or allow this account more open files (ulimit -n).",
    "processes": "End processes of this account that are not needed, or allow it more of them (ulimit -u).",
    "memory": "Free memory: the kernel has none left for another process.",
    "fork server": "Try again; where it ends each time, look for what ends processes of this account.",
    "preload": "Install Ratchet again: a module of its own or of its dependencies cannot be imported.",
}


class LayerFailed(Exception):
    """A layer could not be put in place; `number` is the errno, 0 where there is none."""

    def __init__(self, layer: str, number: int, detail: str) -> None:
        self.layer, self.number, self.detail = layer, number, detail
        super().__init__(f"{layer}: {detail}")


class _Layer:
    """A class and no generator: it runs many times in the start of each worker."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """There is nothing to do before."""

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, OSError):
            raise LayerFailed(self._name, problem.errno or 0, str(problem)) from problem


def layer(name: str) -> _Layer:
    """Turn an OSError in a `with` block into `LayerFailed` of this name."""
    return _Layer(name)


def errno_name(number: int) -> str:
    """Return "EPERM" for 1; an empty text for 0 or an unknown number."""
    return errno.errorcode.get(number, "")


def cure(name: str) -> str:
    """Return what a person can do when this layer fails."""
    return CURES.get(name, "See the security documentation.")
