"""The system call filter: an allow-list as a classic BPF program, for x86_64 and aarch64.

Everything that is not listed fails with EPERM. A call of a foreign architecture (or x32) kills the process, since its
numbers mean other calls.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sandbox import syscalls
from sandbox.syscall_numbers import AARCH64, X86_64

ALLOW, KILL = 0x7FFF0000, 0x80000000
_ERRNO = 0x00050000
EPERM, EAGAIN, ENOSYS = 1, 11, 38
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_X32_BIT: Final = 0x40000000

# Calls whose arguments decide; the rest of the tables is allowed as it is.
_JUDGED: Final = frozenset({"fcntl", "ioctl", "socketpair", "prctl", "prlimit64", "clone", "clone3"})
_PROCESS: Final = frozenset({"fork", "vfork", "setpgid", "setsid"})
# FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ: never TIOCSTI or TIOCLINUX.
_IOCTLS: Final = (0x541B, 0x5421, 0x5451, 0x5450, 0x5401, 0x5413)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC: all others reach whoever has the same file, on the host
# too (by a lease, a lock, a watch), or take memory that nothing counts.
_FCNTLS: Final = (0, 1, 2, 3, 4, 1030)
# F_SETLK, F_SETLKW and the two of open files: what is alone in its box has each lock it asks for.
_LOCKS: Final = (6, 7, 37, 38)
# PR_GET_DUMPABLE, PR_GET_NAME, PR_SET_NAME, PR_SET_VMA (names of anonymous memory).
_PRCTLS: Final = (3, 16, 15, 0x53564D41)
_AF_UNIX: Final = 1
# Every CLONE_NEW* flag, CLONE_PTRACE and CLONE_UNTRACED.
_CLONE_REFUSED: Final = 0x7E020000 | 0x00002000 | 0x00000080 | 0x00800000


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What the filter has to know of a processor family: its audit code, its numbers and whether x32 exists."""

    name: str
    audit: int
    numbers: dict[str, int]
    x32: bool = False


ARCHITECTURES: Final = {
    "x86_64": Architecture(name="x86_64", audit=0xC000003E, numbers=X86_64, x32=True),
    "aarch64": Architecture(name="aarch64", audit=0xC00000B7, numbers=AARCH64),
}


def build(architecture: Architecture, *, processes: bool) -> bytes:
    """Return the filter as an array of `struct sock_filter`; `processes` admits fork and threads."""
    lines = [*_prologue(architecture), *_rules(architecture, processes=processes)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


@functools.cache
def program(*, processes: bool) -> bytes:
    """Return the filter for this machine."""
    architecture = ARCHITECTURES.get(syscalls.machine())
    if architecture is None:
        raise OSError(ENOSYS, f"no system call table for {syscalls.machine()}", "seccomp")
    return build(architecture, processes=processes)


def prepare() -> None:
    """Have both filters ready for every process that is forked from this one."""
    for processes in (False, True):
        syscalls.seccomp_block(program(processes=processes))


def load(*, processes: bool) -> None:
    """Put the filter for this machine on the calling thread."""
    syscalls.load_seccomp(program(processes=processes))


Line = tuple[int, int, int, int]


def _refuse(number: int) -> Line:
    return (_RETURN, 0, 0, _ERRNO | number)


def _prologue(architecture: Architecture) -> Iterator[Line]:
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    yield (_JUMP_EQUAL, 1, 0, architecture.audit)
    yield (_RETURN, 0, 0, KILL)
    yield (_LOAD, 0, 0, _NUMBER)
    if architecture.x32:
        yield (_JUMP_ABOVE, 0, 1, _X32_BIT)
        yield (_RETURN, 0, 0, KILL)


def _rules(architecture: Architecture, *, processes: bool) -> Iterator[Line]:
    numbers = architecture.numbers
    # Python falls back to clone, whose flags a filter can read; those of clone3 are behind a pointer.
    yield from _when(numbers["clone3"], [_refuse(ENOSYS)])
    yield from _when(numbers["ioctl"], _low_is(1, _IOCTLS))
    yield from _when(numbers["fcntl"], _low_is(1, _FCNTLS, ignored=_LOCKS))
    yield from _when(numbers["socketpair"], _low_is(0, (_AF_UNIX,)))
    yield from _when(numbers["prctl"], _low_is(0, _PRCTLS))
    yield from _when(numbers["prlimit64"], _zero(2))
    if processes:
        yield from _when(numbers["clone"], _without_bits(0, _CLONE_REFUSED))
    else:  # the same answer as from a limit on processes, since that is what it is
        for name in ("clone", "fork", "vfork"):
            if name in numbers:
                yield from _when(numbers[name], [_refuse(EAGAIN)])
    refused = _JUDGED if processes else _JUDGED | _PROCESS
    yield from _search(_changes({number for name, number in numbers.items() if name not in refused}))


def _changes(allowed: set[int]) -> list[tuple[int, Line]]:
    """Return where the answer changes, going up through all numbers from 0: (number, answer from there on)."""
    allow = (_RETURN, 0, 0, ALLOW)
    answers = [
        (edge, allow if edge in allowed else _refuse(EPERM))
        for edge in sorted({0, *allowed, *(one + 1 for one in allowed)})
    ]
    return [answers[0], *(after for before, after in pairwise(answers) if before[1] != after[1])]


def _search(changes: list[tuple[int, Line]]) -> list[Line]:
    """Return a binary search: few steps for every call, and for the kernel, which tries all numbers on loading."""
    if len(changes) == 1:
        return [changes[0][1]]
    middle = len(changes) // 2
    below, above = _search(changes[:middle]), _search(changes[middle:])
    return [(_JUMP_ABOVE, len(below), 0, changes[middle][0]), *below, *above]


def _when(number: int, body: list[Line]) -> Iterator[Line]:
    yield (_JUMP_EQUAL, 0, len(body), number)
    yield from body


def _argument(index: int, *, high: bool = False) -> Line:
    return (_LOAD, 0, 0, 16 + 8 * index + (4 if high else 0))  # both architectures are little-endian


def _low_is(index: int, values: tuple[int, ...], *, ignored: tuple[int, ...] = ()) -> list[Line]:
    """Allow when an int argument (the kernel reads 32 bits of it) is one of `values`; those `ignored` do nothing."""
    allowed = [line for value in values for line in ((_JUMP_EQUAL, 0, 1, value), (_RETURN, 0, 0, ALLOW))]
    nothing = [line for value in ignored for line in ((_JUMP_EQUAL, 0, 1, value), _refuse(0))]
    return [_argument(index), *allowed, *nothing, _refuse(EPERM)]


def _zero(index: int) -> list[Line]:
    """Allow when a pointer argument is null: `prlimit64` then only reads."""
    return [
        _argument(index),
        (_JUMP_EQUAL, 0, 3, 0),
        _argument(index, high=True),
        (_JUMP_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, ALLOW),
        _refuse(EPERM),
    ]


def _without_bits(index: int, bits: int) -> list[Line]:
    return [_argument(index), (_JUMP_SET, 1, 0, bits), (_RETURN, 0, 0, ALLOW), _refuse(EPERM)]
