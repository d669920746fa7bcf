"""Tests in which nobody wrote down what is right: each expected value comes out of a file, or is worked out.

A recorded result (a file, or digits that only the code gives), a second implementation and the plugin asked again are
all wrong wherever the plugin is wrong. One value that somebody wrote into a test is enough, so whatever cannot be
followed by reading counts as written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from selfmod.examples import TEST_HEAD, TEST_PATH
from selfmod.gate.reading.bindings import Bindings, File, Function, called, given, names_in
from selfmod.gate.reading.digits import are_neutral, is_recorded, says_nothing

Found = tuple[str, str, int, str]

_READING: Final = frozenset({"open", "read_text", "read_bytes", "data"})
_SHAPE: Final = frozenset({"isinstance", "issubclass", "callable", "hasattr"})
_TELLING: Final = (ast.Eq, ast.Is, ast.In, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_TAKING: Final = (ast.Sub, ast.Div, ast.FloorDiv, ast.BitXor)
_JOINING: Final = frozenset({"join", "repr", "str", "dumps", "pformat"})
_FOLDING: Final = (ast.Mult, ast.Mod, ast.BitXor, ast.LShift)
_SAYS: Final = {
    "file": "comes out of a data file",
    "worked": "is worked out by the tests",
    "plugin": "comes from the plugin itself",
    "back": "is what was given, there and back, or only a length",
    "folded": "is one number that the tests make of many results",
    "joined": "is one text that the tests make of many results",
    "recorded": "has all the digits that only the code itself gives",
}
_NOTHING: Final = "nothing"  # a value such as 0, which counts as written unless all the others are recorded
_WEIGHTLESS: Final = frozenset({"recorded", _NOTHING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What one comparison demands of functions of the plugin; `reason` says why nobody wrote it, "" where it may be."""

    path: str
    line: int
    of: frozenset[str]
    reason: str


def unwritten(
    files: Sequence[tuple[str, ast.Module]],
    module: str,
    own: Mapping[str, str],
    handlers: set[str],
    *,
    exemplified: AbstractSet[str] = frozenset(),
) -> list[Found]:
    """Return (rule, path, line, message) for each handler of which no test expects anything that somebody wrote down.

    `own` are the functions of the plugin's entry module, which is called `module`, each with the one that it is. Of
    those in `exemplified` a person said what they give: then digits are held against that, wherever they are from.
    """
    told = [one for path, tree in files for one in _expectations(File(path, tree, module, own)) if _counts(one, tree)]
    told = _weighed(told, {own.get(name, name) for name in exemplified})
    written = {name for one in told if not one.reason for name in one.of}
    # There and back proves the one way where somebody wrote down what the other gives.
    told = [replace(one, reason="") if one.reason == "back" and one.of & written else one for one in told]
    seen = {name: [one for one in told if name in one.of] for name in sorted({own[name] for name in handlers})}
    tested = {name: those for name, those in seen.items() if those}
    bad = {name: those for name, those in tested.items() if all(one.reason for one in those)}
    if len(bad) < len(tested):  # cases in a file may be written by a person where other things are, too
        bad = {name: those for name, those in bad.items() if any(one.reason != "file" for one in those)}
    return [_told(name, those) for name, those in bad.items()]


def _weighed(told: Sequence[Expectation], exemplified: AbstractSet[str]) -> list[Expectation]:
    """A value such as 0 is written, but says nothing of a function of which all others are recorded."""
    those = [one for one in told if one.reason == "recorded" and one.of.isdisjoint(exemplified)]
    recorded = frozenset[str]().union(*(one.of for one in those))
    return [replace(one, reason="") if one.reason in _WEIGHTLESS and not one.of <= recorded else one for one in told]


def _counts(one: Expectation, tree: ast.Module) -> bool:
    """What Ratchet wrote from the examples of a request is not the author's: those are judged by themselves."""
    ours = one.path == TEST_PATH and ast.get_docstring(tree) == ast.literal_eval(TEST_HEAD)
    return one.reason not in {"", *_WEIGHTLESS} or not ours


def _told(name: str, those: Sequence[Expectation]) -> Found:
    those = [one for one in those if one.reason != _NOTHING]
    rule = "oracle.recorded" if all(one.reason == "recorded" for one in those) else "oracle.unwritten"
    ways = " or ".join(_SAYS[reason] for reason in _SAYS if any(one.reason == reason for one in those))
    return rule, those[0].path, those[0].line, f"nobody wrote down what {name} must give: what the tests expect {ways}"


