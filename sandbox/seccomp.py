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

# Calls that have one answer whatever their arguments are. Advice about files would be advice about the host's own; what
# a worker writes is in memory, and to write out a file of the library would keep the host's disk busy: nothing is done.
# Python and the C library fall back from the others to calls that can be judged: the flags of clone3 are behind a
# pointer, and by those of preadv2 a file tells what of it the host has in memory.
_ANSWERS: Final = {
    **dict.fromkeys(("fadvise64", "fdatasync", "fsync", "msync"), 0),
    **dict.fromkeys(("clone3", "preadv2", "pwritev2"), ENOSYS),
}
# The same answer as from a limit on processes, since that is what it is.
_ALONE: Final = {**dict.fromkeys(("clone", "fork", "vfork"), EAGAIN), **dict.fromkeys(("setpgid", "setsid"), EPERM)}
# FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ: never TIOCSTI or TIOCLINUX.
_IOCTLS: Final = (0x541B, 0x5421, 0x5451, 0x5450, 0x5401, 0x5413)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC: all others reach whoever has the same file, on the host
# too (by a lease, a lock, a watch), or take memory that nothing counts.
_FCNTLS: Final = (0, 1, 2, 3, 4, 1030)
# F_SETLK, F_SETLKW and the two of open files: what is alone in its box has each lock it asks for.
_LOCKS: Final = (6, 7, 37, 38)
# PR_GET_DUMPABLE, PR_GET_NAME, PR_SET_NAME, PR_SET_VMA (names of anonymous memory).
_PRCTLS: Final = (3, 16, 15, 0x53564D41)
# MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTNEED, MADV_FREE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE: what is
# about memory of one's own. Others have the kernel take pages of the library out of memory, merge or join them.
_ADVICE: Final = (0, 1, 2, 4, 8, 102, 103)
# MSG_DONTWAIT and MSG_NOSIGNAL; MSG_OOB, MSG_PEEK and MSG_TRUNC are not for a channel of frames.
_SEND_FLAGS: Final = 0x40 | 0x4000
_FUTEX_PRIVATE: Final = 0x80
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
_ALLOWED: Final[Line] = (_RETURN, 0, 0, ALLOW)


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
    numbers, judged = architecture.numbers, _judged(processes=processes)
    for name, body in judged.items():
        yield from _when(numbers[name], body)
    settled = {name: _settled(name, processes=processes) for name in numbers if name not in judged}
    yield from _search(_changes({numbers[name]: answer for name, answer in settled.items()}))


def _judged(*, processes: bool) -> dict[str, list[Line]]:
    """Return the rules for calls whose arguments decide, the frequent ones first."""
    rules = {
        # Others are heard by whoever maps the same page, of a file of the library too. By one of those C programs wait
        # for a thread that they join (Python only at its very end): they look again and again, which takes processor.
        "futex": _with_bits(1, _FUTEX_PRIVATE, otherwise=EAGAIN),
        "sendto": _without_bits(3, ~_SEND_FLAGS),
        "recvfrom": _without_bits(3, ~_SEND_FLAGS),
        "madvise": _low_is(2, _ADVICE),
        "ioctl": _low_is(1, _IOCTLS),
        "fcntl": _low_is(1, _FCNTLS, ignored=_LOCKS),
        "prctl": _low_is(0, _PRCTLS),
        "prlimit64": _zero(2),
    }
    return {**rules, "clone": _without_bits(0, _CLONE_REFUSED)} if processes else rules


def _settled(name: str, *, processes: bool) -> Line:
    """Return the answer to a call of the tables whatever its arguments are."""
    answers = _ANSWERS if processes else {**_ANSWERS, **_ALONE}
    return _refuse(answers[name]) if name in answers else _ALLOWED


def _changes(settled: dict[int, Line]) -> list[tuple[int, Line]]:
    """Return where the answer changes, going up through all numbers from 0: (number, answer from there on)."""
    edges = sorted({0, *settled, *(one + 1 for one in settled)})
    answers = [(edge, settled.get(edge, _refuse(EPERM))) for edge in edges]
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
    allowed = [line for value in values for line in ((_JUMP_EQUAL, 0, 1, value), _ALLOWED)]
    nothing = [line for value in ignored for line in ((_JUMP_EQUAL, 0, 1, value), _refuse(0))]
    return [_argument(index), *allowed, *nothing, _refuse(EPERM)]


def _zero(index: int) -> list[Line]:
    """Allow when a pointer argument is null: `prlimit64` then only reads."""
    return [
        _argument(index),
        (_JUMP_EQUAL, 0, 3, 0),
        _argument(index, high=True),
        (_JUMP_EQUAL, 0, 1, 0),
        _ALLOWED,
        _refuse(EPERM),
    ]


def _without_bits(index: int, bits: int) -> list[Line]:
    """Allow when an int argument has none of `bits`."""
    return [_argument(index), (_JUMP_SET, 1, 0, bits & 0xFFFFFFFF), _ALLOWED, _refuse(EPERM)]


def _with_bits(index: int, bit: int, *, otherwise: int) -> list[Line]:
    """Allow when an int argument has that bit."""
    return [_argument(index), (_JUMP_SET, 0, 1, bit), _ALLOWED, _refuse(otherwise)]
