"""The conditions of a module that decide something by themselves, found by reading alone.

A line that holds `password == "sesame" or name == "mallory"` runs whole in every test: only the operands show that one
of them never decided. Every comparison for a certain value, and every operand of `and` and `or`, is one condition.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from selfmod.gate.reading.bounds import bounds
from selfmod.gate.reading.chains import chains
from selfmod.gate.reading.choices import LARGEST, Condition, Constants, choices, worth_a_word
from selfmod.gate.reading.excluded import excluded
from selfmod.gate.reading.halves import halves
from selfmod.gate.reading.idle import idle
from selfmod.gate.reading.lookups import lookups
from selfmod.gate.reading.operands import refusing, roles
from selfmod.gate.reading.parse import MAX_FOUND, Material
from selfmod.gate.reading.texts import names_once

_SHOWN: Final = 200
_SAME: Final = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_NEGATED: Final = (ast.NotEq, ast.IsNot, ast.NotIn)


def conditions(tree: ast.Module) -> list[Condition]:
    """Return the conditions of a module in an order that depends on the source alone."""
    known = Constants(tree, names_once(tree))
    found = [*_specials(known), *_found_operands(known), *_found_members(known), *choices(known), *bounds(known)]
    found += [*idle(known), *halves(known.tree)]
    asked = frozenset(id(one.node) for one in found if one.kind in ("same", "side"))
    hints = _hints(tree)
    found += [one for one in chains(known, asked) if id(one.node) not in hints]
    tables = lookups(known)
    return [replace(one, index=index, table=_table(one, tables)) for index, one in enumerate(found)]


def _table(one: Condition, tables: Mapping[int, str]) -> str:
    return tables.get(id(one.node), "") if one.kind in ("member", "place") else ""


def _specials(known: Constants) -> Iterator[Condition]:
    for node in ast.walk(known.tree):
        if _is_special(node, known):
            yield Condition(node=node, kind="special", needs=(int(not _is_negated(node)),))


def _found_operands(known: Constants) -> Iterator[Condition]:
    tree = known.tree
    told = {id(node) for node in ast.walk(tree) if _is_special(node, known)}
    told |= {id(node.test) for node in ast.walk(tree) if isinstance(node, ast.If | ast.While)}  # coverage counts those
    told |= _hints(tree)
    role_of, raised_by, drawn = roles(tree), refusing(tree), _drawn(tree)
    for node in ast.walk(tree):
        for operand in _operands(node):
            if not isinstance(operand, ast.BoolOp | ast.Constant) and id(operand) not in told:
                told.add(id(operand))
                mild = (raised_by[id(operand)],) if id(operand) in raised_by else ()
                role = "default" if id(operand) in drawn else role_of.get(id(operand), "asked")
                yield Condition(node=operand, kind="operand", needs=(0, 1), mild=mild, role=role)


def _drawn(tree: ast.Module) -> set[int]:
    """What is drawn and asked in one, as in `[row for row in rows if row]`: nobody needs an empty one for that."""
    return {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name)
        for test in node.ifs
        for part in ast.walk(test)
        if isinstance(part, ast.Name) and part.id == node.target.id
    }


def _hints(tree: ast.Module) -> set[int]:
    """What stands in type hints: `int | None` in one of these asks nothing."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(returns=ast.expr() as hint) | ast.AsyncFunctionDef(returns=ast.expr() as hint):
                found.append(hint)
            case ast.arg(annotation=ast.expr() as hint) | ast.AnnAssign(annotation=hint):
                found.append(hint)
            case _:
                pass
    return {id(part) for hint in found for part in ast.walk(hint)}


def _found_members(known: Constants) -> Iterator[Condition]:
    raised_by, impossible = refusing(known.tree), excluded(known)
    for node in ast.walk(known.tree):
        for asked, among in _asked(node, known):
            members, never = known.members(among), impossible.get(id(asked), frozenset())
            if 0 < len(members) <= LARGEST and not isinstance(asked, ast.Constant):
                needs = tuple(place for place, member in enumerate(members) if member not in never)
                mild = needs if raised_by.get(id(node)) == _found(node) else worth_a_word(len(members))
                yield Condition(node=asked, kind="member", needs=needs, members=members, mild=mild)


def _found(node: ast.AST) -> int:
    """The truth of a comparison that finds a member: where it then raises, members are only refused."""
    return int(not _is_negated(node))


def _asked(node: ast.AST, known: Constants) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what is looked for, and where: `x in (1, 2)`, `{1: "a"}.get(x)`, `{1: "a"}[x]`."""
    match node:
        case ast.Compare(left=asked, ops=[ast.In() | ast.NotIn()], comparators=[among]):
            yield asked, among
        case (
            ast.Call(func=ast.Attribute(value=among, attr="get"), args=[asked, *_])
            | ast.Subscript(value=among, slice=asked, ctx=ast.Load())
        ) if known.is_table(among):
            yield asked, among
        case _:
            pass


def _operands(node: ast.AST) -> list[ast.expr]:
    """What decides inside of a line, where no branch shows it."""
    match node:
        case ast.Compare():
            return [node]
        case ast.BoolOp(values=values):
            return values
        case ast.IfExp(test=test):
            return [test]
        case (
            ast.Call(func=ast.Name(id="bool"), args=[ast.BinOp() as sum_])
            | ast.UnaryOp(op=ast.Not(), operand=ast.BinOp() as sum_)
        ):
            return _terms(sum_)
        case ast.If(test=ast.BinOp() as sum_) | ast.While(test=ast.BinOp() as sum_):
            return _terms(sum_)
        case ast.comprehension(ifs=tests):
            return tests
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.BitXor(), right=right):
            return [left, right]
        case ast.Call(func=ast.Name(id="any" | "all"), args=[ast.List(elts=items) | ast.Tuple(elts=items)]):
            return items
        case _:
            return []


def _terms(node: ast.expr) -> list[ast.expr]:
    """Of a sum or a product that is only asked whether it is zero: what `or` and `and` would be asked for."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult(), right=right):
            return [*_terms(left), *_terms(right)]
        case _:
            return [node]


def facts(material: Material) -> list[dict[str, Any]]:
    """Section "conditions": what must be seen of the entry module, counted without running it."""
    module = material.module
    if module is None:
        return []
    return [
        {
            "index": one.index,
            "line": one.line,
            "kind": one.kind,
            "needs": list(one.needs),
            "text": one.shown[:_SHOWN],
            "members": [repr(member)[:_SHOWN] for member in one.members],
            "mild": list(one.mild),
            "role": one.role,
            "works": one.works,
            "table": one.table,
        }
        for one in conditions(module)
    ][: MAX_FOUND * 5]


def _is_special(node: ast.AST, known: Constants) -> bool:
    """Return whether a node is true, or a case of a `match` runs, for certain values only."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _SAME):
            sides = (right,) if isinstance(op, ast.In | ast.NotIn) else (left, right)
            return any(known.is_certain(side) for side in sides)
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=[value]):
            return known.is_certain(value)
        case ast.Call(func=ast.Attribute(attr="match" | "search" | "fullmatch"), args=[_, *_]):
            return True
        case ast.match_case(pattern=pattern):
            return any(isinstance(part, ast.MatchValue) for part in ast.walk(pattern))
        case _:
            return False


def _is_negated(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], _NEGATED)