def _expectations(file: File) -> Iterator[Expectation]:
    for function in file.helpers.values():
        checks = [node for node in ast.walk(function) if isinstance(node, ast.Assert)]
        bound = Bindings(file, function)
        for check in checks:
            yield from _judged(file, bound, check.test)


def _judged(file: File, bound: Bindings, test: ast.expr) -> Iterator[Expectation]:
    """Yield what an assertion demands of the plugin."""
    compared = [one for one in _compares(test) if any(map(bound.of, (one.left, *one.comparators)))]
    for one in compared:
        if all(isinstance(op, _TELLING) for op in one.ops):
            for of, reason in _compared(file, bound, [one.left, *one.comparators]):
                yield Expectation(path=file.path, line=one.lineno, of=of, reason=reason)
    while isinstance(test, ast.UnaryOp):
        test = test.operand
    if not compared and bound.of(test):
        yield from _truth(file, bound, test)


def _compares(node: ast.AST) -> Iterator[ast.Compare]:
    """The comparisons of an assertion, and none within another."""
    if isinstance(node, ast.Compare):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _compares(child)


def _compared(file: File, bound: Bindings, sides: list[ast.expr]) -> Iterator[tuple[frozenset[str], str]]:
    results = [side for side in sides if bound.of(side)]
    others = [side for side in sides if side not in results]
    of = frozenset[str]().union(*map(bound.of, results))
    if others:
        reasons = [_Source(file, bound, results).reason(side) for side in others]
        if all(map(_is_neutral, others)) and any(_is_apart(file, part) for one in results for part in ast.walk(one)):
            reasons = ["plugin"]
        if all(map(_is_text, others)) and all(_is_joined(file, bound, one) for one in results):
            reasons = ["joined"]
        if all(map(_is_number, others)) and any(_folds(file, part) for one in results for part in ast.walk(one)):
            reasons = ["folded"]
        if all(ast.dump(side) in _taken_back(file, results) for side in others) or all(map(_is_length, results)):
            reasons = ["back"]
        yield of, _of_numbers(bound, others) if "" in reasons else reasons[0]
        return
    for side in sides:  # in `total(a, b) == parse("3")` what is expected was written, for all that does not read it
        rest = [one for one in sides if one is not side]
        those = frozenset[str]().union(*map(bound.of, rest)) - bound.of(side)
        if those and not _Source(file, bound, rest).reason(side):
            yield those, ""
            of -= those
    yield of, "plugin"


def _of_numbers(bound: Bindings, others: list[ast.expr]) -> str:
    """Return why what stands in the tests says nothing of what is right, "" where somebody may have written it."""
    if is_recorded(bound, others):
        return "recorded"
    return _NOTHING if are_neutral(bound, others) else ""


def _taken_back(file: File, results: Sequence[ast.expr]) -> set[str]:
    """What was given to one function of the plugin whose result another one takes: there and back proves neither."""
    parts = [part for one in results for part in ast.walk(one)]
    calls = [call for call in parts if isinstance(call, ast.Call) and file.reached(call.func)]
    within = {id(one) for call in calls for argument in given(call) for one in ast.walk(argument)}
    return {ast.dump(argument) for call in calls if id(call) in within for argument in given(call)}


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) == "len"


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_joined(file: File, bound: Bindings, node: ast.expr) -> bool:
    """Whether results of several calls are put into one text; a text of one result is that result."""
    calls = [part for one in bound.followed(node) for part in ast.walk(one) if isinstance(part, ast.Call)]
    return any(_is_many(file, bound, one) for call in calls if called(call) in _JOINING for one in given(call))


def _is_many(file: File, bound: Bindings, node: ast.expr) -> bool:
    match node:
        case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
            return bool(file.reached(element))
        case ast.Call(func=ast.Name(id="map"), args=[function, *_]):
            return bool(file.reached(function))
        case ast.Name(id=name):
            made = bound.values.get(name, [])
            filled = len(made) > 1 and any(isinstance(one, ast.Call) and file.reached(one) for one in made)
            return filled or any(_is_many(file, bound, one) for one in made if not isinstance(one, ast.Name))
        case _:
            return False


