"""The conditions of a module that decide something by themselves, found by reading alone, and the same module watched.

A line that holds `password == "sesame" or name == "mallory"` runs whole in every test: only the operands show that one
of them never decided. Every comparison for a certain value, and every operand of `and` and `or`, is one condition.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any, Final, Literal

from selfmod.gate.operands import Role, refusing, roles
from selfmod.gate.parse import MAX_FOUND, Material
from selfmod.gate.parse_texts import names_once

Kind = Literal["special", "operand", "member"]
_FEW: Final = 3  # of what is asked for one by one; nobody tests each word of a list of stop words
_SHOWN: Final = 200
_SAME: Final = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_NEGATED: Final = (ast.NotEq, ast.IsNot, ast.NotIn)
# Asking for these is asking for a kind of value (nothing, none left, the first), not for a certain one.
_PLAIN: Final = (None, True, False, "", b"", 0, 1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition. `needs` is what tests must have made of it: a special value must have occurred once.

    Of a member, the value is compared with `members` when it is seen, and `needs` their positions. What lacks one of
    the `mild` only is worth a word and no more. `role` says what an operand is good for where its value is not True or
    False: in `name or "nobody"` nothing is asked, and nothing depends on the truth of the last one.
    """

    node: ast.AST
    kind: Kind
    needs: tuple[int, ...]
    index: int = 0
    members: tuple[object, ...] = ()
    mild: tuple[int, ...] = ()
    role: Role = "asked"

    @property
    def works(self) -> bool:
        """Whether something is called or compared here, which nobody has seen where no test gets to it."""
        return any(isinstance(part, ast.Call | ast.Compare) for part in ast.walk(self.node))

    @property
    def shown(self) -> ast.expr | ast.pattern:
        """What a person is shown of it."""
        shown = self.node.pattern if isinstance(self.node, ast.match_case) else self.node
        assert isinstance(shown, ast.expr | ast.pattern)
        return shown


def conditions(tree: ast.Module) -> list[Condition]:
    """Return the conditions of a module in an order that depends on the source alone."""
    names = names_once(tree)
    found = [*_specials(tree, names), *_found_operands(tree, names), *_found_members(tree, names)]
    return [replace(one, index=index) for index, one in enumerate(found)]


def _specials(tree: ast.Module, names: Mapping[str, ast.expr]) -> Iterator[Condition]:
    for node in ast.walk(tree):
        if _is_special(node, names):
            yield Condition(node=node, kind="special", needs=(int(not _is_negated(node)),))


def _found_operands(tree: ast.Module, names: Mapping[str, ast.expr]) -> Iterator[Condition]:
    told = {id(node) for node in ast.walk(tree) if _is_special(node, names)}
    told |= {id(node.test) for node in ast.walk(tree) if isinstance(node, ast.If | ast.While)}  # coverage counts those
    told |= {id(part) for hint in _hints(tree) for part in ast.walk(hint)}
    role_of, raised_by = roles(tree), refusing(tree)
    for node in ast.walk(tree):
        for operand in _operands(node):
            if not isinstance(operand, ast.BoolOp | ast.Constant) and id(operand) not in told:
                told.add(id(operand))
                mild = (raised_by[id(operand)],) if id(operand) in raised_by else ()
                role = role_of.get(id(operand), "asked")
                yield Condition(node=operand, kind="operand", needs=(0, 1), mild=mild, role=role)


def _hints(tree: ast.Module) -> Iterator[ast.expr]:
    """Type hints: `int | None` in one of these asks nothing."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(returns=ast.expr() as hint) | ast.AsyncFunctionDef(returns=ast.expr() as hint):
                yield hint
            case ast.arg(annotation=ast.expr() as hint) | ast.AnnAssign(annotation=hint):
                yield hint
            case _:
                pass


def _found_members(tree: ast.Module, names: Mapping[str, ast.expr]) -> Iterator[Condition]:
    for node in ast.walk(tree):
        for asked, among in _asked(node, names):
            if (members := _members(among, names)) and not isinstance(asked, ast.Constant):
                needs = tuple(range(len(members)))
                mild = needs if _tells_apart(node, _meant(among, names)) else ()
                yield Condition(node=asked, kind="member", needs=needs, members=members, mild=mild)


def _tells_apart(node: ast.AST, among: ast.expr) -> bool:
    """Whether a table gives different things for its entries; one of a single entry, or value, only asks."""
    values = among.values if isinstance(among, ast.Dict) and not isinstance(node, ast.Compare) else []
    return len(set(map(ast.dump, values))) > 1


def _asked(node: ast.AST, names: Mapping[str, ast.expr]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what is looked for, and where: `x in (1, 2)`, `{1: "a"}.get(x)`, `{1: "a"}[x]`."""
    match node:
        case ast.Compare(left=asked, ops=[ast.In() | ast.NotIn()], comparators=[among]):
            yield asked, among
        case (
            ast.Call(func=ast.Attribute(value=among, attr="get"), args=[asked, *_])
            | ast.Subscript(value=among, slice=asked, ctx=ast.Load())
        ) if isinstance(_meant(among, names), ast.Dict):
            yield asked, among
        case _:
            pass


