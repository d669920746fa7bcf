"""Prose that no rule can judge, because it is in no language that the rules know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from selfmod.gate.reading.languages import NAMES, strange
from selfmod.gate.reading.parse import Found, found
from selfmod.gate.reading.prose import Passage, Written, spoken

_PIECE: Final = 4  # words; of shorter pieces, such as headings and cells, no text is made


def unread(files: Iterable[Written]) -> Iterator[Found]:
    """Yield where prose cannot be judged; samples and texts in code are told too, which is no reason to refuse."""
    for file in files:
        yield from _told("docs.unread", file.path, file.prose, only="English" if file.path == "LICENSE" else "")
        for name in file.names:
            yield from _told("docs.unread", file.path, [name])
        for piece in (*_lines(file.samples), *file.constants):
            yield from _told("docs.unread-sample", file.path, [piece])


def _told(rule: str, path: str, passages: Iterable[Passage], *, only: str = "") -> Iterator[Found]:
    """At most one finding: the first words of a text that are in no language that is known."""
    pieces = [words for passage in passages if len(words := spoken(passage)) >= _PIECE]
    words = [word for piece in pieces for word in piece]
    start = strange([word.text for word in words], only=only)
    if start is not None:
        shown = " ".join(word.text for word in words[start : start + 5])
        message = f"what begins with {shown!r} is in no language that can be judged here"
        hint = f"write it in {only or NAMES}; samples and terms stand between backquotes"
        yield found(rule, message, path, words[start].line, hint=hint)


def _lines(passages: Iterable[Passage]) -> Iterator[Passage]:
    for passage in passages:
        for number, line in enumerate(passage.text.split("\n"), start=passage.line):
            yield Passage(line=number, text=line)
