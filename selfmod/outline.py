"""How a candidate's tools are called, as a limited worker reads it: before approval the host parses none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from plugins.errors import StateError
from plugins.manifest import Manifest, ManifestError, manifest_from_data
from plugins.signature import Hint, Kind, Parameter, Signature
from sandbox.limits import Limits
from sandbox.outcome import Completed, describe
from sandbox.program import Job
from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate
from selfmod.gate.evidence import BadEvidence, array, mapping, text
from selfmod.gate.stages.layout import MANIFEST, module_of

JOB: Final = "selfmod.gate.reading.outline:outline"
_LIMITS: Final = Limits(memory_mb=512, wall_s=10, cpu_s=10, disk_mb=16)
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The manifest, and the signature of each handler that it names."""

    manifest: Manifest
    signatures: Mapping[str, Signature]


def read_outline(sandbox: Sandbox, candidate: Candidate) -> Outline:
    """Have a worker read `candidate`, whose layout, text and manifest the gate must have passed.

    Raises StateError where that cannot be read, whatever it was that the worker said.
    """
    wanted = (MANIFEST, module_of(candidate) or "plugin.py")
    files = {f"candidate/{path}": candidate.files[path] for path in wanted if path in candidate.files}
    outcome = sandbox.run(Job(function=JOB, argument=None, files=files), limits=_LIMITS, kind="parse")
    if not isinstance(outcome, Completed):
        raise StateError(f"the files cannot be read: {describe(outcome)}")
    return outline_of(outcome.value)


def outline_of(said: object) -> Outline:
    """Check what the worker said, part by part; raises StateError for anything but a whole outline."""
    try:
        parts = mapping(said)
        manifest = manifest_from_data(parts.get("manifest"))
        signatures = {one.handler: one for one in map(_signature, array(parts.get("signatures")))}
    except (BadEvidence, ManifestError) as error:
        raise StateError(f"the files cannot be read: {error}") from error
    if {one.handler for one in (*manifest.tools, *manifest.commands)} != set(signatures):
        raise StateError("the files cannot be read: other handlers than the manifest names")
    return Outline(manifest=manifest, signatures=signatures)


def _signature(item: object) -> Signature:
    said = mapping(item)
    parameters = tuple(_parameter(one) for one in array(said.get("parameters")))
    return Signature(handler=text(said.get("handler")), parameters=parameters, summary=text(said.get("summary")))


def _parameter(item: object) -> Parameter:
    said = mapping(item)
    kind = _KINDS.get(text(said.get("kind")))
    if kind is None:
        raise BadEvidence("an unknown kind of parameter")
    return Parameter(
        name=text(said.get("name")),
        hint=_hint(said.get("hint")),
        kind=kind,
        required=said.get("required") is True,
        default=text(said.get("default")),
    )


def _hint(item: object) -> Hint:
    said = mapping(item)
    return Hint(
        name=text(said.get("name")),
        inside=tuple(_hint(one) for one in array(said.get("inside"))),
        values=tuple(array(said.get("values"))),
        text=text(said.get("text")),
    )
