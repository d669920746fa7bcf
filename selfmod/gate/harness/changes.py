"""Makes inputs on which two versions of a plugin may differ, inside a sandbox worker; nothing of either runs here."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from sandbox.values import encode
from selfmod.gate.harness.questions import constants, inputs

_MOST = 300


def inputs_between(argument: dict[str, Any]) -> list[list[Any]]:
    """Job: calls near those of the tests, with the constants of both versions in the place of arguments."""
    named = [value for path in argument["sources"] for value in constants(ast.parse(Path(path).read_bytes()))]
    known = {_key(call["function"], call["args"], call["kwargs"]) for call in argument["calls"]}
    made: dict[str, list[Any]] = {}
    for function, args, kwargs in inputs(argument["calls"], named):
        call = [encode(args), encode(kwargs)]
        key = _key(function, *call)
        if key not in known:
            made.setdefault(key, [function, *call])
        if len(made) == _MOST:
            break
    return list(made.values())


def _key(function: str, args: object, kwargs: object) -> str:
    return json.dumps([function, args, kwargs], sort_keys=True)
