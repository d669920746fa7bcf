"""One running Ratchet, spoken to through its standard input: `propose --from`, then approve and call.

Of the time of `propose`, the stages of the gate are the gate's; the rest is Ratchet's own part. From approve to
callable is the time from sending the approval to the answer of the first call.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.example import plugin
from benchmarks.measure import Row
from benchmarks.start import BIN, environment, new_home

OWN_S = 1.0
CALLABLE_S = 0.5
TIMES = 5


class Talk:
    """A Ratchet without a terminal: one line in, one JSON object out."""

    def __init__(self, workspace: Path, home: Path) -> None:
        self.process = subprocess.Popen(
            [BIN / "ratchet", "--json", "--quiet"], cwd=workspace, env=environment(home), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def say(self, line: str) -> dict[str, Any]:
        """Send one line and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"{line}: {answer['error']}")
        return answer

    def close(self) -> None:
        """Let it end."""
        self.process.communicate()


def measure() -> list[Row]:
    """Propose, approve and call a few small plugins, one after the other, in one session."""
    own: list[float] = []
    whole: list[float] = []
    ready: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        home, workspace = new_home(Path(folder, "home")), Path(folder, "workspace")
        subprocess.run([BIN / "ratchet", "init", workspace], env=environment(home), check=True, capture_output=True)
        talk = Talk(workspace, home)
        for number in range(TIMES):
            source = Path(folder, f"text-stats-{number}")
            for path, data in plugin(source.name).files.items():
                (source / path).parent.mkdir(parents=True, exist_ok=True)
                (source / path).write_bytes(data)
            start = time.perf_counter()
            proposal = talk.say(f"/propose --from {source}")
            took = time.perf_counter() - start
            whole.append(took)
            own.append(took - sum(stage["seconds"] for stage in proposal["gate"]["stages"]))
            accepted = " ".join(f"--accept {name}" for name in proposal["acknowledge"])
            start = time.perf_counter()
            talk.say(f"/approve {proposal['id']} --digest {proposal['digest'].removeprefix('sha256:')} {accepted}")
            answer = talk.say(f"/call {source.name} stats one three two")
            ready.append(time.perf_counter() - start)
            assert answer["value"] == {"words": 3, "longest": "three"}, answer
        talk.close()
    return [
        Row(what="propose --from, own part", ours_s=median(own), theirs=f"with the gate {median(whole):.2f} s",
            target=f"under {OWN_S:g} s", figure=f"{median(own) * 1e3:.0f} ms", met=median(own) < OWN_S),
        Row(what="approve to callable", ours_s=median(ready), target=f"under {CALLABLE_S:g} s",
            figure=f"{median(ready) * 1e3:.0f} ms", met=median(ready) < CALLABLE_S),
    ]  # fmt: skip
