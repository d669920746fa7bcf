"""What can be read off a syntax tree without running it: constant text, and the names a module binds."""

from __future__ import annotations

import ast


def folded_text(node: ast.expr) -> str | None:
    """Return the text of an expression that is a constant string, also when it was taken apart with `+`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            first, second = folded_text(left), folded_text(right)
            return first + second if first is not None and second is not None else None
        case ast.JoinedStr(values=values):
            parts = [folded_text(value) for value in values]
            return "".join(part for part in parts if part is not None) if None not in parts else None
        case _:
            return None


def imported_modules(tree: ast.Module) -> dict[str, str]:
    """Return local name -> module for names that import statements alone bind."""
    modules: dict[str, str] = {}
    rebound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.partition(".")[0]
                    modules[alias.asname or top] = alias.name if alias.asname else top
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                rebound.add(name)
            case _:
                pass
    return {name: module for name, module in modules.items() if name not in rebound}


def bound_names(tree: ast.Module) -> frozenset[str]:
    """Return every name the module binds anywhere: a parameter called `input` is not the builtin."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name)
            case _:
                pass
    return frozenset(names)


def has_text_hints(tree: ast.Module) -> bool:
    """Return whether the module keeps its type hints as text."""
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return any(alias.name == "annotations" for node in imports for alias in node.names)


def first_parameter(function: ast.AST) -> str:
    """Return the name of the first parameter of a method, "" where something inside gives that name another value."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ""
    positional = [*function.args.posonlyargs, *function.args.args]
    name = positional[0].arg if positional else ""
    for node in ast.walk(function):
        match node:
            case ast.Name(id=found, ctx=ast.Store() | ast.Del()) | ast.MatchAs(name=found) | ast.MatchStar(name=found):
                again = found
            case ast.MatchMapping(rest=found) | ast.ExceptHandler(name=found):
                again = found
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) | ast.ClassDef(name=found):
                again = found if node is not function else None
            case ast.arg(arg=found):
                again = found if node is not positional[0] else None
            case ast.alias(name=found, asname=other):
                again = other or found.partition(".")[0]
            case _:
                continue
        if again == name:
            return ""
    return name
