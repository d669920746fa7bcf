"""Reads, inside a limited worker, how a candidate's tools are called: its manifest, and the signatures of handlers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from plugins.manifest import parse_manifest
from plugins.signature import Hint, Parameter, Signature, read_signature

_LONG: Final = 1000
_DEEPEST: Final = 12  # of hints within hints; nobody types words for one that goes further
_OF_LITERALS: Final = (str, bytes, int, bool, type(None))


def outline(_: object) -> dict[str, Any]:
    """The job: the manifest as data, and the signature of each handler that it names."""
    manifest = parse_manifest(Path("candidate/plugin.yaml").read_bytes())
    source = Path("candidate", manifest.entry).read_bytes()
    handlers = dict.fromkeys(one.handler for one in (*manifest.tools, *manifest.commands))
    signatures = [_signature(read_signature(source, handler)) for handler in handlers]
    return {"manifest": manifest.to_data(), "signatures": signatures}


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "handler": signature.handler,
        "summary": signature.summary[:_LONG],
        "parameters": [_parameter(parameter) for parameter in signature.parameters],
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "required": parameter.required,
        "default": parameter.default[:_LONG],
        "hint": _hint(parameter.hint, _DEEPEST),
    }


def _hint(hint: Hint, depth: int) -> dict[str, Any]:
    said = hint.text[:_LONG]
    if not depth:
        return {"name": "any", "inside": [], "values": [], "text": said}
    return {
        "name": hint.name,
        "inside": [_hint(one, depth - 1) for one in hint.inside],
        "values": [value for value in hint.values if type(value) in _OF_LITERALS],
        "text": said,
    }
