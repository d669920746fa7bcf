"""Files of a candidate on the person's disk: written into a new folder, whatever a candidate calls them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from plugins.errors import DiskError, NotFoundError, StateError

if TYPE_CHECKING:
    from selfmod.candidate import Candidate


def read_files(path: Path) -> Candidate:
    """Read a folder or a candidate file; NotFoundError where there is none."""
    from selfmod.candidate import read_candidate

    try:
        return read_candidate(path.expanduser())
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror}", id=str(path)) from error


def write_new(folder: Path, candidate: Candidate, proposal: str) -> None:
    """Write every file below `folder`, which must not be there yet; nothing can lead out of it."""
    paths = {path: _safe(path, proposal) for path in candidate.files}
    try:
        folder.mkdir(parents=True, exist_ok=False)
        for path, parts in paths.items():
            place = folder.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(place, candidate.files[path])
    except FileExistsError as error:
        raise StateError(f"{folder} is there already", hint="name a folder that is not", id=proposal) from error
    except OSError as error:
        raise DiskError(f"cannot write {folder}: {error.strerror}", id=proposal) from error


def _safe(path: str, proposal: str) -> tuple[str, ...]:
    """The parts of a path of a candidate, which may be anything until the gate has passed it."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path or "/".join(parts) != path:
        raise StateError(f"the path {path!r} would lead out of the folder", id=proposal)
    return parts


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
