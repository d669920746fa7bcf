"""Reads which lines a test run executed: `coverage.json`, or the SQLite file `.coverage`. The newer one counts.

Both lie in the tree that is looked at, so both are untrusted: opened read-only, bounded, and ignored when they are not
what they should be.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path

from selfmod.analysis.tree import read_regular

MAX_BYTES = 64_000_000
MAX_STEPS = 2_000  # of SQLite's progress handler, each of a thousand instructions


def executed(root: Path) -> dict[str, frozenset[int]] | None:
    """Executed lines by path relative to `root`; None when there are no data, or none that can be read."""
    candidates = [(_when(root / name), name) for name in ("coverage.json", ".coverage")]
    for when, name in sorted(candidates, reverse=True):
        if when:
            lines = _from_json(root) if name.endswith("json") else _from_database(root)
            if lines is not None:
                return lines
    return None


def _when(path: Path) -> float:
    try:
        status = path.lstat()
    except OSError:
        return 0.0
    return status.st_mtime if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES else 0.0


def _relative(root: Path, path: str) -> str:
    return os.path.relpath(path, root) if os.path.isabs(path) else os.path.normpath(path)


def _from_json(root: Path) -> dict[str, frozenset[int]] | None:
    try:
        files = json.loads(read_regular(os.fspath(root / "coverage.json"), MAX_BYTES))["files"]
        return {_relative(root, path): frozenset(map(int, data["executed_lines"])) for path, data in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _from_database(root: Path) -> dict[str, frozenset[int]] | None:
    import sqlite3

    uri = (root / ".coverage").absolute().as_uri() + "?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            return {_relative(root, path): frozenset(lines) for path, lines in _query(database).items()}
    except (sqlite3.Error, ValueError, TypeError, OverflowError):
        return None


def _query(database: object) -> dict[str, set[int]]:
    import sqlite3

    assert isinstance(database, sqlite3.Connection)
    steps = iter(range(MAX_STEPS))
    database.set_progress_handler(lambda: next(steps, None) is None, 1000)
    database.execute("PRAGMA trusted_schema = OFF")
    tables = {name for name, kind in database.execute("SELECT name, type FROM sqlite_master") if kind == "table"}
    if not {"file", "arc", "line_bits"} <= tables:
        raise ValueError("not coverage data")
    paths: dict[int, str] = dict(database.execute("SELECT id, path FROM file"))
    lines: dict[str, set[int]] = {path: set() for path in paths.values()}
    for file, first, second in database.execute("SELECT file_id, fromno, tono FROM arc"):
        lines[paths[file]].update(n for n in (first, second) if n > 0)
    for file, bits in database.execute("SELECT file_id, numbits FROM line_bits"):
        lines[paths[file]].update(8 * i + bit for i, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1)
    return lines
