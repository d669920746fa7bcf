"""Examples of results: read from what a person typed, split into shown and held back, written as tests, and checked.

An example is text. It is parsed, never evaluated: a call of one function with literal arguments, and a literal result.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import hmac
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from plugins.errors import UsageError
from sandbox import values
from sandbox.outcome import Completed, Outcome, Raised, describe
from selfmod.spec import Example

MAX_SOURCE: Final = 2000
MAX_EXAMPLES: Final = 100
MAX_DEPTH: Final = 32
MAX_SHOWN: Final = 300  # characters of a call in a question
TEST_PATH: Final = "tests/test_examples.py"
TEST_HEAD: Final = '"""Written by Ratchet from the examples of the request."""'

_RAISES = re.compile(r"^(?P<call>.*\S)\s+raises\s+(?P<error>[A-Za-z_][A-Za-z0-9_]*)$", re.DOTALL)
_SCALARS = (type(None), bool, int, float, str, bytes)


class ExampleError(UsageError):
    """An example that cannot be read, or two that contradict each other."""


def parse_example(source: str) -> Example:
    """Read `f(1) == 2`, `f("") raises ValueError` or a call that must be true; anything else is an `ExampleError`."""
    text = source.strip()
    if not text or len(text) > MAX_SOURCE:
        raise ExampleError(f"an example has 1 to {MAX_SOURCE} characters, not {len(text)}", hint=_HINT)
    example = _example(text)
    try:
        values.encode([*arguments(example), expected_value(example)])
    except ValueError as problem:
        raise ExampleError(f"{problem}: {text}", hint=_HINT) from problem
    return example


def _example(text: str) -> Example:
    raising = _RAISES.match(text)
    tree = _expression(text)
    if tree is None and raising is not None:
        call = _call(_expression(raising["call"]), text)
        return Example(
            source=text, kind="raises", function=_name(call), call=ast.unparse(call), expected=raising["error"]
        )
    if isinstance(tree, ast.Compare):
        return _comparison(tree, text)
    call = _call(tree, text)
    return Example(source=text, kind="truth", function=_name(call), call=ast.unparse(call))


_HINT: Final = 'write it like  clamp(5, 0, 3) == 3  or  f("") raises ValueError, with literal values only'


def parse_examples(sources: Iterable[str]) -> tuple[Example, ...]:
    """Read many; an example that is repeated counts once, and one that contradicts another is an `ExampleError`."""
    found: dict[str, Example] = {}
    for source in sources:
        example = parse_example(source)
        first = found.setdefault(example.call, example)
        if _meaning(first) != _meaning(example):
            raise ExampleError(f"two examples contradict each other: {first.source}  and  {example.source}")
        if len(found) > MAX_EXAMPLES:
            raise ExampleError(f"at most {MAX_EXAMPLES} examples")
    return tuple(found.values())


def align_with_return(examples: Sequence[Example], function: str, returns: str) -> tuple[Example, ...]:
    """Read `f(100) == 212` as 212.0 where the signature says that `f` gives a float: results are compared by type."""

    def aligned(example: Example) -> Example:
        whole = example.kind == "equals" and re.fullmatch(r"-?\d+", example.expected)
        if returns != "float" or example.function != function or not whole:
            return example
        return replace(example, expected=repr(float(example.expected)))

    return tuple(aligned(example) for example in examples)


def choose_held_back(
    examples: Sequence[Example], secret: bytes, *, known: Sequence[Example] = ()
) -> tuple[Example, ...]:
    """Mark at least a third (none of a single one) as held back: by the host's secret, so that no author can guess.

    The next one is always taken from the results that are most often shown, so that the shown ones stay varied. What
    was shown before (`known`) stays shown and comes first in the result, so only `examples` can make up the third.
    """
    whole = [*known, *(replace(example, held_back=False) for example in examples)]
    count = -(-len(whole) // 3) if len(whole) >= 2 else 0  # rounded up
    seed = hashlib.sha256("\n".join(example.source for example in whole).encode()).digest()
    held = {number for number, example in enumerate(whole) if example.held_back}
    free = set(range(len(known), len(whole)))
    while len(held) < count and free:
        groups = [_result(example) for number, example in enumerate(whole) if number not in held]
        chosen = max(free, key=lambda number: (groups.count(_result(whole[number])), _rank(secret, seed, number)))
        held.add(chosen)
        free.discard(chosen)
    return tuple(replace(example, held_back=number in held) for number, example in enumerate(whole))


def example_tests(examples: Iterable[Example], *, module: str = "plugin") -> bytes:
    """Return the test file for the given (shown) examples; empty when there is none. Only the host writes this file."""
    chosen = list(examples)
    if not chosen:
        return b""
    raised = {example.expected for example in chosen if example.kind == "raises"}
    names = {example.function for example in chosen} | {name for name in raised if not _builtin_error(name)}
    lines = [TEST_HEAD, ""]
    if raised:
        lines += ["import pytest", ""]
    lines += [f"from {module} import {', '.join(sorted(names))}", ""]
    for number, example in enumerate(chosen, start=1):
        lines += ["", f"def test_example_{number}():", *_body(example), ""]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def arguments(example: Example) -> tuple[list[object], dict[str, object]]:
    """Return the positional and named arguments of the example's call, as values."""
    call = _call(_expression(example.call), example.source)
    named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    return [ast.literal_eval(argument) for argument in call.args], named


