"""What a module chooses among by constants, found by reading alone: entries of tables, texts looked for, ways to match.

`allowed("mallory")` may hide in any of these, on a line that runs whole in every test. Each is one condition, and of
each it is said what the tests must have met of it.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from selfmod.gate.reading.folding_calls import Unknown, operate
from selfmod.gate.reading.operands import Role
from selfmod.gate.reading.patterns import alternatives, flags_of
from selfmod.gate.reading.texts import constant_text

Asked = Literal["special", "operand", "way", "result"]
Chosen = Literal["member", "place", "beginning", "end", "sign", "needle", "pattern", "side", "rounded", "half", "given"]
Bounding = Literal["cut", "full", "ring", "same", "dropped", "twice", "neighbours", "self"]
Kind = Asked | Chosen | Bounding
# Asking for these is asking for a kind of value (nothing, none left, the first), not for a certain one.
_PLAIN: Final = (None, True, False, "", b"", 0, 1, -1)
MANY: Final = 6  # of what is asked for one by one; of the days of the week, and of stop words, some will do
LARGEST: Final = 60
_DEEPEST: Final = 20  # of numbers worked out of others, and of names for names
_COLLECTING: Final = frozenset({"frozenset", "set", "list", "tuple", "sorted", "dict"})
_SEEKING: Final = frozenset(
    {
        *("count", "replace", "find", "rfind", "index", "rindex", "split", "rsplit"),
        *("partition", "rpartition", "removeprefix", "removesuffix", "get", "pop", "setdefault"),
    }
)
_MATCHING: Final = {
    **dict.fromkeys(("match", "search", "fullmatch", "findall", "finditer", "split"), 0),
    **dict.fromkeys(("sub", "subn"), 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition. `needs` is what tests must have made of it: a special value must have occurred once.

    Of what chooses among `members`, the value is held against them when it is seen, and `needs` are their positions.
    What lacks one of the `mild` only is worth a word and no more. `role` says what an operand is good for where its
    value is not True or False: in `name or "nobody"` nothing is asked, and nothing depends on the truth of the last.
    `source` is what the node is worked out of, where it must not always be that. `table` is the name of what is looked
    up, if it has one: what another lookup in it meets has been seen.
    """

    node: ast.AST
    kind: Kind
    needs: tuple[int, ...]
    index: int = 0
    members: tuple[object, ...] = ()
    mild: tuple[int, ...] = ()
    role: Role = "asked"
    text: str = ""
    table: str = ""
    source: ast.expr | None = None

    @property
    def works(self) -> bool:
        """Whether something is called or compared here, which nobody has seen where no test gets to it."""
        return any(isinstance(part, ast.Call | ast.Compare) for part in ast.walk(self.node))

    @property
    def line(self) -> int:
        """Where it is."""
        return getattr(self._shown, "lineno", 1)

    @property
    def shown(self) -> str:
        """What a person is shown of it."""
        return self.text or ast.unparse(self._shown)

    @property
    def _shown(self) -> ast.AST:
        return self.node.pattern if isinstance(self.node, ast.match_case) else self.node


