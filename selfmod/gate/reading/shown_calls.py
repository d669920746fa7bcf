"""The calls that a text shows of a plugin, as its reader would type them: read here, never made here.

Known are `/command words`, `ratchet call ID TOOL words`, `function("literal", 1)` and `tool words`. The last may be
something else, so it counts only for what is said to come of it.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from plugins.arguments import Arguments, Typed, fill
from plugins.errors import ArgumentError, ExcessError, NotFoundError
from plugins.manifest import Manifest
from plugins.signature import read_signature
from sandbox.values import Json, encode

_LONGEST: Final = 1000
_PROMPT: Final = re.compile(r"^\s*(?:(?:\$|>|%|ratchet>)\s+)?")
_ARROW: Final = re.compile(r"\s+(?:-{1,2}>|={1,2}>|→|⇒|⟶|↦)\s+")
_REMARK: Final = re.compile(r"\s+#\s+|\s{3,}")  # people line remarks up
_SHELL: Final = frozenset("();<>|&")
# Where the reader is to put something: <name>, [name], name...; and NAME, where that is a parameter
_OPEN: Final = re.compile(r"<[\w -]+>|\[[A-Za-z_ -]+\.{0,3}\]|\S*(?:\.\.\.|…)")
_NOWHERE: Final = Path("/nowhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One call that is shown: what would be called, or in `problem` why nobody could call it.

    `rest` is what stands behind it on its line, set off by an arrow or as a remark. One that is `loose` may be meant
    otherwise: a tool's name and words with nothing before them, or words that look as if they were to be replaced.
    """

    text: str
    handler: str = ""
    args: Json = None
    named: Json = None
    problem: str = ""
    rest: str = ""
    remark: bool = False
    loose: bool = False


class Calls:
    """Reads calls of one plugin."""

    def __init__(self, manifest: Manifest, source: bytes, functions: frozenset[str]) -> None:
        self._manifest, self._source, self._functions = manifest, source, functions

    @cached_property
    def _handlers(self) -> Mapping[str, str]:
        return {one.name: one.handler for one in (*self._manifest.commands, *self._manifest.tools)}

    @cached_property
    def _commands(self) -> frozenset[str]:
        return frozenset(one.name for one in self._manifest.commands)

    def of_line(self, line: str) -> Shown | None:
        """Return the call on a line of a sample, None where there is none that could be made as it stands."""
        text, _, rest = _apart(_PROMPT.sub("", line[:_LONGEST], count=1).strip(), _ARROW)
        text, _, remark = _apart(text, _REMARK) if not rest else (text, "", "")
        shown = self._in_words(text) or self._in_python(text)
        return replace(shown, rest=rest or remark or shown.rest, remark=bool(remark)) if shown else None

    def of_python(self, source: str) -> Shown | None:
        """Return the call that an expression is, as behind `>>>`."""
        return self._in_python(source[:_LONGEST].strip())

    def _in_words(self, text: str) -> Shown | None:
        first, _, rest = text.partition(" ")
        if first[:1] == "/" and first[1:] in self._commands:
            return self._filled(text, first[1:], Typed.of_line(rest, folder=_NOWHERE))
        if first == "ratchet":
            return self._from_shell(text)
        if first in self._handlers and (words := _words(rest)) is not None:
            shown = self._filled(text, first, Typed(words=words, folder=_NOWHERE))
            return replace(shown, loose=True) if shown and not shown.problem else None
        return None

    def _from_shell(self, text: str) -> Shown | None:
        words = _words(text)
        if words is None or words[1:3] != ("call", self._manifest.id) or len(words) < 4:
            return None
        tool, given = words[3], [word for word in words[4:] if word != "--json"]
        if tool not in self._handlers:
            known = ", ".join(sorted(self._handlers))
            problem = f"there is no tool {tool}; it has {known}"
            return None if tool.isupper() or _OPEN.fullmatch(tool) else Shown(text=text, problem=problem)
        if "--args" in given[:-1]:
            return self._filled(text, tool, Typed(json=given[given.index("--args") + 1], folder=_NOWHERE))
        return self._filled(text, tool, Typed(words=tuple(given), folder=_NOWHERE))

    def _filled(self, text: str, tool: str, typed: Typed) -> Shown | None:
        handler = self._handlers[tool]
        try:
            signature = read_signature(self._source, handler)
            named = {one.name.upper() for one in signature.parameters}
            if any(word == "-" or word.replace("-", "_") in named or _OPEN.fullmatch(word) for word in typed.words):
                return None  # it takes what is typed afterwards, or what the reader thinks of
            shown = _called(text, handler, fill(signature, typed, tool=tool))
            loose = any(len(word) > 1 and word.isalpha() and word.isupper() for word in typed.words)
            return replace(shown, loose=loose) if shown else None
        except ExcessError as error:
            return Shown(text=text, handler=handler, problem=error.message)
        except (ArgumentError, NotFoundError):
            return None  # the name alone, something to be replaced, or a file of the reader's

    def _in_python(self, text: str) -> Shown | None:
        call, equal = _expression(text)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in self._functions:
            return None
        try:
            args = tuple(ast.literal_eval(one) for one in call.args)
            named = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords if word.arg}
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None
        if len(named) < len(call.keywords) or any(one is ... for one in (*args, *named.values())):
            return None
        shown = _called(ast.unparse(call), call.func.id, Arguments(args=args, kwargs=named))
        return replace(shown, rest=equal) if shown else None


def _called(text: str, handler: str, given: Arguments) -> Shown | None:
    try:
        return Shown(text=text, handler=handler, args=encode(list(given.args)), named=encode(dict(given.kwargs)))
    except ValueError:
        return None


def _expression(text: str) -> tuple[ast.expr | None, str]:
    """An expression, and what it is said to equal."""
    try:
        tree = ast.parse(text, mode="eval").body
        match tree:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
                return left, ast.unparse(right)
            case _:
                return tree, ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None, ""


def _apart(text: str, between: re.Pattern[str]) -> tuple[str, str, str]:
    """A line taken apart where something stands in it outside of quotes."""
    for found in between.finditer(text):
        before = text[: found.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before.strip(), found[0].strip(), text[found.end() :].strip()
    return text, "", ""


def _words(text: str) -> tuple[str, ...] | None:
    """The words of a shell's line; None where a shell would do more with it than to call."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        quoted = tuple(lexer)
        return None if any(word and _SHELL.issuperset(word) for word in quoted) else tuple(shlex.split(text))
    except ValueError:
        return None
