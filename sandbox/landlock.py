"""Landlock: a second, independent refusal of files, TCP, abstract sockets and signals, should a namespace leak."""

from __future__ import annotations

import os
import struct
from typing import Final

from sandbox import syscalls

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


def restrict(*, readable: tuple[str, ...], writable: tuple[str, ...]) -> int:
    """Allow reading beneath `readable`, reading and writing beneath `writable`, nothing else; return the version.

    Returns 0 and does nothing where the kernel has no Landlock: the caller decides whether that is acceptable.
    Needs no_new_privs.
    """
    abi = syscalls.landlock_abi()
    if abi == 0:
        return 0
    ruleset = syscalls.landlock_create(_attributes(abi))
    try:
        for access, paths in ((_READ, readable), (_WRITE, writable)):
            for path in paths:
                allowed = access if os.path.isdir(path) else access & _FILE_ONLY
                syscalls.landlock_allow(ruleset, path, allowed & _handled(abi))
        syscalls.landlock_restrict(ruleset)
    finally:
        os.close(ruleset)
    return abi
