"""How a call ended, for a person; and the arguments that a person gives as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from plugins.errors import UsageError
from repl.answer import NOT_COMPLETED, Answer
from repl.payloads import outcome_payload
from sandbox.outcome import NAMES, Completed, Crashed, Denied, Outcome, Raised, describe

if TYPE_CHECKING:
    from repl.render import Screen

_ROWS = 3  # a list of this many like objects, or more, is a table


def outcome_answer(outcome: Outcome) -> Answer:
    """Return the answer of a verb that called something."""
    return Answer(
        payload=outcome_payload(outcome),
        show=lambda screen: show_outcome(screen, outcome),
        exit_code=0 if isinstance(outcome, Completed) else NOT_COMPLETED,
    )


def show_outcome(screen: Screen, outcome: Outcome) -> None:
    """Draw a value plainly, and anything else with what is known about it."""
    if isinstance(outcome, Completed):
        if outcome.value is not None:
            screen.result(value_text(outcome.value))
        return
    screen.line((f"{NAMES[type(outcome)]}: ", "bold red"), "it did not complete")
    if not (isinstance(outcome, Denied) and outcome.violations):  # each of them says it, with its place
        screen.foreign(describe(outcome))
    match outcome:
        case Raised(frames=frames):
            for frame in frames[:-1]:
                screen.foreign(f"  at {frame}")
        case Denied(capability=capability, violations=violations):
            if capability:
                screen.line("It would need the capability ", (capability, "bold"))
            for violation in violations:
                screen.foreign(f"{violation.path}:{violation.line}:{violation.column} {violation.message}")
                if violation.hint:
                    screen.line(("  hint: ", "bold"), violation.hint)
        case Crashed(report=report, request=request):
            if request:
                screen.foreign(f"  during: {request}")
            if report:
                screen.foreign(report)
        case _:
            pass


def value_text(value: object) -> str:
    """Return a value as a person reads it: text as it is, like rows as a table, everything else as JSON."""
    if isinstance(value, str):
        return value
    if rows := _rows(value):
        return _table(rows)
    from sandbox.values import encode

    return json.dumps(encode(value), ensure_ascii=False, indent=2 if isinstance(value, dict | list) else None)


def _rows(value: object) -> list[list[str]] | None:
    """The cells of a list of objects that have the same names and plain values."""
    if not isinstance(value, list) or len(value) < _ROWS or not all(isinstance(row, dict) and row for row in value):
        return None
    names = list(value[0])
    if any(list(row) != names for row in value):
        return None
    cells = [cell for row in value for cell in row.values()]
    if not all(isinstance(cell, bool | int | float | str | None) and "\n" not in str(cell) for cell in cells):
        return None
    return [[str(name) for name in names], *([_cell(cell) for cell in row.values()] for row in value)]


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _table(rows: list[list[str]]) -> str:
    from repl.render import cells, pad

    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def json_arguments(text: str) -> tuple[list[object], dict[str, object]]:
    """Read `--args`: a list by position, or an object by name; values may carry the tags that outcomes do."""
    from sandbox.values import decode

    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--args is not JSON: {error}", hint="for example --args '[1, \"two\"]'") from error
    try:
        if isinstance(given, list):
            return [decode(item) for item in given], {}
        if isinstance(given, Mapping):
            return [], {str(decode(name)): decode(item) for name, item in given.items()}
    except ValueError as error:
        raise UsageError(f"--args holds what cannot be passed on: {error}") from error
    raise UsageError("--args is a list (by position) or an object (by name)", hint="for example --args '{\"n\": 3}'")
