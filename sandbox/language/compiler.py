"""The policy as three functions: check a source, compile it, and say what was wrong."""

from __future__ import annotations

import ast
import warnings
from types import CodeType
from typing import Literal

from sandbox.errors import SandboxError
from sandbox.language.source import Unreadable, parse
from sandbox.outcome import Violation

Role = Literal["module", "test"]


class DialectError(SandboxError):
    """A source that the language policy refuses; `violations` says where and what to write instead."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        self.violations = violations
        super().__init__("\n".join(explain(violation) for violation in violations))


def explain(violation: Violation) -> str:
    """Return one line for a person or a model; it may hold text of the source."""
    hint = f" ({violation.hint})" if violation.hint else ""
    return f"{violation.path}:{violation.line}:{violation.column}: {violation.rule}: {violation.message}{hint}"


def check(
    source: bytes | str, path: str, *, role: Role = "module", classes: frozenset[str] = frozenset()
) -> tuple[Violation, ...]:
    """Return everything the policy refuses in `source`, in the order of the text; never raises for what it contains.

    `classes` are the names of the plugin's classes, for a test file: that two equal instances are equal can fail.
    """
    try:
        if role == "test":
            from sandbox.language.suite import check_suite  # only the gate reads tests

            return _ordered(check_suite(parse(source, path), path, classes))
        compile_module(source, path)
    except Unreadable as unreadable:
        return (unreadable.violation,)
    except DialectError as refused:
        return refused.violations
    return ()


def compile_module(source: bytes | str, path: str) -> CodeType:
    """Return code with the guards compiled in, or raise DialectError."""
    from sandbox.language.transformer import Policy  # the library behind it is loaded where something is compiled

    try:
        tree = parse(source, path)
    except Unreadable as unreadable:
        raise DialectError((unreadable.violation,)) from unreadable
    policy = Policy(path, tree)
    try:
        policy.visit(tree)
        if not policy.violations:
            return _compile(tree, path)
    except (RecursionError, MemoryError) as error:
        message, hint = "the source is nested too deeply", "split it into functions"
        raise DialectError((_whole("policy.nesting", message, path, hint),)) from error
    except (SyntaxError, ValueError, OverflowError) as error:
        line, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
        message = f"not valid Python: {getattr(error, 'msg', error)}"
        raise DialectError((_whole("policy.syntax", message, path, "correct the syntax", line, column),)) from error
    raise DialectError(_ordered(policy.violations))


def _compile(tree: ast.Module, path: str) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, path, "exec", dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def _whole(rule: str, message: str, path: str, hint: str, line: int = 1, column: int = 1) -> Violation:
    return Violation(rule=rule, message=message, path=path, line=line, column=max(column, 1), hint=hint)


def _ordered(violations: list[Violation]) -> tuple[Violation, ...]:
    unique = dict.fromkeys(violations)
    return tuple(sorted(unique, key=lambda violation: (violation.line, violation.column, violation.rule)))