class Constants:
    """What the expressions of a module are whatever happens, as far as that can be read off."""

    def __init__(self, tree: ast.Module, names: Mapping[str, ast.expr]) -> None:
        self.tree, self._names = tree, names
        self.imported = {
            (alias.asname or alias.name).partition(".")[0]: f"{node.module}.{alias.name}"
            if isinstance(node, ast.ImportFrom)
            else alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    def meant(self, node: ast.expr) -> ast.expr:
        """What a name that is given a value once stands for."""
        return self._names.get(node.id, node) if isinstance(node, ast.Name) else node

    def text(self, node: ast.expr) -> str | None:
        """The text that an expression is."""
        return constant_text(node, self._names)

    def number(self, node: ast.expr, depth: int = 0) -> int | float | None:
        """The number that an expression is, also one that is worked out of others."""
        match self.meant(node):
            case ast.Constant(value=int() | float() as value) if type(value) is not bool:
                return value
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                positive = self.number(inner, depth + 1)
                return None if positive is None else -positive
            case ast.BinOp(left=left, op=op, right=right) if depth < _DEEPEST:
                sides = self.number(left, depth + 1), self.number(right, depth + 1)
                return None if None in sides else _worked_out(op, *sides)
            case _:
                return None

    def is_certain(self, node: ast.expr) -> bool:
        """Return whether an expression is a certain value, and none of those that anybody asks for."""
        try:
            value = ast.literal_eval(self.meant(node))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return False
        return not any(value is plain or (type(value) is type(plain) and value == plain) for plain in _PLAIN)

    def certain(self, row: Sequence[ast.expr]) -> tuple[object, ...]:
        """The certain values in a row."""
        single = [self.meant(item) for item in row if self.is_certain(item)]
        return tuple(dict.fromkeys(item.value for item in single if isinstance(item, ast.Constant)))

    def members(self, node: ast.expr, depth: int = 0) -> tuple[object, ...]:
        """The certain values that something may be found to be among."""
        match self.meant(node):
            case _ if depth > 3:
                return ()
            case ast.Dict(keys=keys):
                return self.certain([key for key in keys if key is not None])
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) if len(items) > 1:
                return self.certain(items)
            case ast.Call(func=ast.Name(id="dict"), args=args, keywords=keywords) if args or keywords:
                named = tuple(keyword.arg for keyword in keywords if keyword.arg)
                return (*named, *(self.pairs(args[0], depth) if args else ()))
            case ast.DictComp(key=ast.Name(id=key), generators=[ast.comprehension(target=target, iter=row)]):
                first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else None
                is_first = isinstance(first, ast.Name) and first.id == key
                return self.pairs(row, depth + 1) if is_first else ()
            case ast.Call(func=ast.Name(id=name), args=[row]) if name in _COLLECTING:
                return self.members(row, depth + 1)
            case ast.Call(func=ast.Attribute(value=text, attr="split"), args=args) if len(args) < 2:
                return self._words(text, args)
            case ast.Call(func=ast.Attribute(attr="loads"), args=[text]):
                return self._loaded(text)
            case _:
                return ()

    def pairs(self, node: ast.expr, depth: int = 0) -> tuple[object, ...]:
        """The certain keys of a table, or of a row of pairs that a table is made of."""
        meant = self.meant(node)
        if isinstance(meant, ast.List | ast.Tuple | ast.Set):
            rows = [self.meant(item) for item in meant.elts]
            return self.certain([row.elts[0] for row in rows if isinstance(row, ast.Tuple | ast.List) and row.elts])
        match meant:
            case ast.Call(func=ast.Name(id="zip"), args=[keys, *_]):
                return self.members(keys, depth + 1)
            case _:
                return self.members(node, depth + 1)

    def _words(self, node: ast.expr, args: list[ast.expr]) -> tuple[object, ...]:
        text = self.text(node)
        between = self.text(args[0]) if args else None
        if text is None or (args and not between):
            return ()
        return tuple(dict.fromkeys(text.split(between)))

    def _loaded(self, node: ast.expr) -> tuple[object, ...]:
        try:
            value = json.loads(self.text(node) or "")
        except (ValueError, RecursionError):
            return ()
        found = value if isinstance(value, dict | list) else ()
        return tuple(dict.fromkeys(item for item in found if isinstance(item, str | int)))

    def is_table(self, node: ast.expr) -> bool:
        """Return whether an expression gives different things for different keys."""
        match self.meant(node):
            case ast.Dict() | ast.DictComp():
                return True
            case ast.Call(func=ast.Name(id="dict")) | ast.Call(func=ast.Attribute(attr="loads")):
                return True
            case _:
                return False

    def imports(self, node: ast.expr, depth: int = 0) -> str:
        """Return what of a module an expression is, as `re.compile`, "" where it is nothing imported."""
        match node:
            case ast.Name(id=name) if name in self.imported:
                return self.imported[name]
            case ast.Name() if (meant := self.meant(node)) is not node and depth < _DEEPEST:
                return self.imports(meant, depth + 1)
            case ast.Attribute(value=of, attr=attr) if of_what := self.imports(of, depth):
                return f"{of_what}.{attr}"
            case _:
                return ""


