"""From hostile bytes to a syntax tree, within bounds, or to one violation that says why not."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Final

from sandbox.outcome import Violation

#: Larger sources are refused before they are looked at.
MAX_BYTES: Final = 256 * 1024
#: Deeper trees are refused: the tree walk, the compiler and every later reader recurse.
MAX_DEPTH: Final = 100
#: Longer lines of operators or brackets are refused before the parser sees them.
_DEEP_TEXT: Final = re.compile(r"[(\[{]{90}|(?:[-+~]\s*){200}|(?:\b(?:not|lambda|await)\b[\s:(]*){100}")


class Unreadable(Exception):
    """The source could not be turned into a tree; `violation` says where and why."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.message)
        self.violation = violation


def parse(source: bytes | str, path: str) -> ast.Module:
    """Return the tree of `source`, or raise Unreadable."""
    text = _text(source, path)
    tree = _tree(text, path)
    _bound_depth(tree, path)
    return tree


def _refuse(path: str, rule: str, message: str, hint: str, line: int = 1, column: int = 1) -> Unreadable:
    return Unreadable(Violation(rule=rule, message=message, path=path, line=line, column=column, hint=hint))


def _text(source: bytes | str, path: str) -> str:
    if len(source) > MAX_BYTES:
        hint = f"keep a module under {MAX_BYTES // 1024} KiB"
        raise _refuse(path, "policy.size", f"the source has {len(source)} characters", hint)
    try:
        text = source if isinstance(source, str) else source.decode("utf-8", errors="strict")
        text.encode("utf-8")
    except UnicodeError as error:
        raise _refuse(
            path, "policy.encoding", f"the source is not UTF-8: {getattr(error, 'reason', error)}", "save it as UTF-8"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refuse(path, "policy.encoding", "the source contains a NUL character", "remove it", line)
    deep = _DEEP_TEXT.search(text)
    if deep:
        raise _too_deep(path, text.count("\n", 0, deep.start()) + 1)
    return text


def _too_deep(path: str, line: int = 1) -> Unreadable:
    return _refuse(path, "policy.nesting", "the source is nested too deeply", "split it into functions", line)


def _tree(text: str, path: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, path)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        message = f"not valid Python: {error.msg}"
        raise _refuse(path, "policy.syntax", message, "correct the syntax", line, max(column, 1)) from error
    except (RecursionError, MemoryError) as error:
        raise _too_deep(path) from error
    except (ValueError, OverflowError) as error:
        raise _refuse(path, "policy.syntax", f"not valid Python: {error}", "correct the syntax") from error


def _bound_depth(tree: ast.Module, path: str) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise _too_deep(path, next((node.lineno for node in level if hasattr(node, "lineno")), 1))
