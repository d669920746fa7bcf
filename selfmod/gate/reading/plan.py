"""What should run, found by reading alone: the ids of the tests, the lines and branches of the module.

`plan` is a job for a worker of its own in which nothing of the candidate is executed, so what it returns is our word
and not the candidate's. The run of the tests is held against it.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from sandbox.language.assertions import is_false
from sandbox.language.contexts import expects
from sandbox.language.parameters import cases_of
from sandbox.language.trees import constants_of
from selfmod.gate.reading.pieces import blocks, lambdas

Function = ast.FunctionDef | ast.AsyncFunctionDef
_MAX_IDS = 1000  # of one function: a cap against products of huge parameter lists, far above any threshold


class Unreadable(Exception):
    """A test cannot be counted by reading it."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


def plan(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: read `entry` and `tests` (paths under the current folder), run nothing of them."""
    found: dict[str, Any] = {"ids": [], "indexed": [], "problems": [], "assertions": []}
    for path in argument["tests"]:
        _read_tests(path, Path(path).read_text(encoding="utf-8"), found)
    source = Path(argument["entry"]).read_text(encoding="utf-8")
    functions = [node.name for node in ast.parse(source).body if isinstance(node, Function)]
    matches = "re." in source or "from re import" in source
    return found | {
        "possible": possible(source),
        "functions": functions,
        "patterns": matches,
        "lambdas": [code.co_firstlineno for code in _lambdas(source, argument["entry"])],
    }


def _lambdas(source: str, path: str) -> list[CodeType]:
    """The lambdas of a module, compiled as it will be run; nothing of it runs here."""
    from sandbox.language import DialectError, compile_module

    try:
        return list(lambdas(compile_module(source, path)))
    except DialectError:  # the run will say so
        return []


def possible(source: str) -> dict[str, Any]:
    """The statements and branch arcs of a module, and how raw line numbers map to them (exclusions do not exist)."""
    from coverage.parser import PythonParser

    source = source or "\n"
    parser = PythonParser(text=source)
    parser.parse_source()
    counts = parser.exit_counts()
    lines = sorted(parser.statements)
    return {
        "lines": lines,
        "blocks": sorted(set(blocks(source, lines))),
        "last_words": sorted(set(_last_words(ast.parse(source)))),
        "arcs": sorted(arc for arc in parser.arcs() if counts[arc[0]] > 1),
        "single": sorted(arc for arc in parser.arcs() if counts[arc[0]] == 1),
        "first": sorted((line, first) for line, first in parser.multiline_map.items() if line != first),
        # coverage.py has no public name for this map; without it the exits of `with` blocks count as missing.
        "jumps": [[list(arc), list(to) if to else None] for arc, to in sorted(parser._with_jump_fixers.items())],  # noqa: SLF001
    }


def _last_words(tree: ast.Module) -> Iterator[int]:
    """Lines that end a function by raising, after all else: often they are there for a reader and cannot run."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and len(node.body) > 1 and isinstance(node.body[-1], ast.Raise):
            yield node.body[-1].lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "assert_never":
            yield node.lineno


def _read_tests(path: str, source: str, found: dict[str, Any]) -> None:
    tree = ast.parse(source)
    found["assertions"] += [[path, first, last] for first, last in sorted(_assertions(tree))]
    constants = constants_of(tree)
    seen: set[str] = set()
    for prefix, outer, node in _test_functions(tree):
        base = f"{path}::{prefix}{node.name}"
        if base in seen:
            found["problems"].append([path, node.lineno, f"{node.name} is defined twice, so the first is never run"])
            continue
        seen.add(base)
        try:
            ids, indexed = _ids(base, [*outer, *node.decorator_list], constants)
        except Unreadable as problem:
            found["problems"].append([path, problem.line or node.lineno, problem.message])
            continue
        found["ids"].extend(ids)
        found["indexed"].extend([base] if indexed else [])


def _assertions(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """First and last line of each assertion that is to run; the last is 0 where no line is its own."""
    for outer in ast.walk(tree):
        for node in ast.iter_child_nodes(outer):
            own = getattr(outer, "lineno", 0) != getattr(node, "lineno", 0)
            match node:
                case ast.Assert(test=test) if not is_false(test):  # `assert False` says where nobody should come
                    yield node.lineno, (node.end_lineno or node.lineno) if own else 0
                case ast.With(items=items) if any(map(expects, items)):
                    yield node.lineno, items[-1].context_expr.end_lineno or node.lineno
                case _:
                    pass


def _test_functions(tree: ast.Module) -> Iterator[tuple[str, list[ast.expr], Function]]:
    for node in tree.body:
        if isinstance(node, Function) and node.name.startswith("test"):
            yield "", [], node
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            for inner in node.body:
                if isinstance(inner, Function) and inner.name.startswith("test"):
                    yield f"{node.name}::", list(node.decorator_list), inner


def _ids(base: str, decorators: Sequence[ast.expr], constants: dict[str, ast.expr]) -> tuple[list[str], bool]:
    """All ids of one test function; `indexed` where pytest's own names cannot be known and positions are used."""
    marks = [mark for mark in decorators if _is_parametrize(mark)]
    if not marks:
        return [base], False
    parts = [_mark_ids(mark, constants) for mark in reversed(marks)]
    if sum(len(names) for names, _ in parts) > _MAX_IDS:
        raise Unreadable(marks[0].lineno, "too many parameters")
    indexed = any(by_position for _, by_position in parts)
    combined = itertools.islice(itertools.product(*(names for names, _ in parts)), _MAX_IDS + 1)
    ids = [f"{base}[#{index}]" if indexed else f"{base}[{'-'.join(names)}]" for index, names in enumerate(combined)]
    if len(ids) > _MAX_IDS or not ids:
        raise Unreadable(marks[0].lineno, "the parameters give no test, or too many")
    return ids, indexed


def _is_parametrize(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "parametrize"


def _mark_ids(mark: ast.expr, constants: dict[str, ast.expr]) -> tuple[list[str], bool]:
    """The ids one `parametrize` mark gives, made by pytest's own code from the literal values."""
    from _pytest.mark.structures import ParameterSet
    from _pytest.python import IdMaker

    assert isinstance(mark, ast.Call)
    named = {keyword.arg: keyword.value for keyword in mark.keywords}
    names_node, values_node = [*mark.args, named.get("argnames"), named.get("argvalues")][:2]
    if names_node is None or values_node is None:
        raise Unreadable(mark.lineno, "write parametrize(names, values)")
    names = _literal(names_node, constants)
    argnames = [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)
    rows = [_row(element, len(argnames), constants) for element in _elements(values_node, constants)]
    ids = _literal(named["ids"], constants) if "ids" in named else None
    if ids is not None and (not isinstance(ids, list | tuple) or len(ids) != len(rows)):
        raise Unreadable(mark.lineno, "`ids` must be a literal list with one text for each row")
    explicit = [
        own or (str(ids[index]) if ids and ids[index] is not None else None) for index, (own, _) in enumerate(rows)
    ]
    opaque = any(_OPAQUE in values and name is None for name, (_, values) in zip(explicit, rows, strict=True))
    sets = [ParameterSet(values=tuple(values), marks=[], id=own) for own, values in rows]
    maker = IdMaker(argnames, sets, None, list(ids) if ids else None, None, None)
    return [str(name) for name in maker.make_unique_parameterset_ids()], opaque


class _Opaque:
    """Stands for a value that only running the test file would give."""


_OPAQUE = _Opaque()


def _elements(node: ast.expr, constants: dict[str, ast.expr]) -> list[ast.expr]:
    cases = cases_of(node, constants)
    if cases is None:
        raise Unreadable(node.lineno, "the rows of parametrize must be written out, so that they can be counted")
    return cases


def _row(node: ast.expr, width: int, constants: dict[str, ast.expr]) -> tuple[str | None, list[object]]:
    """One row: its explicit id, and its values with `_OPAQUE` for what is not literal."""
    own = None
    cells: Sequence[ast.expr]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "param":
        ids = [keyword.value for keyword in node.keywords if keyword.arg == "id"]
        own = str(_literal(ids[0], constants)) if ids else None
        cells = node.args
    elif width == 1:
        cells = [node]
    elif isinstance(node, ast.Tuple | ast.List):
        cells = node.elts
    else:
        cells = [node] * width
    if len(cells) != width:
        raise Unreadable(getattr(node, "lineno", 0), f"a row of parametrize has {len(cells)} values for {width} names")
    return own, [_value(cell) for cell in cells]


def _value(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _OPAQUE


def _literal(node: ast.expr, constants: dict[str, ast.expr]) -> Any:
    node = constants.get(node.id, node) if isinstance(node, ast.Name) else node
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise Unreadable(node.lineno, "names and ids of parametrize must be literal") from error