def _worked_out(op: ast.operator, left: float | None, right: float | None) -> int | float | None:
    try:
        value = operate(op, left, right)
    except (Unknown, ArithmeticError, TypeError, ValueError, KeyError):
        return None
    return value if type(value) in (int, float) else None


def choices(known: Constants) -> Iterator[Condition]:
    """Yield what the module chooses among."""
    for node in ast.walk(known.tree):
        match node:
            case ast.Subscript(ctx=ast.Load()):
                yield from _picked(node, known)
            case ast.Call(func=ast.Attribute()):
                yield from _called(node, known)
            case ast.Call(func=ast.Name(id="min" | "max"), args=[_, _, *_]):
                yield from _sides(node, known)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _given(node)
            case ast.Match():
                yield from _ways(node)
            case ast.BinOp(op=ast.Pow() | ast.Mod() | ast.FloorDiv() | ast.RShift()):
                yield from _result(node, known)
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])):
                yield from _rounded(node, spec)
            case _:
                pass
        yield from _matched(node, known)


def _picked(node: ast.Subscript, known: Constants) -> Iterator[Condition]:
    """`("a", "b")[x]` and `x["key"]`."""
    match node.slice, known.meant(node.value):
        case ast.Slice(), _:
            pass
        case ((ast.Constant() | ast.UnaryOp()), _):
            text = known.text(node.slice)
            if text and not known.members(node.value) and not known.imports(node.value):
                yield _needle(node, node.value, text)
        case asked, ast.Tuple(elts=items) | ast.List(elts=items) if 1 < len(items) <= LARGEST:
            yield _among(asked, "place", tuple(range(len(items))), ast.unparse(node))
        case _:
            pass


def worth_a_word(count: int) -> tuple[int, ...]:
    """Which of so many are worth a word only: all where there are many."""
    return tuple(range(count)) if count > MANY else ()


def _among(node: ast.expr, kind: Chosen, members: tuple[object, ...], text: str = "") -> Condition:
    needs = tuple(range(len(members)))
    return Condition(node=node, kind=kind, needs=needs, members=members, mild=worth_a_word(len(needs)), text=text)


def _needle(whole: ast.expr, node: ast.expr, text: object) -> Condition:
    mild = (0,) if re.fullmatch(r"[\W_]*", str(text)) else ()  # anybody may allow for a space or a sign
    return Condition(node=node, kind="needle", needs=(0,), members=(text,), mild=mild, text=ast.unparse(whole))


def _called(node: ast.Call, known: Constants) -> Iterator[Condition]:
    assert isinstance(node.func, ast.Attribute)
    receiver, method = node.func.value, node.func.attr
    if method == "translate" and len(node.args) == 1:
        made = known.meant(node.args[0])
        row = made.args if isinstance(made, ast.Call) and getattr(made.func, "attr", "") == "maketrans" else ()
        signs = tuple(_signs(row, known))
        if 0 < len(signs) <= LARGEST:
            yield _among(receiver, "sign", signs)
    elif method in ("startswith", "endswith") and node.args:
        listed = known.meant(node.args[0])
        members = known.members(listed) if isinstance(listed, ast.Tuple) else ()
        if 0 < len(members) <= LARGEST:
            yield _among(receiver, "beginning" if method == "startswith" else "end", members)
    elif method in _SEEKING and node.args and not known.imports(receiver):
        text = known.text(node.args[0])
        if text and known.text(receiver) is None and not known.members(receiver):
            yield _needle(
                node, receiver, ast.literal_eval(known.meant(node.args[0])) if _is_bytes(node, known) else text
            )


def _is_bytes(node: ast.Call, known: Constants) -> bool:
    meant = known.meant(node.args[0])
    return isinstance(meant, ast.Constant) and isinstance(meant.value, bytes)


def _signs(row: Sequence[ast.expr], known: Constants) -> Iterator[str]:
    if len(row) == 1:
        yield from (key for key in known.members(row[0]) if isinstance(key, str))
    else:
        yield from dict.fromkeys(sign for item in (*row[:1], *row[2:]) for sign in known.text(item) or "")