def expected_value(example: Example) -> object:
    """Return the value that the call must give: the literal of an "equals" example, True for a "truth" one."""
    return ast.literal_eval(example.expected) if example.kind == "equals" else True


def mismatch(example: Example, outcome: Outcome) -> str:
    """Return "" when `outcome` is what the example says, by type and value; else one sentence that says what it was."""
    if example.kind == "raises":
        if isinstance(outcome, Raised) and any(
            _is_error(one, example.expected) for one in (outcome.kind, *outcome.bases)
        ):
            return ""
        return f"{example.call} should raise {example.expected}, but {_told(outcome)}"
    if not isinstance(outcome, Completed):
        return f"{example.call} should give {expected_value(example)!r}, but {_told(outcome)}"
    if same_value(outcome.value, expected_value(example)):
        return ""
    return f"{example.call} should give {expected_value(example)!r}, but {_told(outcome)}"


def call_text(function: str, args: Iterable[object], named: Mapping[str, object]) -> str:
    """Return a call as questions show it."""
    shown = [*map(repr, args), *(f"{name}={value!r}" for name, value in named.items())]
    return f"{function}({', '.join(shown)})"[:MAX_SHOWN]


def call_of(example: Example) -> str:
    """Return the call of an example as a question about it shows it."""
    return call_text(example.function, *arguments(example))


def same_value(left: object, right: object) -> bool:
    """Say whether two values are alike in type and value, all the way down (1, True and 1.0 are three values)."""
    return _canonical(left) == _canonical(right)


def _canonical(value: object) -> str:
    match value:
        case dict():
            items = sorted(f"{_canonical(key)}: {_canonical(item)}" for key, item in value.items())
            return f"dict{{{', '.join(items)}}}"
        case set() | frozenset():
            return f"{type(value).__name__}{{{', '.join(sorted(map(_canonical, value)))}}}"
        case list() | tuple():
            return f"{type(value).__name__}[{', '.join(map(_canonical, value))}]"
        case float():
            return f"float {value + 0.0!r}"  # adding makes -0.0 the 0.0 that it equals
        case _:
            return f"{type(value).__name__} {value!r}"


def _told(outcome: Outcome) -> str:
    if isinstance(outcome, Completed):
        return f"it gave {outcome.value!r} ({type(outcome.value).__name__})"
    return f"it ended otherwise: {describe(outcome)}"


def _is_error(kind: str, expected: str) -> bool:
    given, wanted = getattr(builtins, kind, None), getattr(builtins, expected, None)
    if isinstance(given, type) and isinstance(wanted, type):
        return issubclass(given, wanted)
    return kind == expected


def _builtin_error(name: str) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def _body(example: Example) -> list[str]:
    match example.kind:
        case "raises":
            return [f"    with pytest.raises({example.expected}):", f"        {example.call}"]
        case "truth":
            return [f"    assert {example.call} is True"]
        case "equals" if example.expected in {"True", "False", "None"}:
            return [f"    assert {example.call} is {example.expected}"]
        case "equals":
            return [f"    assert {example.call} == {example.expected}"]


def _expression(text: str) -> ast.expr | None:
    try:
        with warnings.catch_warnings():  # "\\d" in an example is the person's business
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval").body
        _require_shallow(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def _require_shallow(tree: ast.AST) -> None:
    """Refuse deep trees: `ast.unparse` and `literal_eval` recurse."""
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _comparison(tree: ast.Compare, text: str) -> Example:
    if len(tree.ops) != 1 or not isinstance(tree.ops[0], ast.Eq | ast.Is):
        raise ExampleError(f"this is not an example: {text}", hint=_HINT)
    left, right = tree.left, tree.comparators[0]
    if not isinstance(left, ast.Call) or _is_literal(left):
        left, right = right, left
    call = _call(left, text)
    if not _is_literal(right):
        raise ExampleError(f"the result in this example is not a literal value: {text}", hint=_HINT)
    return Example(
        source=text, kind="equals", function=_name(call), call=ast.unparse(call), expected=ast.unparse(right)
    )


def _call(node: ast.expr | None, text: str) -> ast.Call:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ExampleError(f"this is not an example: {text}", hint=_HINT)
    if node.func.id.startswith("_"):
        raise ExampleError(f"the function in an example has a public name: {text}", hint=_HINT)
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if any(keyword.arg is None for keyword in node.keywords) or not all(map(_is_literal, given)):
        raise ExampleError(f"an argument in this example is not a literal value: {text}", hint=_HINT)
    if len({keyword.arg for keyword in node.keywords}) < len(node.keywords):
        raise ExampleError(f"an argument in this example is given twice: {text}", hint=_HINT)
    return node


def _is_literal(node: ast.expr) -> bool:
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return _is_plain(value)


def _is_plain(value: object) -> bool:
    match value:
        case dict():
            return all(_is_plain(part) for item in value.items() for part in item)
        case list() | tuple() | set():
            return all(map(_is_plain, value))
        case _:
            return isinstance(value, _SCALARS)


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return call.func.id


def _meaning(example: Example) -> tuple[str, str]:
    if example.kind == "raises":
        return "raises", example.expected
    return "equals", _canonical(expected_value(example))


def _result(example: Example) -> tuple[str, str]:
    return example.kind, example.expected


def _rank(secret: bytes, seed: bytes, number: int) -> bytes:
    return hmac.digest(secret, seed + number.to_bytes(4, "big"), "sha256")
