"""The command `ratchet`. The version is printed before anything else is imported."""

from __future__ import annotations

import sys
from contextlib import suppress


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words in (["--version"], ["-V"]):
        from sandbox.version import VERSION

        with suppress(OSError):  # what cannot be written is told like any other error, below
            print(f"ratchet {VERSION}", flush=True)
            return 0
    try:
        from repl.run import run

        return run(words)
    except KeyboardInterrupt:
        return 130


def _leave_current_folder() -> None:
    """`python -m` puts the current folder on the path; what lies there must never stand in for a library."""
    import os

    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [entry for entry in sys.path if entry != "" and not _is_current_folder(entry)]
    if home not in sys.path:
        sys.path.insert(0, home)


def _is_current_folder(entry: str) -> bool:
    import os

    return os.path.realpath(entry) == os.path.realpath(os.getcwd())


if __name__ == "__main__":
    _leave_current_folder()
    raise SystemExit(main())
