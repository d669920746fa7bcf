"""The OCI configuration of a container, and the empty root that its mounts go into."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sandbox.limits import Limits
from sandbox.namespaces import INSIDE, NOBODY
from sandbox.places import NULL, PLUGIN, TEMPORARY, WORK, inside
from sandbox.spawn import FLAGS, ROOT, packages

_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_ZONES: Final = "/usr/share/zoneinfo"
_MAIN: Final = "from sandbox.contained import main; main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])"
Config = dict[str, object]


def make_root(root: Path) -> None:
    """Make what mounts are put on, and the links that the libraries of the host are found by.

    All of it here: the runtime, as another user, may not make anything in it.
    """
    root.mkdir(mode=0o755)
    for path in (PLUGIN, WORK, "/dev", "/proc"):
        (root / path[1:]).mkdir(mode=0o755)
    (root / NULL[1:]).touch(mode=0o644)
    (root / TEMPORARY[1:]).symlink_to(WORK)  # one sized tmpfs for both
    for path in _LIBRARIES:
        if os.path.islink(path):
            (root / path[1:]).symlink_to(os.readlink(path))
    for source in _visible(interpreter_path()):
        target = root / inside(source)[1:]
        if os.path.isdir(source):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    for folder, _, _ in os.walk(root):
        os.chmod(folder, 0o755)  # noqa: S103 (empty folders, which another user passes through)


def config(root: Path, kept: tuple[int, int], limits: Limits, seed: int | None, modules: tuple[str, ...]) -> Config:
    """Return the configuration of one worker; `kept` are the descriptors of its channel and of what it prints to."""
    # An ordinary user's runtime starts in a user namespace of ours already (see `container_launch`).
    outer = NOBODY if os.geteuid() == 0 else INSIDE
    paths = [inside(path) for path in (ROOT, *packages())]
    code = f"import sys; sys.path += {paths!r}; {_MAIN}"
    python = interpreter_path()
    environment = [f"PYTHONHASHSEED={'random' if seed is None else seed}", "PYTHONCOERCECLOCALE=0"]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": INSIDE, "gid": INSIDE},
            "args": [inside(python), *FLAGS, "-c", code, *map(str, kept), *modules],
            "env": environment,
            "cwd": "/",
            "capabilities": {name: [] for name in ("bounding", "effective", "inheritable", "permitted", "ambient")},
            "noNewPrivileges": True,
        },
        "root": {"path": str(root), "readonly": True},
        "hostname": "sandbox",
        "mounts": [*_tmpfs(limits), *map(_bind, _visible(python)), *_devices(root)],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("user", "pid", "network", "ipc", "uts", "mount", "cgroup")],
            "uidMappings": [{"containerID": INSIDE, "hostID": outer, "size": 1}],
            "gidMappings": [{"containerID": INSIDE, "hostID": outer, "size": 1}],
        },
    }


def interpreter_path() -> str:
    """Return the real path of the running Python, behind the links of a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def _visible(python: str) -> Iterator[str]:
    """Give what the interpreter, its library, the packages of workers and native modules are read from."""
    yield python
    yield os.path.dirname(os.path.abspath(os.__file__))
    shared = os.path.join(*(str(sysconfig.get_config_var(name) or "") for name in ("LIBDIR", "INSTSONAME")))
    if os.path.isfile(shared):  # a Python that is a small binary around a library of its own
        yield shared
    yield from (path for path in _LIBRARIES if os.path.isdir(path) and not os.path.islink(path))
    yield from packages()
    yield f"{ROOT}/sandbox"
    if os.path.isdir(f"{ROOT}/plugins"):
        yield from (f"{ROOT}/plugins/{name}" for name in ("__init__.py", "sdk.py"))
    if os.path.isdir(_ZONES):
        yield _ZONES


def _bind(path: str) -> Config:
    options = ["rbind", "ro", "nosuid", "nodev"]
    return {"destination": inside(path), "source": path, "type": "bind", "options": options}


def _devices(root: Path) -> Iterator[Config]:
    """Give a folder of ours for /dev, where the runtime then puts nothing of its own, and the one device in it.

    Read-only keeps its times as they are; what is written to a device is not written to the file system.
    """
    options = ["bind", "ro", "nosuid", "noexec"]
    yield {"destination": "/dev", "source": f"{root}/dev", "type": "bind", "options": [*options, "nodev"]}
    yield {"destination": NULL, "source": NULL, "type": "bind", "options": options}


def _tmpfs(limits: Limits) -> list[Config]:
    size = f"size={limits.disk_mb * 1024}k"
    box = ["nosuid", "nodev", "noexec", "mode=0700", f"uid={INSIDE}", f"gid={INSIDE}"]
    # The root and the folders of the tmpfs are not the program's.
    work = {"type": "tmpfs", "source": "tmpfs", "options": [*box, size, f"nr_inodes={limits.inodes + 1}"]}
    plugin = {"type": "tmpfs", "source": "tmpfs", "options": [*box, "size=16m"]}
    return [{"destination": WORK, **work}, {"destination": PLUGIN, **plugin}]
