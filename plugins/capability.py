"""Capabilities by the names that requests, reviews and approvals use for them, such as `network:HOST:PORT`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, get_args

from pydantic import ValidationError

from plugins.manifest import Capabilities, Effect, said_of

#: How each is named, and the field of a manifest that declares it.
FORMS: Final[Mapping[str, str]] = {
    "network:HOST:PORT": "capabilities.network",
    "read:PATH": "capabilities.filesystem.read",
    "write:PATH": "capabilities.filesystem.write",
    "environment:NAME": "capabilities.environment",
    "storage": "capabilities.storage",
    **{f"effect:{effect}": "effects" for effect in get_args(Effect)},
}


def name_problem(name: str) -> str:
    """Return why no manifest could declare what has this name, or ""."""
    match name.split(":", 1):
        case ["network" | "environment" as kind, rest]:
            declared: object = {kind: [rest]}
        case ["read" | "write" as kind, rest]:
            declared = {"filesystem": {kind: [rest]}}
        case _:
            return "" if name in FORMS else f"{name!r} is none of {', '.join(FORMS)}"
    try:
        Capabilities.model_validate_json(json.dumps(declared))
    except ValidationError as error:
        return said_of(error.errors()[0])
    return ""


def declaration(name: str) -> str:
    """Return what declares a capability, as it is typed into a manifest."""
    kind, _, rest = name.partition(":")
    top, *within = next(field for form, field in FORMS.items() if form.partition(":")[0] == kind).split(".")
    value = json.dumps([rest], ensure_ascii=False) if rest else "true"
    for field in reversed(within):
        value = f"{{{field}: {value}}}"
    return f"{top}: {value}"
