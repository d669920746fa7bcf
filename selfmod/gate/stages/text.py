"""Stage 1: what the bytes of the texts are made of, before anything reads them as Python, YAML or Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Final

from selfmod.candidate import Candidate
from selfmod.gate.base import Finding, StageResult, finding, result
from selfmod.gate.facts import facts_of
from selfmod.gate.stages.layout import is_admitted, is_data
from selfmod.gate.subject import Subject

MAX_LINE: Final = 2000
_PER_FILE: Final = 20  # findings of one file; whoever hides more is refused as surely
# Blanks within a line of code: what follows them stands outside of what most windows show.
_FAR: Final = re.compile(r"\S[ \t]{100,}\S|^[ \t]{120,}\S")
_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+")
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ZERO_WIDTH: Final = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u2060\u3164\ufeff\uffa0")
_SELECTORS: Final = (range(0xFE00, 0xFE0F), range(0xE0100, 0xE01F0))  # U+FE0F alone makes an emoji an emoji


class Text:
    """The stage "text"."""

    name = "text"

    def run(self, subject: Subject) -> StageResult:
        """Judge the bytes here, and names and nesting by what the parse worker says of the files that are clean."""
        findings = check(subject.candidate)
        facts = facts_of(subject, unclean=frozenset(item.path for item in findings))
        return result(self.name, [*findings, *facts.findings("text")])


def check(candidate: Candidate) -> list[Finding]:
    """Return every finding over the bytes of the texts."""
    found: list[Finding] = []
    for path, data in candidate.files.items():
        if is_admitted(path) and not is_data(path):
            found += islice(_file(path, data), _PER_FILE)
    return found


def _file(path: str, data: bytes) -> Iterator[Finding]:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        yield finding("text.bom", "it starts with a byte order mark", path=path, line=1, hint="save it as plain UTF-8")
        data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield finding("text.not-utf8", "not valid UTF-8", path=path, line=line, hint="save it as UTF-8")
        return
    if path.endswith(".py"):
        for number, first in enumerate(data.split(b"\n", 2)[:2], start=1):
            if _COOKIE.match(first):
                yield finding("text.coding-cookie", "a coding cookie", path=path, line=number, hint="remove it")
    if "\r\n" in text:
        yield _line_ends(path, text)
        text = text.replace("\r\n", "\n")
    for number, line_text in enumerate(text.split("\n"), start=1):
        if len(line_text) > MAX_LINE:
            message = f"a line of {len(line_text)} characters; at most {MAX_LINE} can be reviewed"
            yield finding("text.long-line", message, path=path, line=number, hint="break it")
        if path.endswith((".py", ".yaml")) and _FAR.search(line_text[:MAX_LINE]):
            message = "this goes on far to the right, where nobody looks"
            yield finding("text.far-right", message, path=path, line=number, hint="leave the blanks out")
        yield from _line(path, number, line_text)


def _line_ends(path: str, text: str) -> Finding:
    """One finding for all lines of a file: they come of how it was saved."""
    ends, others = text.count("\r\n"), text.count("\n")
    which = "its lines end" if ends == others else f"{ends} of its {others} lines {'end' if ends > 1 else 'ends'}"
    line = text.count("\n", 0, text.index("\r\n")) + 1
    hint = "save it with the line ends of Unix, LF"
    return finding("text.line-ends", f"{which} in CRLF, as on Windows", path=path, line=line, hint=hint)


def _line(path: str, number: int, text: str) -> Iterator[Finding]:
    if text.isascii() and text.isprintable():
        return
    for character in dict.fromkeys(text):
        if not character.isprintable() or not character.isascii():
            rule = _rule(character)
            if rule is not None:
                name = f"U+{ord(character):04X}"
                message = f"the character {name} cannot be seen"
                yield finding(rule, message, path=path, line=number, key=name, hint="write it as an escape")


def is_invisible(character: str) -> bool:
    """Return whether a character hides or turns around what stands beside it."""
    return _rule(character) in ("text.bidi", "text.zero-width", "text.tag")


def _rule(character: str) -> str | None:
    """Return the rule that a character breaks, or None for one that a reader can see (or a tab)."""
    code = ord(character)
    if code == 0:
        return "text.nul"
    if character in _BIDI:
        return "text.bidi"
    if character in _ZERO_WIDTH:
        return "text.zero-width"
    if 0xE0000 <= code <= 0xE007F:
        return "text.tag"
    if any(code in selectors for selectors in _SELECTORS):
        return "text.zero-width"
    category = unicodedata.category(character)
    if category == "Cc":
        return None if character == "\t" else "text.control"
    if category in {"Cf", "Co", "Cn", "Cs", "Zl", "Zp"} or (category == "Zs" and character != " "):
        return "text.hidden"
    return None
