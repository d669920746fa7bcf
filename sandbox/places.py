"""Where a worker finds things, as it names them itself."""

from __future__ import annotations

from typing import Final

PLUGIN: Final = "/plugin"  # the files of its program, read-only
WORK: Final = "/work"  # its current folder: the files of a job, and whatever it writes
TEMPORARY: Final = "/tmp"  # noqa: S108 (a folder of the private root)
NULL: Final = "/dev/null"
