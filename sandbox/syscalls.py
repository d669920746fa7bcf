"""The kernel calls that Python does not offer: the only module that touches ctypes.

Each function raises `OSError` with the errno and the name of the call. Numbers from 424 on are the same on every
architecture; the others are listed for the two that are supported.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
from collections.abc import Callable, Iterable

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
CLONE_PIDFD = 0x1000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT = 2, 4, 8, 16
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CLONE3, _OPENAT2, _MOUNT_SETATTR = 435, 437, 442
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_OLD_NUMBERS = {"x86_64": {"pivot_root": 155, "capset": 126}, "aarch64": {"pivot_root": 41, "capset": 91}}
_CAPABILITY_VERSION_3 = 0x20080522
_NOTHING = (0,) * 6


def machine() -> str:
    """Return the architecture as the tables of this package name it."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


@functools.cache
def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    # As wide as a register, and takes numbers, bytes, arrays and None alike.
    library.syscall.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 6
    library.prctl.argtypes = [ctypes.c_int] + [ctypes.c_void_p] * 4
    library.mount.argtypes = [*[ctypes.c_char_p] * 3, ctypes.c_ulong, ctypes.c_char_p]
    return library


@functools.cache
def _libc_with_gil() -> ctypes.PyDLL:
    library = ctypes.PyDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def _checked(result: int, name: str) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def _call(name: str, number: int, *arguments: object) -> int:
    return _checked(_libc().syscall(number, *arguments, *_NOTHING[len(arguments) :]), name)


def _old_number(name: str) -> int:
    table = _OLD_NUMBERS.get(machine())
    if table is None:
        raise OSError(errno.ENOSYS, f"no system call table for {machine()}", name)
    return table[name]


def unshare(flags: int) -> None:
    """Move the calling process into new namespaces."""
    _checked(_libc().unshare(ctypes.c_int(flags)), "unshare")


def clone(flags: int) -> tuple[int, int]:
    """Fork into new namespaces; return (pid, pidfd) to the parent and (0, -1) to the child.

    One call instead of unshare and a second fork: half the processes, and a pidfd that no other process can have taken
    the number of. Only for a process with one thread; Python's own fork hooks run as for `os.fork`.
    """
    pidfd = ctypes.c_int(-1)
    arguments = (ctypes.c_uint64 * 11)()
    arguments[0] = flags | CLONE_PIDFD
    arguments[1] = ctypes.addressof(pidfd)
    arguments[4] = 17  # SIGCHLD
    api, library = ctypes.pythonapi, _libc_with_gil()
    in_child = api.PyOS_AfterFork_Child  # found here, and not by every child again
    api.PyOS_BeforeFork()
    pid = library.syscall(ctypes.c_long(_CLONE3), arguments, ctypes.c_size_t(ctypes.sizeof(arguments)))
    if pid == 0:
        in_child()
        return 0, -1
    number = ctypes.get_errno()
    api.PyOS_AfterFork_Parent()
    ctypes.set_errno(number)
    return _checked(pid, "clone3"), pidfd.value


def current_core() -> int:
    """Return the number of the core that the caller runs on, or did a moment ago."""
    return _checked(_libc().sched_getcpu(), "sched_getcpu")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount, or bind with `MS_BIND`."""
    texts = [text.encode() or None for text in (source, target, kind)]
    _checked(_libc().mount(*texts, flags, data.encode() or None), f"mount {target}")


def set_mount_attributes(path: str, attributes: int, *, recursive: bool = False) -> None:
    """Add restrictions to a mount (and to those below it); flags that are there already stay."""
    block = struct.pack("=QQQQ", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    _call("mount_setattr", _MOUNT_SETATTR, _AT_FDCWD, path.encode(), flags, block, len(block))


def unmount(path: str) -> None:
    """Detach a mount at once, even if something still uses it."""
    _checked(_libc().umount2(path.encode(), MNT_DETACH), f"umount {path}")


def pivot_root_here() -> None:
    """Make the current folder (a mount point) the root, and drop the old root."""
    _call("pivot_root", _old_number("pivot_root"), b".", b".")
    unmount(".")
    os.chdir("/")


def set_parent_death_signal(number: int) -> None:
    """Have the kernel send this process a signal when its parent dies."""
    _checked(_libc().prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl PDEATHSIG")


def set_dumpable(*, dumpable: bool) -> None:
    """Allow or refuse core dumps, tracing, and access to this process's files in /proc by its own user."""
    _checked(_libc().prctl(_PR_SET_DUMPABLE, int(dumpable), 0, 0, 0), "prctl DUMPABLE")


