"""Functions of a module that are the same under several names: what one gives says nothing new about the other."""

from __future__ import annotations

import ast
import copy
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEEPEST: Final = 20


def aliases(tree: ast.Module) -> dict[str, str]:
    """Return each function by name, with the name of the one that it is: its own, where it is none but itself."""
    known = {node.name for node in tree.body if isinstance(node, Function)}
    leads: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                other = _passed_on(node)
                leads[name] = other if other in known else bodies.setdefault(_form(node), name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other)) if other in known | leads.keys():
                leads[name] = other
            case _:
                pass
    return {name: _end(name, leads) for name in leads}


def _end(name: str, leads: dict[str, str]) -> str:
    for _ in range(_DEEPEST):
        name = leads.get(name, name)
    return name


def _passed_on(function: Function) -> str:
    """The function that gets all that this one is given and says the rest, "" where it does more."""
    *_, last = body = _said(function)
    value = last.value if len(body) == 1 and isinstance(last, ast.Return) else None
    call = value.value if isinstance(value, ast.Await) else value
    match call:
        case ast.Call(func=ast.Name(id=name), args=given, keywords=named):
            taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            values = [*given, *(one.value for one in named)]
            told = [one.id for one in values if isinstance(one, ast.Name)]
            return name if len(told) == len(values) and sorted(told) == sorted(one.arg for one in taken) else ""
        case _:
            return ""


def _form(function: Function) -> str:
    """What a function does, whatever its name, its parameters and its docstring are."""
    body = [copy.deepcopy(one) for one in _said(function)]
    taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    places = {one.arg: f"parameter {place}" for place, one in enumerate(taken)}
    for part in (part for one in body for part in ast.walk(one)):
        if isinstance(part, ast.Name) and part.id in places:
            part.id = places[part.id]
    return f"{len(taken)} {[ast.dump(one) for one in body]}"


def _said(function: Function) -> list[ast.stmt]:
    return function.body[1:] or function.body if ast.get_docstring(function) is not None else function.body
