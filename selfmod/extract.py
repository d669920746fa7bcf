"""One function out of a model's reply, cleaned of what it does not need. Runs in a worker: replies are hostile."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final

MAX_REPLY: Final = 20_000
MAX_DEPTH: Final = 60
_FENCE: Final = re.compile(r"```[a-zA-Z0-9]*[ \t]*\n?")
_ENDS: Final = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def extract(argument: dict[str, Any]) -> dict[str, str]:
    """Return `{"source": text}` of the function `header` names, or `{"problem": why there is none}`.

    `argument` has the `reply`, the `begun` text that the reply may continue, the `header` ("f(s: str) -> bool") and the
    `doc` that becomes the docstring.
    """
    header, reply = str(argument["header"]), str(argument["reply"])[:MAX_REPLY]
    wanted = ast.parse(f"def {header}: ...").body[0]
    assert isinstance(wanted, ast.FunctionDef)
    for text in _readings(reply, str(argument["begun"]), wanted.name):
        module = _parsed(text)
        found = _function(module, wanted.name) if module is not None else None
        if module is None or found is None:
            continue
        problem = _fit(found, wanted)
        if problem:
            return {"problem": problem}
        _clean(found)
        _document(found, str(argument["doc"]))
        return {"source": _render(module, found)}
    return {"problem": f"there is no function {wanted.name} in the answer"}


def _readings(reply: str, begun: str, name: str) -> Iterator[str]:
    """The ways to read a reply: its fenced code, its text, or what it adds to the beginning it was given."""
    parts = _FENCE.split(reply)
    for part in (*parts[1::2], *parts[0::2]):
        start = re.search(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{name}\b", part, re.MULTILINE)
        if start:
            yield textwrap.dedent(part)
            yield textwrap.dedent(_with_imports(part, start.start()))
    if begun:
        yield _FENCE.sub("", begun) + parts[0]


def _with_imports(part: str, start: int) -> str:
    """From the function on, with the imports that stand before it."""
    lines = [line.strip() for line in part[:start].splitlines()]
    imports = [line for line in lines if re.match(r"(import|from)\s+\w", line)]
    return "\n".join((*imports, part[start:]))


def _parsed(text: str) -> ast.Module | None:
    """Parse as many lines from the start as make a module: what follows the code is often talk."""
    lines = text.splitlines()[:200]
    while lines:
        try:
            module = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            lines.pop()
            continue
        return module if _depth(module) <= MAX_DEPTH else None
    return None


def _depth(tree: ast.AST) -> int:
    level, depth = [tree], 0
    while level and depth <= MAX_DEPTH:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth


def _function(module: ast.Module, name: str) -> ast.FunctionDef | None:
    found = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return found[0] if found else None


def _fit(found: ast.FunctionDef, wanted: ast.FunctionDef) -> str:
    """Give the function the signature that was asked for; say why it cannot be."""
    given, asked = _parameters(found.args), _parameters(wanted.args)
    if len(given) != len(asked) or found.args.vararg or found.args.kwarg or found.args.kwonlyargs:
        return f"{found.name} takes other parameters than asked for"
    names = {theirs.arg: ours.arg for theirs, ours in zip(given, asked, strict=True)}
    for node in ast.walk(found):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
    found.args, found.returns, found.decorator_list = wanted.args, wanted.returns, []
    return ""


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args]


def _clean(function: ast.FunctionDef) -> None:
    """Drop what can never run or is never used: it would only be held against the rest."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and all(isinstance(item, ast.stmt) for item in block):
                setattr(node, name, _reached(block))
    _without_unused(function)


def _reached(block: list[ast.stmt]) -> list[ast.stmt]:
    for number, statement in enumerate(block):
        if isinstance(statement, _ENDS):
            return block[: number + 1]
    return block


def _without_unused(function: ast.FunctionDef) -> None:
    """Drop inner functions that nothing names, again and again, and prints, docstrings and bare constants."""
    while True:
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        kept = [node for node in function.body if not _idle(node) and not _unused(node, used)]
        if len(kept) == len(function.body):
            break
        function.body = kept
    function.body = function.body or [ast.Pass()]


def _idle(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Expr):
        return False
    call = node.value
    is_print = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    return isinstance(call, ast.Constant) or is_print


def _unused(node: ast.stmt, used: set[str]) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name not in used


def _document(function: ast.FunctionDef, doc: str) -> None:
    function.body.insert(0, ast.Expr(ast.Constant(doc)))


def _render(module: ast.Module, function: ast.FunctionDef) -> str:
    """The function with the imports and the other functions of the reply that it uses."""
    kept: list[ast.stmt] = [function]
    while True:
        used = {node.id for part in kept for node in ast.walk(part) if isinstance(node, ast.Name)}
        more = [node for node in module.body if node not in kept and _provides(node) & used]
        if not more:
            break
        kept += more
    imports = [node for node in module.body if node in kept and isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in module.body if node in kept and node is not function and node not in imports]
    parts = ["\n".join(map(ast.unparse, imports)), *map(ast.unparse, others), ast.unparse(function)]
    return "\n\n\n".join(part for part in parts if part) + "\n"


def _provides(node: ast.stmt) -> set[str]:
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).partition(".")[0] for alias in names}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case _:
            return set()
