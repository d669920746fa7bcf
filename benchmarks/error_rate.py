"""The gate's own error rate, on candidates whose right verdict is known: `make errors`, `make bench-held-back`.

Asks `ratchet gate bench --json`, as anybody can, and fails when a known-bad candidate is accepted, when more than 3 %
of the known-good ones are refused, or when that cannot be known in time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

BOUND_S: Final = 2400.0
RATCHET: Final = Path(sys.executable).parent / "ratchet"
UNAVAILABLE: Final = 12


def main(options: list[str]) -> int:
    """Measure and say what came out; `options` are those of the verb."""
    try:
        ran = subprocess.run(
            [str(RATCHET), "--quiet", "gate", "bench", "--json", *options],
            stdout=subprocess.PIPE,
            timeout=BOUND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"the bench took more than {BOUND_S:.0f} s", file=sys.stderr)
        return 1
    if ran.returncode == UNAVAILABLE:
        print("skipped: the sandbox is unavailable here, see `ratchet sandbox probe`", file=sys.stderr)
        return 0
    if ran.returncode:
        return 1
    return told(json.loads(ran.stdout))


def told(figures: dict[str, Any]) -> int:
    """Print the figures and each wrong verdict; 1 when the gate does not keep what it promises."""
    print(f"known-bad refused   {rate(figures['caught'])}")
    refused = figures["false_refusals"]
    print(f"known-good refused  {rate(refused)}")
    for name, part in (refused["stages"] | refused["rules"]).items():
        print(f"  by {name}: {part['hits']}")
    for wrong in figures["wrong"]:
        verdict = "accepted" if wrong["accepted"] else f"refused by {', '.join(wrong['rules'])}"
        print(f"wrong: {wrong['name']}: {verdict}")
    return 0 if figures["ok"] else 1


def rate(data: dict[str, Any]) -> str:
    """Return hits, their number and the 95 % interval."""
    return f"{data['hits']} of {data['of']} ({data['low']:.1%} to {data['high']:.1%})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
