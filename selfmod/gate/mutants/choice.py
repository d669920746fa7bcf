"""Mutants of a module: small changes that a good test suite notices. Nothing of the candidate runs here.

Every change keeps to the dialect, and keeps types where it can, so that what notices it is an assertion rather than a
crash.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.language.modules import ALLOWED_IMPORTS, public_names
from sandbox.language.trees import bindings, imported_modules
from selfmod.gate.mutants.arid import Arid, is_text
from selfmod.gate.mutants.boundaries import indifferent, indifferent_choice, moves_boundary
from selfmod.gate.mutants.equivalents import Equivalents
from selfmod.gate.mutants.operators import RESULT, expression_variants, format_variants, statement_variants
from selfmod.gate.mutants.raising import hears, worked_out
from selfmod.gate.mutants.rows import ROW, texts
from selfmod.gate.reading.choices import MANY

Scope = Literal["call", "import"]
_OPERATORS = 6  # of one line; nearly all lines have fewer
_SHOWN = 300  # characters of a line that is shown in a diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change: `node` becomes `variant` (an expression, or statements). `scope` says when the code runs.

    `whole` is the f-string whose text holds the node: before Python 3.12 such a text has no place of its own. `alike`
    is the same number for those that a test notices or does not for the same reason, such as the elements of one set.
    0 is none.
    """

    index: int
    operator: str
    node: ast.expr | ast.stmt
    variant: ast.expr | list[ast.stmt]
    scope: Scope
    function: str
    whole: ast.JoinedStr | None = None
    alike: int = 0


Placed = tuple[int, Mutant]  # with its line


def choose(tree: ast.Module, how: Mapping[str, Any]) -> list[Placed]:
    """The mutants of `lines` (by scope), `per_line` of a line and `most` in all; `seed` fixes the choice.

    A line has more where it does the work of several lines, or where the whole module would have fewer than `least`.
    """
    lines = {scope: frozenset(how["lines"][scope]) for scope in ("call", "import")}
    first, seed = dict(how["first"]), bytes.fromhex(how["seed"])
    by_line: dict[int, list[Mutant]] = {}
    asked = list[Placed]()
    for mutant in _one_of_alike(list(mutants(tree)), seed):
        line = first.get(mutant.node.lineno, mutant.node.lineno)
        if line in lines[mutant.scope]:
            if mutant.operator == ROW:
                asked.append((line, mutant))
            else:
                by_line.setdefault(line, []).append(mutant)
    kept, rest = list[Placed](), list[Placed]()
    for line, found in by_line.items():
        found.sort(key=lambda mutant: (_order(mutant), _rank(seed, mutant.index)))
        share = how["per_line"] * _worth(found)
        kept += [(line, mutant) for mutant in found[:share]]
        rest += [(line, mutant) for mutant in found[share:]]
    for placed in (kept, rest):
        placed.sort(key=lambda pair: _rank(seed, pair[1].index))
    kept += rest[: max(0, how["least"] - len(kept))]
    return sorted([*kept[: how["most"]], *asked], key=_by_index)


def _one_of_alike(found: list[Mutant], seed: bytes) -> list[Mutant]:
    """Leave one mutant of those alike, whichever: no test has to name each word of a list of stop words."""
    chosen: dict[int, Mutant] = {}
    for mutant in sorted(found, key=lambda mutant: _rank(seed, mutant.index)):
        chosen.setdefault(mutant.alike, mutant)
    return [mutant for mutant in found if not mutant.alike or chosen[mutant.alike] is mutant]


def _order(mutant: Mutant) -> int:
    """Which mutants of a line come first: a hollow result, and last an empty text, which nearly any test notices."""
    match mutant.variant:
        case ast.Constant(value="" | b""):
            return 2
        case _:
            return 0 if mutant.operator == RESULT else 1


