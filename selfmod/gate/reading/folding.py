"""What literal data becomes when it runs: worked out by reading, with a small evaluator of its own.

It knows numbers, texts, bytes and rows of them, the operations by which data is hidden in plain sight (signs out of
numbers, exclusive or, joining, turning around, encodings), and functions of the module that do nothing else. Whatever
it does not know makes a value unknown. Nothing of the candidate runs, and every step, size and depth is bounded.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from selfmod.gate.reading.folding_calls import CHANGES, METHODS, OPERATIONS, VALUES, Unknown, bounded, operate, shown
from selfmod.gate.reading.texts import MAX_TEXT, constant_text, names_once

_STEPS: Final = 20_000  # of one function
_ALL_STEPS: Final = 400_000  # of one module
_A_STEP: Final = 64  # members of a row, or signs of a text
_DEEPEST: Final = 150
_FEW: Final = 4096  # members of a row without an end, and turns of a loop
_LEAST: Final = 6  # signs of a text that is worth a look
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Scope:
    """The names of one place, what each is, and the constants that went into it."""

    def __init__(self, values: Mapping[str, Any], used: Mapping[str, Mapping[int, ast.Constant]]) -> None:
        self.values, self.used = dict(values), dict(used)

    def within(self, values: Mapping[str, Any]) -> Scope:
        """A place inside, where more names have a value."""
        return Scope({**self.values, **values}, self.used)

    def store(self, name: str, value: Any, used: Mapping[int, ast.Constant]) -> None:
        """Give a name a value; what went into earlier values of it may have gone into this one."""
        self.values[name] = value
        self.used[name] = {**self.used.get(name, {}), **used}


class Folder:
    """Works out expressions of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self._names = names_once(tree)
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._left, self._all_left, self._depth = _STEPS, _ALL_STEPS, 0
        self._used: dict[int, ast.Constant] = {}  # what went into the value that is worked out
        self._top = Scope({}, {})
        self._finish(tree.body, self._top)
        self._scopes: dict[int, Scope] = {}
        for node in ast.walk(tree):  # from outside to inside: an inner function has the last word on what is in it
            if isinstance(node, _Function):
                self._scopes.update(dict.fromkeys(map(id, ast.walk(node)), self._inside(node)))

    def values(self, tree: ast.Module) -> Iterator[tuple[ast.expr, Any, tuple[ast.Constant, ...]]]:
        """Yield each expression with its value and what went into it, and none that is a part of such a one."""
        waiting: list[ast.AST] = [tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.expr) and not isinstance(node, ast.Constant | ast.Lambda):
                known, value = self.fold(node)
                if known:
                    yield node, value, tuple(self._used.values())
                    continue
            waiting += ast.iter_child_nodes(node)

    def fold(self, node: ast.expr) -> tuple[bool, Any]:
        """Return whether the value of an expression of the module is known, and the value."""
        self._used, self._left = {}, min(_STEPS, self._all_left)
        try:
            return True, self._value(node, self._scopes.get(id(node), self._top).within({}))
        except _UNKNOWN:
            return False, None

    def _inside(self, node: ast.AST) -> Scope:
        """What the names in a function are at its end, as far as that is known."""
        scope = self._top.within({})
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            taken = (part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg))
            scope = scope.within(dict.fromkeys(taken, Unknown))
            self._finish(node.body, scope)
        return scope

    def _finish(self, body: list[ast.stmt], scope: Scope) -> None:
        """Run statements as far as they are known; what the others store is not."""
        self._left = min(_STEPS, self._all_left)
        for statement in body:
            self._used = {}
            try:
                self._run([statement], scope)
            except _UNKNOWN:
                scope.values.update(dict.fromkeys([*_changed(statement, scope)], Unknown))
            except _Return:
                return

    # ---- statements ------------------------------------------------------------------------------------------------

    def _run(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._step()
            match statement:
                case ast.Assign(targets=[target], value=value):
                    self._store(target, self._value(value, scope), scope)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._store(target, self._value(value, scope), scope)
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    changed = operate(op, self._known(name, scope), self._value(value, scope))
                    self._store(statement.target, changed, scope)
                case ast.For(target=target, iter=among, body=inner, orelse=[]):
                    for item in self._members(among, scope):
                        self._store(target, item, scope)
                        self._run(inner, scope)
                case ast.If(test=test, body=inner, orelse=other):
                    self._run(inner if self._value(test, scope) else other, scope)
                case ast.Return(value=ast.expr() as value):
                    raise _Return(self._value(value, scope))
                case ast.While(test=test, body=inner, orelse=[]):
                    while self._value(test, scope):
                        self._run(inner, scope)
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr), args=given)):
                    row = self._known(name, scope)
                    changed = CHANGES[attr](row, *self._row(given, scope))
                    self._store(ast.Name(id=name), bounded(changed), scope)
                case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Import() | ast.ImportFrom():
                    pass
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    pass
                case _:
                    raise Unknown

    def _store(self, target: ast.expr, value: Any, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.store(name, value, self._used)
            case ast.Tuple(elts=targets) if isinstance(value, list | tuple) and len(targets) == len(value):
                for part, item in zip(targets, value, strict=True):
                    self._store(part, item, scope)
            case _:
                raise Unknown

    def _step(self, steps: int = 1) -> None:
        self._left -= steps
        self._all_left -= steps
        if self._left < 0:
            raise Unknown

    # ---- expressions -----------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, scope: Scope) -> Any:
        self._step()
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise Unknown
            value = bounded(self._of(node, scope))
            self._step(len(value) // _A_STEP if isinstance(value, str | bytes | list | dict) else 0)
            return value
        finally:
            self._depth -= 1

    def _of(self, node: ast.expr, scope: Scope) -> Any:
        match node:
            case ast.Constant(value=str() | bytes() | int() | None as value):
                self._used[id(node)] = node
                return value
            case ast.Name(id=name):
                return self._known(name, scope)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return self._row(items, scope)
            case ast.Dict(keys=keys, values=values) if all(keys):
                return dict(zip(self._row([key for key in keys if key], scope), self._row(values, scope), strict=True))
            case ast.UnaryOp(op=op, operand=operand):
                return OPERATIONS[type(op)](self._value(operand, scope))
            case ast.BinOp(left=left, op=op, right=right):
                return operate(op, self._value(left, scope), self._value(right, scope))
            case ast.BoolOp(op=op, values=values):
                return self._either(isinstance(op, ast.Or), values, scope)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return OPERATIONS[type(op)](self._value(left, scope), self._value(right, scope))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._value(body if self._value(test, scope) else other, scope)
            case ast.Subscript(value=value, slice=ast.Slice(lower=lower, upper=upper, step=step)):
                ends = [None if end is None else self._value(end, scope) for end in (lower, upper, step)]
                return self._value(value, scope)[slice(*ends)]
            case ast.Subscript(value=value, slice=place):
                return self._value(value, scope)[self._value(place, scope)]
            case ast.JoinedStr(values=parts):
                return METHODS["join"]("", [self._value(part, scope) for part in parts])
            case ast.FormattedValue(value=value, conversion=-1, format_spec=spec):
                told = "" if spec is None else self._value(spec, scope)
                return shown(self._value(value, scope), told) if len(told) <= 3 else self._fail()
            case ast.ListComp(elt=element, generators=loops) | ast.GeneratorExp(elt=element, generators=loops):
                return [self._value(element, inner) for inner in self._loops(loops, scope.within({}))]
            case ast.DictComp(key=key, value=value, generators=loops):
                places = self._loops(loops, scope.within({}))
                return {self._value(key, inner): self._value(value, inner) for inner in places}
            case ast.Call():
                return self._call(node, scope)
            case _:
                return self._fail()

    def _either(self, wanted: bool, values: list[ast.expr], scope: Scope) -> Any:
        for one in values[:-1]:
            if bool(value := self._value(one, scope)) is wanted:
                return value
        return self._value(values[-1], scope)

    def _fail(self) -> Any:
        raise Unknown

    def _known(self, name: str, scope: Scope) -> Any:
        self._used.update(scope.used.get(name, {}))
        if scope.values.get(name, Unknown) is not Unknown:
            return scope.values[name]
        if name in scope.values or name not in self._names:
            raise Unknown
        return self._value(self._names[name], Scope({}, {}))

    def _row(self, items: list[ast.expr], scope: Scope) -> list[Any]:
        row: list[Any] = []
        for item in items:
            if isinstance(item, ast.Starred):
                row += self._members(item.value, scope)
            else:
                row.append(self._value(item, scope))
        return row

    def _members(self, node: ast.expr, scope: Scope) -> list[Any]:
        value = self._value(node, scope)
        return list(value) if isinstance(value, list | str | bytes | tuple | dict) else self._fail()

    def _loops(self, loops: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        first, *others = loops
        for item in self._members(first.iter, scope):
            self._step()
            self._store(first.target, item, scope)
            if all(self._value(test, scope) for test in first.ifs):
                yield from self._loops(others, scope) if others else [scope]

    # ---- calls -----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        name = ast.unparse(node.func).removeprefix("itertools.").removeprefix("operator.")
        named = {one.arg: self._value(one.value, scope) for one in node.keywords if one.arg}
        if name in ("map", "filter") and len(node.args) > 1:
            rows = [self._members(one, scope) for one in node.args[1:]]
            found = [self._apply(node.args[0], list(given), scope) for given in zip(*rows, strict=False)]
            return found if name == "map" else [one for one, keep in zip(rows[0], found, strict=False) if keep]
        if name in ("reduce", "functools.reduce"):
            row = [*([self._value(one, scope) for one in node.args[2:]]), *self._members(node.args[1], scope)]
            value = row[0]
            for item in row[1:]:
                value = self._apply(node.args[0], [value, item], scope)
            return value
        if name == "cycle":
            row = self._members(node.args[0], scope)
            return (row * (_FEW // max(1, len(row)) + 1))[:_FEW]
        given = self._row(node.args, scope)
        if name.startswith(("str.", "bytes.")) and name not in VALUES:
            return METHODS[name.partition(".")[2]](*given, **named)
        if isinstance(node.func, ast.Attribute) and name not in VALUES:
            method = METHODS.get(node.func.attr) or self._fail()
            return method(self._value(node.func.value, scope), *given, **named)
        return self._apply(node.func, given, scope, named)

    def _apply(self, function: ast.expr, given: list[Any], scope: Scope, named: Mapping[str, Any] | None = None) -> Any:
        """What a function gives: one that is known here, or one of the module that only works with values."""
        self._step()
        name = ast.unparse(function).removeprefix("itertools.").removeprefix("operator.")
        if isinstance(function, ast.Lambda):
            return self._value(function.body, scope.within(_taken(function.args, given)))
        if name in self._functions and not named:
            own = self._functions[name]
            inner = self._top.within(_taken(own.args, given))
            try:
                self._run(own.body, inner)
            except _Return as end:
                return end.value
            return None
        return VALUES[name](*given, **(named or {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """A text that no constant shows as it is, with the numbers and the texts that it is made of."""

    line: int
    text: str
    numbers: tuple[int, ...]
    of: str


def worked_out(tree: ast.Module) -> Iterator[Worked]:
    """Yield the texts that a module works out of literal data, each once."""
    folder, names, seen = Folder(tree), names_once(tree), set[str]()
    for node, value, used in folder.values(tree):
        text = _as_text(value)
        if text is None or len(text) < _LEAST or text in seen or constant_text(node, names) == text:
            continue
        seen.add(text)
        told = [one.value for one in used]
        texts = [one if isinstance(one, str) else one.decode("latin-1") for one in told if isinstance(one, str | bytes)]
        if text not in texts:
            numbers = tuple(one for one in told if type(one) is int)
            yield Worked(line=node.lineno, text=text[:MAX_TEXT], numbers=numbers, of="".join(texts))


def _changed(statement: ast.stmt, scope: Scope) -> Iterator[str]:
    """The names that a statement gives a value, and rows that it may change."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        match part:
            case ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name)):
                if isinstance(scope.values.get(name), list | dict):
                    yield name
            case _:
                pass


def _as_text(value: Any) -> str | None:
    """A text, or bytes that read as one."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value if isinstance(value, str) and value.isprintable() else None


def _taken(parameters: ast.arguments, given: list[Any]) -> dict[str, Any]:
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args)]
    if len(names) != len(given):
        raise Unknown
    return dict(zip(names, given, strict=True))


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


# Whatever goes wrong with values that a candidate chose says that nothing is known.
_UNKNOWN: Final = (
    *(Unknown, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, MemoryError),
    struct.error,
)