def _is_neutral(node: ast.expr) -> bool:
    """Return whether a value is what comes of the same held against the same, or nearly so."""
    match node:
        case ast.Constant(value=None | bool() | str() | bytes() as value):
            return not value or value is True
        case ast.Constant(value=int() | float() as value):
            return says_nothing(value)
        case ast.Call(args=[], keywords=[]) | ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case _:
            return False


def _is_apart(file: File, node: ast.AST) -> bool:
    """Return whether a result is taken from another of the same function."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, _TAKING):
        return False
    return bool(file.reached(node.left) & file.reached(node.right))


def _folds(file: File, node: ast.AST) -> bool:
    """Whether a function of the tests makes one number of many results, which nobody can have written down."""
    helper = file.helpers.get(called(node)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
    loops = [part for part in ast.walk(helper) if isinstance(part, ast.For | ast.While)] if helper else []
    return any(
        isinstance(part, ast.BinOp) and isinstance(part.op, _FOLDING) for loop in loops for part in ast.walk(loop)
    )


def _truth(file: File, bound: Bindings, test: ast.expr) -> Iterator[Expectation]:
    reason = ""
    if isinstance(test, ast.Call) and not file.reached(test.func):
        if called(test) in _SHAPE:
            return
        results = [one for one in given(test) if bound.of(one)]
        source = _Source(file, bound, results)
        reason = next((found for one in given(test) if one not in results and (found := source.reason(one))), "")
        told = [one for one in given(test) if not isinstance(one, ast.Constant)]
        if len(told) > 1 and frozenset.intersection(*map(bound.of, told)):  # isclose(f(a), f(b))
            reason = "plugin"
    yield Expectation(path=file.path, line=test.lineno, of=bound.of(test), reason=reason)


class _Source:
    """Says why nobody wrote a value that something of the plugin is held against."""

    def __init__(self, file: File, bound: Bindings, results: Sequence[ast.expr]) -> None:
        self._file, self._bound = file, bound
        self._inputs = set[str]().union(*map(bound.variables, results))
        parts = [part for one in results for value in bound.followed(one) for part in ast.walk(value)]
        calls = [part for part in parts if isinstance(part, ast.Call) and file.reached(part.func)]
        self._given = {ast.dump(one) for call in calls for one in given(call)}

    def reason(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> str:
        """Return why nobody wrote the value of an expression, "" where somebody may have."""
        if isinstance(node, ast.Name):
            return self._of_name(node, seen)
        parts: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            if told := self._of_call(node, seen):
                return told
            parts = [*given(node), *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
        return next((found for part in parts if (found := self.reason(part, seen))), "")

    def _of_name(self, node: ast.Name, seen: frozenset[str]) -> str:
        if node.id in seen:
            return ""
        if self._file.plugins(node):
            return "plugin"
        reasons = [self.reason(value, seen | {node.id}) for value in self._bound.values.get(node.id, ())]
        if node.id in self._bound.rows and "" in reasons:
            return ""  # of several rows one that is written is enough
        return next(filter(None, reasons), "")

    def _of_call(self, node: ast.Call, seen: frozenset[str]) -> str:
        """Why nobody wrote what a call gives, whatever it is given."""
        name, used = called(node), set[str]().union(*map(names_in, given(node)))
        again = bool(given(node)) and all(ast.dump(one) in self._given for one in given(node))
        if name in _READING:
            return "file"
        if self._file.reached(node.func):
            return "plugin" if again or used & self._inputs else ""
        helper = self._file.helpers.get(name) if isinstance(node.func, ast.Name) else None
        if helper is None:
            return "worked" if (names_in(node) if isinstance(node.func, ast.Attribute) else used) & self._inputs else ""
        if again or used & (self._inputs | self._bound.drawn):
            return "worked"
        if f"{name}()" in seen:
            return ""
        return _Source(self._file, Bindings(self._file, helper), ()).gives(helper, seen | {f"{name}()"})

    def gives(self, helper: Function, seen: frozenset[str]) -> str:
        """Return why nobody wrote what a function of the tests gives."""
        values = [node.value for node in ast.walk(helper) if isinstance(node, ast.Return | ast.Yield) and node.value]
        return next((found for value in values if (found := self.reason(value, seen))), "")
