"""Starting our own interpreter for a part of this package: safe path, empty environment, nothing inherited."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = str(Path(__file__).resolve().parent.parent)
# Safe path, no user site, no `site` at all (so no .pth file runs), and nothing of our environment.
FLAGS: Final = ("-P", "-s", "-S", "-X", "utf8", "-X", "frozen_modules=on")


def packages() -> list[str]:
    """Return the folders of installed packages that this interpreter itself uses."""
    paths = sysconfig.get_paths()
    installed = {paths["purelib"], paths["platlib"], *(path for path in sys.path if path.endswith("-packages"))}
    return sorted(path for path in installed if path != ROOT and os.path.isdir(path))


def boot(code: str) -> str:
    """Return program text that finds our packages and then runs `code`, with the rest of its arguments."""
    paths = [ROOT, *packages()]
    return f"import sys; sys.path += {paths!r}; {code}"


def interpreter(
    code: str,
    *arguments: str,
    output: int,
    keep: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start Python on `code`; it prints to the descriptor `output`, and inherits those in `keep`."""
    return subprocess.Popen(
        [sys.executable, *FLAGS, "-c", boot(code), *arguments],
        env={"PYTHONCOERCECLOCALE": "0", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd="/",
        pass_fds=keep,
        start_new_session=True,
    )


def pair() -> tuple[socket.socket, socket.socket]:
    """Return our end and theirs of a new channel."""
    return socket.socketpair()
