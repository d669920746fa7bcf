"""Mutants of texts that a module takes apart: rules, prices, keys and what belongs to them, in rows of one text.

To every other mutant such a text is one constant, and to coverage a line that runs whole. A row is changed by itself,
in the last of its numbers or in the word that belongs to its key; a row without either, as in a list of words or a
sentence, says nothing that a table would.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from typing import Final

from sandbox.language.trees import bindings, last_name
from selfmod.gate.reading.texts import names_once

Row = tuple[ast.Constant, ast.Constant]  # a text, and the same one with a row changed
ROW: Final = "row"
_DIVIDING: Final = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition"})
_READING: Final = frozenset(
    {"loads", "findall", "finditer", "split", "literal_eval", "StringIO", "reader", "DictReader", "read_string"}
)
# Calls whose result is made of the texts that they are given; what others give is another text.
_KEEPING: Final = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "replace", "expandtabs", "dedent", "join", "encode"}
    | {"decode", "get", "items", "values", "enumerate", "zip", "sorted", "reversed", "list", "tuple", "iter"}
)
_PAIRED: Final = 2  # parts of a text that is a row itself, such as a limit and its price
_FOLLOWED: Final = 4  # names that stand for names
_NUMBER: Final = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+)?")
_WORD: Final = re.compile(r"[^\W\d_]+")
_PAIR: Final = re.compile(r"\W*\w[\w.-]*[\"']?\s*(?:[:=>|\t]|->|,(?=\S))\W*\w")
_BETWEEN: Final = ("\n", ";", "|", ",")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def texts(tree: ast.Module) -> list[list[Row]]:
    """Return the rows of each text that is taken apart, where it has several; a text of a collection is one row."""
    found: dict[ast.Constant, list[Row]] = {}
    reading = _Reading(tree)
    for text, between in (*reading.taken(), *_alike(tree)):
        told = [several for one in reading.constants(text) if (several := list(_changes(one, between)))]
        several = (
            told[0] if len(told) == 1 else [row for one in told for row in (one if len(one) > _PAIRED else one[-1:])]
        )
        if len(several) > 1:
            for text_ in dict.fromkeys(constant for constant, _ in several):
                found.setdefault(text_, several)
    return list({id(several): several for several in found.values()}.values())


class _Reading:
    """Finds which constants of one module are taken apart, wherever they stand."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree, self._names = tree, names_once(tree)
        self._drawn = dict(pair for one in ast.walk(tree) for pair in _drawn(one))
        self._functions = {one.name: one for one in ast.walk(tree) if isinstance(one, _Function)}

    def taken(self) -> Iterator[tuple[ast.expr, str | None]]:
        """Yield each expression that is taken apart, and what stands between its parts, where that is to be seen."""
        yield from self._direct(self._tree)
        for function in self._functions.values():
            parts = [part for text, _ in self._direct(function) for part in ast.walk(text)]
            if {part.id for part in parts if isinstance(part, ast.Name)} & {*bindings(function.args)}:
                given = [one for one in (*function.args.defaults, *function.args.kw_defaults) if one]
                calls = [one for one in ast.walk(self._tree) if isinstance(one, ast.Call)]
                named = [one for one in calls if last_name(one.func) == function.name]
                yield from ((text, None) for text in given)
                yield from ((text, None) for one in named for text in _given(one))

    def _direct(self, tree: ast.AST) -> Iterator[tuple[ast.expr, str | None]]:
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=attr), args=[_, text, *_]):
                    yield from [(text, None)] if attr in _READING else []
                case ast.Call(func=ast.Attribute(value=text, attr=attr), args=args) if attr in _DIVIDING:
                    yield text, _between(attr, args)
                    yield from ((one, None) for one in args if self._is_pattern(text))
                case ast.Call(func=function, args=args) if last_name(function) in _READING:
                    yield from ((text, None) for text in args)
                case _:
                    pass

    def _is_pattern(self, node: ast.expr) -> bool:
        meant = self._names.get(node.id) if isinstance(node, ast.Name) else node
        return isinstance(meant, ast.Call) and last_name(meant) == "compile"

    def constants(self, node: ast.AST, depth: int = 0) -> list[ast.Constant]:
        """The texts that an expression is made of, through names that stand for one thing and through loops."""
        match node:
            case ast.Constant(value=str() | bytes()):
                return [node]
            case ast.Name(id=name):
                meant = self._names.get(name) or self._drawn.get(name)
                return self.constants(meant, depth + 1) if meant and depth < _FOLLOWED else []
            case ast.Call() if last_name(node) not in _KEEPING:
                return []
            case _:
                inner = [self.constants(part, depth) for part in ast.iter_child_nodes(node)]
                return list(dict.fromkeys(itertools.chain(*inner)))


def _alike(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield texts under a name whose rows are alike, with numbers behind what they belong to, and what divides them.

    Such a text is taken apart in whatever way, a sign at a time or by a loop that cuts it off; commas with spaces
    behind them stand in sentences as well.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            text = node.value.value if isinstance(node.value.value, str) else ""
            for between in ("\n", ";", "|", *(() if ", " in text else (",", " "))):
                shapes = [_WORD.sub("w", _NUMBER.sub("0", row.strip())) for row in text.split(between) if row.strip()]
                if len(shapes) > 1 and len({*shapes}) == 1 and re.search(r"\w.*0", shapes[0]):
                    yield node.value, between
                    break


def _drawn(node: ast.AST) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.For(target=target, iter=among) | ast.comprehension(target=target, iter=among):
            return [(name, among) for name in bindings(target)]
        case _:
            return []


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _between(attr: str, args: list[ast.expr]) -> str | None:
    """What divides a text, " " for any space."""
    match attr, args:
        case "splitlines", _:
            return "\n"
        case "split" | "rsplit", []:
            return " "
        case _, [ast.Constant(value=str(between)), *_]:
            return between
        case _:
            return None


def _changes(constant: ast.Constant, between: str | None) -> Iterator[Row]:
    """Yield a text again and again, each time with another of its rows changed."""
    value = constant.value
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if between is None:
        between = next((one for one in _BETWEEN if one in text.strip()), " ")
    place = 0
    for row in re.split(r"(\s+)" if between == " " else f"({re.escape(between)})", text):
        if (changed := _changed(row)) is not None:
            again = text[:place] + changed + text[place + len(row) :]
            yield constant, ast.Constant(value=again.encode("latin-1") if isinstance(value, bytes) else again)
        place += len(row)


def _changed(row: str) -> str | None:
    """A row that says something else, None where it holds neither a number nor a word that belongs to another."""
    numbers = list(_NUMBER.finditer(row))
    behind = [one for one in numbers if re.search(r"\w", row[: one.start()])]
    if not behind and _PAIR.match(row):
        end = [one.end() for one in re.finditer(r"\w", row)][-1]
        return f"{row[:end]}X{row[end:]}"
    if numbers:
        last = numbers[-1]
        return row[: last.start()] + _other(last[0]) + row[last.end() :]
    return None


def _other(number: str) -> str:
    """Another number of the same form: one less, so that it stays a day of a month or an hour, but not zero."""
    whole, dot, rest = number.partition(".")
    count = int(whole) - 1 if int(whole) > 1 else int(whole) + 1
    return f"{count:0{len(whole)}d}{dot}{rest}"