def _worth(found: list[Mutant]) -> int:
    """How many lines of code a line is worth, by what is worked out on it."""
    worked_out = {mutant.node for mutant in found if not isinstance(mutant.node, ast.Constant)}
    return max(1, -(-len(worked_out) // _OPERATORS))


def _by_index(pair: Placed) -> int:
    return pair[1].index


def _rank(seed: bytes, index: int) -> bytes:
    return hmac.digest(seed, str(index).encode(), hashlib.sha256)


def described(source: str, placed: Placed) -> dict[str, Any]:
    """What a person sees of a mutant, and what the host needs to know of it."""
    line, mutant = placed
    before, after = _texts(source, mutant)
    return {
        "index": mutant.index,
        "operator": mutant.operator,
        "line": line,
        "at": mutant.node.lineno,
        "scope": mutant.scope,
        "function": mutant.function,
        "before": [text[:_SHOWN] for text in before][:20],
        "after": [text[:_SHOWN] for text in after][:20],
    }


def _texts(source: str, mutant: Mutant) -> tuple[list[str], list[str]]:
    """The changed lines before and after, with everything around the change as it stands in the file."""
    node = mutant.whole or mutant.node
    raw = [line.encode() for line in source.split("\n")]
    start, end = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head, tail = raw[start][: node.col_offset], raw[end][node.end_col_offset :]
    text = "\n".join(ast.unparse(ast.fix_missing_locations(part)) for part in _changed(mutant))
    if mutant.operator == RESULT:
        text = "return <another value of the same kind and length>"
    if isinstance(mutant.variant, ast.IfExp | ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp):
        text = text if head.strip() in (b"if", b"return", b"while", b"elif") or head.endswith(b"= ") else f"({text})"
    changed = head + text.encode() + tail
    return _decoded(b"\n".join(raw[start : end + 1])), _decoded(changed)


def _changed(mutant: Mutant) -> list[Any]:
    """A copy of what stands in the place of the node, or of the whole f-string with its part changed."""
    if mutant.whole is not None:
        return [copy.deepcopy(mutant.whole, {id(mutant.node): mutant.variant})]
    return copy.deepcopy(mutant.variant if isinstance(mutant.variant, list) else [mutant.variant])


def _decoded(text: bytes) -> list[str]:
    return text.decode("utf-8", "replace").split("\n")


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Every mutant of a module, in an order that depends on the source alone."""
    rows, many = _rows(tree)
    wholes = _wholes(tree)
    alike = {**_members(tree), **_bounds(tree)}
    for index, (node, operator, variant, scope, function) in enumerate(_Walk(tree, rows).statements()):
        yield Mutant(
            index=index, operator=operator, node=node, variant=variant, scope=scope, function=function,
            whole=wholes.get(node), alike=_part(alike.get(node, 0), node, variant) or many.get(id(variant), 0),
        )  # fmt: skip


def _part(alike: int, node: ast.expr | ast.stmt, variant: ast.expr | list[ast.stmt]) -> int:
    """The number of what a mutant plays a part in: one of a comparison only where it moves the bound."""
    if isinstance(node, ast.Compare) and isinstance(variant, ast.expr):
        return alike if moves_boundary(node, variant) else 0
    return alike


def _wholes(tree: ast.Module) -> dict[ast.expr | ast.stmt, ast.JoinedStr]:
    """The texts that f-strings hold, also in their format specs, each with its f-string."""
    found: dict[ast.expr | ast.stmt, ast.JoinedStr] = {}
    for whole in ast.walk(tree):
        if isinstance(whole, ast.JoinedStr) and whole not in found:
            found |= dict.fromkeys(_held(whole), whole)
    return found


def _held(text: ast.JoinedStr) -> Iterator[ast.expr]:
    """Yield the texts of an f-string, its format specs and the texts of these."""
    for part in text.values:
        match part:
            case ast.Constant():
                yield part
            case ast.FormattedValue(format_spec=ast.JoinedStr() as spec):
                yield spec
                yield from _held(spec)
            case _:
                pass


_Rows = dict[ast.expr, list[tuple[str, ast.expr]]]


def _rows(tree: ast.Module) -> tuple[_Rows, dict[int, int]]:
    """The mutants of rows in texts, by text, and by `id` those of a text with many, of which two stand for all."""
    rows: _Rows = {}
    alike: dict[int, int] = {}
    number = sum(1 for _ in ast.walk(tree))
    for several in texts(tree):
        for place, (text, variant) in enumerate(several):
            rows.setdefault(text, []).append((ROW if len(several) <= MANY else "constant", variant))
            alike |= {id(variant): number + 1 + place % 2} if len(several) > MANY else {}
        number += 2
    return rows, alike


def _members(tree: ast.Module) -> dict[ast.expr | ast.stmt, int]:
    """The elements of each set of constants, and of what else is only asked for members, with the set's number."""
    found: dict[ast.expr | ast.stmt, int] = {}
    for number, node in enumerate(ast.walk(tree), start=1):
        match node:
            case ast.Set(elts=elements):
                pass
            case ast.Compare(
                ops=[ast.In() | ast.NotIn()], comparators=[ast.Tuple(elts=elements) | ast.List(elts=elements)]
            ):
                pass
            case _:
                continue
        if all(isinstance(element, ast.Constant) for element in elements):
            found |= dict.fromkeys(elements, number)
    return found


def _bounds(tree: ast.Module) -> dict[ast.expr | ast.stmt, int]:
    """Comparisons with a whole number, and that number, where both mutants move the bound by one: `> 9` and `>= 10`."""
    found: dict[ast.expr | ast.stmt, int] = {}
    for number, node in enumerate(ast.walk(tree), start=1):
        match node:
            case ast.Compare(ops=[ast.GtE() | ast.Lt()], comparators=[ast.Constant(value=int()) as bound]):
                found |= {node: -number, bound: -number}
            case _:
                pass
    return found


_Found = tuple[ast.expr | ast.stmt, str, ast.expr | list[ast.stmt], Scope, str]


class _Walk:
    """Visits what a test could notice, and leaves arid code out: texts for people, annotations, logging."""

    def __init__(self, tree: ast.Module, rows: _Rows) -> None:
        self._tree, self._equivalents, self._arid, self._rows = tree, Equivalents(tree), Arid(tree), rows
        self._indifferent: set[ast.expr] = set()  # comparisons whose boundary decides nothing
        self._heard, self._own = hears(tree), frozenset(bindings(tree))
        self._modules = imported_modules(tree)

    def statements(self) -> Iterator[_Found]:
        yield from self._body(self._tree.body, "import", "")

    def _body(self, body: list[ast.stmt], scope: Scope, function: str) -> Iterator[_Found]:
        self._indifferent |= indifferent(body)
        for statement in body:
            if not is_text(statement):
                yield from self._statement(statement, scope, function)

    def _statement(self, node: ast.stmt, scope: Scope, function: str) -> Iterator[_Found]:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for default in (*node.args.defaults, *(item for item in node.args.kw_defaults if item)):
                    yield from self._expression(default, scope, function)
                yield from self._outer(node.decorator_list, scope, function)
                if not self._arid.shows_itself(node):
                    yield from self._body(node.body, "call", f"{function}.{node.name}" if function else node.name)
                return
            case ast.ClassDef():
                given = [keyword.value for keyword in node.keywords]
                yield from self._outer([*node.decorator_list, *node.bases, *given], scope, function)
                yield from self._body(node.body, scope, f"{function}.{node.name}" if function else node.name)
                return
            case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal() | ast.Pass():
                return
            case _:
                pass
        if self._arid.statement(node, at_import=scope == "import"):
            return
        for operator, variant in statement_variants(node):
            yield node, operator, variant, scope, function
        for field, value in ast.iter_fields(node):
            yield from self._field(node, field, value, scope, function)

    def _outer(self, nodes: list[ast.expr], scope: Scope, function: str) -> Iterator[_Found]:
        """What decorators and bases work out or are given, where it does not only tune them."""
        for node in nodes:
            if isinstance(node, ast.Call) and not self._arid.tunes(node):
                yield from self._expression(node, scope, function)
            else:
                for part in ast.walk(node):
                    if isinstance(part, ast.Lambda):
                        yield from self._expression(part, "call", function)

    def _field(self, node: ast.AST, field: str, value: object, scope: Scope, function: str) -> Iterator[_Found]:
        if field in ("annotation", "decorator_list", "pattern"):
            return
        if isinstance(node, ast.Raise) and field == "exc":
            value = list(worked_out(node.exc, heard=self._heard, own=self._own))
        if isinstance(value, ast.JoinedStr) and field == "format_spec":
            yield from self._format(value, scope, function)
            return
        items = value if isinstance(value, list) else [value]
        self._indifferent |= indifferent([item for item in items if isinstance(item, ast.stmt)])
        for item in items:
            if isinstance(item, ast.stmt):
                yield from self._statement(item, scope, function) if not is_text(item) else ()
            elif isinstance(item, ast.expr):
                yield from self._expression(item, scope, function, condition=field == "test")
            elif isinstance(item, ast.ExceptHandler):
                yield from self._body(item.body, scope, function)
            elif isinstance(item, ast.AST) and not self._arid.asserts(node, item):
                for name, inner in ast.iter_fields(item):
                    yield from self._field(item, name, inner, scope, function)

    def _format(self, spec: ast.JoinedStr, scope: Scope, function: str) -> Iterator[_Found]:
        """What says how a value is written, and what is worked out for it."""
        for part in spec.values:
            if isinstance(part, ast.Constant):
                for operator, variant in format_variants(part):
                    yield part, operator, variant, scope, function
            else:
                yield from self._expression(part, scope, function)

    def _is_there(self, variant: ast.expr) -> bool:
        """Whether a module has what a variant calls in it: `re.split` has no other end to begin at."""
        match variant:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=member)) if name in self._modules:
                module = self._modules[name]
                return module not in ALLOWED_IMPORTS or member in public_names(module)
            case _:
                return True

    def _expression(self, node: ast.expr, scope: Scope, function: str, *, condition: bool = False) -> Iterator[_Found]:
        if self._arid.waits(node):
            return
        if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            variants: list[tuple[str, ast.expr]] = []
        else:
            self._indifferent |= indifferent_choice(node)
            variants = [
                (operator, variant)
                for operator, variant in (*expression_variants(node, condition=condition), *self._rows.get(node, ()))
                if not (node in self._indifferent and moves_boundary(node, variant))
                and not self._equivalents.same(node, variant)
                and self._is_there(variant)
            ]
        for operator, variant in variants:
            yield node, operator, variant, scope, function
        if isinstance(node, ast.Lambda):
            yield from self._expression(node.body, "call", function)
            return
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "args") or not isinstance(node, ast.Lambda):
                yield from self._field(node, field, value, scope, function)