def _matched(node: ast.AST, known: Constants) -> Iterator[Condition]:
    """Calls of `re`, and of a pattern that was compiled from a text; the text that is looked through is watched."""
    if not isinstance(node, ast.Call):
        return
    made, args = node, node.args
    of_what, _, method = known.imports(node.func).rpartition(".")
    if of_what == "re":
        args = args[1:]
    elif isinstance(node.func, ast.Attribute) and isinstance(compiled := known.meant(node.func.value), ast.Call):
        made, method = compiled, node.func.attr
        if known.imports(made.func) != "re.compile":
            return
    place = _MATCHING.get(method)
    pattern = known.text(made.args[0]) if made.args else None
    if place is None or pattern is None or len(args) <= place:
        return
    flags = flags_of([ast.unparse(one) for one in (*made.args[1:], *(word.value for word in made.keywords))])
    if made is not node and len(args) > place + 1:
        method = "search"  # it says where to begin
    if count := alternatives(pattern, flags):
        members = (pattern, flags, method)
        yield Condition(node=args[place], kind="pattern", needs=tuple(range(count)), members=members, text=pattern)


def _result(node: ast.BinOp, known: Constants) -> Iterator[Condition]:
    """`0 ** x`, `x // 1000` and the like, which are the same for nearly everything."""
    if _is_number(known.meant(node.left)) != _is_number(known.meant(node.right)):
        yield Condition(node=node, kind="result", needs=(1,))


def _rounded(node: ast.FormattedValue, spec: str) -> Iterator[Condition]:
    """`f"{x:.7g}"` keeps so many digits, and nobody sees where more are lost."""
    if spec.endswith("g"):
        mild = () if "." in spec else (1,)
        yield Condition(node=node.value, kind="rounded", needs=(1,), members=(spec,), mild=mild, text=ast.unparse(node))


def _sides(node: ast.Call, known: Constants) -> Iterator[Condition]:
    """`min(x, 9)`: each side must have been the smaller one once."""
    limits = [ast.literal_eval(known.meant(arg)) for arg in node.args if _is_number(known.meant(arg))]
    others = [arg for arg in node.args if not _is_number(known.meant(arg))]
    if len(limits) == 1 and len(others) == 1 and not isinstance(others[0], ast.Starred) and not node.keywords:
        yield Condition(node=others[0], kind="side", needs=(0, 1), members=(limits[0],), text=ast.unparse(node))


def _is_number(node: ast.expr) -> bool:
    try:
        return type(ast.literal_eval(node)) in (int, float)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False


def _given(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Condition]:
    """Parameters that nobody has to give, which must be given once."""
    args = function.args
    listed = [*args.posonlyargs, *args.args]
    ends = [*zip(listed[len(listed) - len(args.defaults) :], args.defaults, strict=True)]
    named = [(arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default]
    for arg, default in (*ends, *named):
        if isinstance(default, ast.Constant):
            text = f"{function.name}({arg.arg}=...)"
            yield Condition(node=arg, kind="given", needs=(1,), members=(default.value,), text=text)


def _ways(node: ast.Match) -> Iterator[Condition]:
    """The alternatives of a case, each of which must have been taken."""
    for case in node.cases:
        for part in alternating(case.pattern):
            many = len(part.patterns) > MANY
            for way in part.patterns:
                yield Condition(node=way, kind="way", needs=(1,), mild=(1,) if many or _is_of_a_kind(way) else ())


def _is_of_a_kind(way: ast.pattern) -> bool:
    """Return whether a pattern asks for a kind of value, such as `int()`, and not for a certain one."""
    return isinstance(way, ast.MatchClass) and not way.patterns and not way.kwd_patterns


def alternating(pattern: ast.pattern) -> list[ast.MatchOr]:
    """The places of a pattern with alternatives, none where together they are too many to be told apart."""
    found = [part for part in ast.walk(pattern) if isinstance(part, ast.MatchOr)]
    return found if math.prod(len(part.patterns) for part in found) <= LARGEST else []
