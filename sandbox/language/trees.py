"""What can be read off a syntax tree without running it: constant text, the names a module binds and what they get."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator


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
    """Return local name -> module for names that `import` statements alone bind."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                modules[alias.asname or top] = alias.name if alias.asname else top
    others = {name for node in ast.walk(tree) if not isinstance(node, ast.Import) for name in names_bound_by(node)}
    return {name: module for name, module in modules.items() if name not in others}


def bindings(tree: ast.AST) -> list[str]:
    """Return every name that anything in a module, or in a part of it, binds, as often as it is bound."""
    return [name for node in ast.walk(tree) for name in names_bound_by(node)]


def names_bound_by(node: ast.AST) -> tuple[str, ...]:
    """Return the names that one node gives a value, or takes away."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return (name,)
        case ast.ExceptHandler(name=str(name)):
            return (name,)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return tuple(alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case _:
            return ()


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield (name, value) where one node gives a name the whole of a value; unpacking is left out."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case _:
            pass


def assigned_alone(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield (name, value) where one statement gives a value to a name and to nothing else."""
    if isinstance(node, ast.AnnAssign) or (isinstance(node, ast.Assign) and len(node.targets) == 1):
        yield from assigned(node)


def constants_of(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what stands at the top of a module under a name that it gives once and never again."""
    bound = Counter(bindings(tree))
    return {name: value for node in tree.body for name, value in assigned_alone(node) if bound[name] == 1}


def last_name(node: ast.AST) -> str:
    """Return the last part of the name that is called or read, "" where there is none."""
    match node:
        case ast.Call(func=function):
            return last_name(function)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def root(node: ast.AST) -> str:
    """Return the name that a chain of attributes and items starts from, "" where it starts from a call."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def has_text_hints(tree: ast.Module) -> bool:
    """Return whether the module keeps its type hints as text."""
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return any(alias.name == "annotations" for node in imports for alias in node.names)


def first_parameter(function: ast.AST) -> str:
    """Return the name of the first parameter of a method, "" where something inside gives that name another value."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ""
    positional = [*function.args.posonlyargs, *function.args.args]
    if not positional:
        return ""
    own = (function, positional[0])
    again = {name for node in ast.walk(function) if node not in own for name in names_bound_by(node)}
    return "" if positional[0].arg in again else positional[0].arg


def member_names(tree: ast.Module) -> Iterator[str]:
    """Yield the attributes that the file gives a value: `self._count = 0`, and what its classes define."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.ClassDef(body=body):
                yield from (name for statement in body for part in ast.walk(statement) for name in names_bound_by(part))
            case _:
                pass
