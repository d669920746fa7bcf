"""What a function is called and takes, read from the words of a request or from its examples; parsed, never run."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from selfmod.examples import arguments, expected_value
from selfmod.spec import Spec

MAX_LENGTH: Final = 500
_WRITTEN: Final = re.compile(r"^\s*(?:def\s+)?(?P<head>[a-z][a-z0-9_]{0,63}\s*\()")
_ENDS: Final = re.compile(r"\)|->\s*[A-Za-z_.]+(\[[^\n]*\])?(\s*\|\s*[A-Za-z_.]+)*")
_NAMES: Final = ("x", "y", "z", "a", "b", "c")
_TYPES: Final[dict[type, str]] = {bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes"}
_BOXES: Final[dict[type, str]] = {list: "list", tuple: "tuple", dict: "dict", set: "set"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`header` is all between "def " and the colon; `returns` is "" where it is not said; `text` what it is to do."""

    name: str
    header: str
    returns: str
    text: str


def read_signature(spec: Spec) -> Signature | None:
    """The signature at the start of the text, or the one that the examples imply; None where there is neither."""
    return _written(spec.text) or _implied(spec)


def _written(text: str) -> Signature | None:
    """Read "f(s: str) -> bool: True if ..." and the like: the longest start that is a signature."""
    if not _WRITTEN.match(text):
        return None
    line = text.strip().removeprefix("def ").lstrip()
    for end in sorted({match.end() for match in _ENDS.finditer(line[:MAX_LENGTH])}, reverse=True):
        function = _header(line[:end])
        if function is not None:
            rest = line[end:].lstrip(":- \t\r\n")
            returns = ast.unparse(function.returns) if function.returns else ""
            return Signature(name=function.name, header=_render(function), returns=returns, text=_sentence(rest))
    return None


def _header(text: str) -> ast.FunctionDef | None:
    try:
        body = ast.parse(f"def {text.strip()}: ...").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    function = body[0] if len(body) == 1 else None
    if not isinstance(function, ast.FunctionDef) or function.name.startswith("_") or not _plain(function):
        return None
    return function


def _plain(function: ast.FunctionDef) -> bool:
    """Whether nothing but the signature was written, and its hints and defaults are plain."""
    said = function.args
    is_body = len(function.body) == 1 and ast.unparse(function.body[0]) == "..."
    return is_body and not (said.vararg or said.kwarg or said.kwonlyargs) and not function.decorator_list


def _render(function: ast.FunctionDef) -> str:
    return ast.unparse(function).split("\n", 1)[0].removeprefix("def ").removesuffix(":")


def _implied(spec: Spec) -> Signature | None:
    shown = spec.shown
    names = {example.function for example in spec.examples}
    if len(names) != 1 or not shown:
        return None
    name = names.pop()
    calls = [arguments(example) for example in shown]
    longest = max(calls, key=lambda call: len(call[0]) + len(call[1]))
    count = len(longest[0])
    if count > len(_NAMES) or keyword.iskeyword(name):
        return None
    positions = [_hint([call[0][place] for call in calls if place < len(call[0])]) for place in range(count)]
    parameters = [f"{label}{hint}" for label, hint in zip(_labels(positions), positions, strict=True)]
    parameters += [f"{label}{_hint([call[1][label] for call in calls if label in call[1]])}" for label in longest[1]]
    result = _hint([expected_value(example) for example in shown if example.kind != "raises"]).removeprefix(": ")
    header = f"{name}({', '.join(parameters)})" + (f" -> {result}" if result else "")
    return Signature(name=name, header=header, returns=result, text=_sentence(spec.text))


def _labels(hints: Sequence[str]) -> list[str]:
    """Names for parameters; one text is called `text`, since that helps a model most."""
    return ["text"] if list(hints) == [": str"] else list(_NAMES[: len(hints)])


def _hint(values: Sequence[object]) -> str:
    """The type hint (with its colon) where all values agree; whole numbers among floats are floats."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return ": float"
    if len(kinds) != 1:
        return ""
    kind = kinds.pop()
    name = _TYPES.get(kind) or _BOXES.get(kind)
    return f": {name}" if name else ""


def _sentence(text: str) -> str:
    return " ".join(text.split())[:MAX_LENGTH]
