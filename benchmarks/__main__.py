"""`python -m benchmarks [NAME]...`: each figure beside its target; exit status 1 when one is missed."""

from __future__ import annotations

import importlib
import sys

from benchmarks.measure import Row, table

NAMES = ("start", "analyze", "propose", "commit", "gate", "sandbox")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all, and print one table."""
    rows: list[Row] = []
    for name in names or NAMES:
        print(f"measuring {name}", file=sys.stderr)
        rows += importlib.import_module(f"benchmarks.{name}").measure()
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
