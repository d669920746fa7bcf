"""Arid code, which no mutant is made of: it tells people or type checkers something, or lets time pass, and no more.

What a name stands for decides, not how it is spelt: a function of the plugin that is called `sleep` is no wait. And
whatever calls something else on the way, keeps a value, or is read again works something out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from selfmod.gate.reading.origins import Origins

# They only turn values into text.
_QUIET = frozenset({"str", "repr", "len", "sorted", "list", "int", "round", "min", "max", "sum", "tuple", "type"})
_WAITS = frozenset({"asyncio.sleep", "time.sleep"})
_TELLS = ("print", "plugins.sdk.log", "plugins.sdk.log.", "plugins.sdk.progress", "plugins.sdk.progress.")
_HINTS = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple", "NewType"})
_HINTS_WITH_PARTS = frozenset({"Literal", "Annotated", "Callable", "Union", "Optional"})
_TYPING = ("typing.", "typing_extensions.", "collections.abc.")
# They make values of type hints.
_READS_HINTS = frozenset({"get_args", "get_origin", "get_type_hints"})
# What they are given decides how quick, how strict or how comparable something is.
_TUNED = frozenset({"functools.lru_cache", "functools.wraps", "dataclasses.dataclass"})
_KEEPS = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)


class Arid:
    """What is known of the names of one module, and what of its code is arid for that reason."""

    def __init__(self, tree: ast.Module) -> None:
        self._origins = Origins(tree)
        self._read = set(_read(tree))

    def statement(self, node: ast.stmt, *, at_import: bool) -> bool:
        """Return whether a statement is arid; `at_import` says that it stands in no function."""
        match node:
            case ast.Assign(targets=targets, value=value):
                return self._is_hint(value) or (at_import and _is_plain(value) and all(map(self._is_label, targets)))
            case ast.Expr(value=value) if self.waits(value):
                return True
            case ast.Expr(value=ast.Call() as call):
                return self._tells(call.func) and self._only_shows(call)
            case _:
                return False

    def waits(self, node: ast.expr) -> bool:
        """Return whether an expression only lets time pass: no result shows how much, a longer wait is only slow."""
        match node.value if isinstance(node, ast.Await) else node:
            case ast.Call(func=function, args=[_], keywords=[]) as call:  # a second argument would be a result
                return self._origins.of(function) in _WAITS and self._only_shows(call)
            case _:
                return False

    def tunes(self, node: ast.Call) -> bool:
        """Return whether a decorator only takes settings."""
        return self._origins.of(node.func) in _TUNED

    def asserts(self, call: ast.AST, word: ast.AST) -> bool:
        """Return whether a keyword is `strict=True` of `zip`: an assertion that rows fit."""
        match call, word:
            case ast.Call(func=function), ast.keyword(arg="strict", value=ast.Constant(value=True)):
                return self._origins.of(function) == "zip"
            case _:
                return False

    def shows_itself(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Return whether a function is a `__repr__` that works nothing out."""
        body = [statement for statement in node.body if not is_text(statement)]
        if node.name != "__repr__" or len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            return False
        working = (ast.comprehension, ast.IfExp, ast.BoolOp, ast.Compare)
        value = body[0].value
        return self._quiet(value) and not any(isinstance(part, working) for part in ast.walk(value))

    def _tells(self, function: ast.expr) -> bool:
        name = self._origins.of(function)
        return any(name == told or (told.endswith(".") and name.startswith(told)) for told in _TELLS)

    def _only_shows(self, call: ast.Call) -> bool:
        return all(self._quiet(part) for part in (*call.args, *(keyword.value for keyword in call.keywords)))

    def _quiet(self, node: ast.expr) -> bool:
        """Return whether working out an expression calls nothing but what turns values into text, and keeps nothing."""
        calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
        quiet = all(self._origins.of(function) in _QUIET for function in calls)
        return quiet and not any(isinstance(part, _KEEPS) for part in ast.walk(node))

    def _is_hint(self, value: ast.expr) -> bool:
        """Return whether a value is of use to type checkers only, and nobody makes a value of it again."""
        match value:
            case ast.Call(func=named):
                kinds = _HINTS
            case ast.Subscript(value=named):
                kinds = _HINTS_WITH_PARTS
            case _:
                return False
        home, _, kind = self._origins.of(named).rpartition(".")
        return f"{home}." in _TYPING and kind in kinds and not self._read & _READS_HINTS

    def _is_label(self, target: ast.expr) -> bool:
        """Return whether a name only says something of its module or class, such as `__version__`."""
        dunder = isinstance(target, ast.Name) and target.id.startswith("__") and target.id.endswith("__")
        return isinstance(target, ast.Name) and dunder and target.id not in self._read


def is_text(node: ast.stmt) -> bool:
    """Return whether a statement is a docstring, or another constant that nobody uses."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_plain(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _read(tree: ast.Module) -> Iterator[str]:
    """Every name that the module reads, imports or asks an object for, also by its text."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case _:
                pass
