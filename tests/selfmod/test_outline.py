"""How a candidate's tools are called, read by a worker: the same as the host would read, and nothing else is taken."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from plugins.errors import StateError
from plugins.manifest import parse_manifest
from plugins.signature import read_signature
from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate
from selfmod.outline import outline_of, read_outline

MANIFEST = b"""schema: 1
id: clamp
name: Clamp
version: 0.1.0
description: Keep a number in a range.
license: MIT
entry: limits.py
dependencies: {other: ">=1"}
tools: [{name: clamp, handler: clamp}, {name: again, handler: clamp}]
commands: [{name: limit, handler: limit}]
"""
CODE = b'''"""Limits."""
from typing import Literal, Optional

def clamp(value: int, /, low: "int | None" = None, *rest: list[str], mode: Literal["a", 1, None, b"x"] = "a") -> int:
    """Keep a number in a range.

    And more."""
    return value

async def limit(words: Optional[dict[str, float]], odd=3 + 4, **names: bool):
    return words
'''
DEEP = CODE.replace(b"odd=3 + 4", b"odd: " + b"list[" * 40 + b"int" + b"]" * 40 + b" = ()")
SAID = {
    "manifest": parse_manifest(MANIFEST).to_data(),
    "signatures": [
        {
            "handler": handler,
            "summary": "",
            "parameters": [
                {
                    "name": "x",
                    "kind": "position",
                    "required": True,
                    "default": "",
                    "hint": {"name": "int", "inside": [], "values": [], "text": "int"},
                }
            ],
        }
        for handler in ("clamp", "limit")
    ],
}


def candidate(code: bytes = CODE, manifest: bytes = MANIFEST) -> Candidate:
    return Candidate(files={"plugin.yaml": manifest, "limits.py": code})


def test_a_worker_reads_what_the_host_would_read(sandbox: Sandbox) -> None:
    found = read_outline(sandbox, candidate())
    assert found.manifest == parse_manifest(MANIFEST)
    assert dict(found.signatures) == {name: read_signature(CODE, name) for name in ("clamp", "limit")}


def test_hints_that_go_deeper_than_anybody_types_say_nothing(sandbox: Sandbox) -> None:
    hint = read_outline(sandbox, candidate(DEEP)).signatures["limit"].parameters[1].hint
    depth = 0
    while hint.inside:
        hint, depth = hint.inside[0], depth + 1
    assert (hint.name, depth) == ("any", 12)


@pytest.mark.parametrize("code", [b"def clamp(:", b"def limit(): ...", b"(" * 60_000, b"\0", b"x = " + b"-" * 60_000])
def test_what_cannot_be_read_is_one_kind_of_error(sandbox: Sandbox, code: bytes) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        read_outline(sandbox, candidate(code))
    with pytest.raises(StateError, match="cannot be read"):
        read_outline(sandbox, candidate(manifest=code))
    with pytest.raises(StateError, match="cannot be read"):
        read_outline(sandbox, Candidate(files={"plugin.yaml": MANIFEST}))


def test_a_whole_outline_is_taken() -> None:
    assert set(outline_of(SAID).signatures) == {"clamp", "limit"}


@pytest.mark.parametrize(
    "way",
    [
        ("manifest",),
        ("manifest", "id"),
        ("signatures",),
        ("signatures", 1),
        ("signatures", 0, "handler"),
        ("signatures", 0, "summary"),
        ("signatures", 0, "parameters"),
        ("signatures", 0, "parameters", 0),
        *(("signatures", 0, "parameters", 0, name) for name in ("name", "kind", "default", "hint")),
        *(("signatures", 0, "parameters", 0, "hint", name) for name in ("name", "inside", "values", "text")),
    ],
)
@pytest.mark.parametrize("instead", [7, "x" * 5000, {"x": 1}, None])
def test_any_other_shape_is_refused(way: tuple[Any, ...], instead: object) -> None:
    said: Any = deepcopy(SAID)
    place = said
    for part in way[:-1]:
        place = place[part]
    place[way[-1]] = instead
    with pytest.raises(StateError, match="cannot be read"):
        outline_of(said)


def test_signatures_that_the_manifest_does_not_name_are_refused() -> None:
    with pytest.raises(StateError, match="other handlers"):
        outline_of(SAID | {"signatures": SAID["signatures"][:1]})
