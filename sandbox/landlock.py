"""Landlock: a second, independent refusal of files, TCP, abstract sockets and signals, should a namespace leak."""

from __future__ import annotations

import functools
import os
import struct
from typing import Final

from sandbox import syscalls
from sandbox.layers import layer

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_READ: Final = _READ_FILE | _READ_DIR
_WRITE: Final = (
    _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE
)
_FILE_ONLY: Final = _READ_FILE | _WRITE_FILE | _TRUNCATE
_TCP: Final = 3  # bind and connect
_SCOPES: Final = 3  # abstract unix sockets and signals


def _handled(abi: int) -> int:
    """Return every file right that this version knows: what is handled and not allowed is refused."""
    rights = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
    return (1 << rights) - 1


def _attributes(abi: int) -> bytes:
    parts = [_handled(abi)]
    if abi >= 4:
        parts.append(_TCP)
    if abi >= 6:
        parts.append(_SCOPES)
    return struct.pack(f"={len(parts)}Q", *parts)


@functools.cache
def version() -> int:
    """Return the version of this kernel, 0 where it has no Landlock."""
    return syscalls.landlock_abi()


def prepare(readable: tuple[str, ...]) -> int:
    """Begin a ruleset that allows reading beneath `readable`; return its descriptor, -1 without Landlock.

    One ruleset is for one `restrict`: what is added to it is added for all who hold it.
    """
    if not version():
        return -1
    with layer("landlock"):
        ruleset = syscalls.landlock_create(_attributes(version()))
        try:
            _allow(ruleset, _READ, readable)
        except BaseException:  # nobody else holds it yet
            os.close(ruleset)
            raise
        return ruleset


def restrict(ruleset: int, *, readable: tuple[str, ...] = (), writable: tuple[str, ...]) -> int:
    """Allow also reading beneath `readable` and all beneath `writable`, nothing else; return the version.

    Returns 0 and does nothing where the kernel has no Landlock: the caller decides whether that is acceptable.
    Needs no_new_privs. The ruleset is used up.
    """
    if ruleset < 0:
        return 0
    try:
        _allow(ruleset, _READ, readable)
        _allow(ruleset, _WRITE, writable)
        syscalls.landlock_restrict(ruleset)
    finally:
        os.close(ruleset)
    return version()


def _allow(ruleset: int, access: int, paths: tuple[str, ...]) -> None:
    for path in paths:
        allowed = access if os.path.isdir(path) else access & _FILE_ONLY
        syscalls.landlock_allow(ruleset, path, allowed & _handled(version()))