def _meant(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    """What a name that is given a value once stands for."""
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def _members(among: ast.expr, names: Mapping[str, ast.expr]) -> tuple[object, ...]:
    """Return the few certain values that are asked for one by one."""
    match _meant(among, names):
        case ast.Dict(keys=keys):
            row = [key for key in keys if key is not None]
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) if len(items) > 1:
            row = items
        case _:
            return ()
    certain = [item for item in row if isinstance(item, ast.Constant) and _is_certain(item, names)]
    return tuple(item.value for item in certain) if len(row) <= _FEW else ()


def _operands(node: ast.AST) -> list[ast.expr]:
    """What decides inside of a line, where no branch shows it."""
    match node:
        case ast.Compare():
            return [node]
        case ast.BoolOp(values=values):
            return values
        case ast.IfExp(test=test):
            return [test]
        case ast.comprehension(ifs=tests):
            return tests
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.BitXor(), right=right):
            return [left, right]
        case ast.Call(func=ast.Name(id="any" | "all"), args=[ast.List(elts=items) | ast.Tuple(elts=items)]):
            return items
        case _:
            return []


def facts(material: Material) -> list[dict[str, Any]]:
    """Section "conditions": what must be seen of the entry module, counted without running it."""
    module = material.module
    if module is None:
        return []
    return [
        {
            "index": one.index,
            "line": one.shown.lineno,
            "kind": one.kind,
            "needs": list(one.needs),
            "text": ast.unparse(one.shown)[:_SHOWN],
            "members": [repr(member)[:_SHOWN] for member in one.members],
            "mild": list(one.mild),
            "role": one.role,
            "works": one.works,
        }
        for one in conditions(module)
    ][: MAX_FOUND * 5]


def _is_special(node: ast.AST, names: Mapping[str, ast.expr]) -> bool:
    """Return whether a node is true, or a case of a `match` runs, for certain values only."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _SAME):
            sides = (right,) if isinstance(op, ast.In | ast.NotIn) else (left, right)
            return any(_is_certain(side, names) for side in sides)
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=[value]):
            return _is_certain(value, names)
        case ast.Call(func=ast.Attribute(attr="match" | "search" | "fullmatch"), args=[_, *_]):
            return True
        case ast.match_case(pattern=pattern):
            return any(isinstance(part, ast.MatchValue) for part in ast.walk(pattern))
        case _:
            return False


def _is_certain(node: ast.expr, names: Mapping[str, ast.expr]) -> bool:
    try:
        value = ast.literal_eval(_meant(node, names))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return not any(value is plain or (type(value) is type(plain) and value == plain) for plain in _PLAIN)


def _is_negated(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], _NEGATED)


def watched(tree: ast.Module, path: str, name: str) -> CodeType:
    """Compile `tree` (which is changed) so that it calls `name(index, value)` where a condition has a value."""
    from sandbox.language.transformer import Policy

    table: dict[int, list[int]] = {}
    for one in conditions(tree):
        table.setdefault(id(one.node), []).append(one.index)
    changed = ast.fix_missing_locations(_Watch(table, name).visit(tree))
    policy = Policy(path, changed)
    policy.visit(changed)
    if policy.violations:
        raise ValueError(policy.violations[0].message)
    return compile(changed, path, "exec", dont_inherit=True)


class _Watch(ast.NodeTransformer):
    def __init__(self, table: Mapping[int, list[int]], name: str) -> None:
        self._table, self._name = table, name

    def visit(self, node: ast.AST) -> Any:
        changed = self._match(node) if isinstance(node, ast.Match) else super().visit(node)
        for index in self._table.get(id(node), ()):
            changed = ast.copy_location(self._call(index, changed), node)
        return changed

    def _call(self, index: int, value: Any) -> ast.expr:
        watch = ast.Name(id=self._name, ctx=ast.Load())
        return ast.Call(func=watch, args=[ast.Constant(value=index), value], keywords=[])

    def _match(self, node: ast.Match) -> ast.AST:
        """Patterns hold no expressions that may be computed: a case is met where its body begins."""
        node.subject = self.visit(node.subject)
        for case in node.cases:
            case.guard = self.visit(case.guard) if case.guard else None
            case.body = [self.visit(statement) for statement in case.body]
            for index in self._table.get(id(case), ()):
                met = ast.Expr(value=self._call(index, ast.Constant(value=True)))
                case.body.insert(0, ast.copy_location(met, case.body[0]))
        return node
