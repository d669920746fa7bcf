"""The command line and the configuration with which runsc (gVisor) starts what `container_config` describes.

Its kernel is a program: system calls of what runs inside end there, not in the kernel of the host. It knows no Landlock
and stands in its place; limits and the system call filter are put on inside as elsewhere.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, Final

from sandbox.places import PLUGIN, WORK
from sandbox.protocol import Frame

NAME: Final = "runsc"
# The channel and the output come as standard input and output: it passes on nothing else.
SEATS: Final = (0, 1)
_NOTE: Final = "under runsc, memory that system calls have filled may count twice in what is seen from outside"
_ROOTLESS_NOTE: Final = "under runsc as an ordinary user, inodes are bounded only by the memory that they take"
# What it would show there is its own, but tells where things are; a tmpfs in the place hides it.
_COVERED: Final = ("/proc", "/sys")
_NAMESPACES: Final = ("pid", "network", "ipc", "uts", "mount")


def place_files(bundle: Path, setup: Frame) -> Frame:
    """Write the files of a program, which are bound into the container read-only; return the setup without them.

    Without Landlock a program could change what its own user wrote inside.
    """
    folder = bundle / "plugin"
    folder.mkdir(mode=0o755)
    files: Any = setup["files"]
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with target.open("xb") as stream:
            stream.write(base64.b64decode(text))
    return {**setup, "files": {}, "allow_missing_landlock": True}


def notes() -> tuple[str, ...]:
    """Return what cannot be enforced exactly under it."""
    return (_NOTE,) if os.geteuid() == 0 else (_NOTE, _ROOTLESS_NOTE)


def boxes(bundle: Path, described: dict[str, Any]) -> dict[str, str]:
    """Make the folder that the one writable place is bound from; return the options of its tmpfs.

    One of its own kernel bounds no inodes. It is all there is without root: files of another one could not be given to
    the user inside.
    """
    if os.geteuid() != 0:
        return {}
    (bundle / "work").mkdir(mode=0o700)
    (work,) = (one for one in described["mounts"] if one["destination"] == WORK)
    options = [text for text in work["options"] if text.startswith(("size=", "nr_inodes=", "mode=", "uid=", "gid="))]
    return {f"{bundle}/work": ",".join(options)}


def describe(bundle: Path, described: dict[str, Any]) -> dict[str, Any]:
    """Return the OCI configuration for runsc, which makes user namespaces itself, for its own processes."""
    options = ["bind", "nosuid", "nodev"]
    ours: dict[str, dict[str, Any]] = {
        PLUGIN: {"source": f"{bundle}/plugin", "type": "bind", "options": [*options, "ro"]},
        **{path: {"source": "tmpfs", "type": "tmpfs", "options": ["ro", "size=4k"]} for path in _COVERED},
    }
    if os.path.isdir(f"{bundle}/work"):
        ours[WORK] = {"source": f"{bundle}/work", "type": "bind", "options": [*options, "noexec"]}
    mounts = [one for one in described["mounts"] if one["destination"] not in ours]
    mounts += [{"destination": path, **one} for path, one in ours.items()]
    return {**described, "mounts": mounts, "linux": {"namespaces": [{"type": kind} for kind in _NAMESPACES]}}


def command(runsc: str, bundle: Path) -> list[str]:
    """Return the words that run what is described in `bundle`."""
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    options = [f"--root={bundle}/state", "--network=none", "--ignore-cgroups", *rootless]
    return [runsc, *options, "run", f"--pid-file={bundle}/pid", f"--bundle={bundle}", bundle.name]
