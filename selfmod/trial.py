"""`try`: a tool of a candidate, called before anybody approves anything; everything of the outside is a double."""

from __future__ import annotations

from plugins.arguments import Typed
from plugins.errors import StateError
from plugins.host import handler_of, prepare, run
from sandbox.outcome import Outcome
from sandbox.program import Program
from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate
from selfmod.gate.production import doubles_of, limits_of
from selfmod.gate.report import GateReport
from selfmod.outline import read_outline


def call_tool(sandbox: Sandbox, candidate: Candidate, report: GateReport, tool: str, typed: Typed) -> Outcome:
    """Call a tool or command of `candidate`; its manifest must have passed the gate, since it says what to call."""
    checked = [report.stage(name) for name in ("layout", "text", "manifest")]
    if report.digest != candidate.digest or not all(stage and stage.verdict == "pass" for stage in checked):
        raise StateError(
            "the gate refuses the manifest, so there is nothing to call", hint="see why with: ratchet review ID"
        )
    sandbox.warm((("parse", None), ("plain", None)))
    outline = read_outline(sandbox, candidate)
    manifest = outline.manifest
    call = prepare(outline.signatures[handler_of(manifest, tool)], tool, typed)
    files = {path: data for path, data in candidate.files.items() if not path.startswith("tests/")}
    program = Program(files=files, entry=manifest.entry)
    policy, limits = manifest.to_policy(), limits_of(manifest)
    with sandbox.open(program, policy=policy, limits=limits, outside=doubles_of(manifest)) as session:
        return run(session, call)
