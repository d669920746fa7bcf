"""Capabilities by the names that requests, reviews and approvals use for them, such as `network:HOST:PORT`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, get_args

from pydantic import ValidationError

from plugins.manifest import Capabilities, Effect

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
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return ""
