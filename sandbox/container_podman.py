"""The command line that makes podman start what the OCI configuration of `container_config` describes.

Podman puts a few things of its own into every container; the root holds places for them, and Landlock hides them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from sandbox.namespaces import INSIDE
from sandbox.places import PLUGIN, WORK

NAME: Final = "podman"
# As anybody else it would make a user namespace of its own, and leave a process and files behind that keep it.
USER: Final = 0
_FOLDERS: Final = (
    *("sys", "sys/fs", "sys/fs/cgroup", "etc", "run"),
    *("dev/shm", "dev/mqueue", "dev/pts"),
)
_FILES: Final = ("run/.containerenv", "etc/resolv.conf", "etc/hostname", "etc/hosts", "etc/group", "etc/passwd")
# It would show its own there; an empty folder in the place hides it.
_COVERED: Final = ("/proc", "/sys")
_BOXES: Final = {WORK: "work", PLUGIN: "plugin"}
# What podman adds by default needs rights that a user of one number has not; its locks would stay in /dev/shm.
_SETTINGS: Final = '[containers]\ndefault_sysctls = []\n[engine]\nlock_type = "file"\n'
# Its process number is written there: it outlives podman.
MONITOR: Final = "monitor"
_GLOBAL: Final = ("--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=none")
_RUN: Final = (
    *(
        "--rm",
        "--pull=never",
        "--cgroups=disabled",
        "--network=none",
        "--ipc=private",
        "--pid=private",
        "--uts=private",
    ),
    *("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges", "--no-hosts"),
    *("--log-driver=none", "--hostname=sandbox", "--workdir=/", "--unsetenv-all", "--http-proxy=false"),
    *("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"),  # its defaults are more than an account may set
)


def add_places(root: Path) -> None:
    """Make in an empty root what podman would otherwise make itself, as a user who may not."""
    for name in _FOLDERS:
        (root / name).mkdir()
        (root / name).chmod(0o755)
    for name in _FILES:
        (root / name).touch(mode=0o644)


def boxes(bundle: Path, described: dict[str, Any]) -> dict[str, str]:
    """Make the folders that the writable places of a container are bound from; return the options of their tmpfs.

    Podman can bound the size of one but not its inodes, which are memory as well.
    """
    found = {}
    owner = dict.fromkeys(("uid", "gid"), _outer(described))
    for one in described["mounts"]:
        if one["destination"] in _BOXES:
            folder = bundle / _BOXES[one["destination"]]
            folder.mkdir(mode=0o700)
            options = [text for text in one["options"] if text.startswith(("size=", "nr_inodes=", "mode="))]
            found[str(folder)] = ",".join([*options, *(f"{name}={number}" for name, number in owner.items())])
    return found


def _outer(described: dict[str, Any]) -> int:
    """Return who the program is outside of the container, in the eyes of podman."""
    return int(described["linux"]["uidMappings"][0]["hostID"]) if os.geteuid() == 0 else USER


def command(podman: str, bundle: Path, described: dict[str, Any]) -> list[str]:
    """Return the words that run what `described` says, an OCI configuration; `bundle` takes the files of podman."""
    settings = bundle / "containers.conf"
    settings.write_text(_SETTINGS, encoding="ascii")
    process = described["process"]
    outer = _outer(described)
    # Everything in one folder, which goes with the container.
    state = (
        *(f"--root={bundle}/storage", f"--runroot={bundle}/r", f"--tmpdir={bundle}/t"),
        f"--runtime-flag=root={bundle}/s",
    )
    inside = (
        *("--preserve-fds=2", f"--pidfile={bundle}/pid", f"--conmon-pidfile={bundle}/{MONITOR}"),
        f"--user={INSIDE}:{INSIDE}",
        *(f"--uidmap={INSIDE}:{outer}:1", f"--gidmap={INSIDE}:{outer}:1"),
    )
    covers = [f"--volume={described['root']['path']}{path}:{path}:ro" for path in _COVERED]
    tmpfs = [f"--volume={bundle}/{name}:{path}:rw,nosuid,nodev,noexec" for path, name in _BOXES.items()]
    binds = [
        f"--volume={one['source']}:{one['destination']}:ro" for one in described["mounts"] if one["type"] == "bind"
    ]
    environment = [f"--env={text}" for text in process["env"]]
    root = ("--rootfs", described["root"]["path"])
    words = (*_GLOBAL, *state, "run", *_RUN, *inside, *tmpfs, *covers, *binds, *environment, *root, *process["args"])
    own = (f"CONTAINERS_CONF={settings}", f"HOME={bundle}", f"XDG_RUNTIME_DIR={bundle}")
    return ["/usr/bin/env", *own, podman, *words]