def set_no_new_privileges() -> None:
    """Give up, for ever, gaining rights by executing a file."""
    _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl NO_NEW_PRIVS")


def drop_capabilities(*, bounding: bool = True, ambient: bool = True) -> None:
    """Empty every capability set; the `bounding` one only where it is not empty yet, the `ambient` one where it is."""
    prctl = _libc().prctl
    if ambient:
        _checked(prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl CAP_AMBIENT")
    for capability in range(64 if bounding else 0):
        if prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == -1:
            if ctypes.get_errno() == errno.EINVAL:  # past the last capability of this kernel
                break
            _checked(-1, "prctl CAPBSET_DROP")
    header, data = struct.pack("=II", _CAPABILITY_VERSION_3, 0), bytes(24)
    _call("capset", _old_number("capset"), header, data)


@functools.cache
def seccomp_block(program: bytes) -> tuple[bytes, object]:
    """Return the `struct sock_fprog` of a filter, and what has to live as long; a fork server asks ahead."""
    code = ctypes.create_string_buffer(program, len(program))
    return struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(code)), code


def load_seccomp(program: bytes) -> None:
    """Put a filter (an array of `struct sock_filter`) on this thread and all it starts."""
    block, _ = seccomp_block(program)
    result = _libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, block, 0, 0)
    _checked(result, "prctl SECCOMP")


def landlock_abi() -> int:
    """Return the Landlock version of this kernel, 0 where it is missing or switched off."""
    try:
        return _call("landlock_create_ruleset", _LANDLOCK_CREATE, None, 0, 1)
    except OSError as problem:
        if problem.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def landlock_create(attributes: bytes) -> int:
    """Make a ruleset from a packed `struct landlock_ruleset_attr`; return its descriptor."""
    return _call("landlock_create_ruleset", _LANDLOCK_CREATE, attributes, len(attributes), 0)


def landlock_allow(ruleset: int, path: str, access: int) -> None:
    """Allow `access` on everything beneath `path`."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call("landlock_add_rule", _LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", access, descriptor), 0)
    finally:
        os.close(descriptor)


def landlock_restrict(ruleset: int) -> None:
    """Put the ruleset on this thread and all it starts."""
    _call("landlock_restrict_self", _LANDLOCK_RESTRICT, ruleset, 0)


def open_beneath(directory: int, path: str, flags: int, *, mode: int = 0, resolve: int | None = None) -> int:
    """Open `path` under an open folder by `openat2`: by default no link, no `..` out of it, no magic link."""
    rules = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS if resolve is None else resolve
    block = struct.pack("=QQQ", flags | os.O_CLOEXEC, mode, rules)
    return _call("openat2", _OPENAT2, directory, os.fsencode(path), block, len(block))


def raw(number: int, arguments: Iterable[int] = ()) -> int:
    """Make a system call by number; for probes and attacks. Returns -errno on failure, as the kernel does."""
    plain = tuple(arguments)
    result = int(_libc().syscall(number, *plain, *_NOTHING[len(plain) :]))
    return -ctypes.get_errno() if result == -1 else result


def crash() -> None:
    """Write to address 0: how the tests make a worker die by SIGSEGV."""
    poke: Callable[..., object] = ctypes.memset
    poke(0, 0, 1)
