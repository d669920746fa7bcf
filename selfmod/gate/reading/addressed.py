"""Words that are addressed to a model: to whoever summarises, reviews or repairs this later and is no person.

They are looked for in several languages, across lines, and behind what hides them from a person: letters set apart,
encodings, look-alike letters, words run together as they are in names.
"""

from __future__ import annotations

import bisect
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import unquote

from selfmod.gate.reading.languages import bare, loosely
from selfmod.gate.reading.phrases import ANYWHERE, ELSEWHERE, SOLID, TURN, WRITTEN
from selfmod.gate.reading.prose import in_words
from selfmod.gate.reading.texts import decoded

_BREAK: Final = "\0" * 80 + "\n"  # between paragraphs: longer than what a phrase may have between its words


def _compiled(phrases: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """A phrase may be broken between any two words, and begins anywhere or, with ^, on a line."""
    flags = re.IGNORECASE | re.MULTILINE | re.DOTALL
    return tuple(re.compile(loosely(phrase).replace(" ", r"\s"), flags) for phrase in phrases)


_STRONG: Final = _compiled((*ANYWHERE, *ELSEWHERE))
_ALL: Final = (*_STRONG, *_compiled(WRITTEN))
_ENGLISH: Final = _compiled(ANYWHERE)
_RUN_TOGETHER: Final = _compiled(SOLID)
_TURNS: Final = re.compile(TURN, re.IGNORECASE)
_APART: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[\W_]{1,3}[^\W\d_](?![^\W_])){9,}")
_LOOKALIKE: Final = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавеѕіјкмнорстухΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ", "ABESIJKMHOPCTYXabesijkmhopctyxABEZHIKMNOPTYXaiknoptyx"
)
_ESCAPE: Final = re.compile(r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_NAME: Final = re.compile(r"[^\W\d]\w*(?:[_.-]\w+){2,}|\w{18,}")


_DIGITS: Final = re.compile(r"(?<![\w@$])(?:[A-Za-z]+[013457@$]+[A-Za-z]|[013457@$]+[A-Za-z]{2})[\w@$]*")
# Words that are long enough not to come about by chance.
_SPELT: Final = re.compile(
    r"approve|ignoreall|disregard|trustthis|verified|reviewed|harmless|certified|mergethis|acceptthis|"
    r"genehmige|unbedenklich|approuve|aprobado|aprovado",
    re.IGNORECASE,
)
_FIRST: Final = r"(?:[^\w\n]|[\d_]){0,80}([^\W\d_])"
_INITIALS: Final = (rf"^{_FIRST}", rf"(?:^|[.!?:;]\s){_FIRST}", r"(?<![^\W_])([^\W\d_])")


def addressed(lines: Sequence[str], *, recorded: bool = False) -> Iterator[tuple[int, str]]:
    """Yield (line, how it is hidden) of words to a model, each line once; what is `recorded` may quote people."""
    reported: set[int] = set()
    for how, find in _ways(recorded=recorded):
        for number in find(lines):
            if number not in reported:
                reported.add(number)
                yield number, how


def is_addressed(name: str) -> bool:
    """Return whether a name, of a file or in code, is made of such words."""
    solid = re.sub(r"[\W_]+", "", name)
    return any(pattern.search(solid) for pattern in _RUN_TOGETHER)


_Find = Callable[[Sequence[str]], Iterator[int]]


def _ways(*, recorded: bool) -> Iterator[tuple[str, _Find]]:
    patterns = _STRONG if recorded else _ALL
    yield "", lambda lines: _met(_seen(lines, _plain), patterns)
    if not recorded:
        yield "", lambda lines: (number for number, line in enumerate(lines, start=1) if _TURNS.search(line))
    yield "written in escapes", lambda lines: _met(_seen(lines, _unescaped), patterns)
    yield "in letters of another alphabet", lambda lines: _met(_seen(lines, _latin), _ENGLISH)
    yield "turned by 13 letters", lambda lines: _met(_seen(lines, _rot13), _ENGLISH)
    yield "written backwards", lambda lines: _met(_seen(lines, _backwards), _ENGLISH)
    yield "with digits for letters", _in_letters
    yield "by the first letters of its lines, sentences or words", _initials
    yield "in an encoding", lambda lines: _encoded(lines, patterns)
    yield "with its letters set apart or run together", _solid


def _plain(line: str) -> str:
    return bare(line)


def _unescaped(line: str) -> str:
    if not ("\\" in line or "&" in line or "%" in line):
        return line
    plain = _ESCAPE.sub(lambda seen: chr(min(int(seen[1] or seen[2] or seen[3], 16), 0x10FFFF)), line)
    return bare(html.unescape(unquote(plain)))


def _latin(line: str) -> str:
    return line if line.isascii() else unicodedata.normalize("NFKC", line).translate(_LOOKALIKE)


def _in_letters(lines: Sequence[str]) -> Iterator[int]:
    """What is met when the digits within words are the letters that they look like."""
    if not any(map(_DIGITS.search, lines)):
        return
    for one in "il":
        letters = str.maketrans("013457@$", f"o{one}eastas")

        def spelt(line: str, letters: dict[int, int] = letters) -> str:
            return _DIGITS.sub(lambda seen: seen.group().translate(letters), line)

        yield from _met(_seen(lines, spelt), _ENGLISH)


def _rot13(line: str) -> str:
    return codecs.encode(line, "rot13")


def _backwards(line: str) -> str:
    return line[::-1]


def _seen(lines: Sequence[str], view: Callable[[str], str]) -> tuple[str, list[int]]:
    """The lines as one text, through a view, and where each begins. A sentence goes on until an empty line.

    It may go on behind a comment sign or a bullet.
    """
    parts: list[str] = []
    starts: list[int] = []
    length, ended = 0, False
    for line in map(view, lines):
        starts.append(length)
        said = line.lstrip(" \t#>*-") if parts else line
        part = f"{said}\n" if line.strip() else ("\n" if ended else _BREAK)
        ended = not line.strip()
        parts.append(part)
        length += len(part)
    return "".join(parts), starts


def _met(seen: tuple[str, list[int]], patterns: Sequence[re.Pattern[str]]) -> Iterator[int]:
    """The numbers of the lines in which a pattern begins."""
    text, starts = seen
    for pattern in patterns:
        for found in pattern.finditer(text):
            yield bisect.bisect_right(starts, found.start())


def _encoded(lines: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> Iterator[int]:
    for number, line in enumerate(lines, start=1):
        for inner in decoded(line):
            # Pieces that were encoded each by itself have no spaces between them.
            if is_addressed(inner) or any(pattern.search(bare(inner)) for pattern in patterns):
                yield number


def _solid(lines: Sequence[str]) -> Iterator[int]:
    text, starts = _seen(lines, _plain)
    for run in _APART.finditer(text):
        if is_addressed(run.group()):
            yield bisect.bisect_right(starts, run.start())
    for run in _NAME.finditer(text):
        if is_addressed(run.group()) or any(pattern.search(in_words(run.group())) for pattern in _STRONG):
            yield bisect.bisect_right(starts, run.start())


def _initials(lines: Sequence[str]) -> Iterator[int]:
    text = "\n".join(map(_plain, lines))
    for initials in _INITIALS:
        found = list(re.finditer(initials, text, re.MULTILINE))
        for run in _SPELT.finditer("".join(one[1] for one in found)):
            yield text.count("\n", 0, found[run.start()].start(1)) + 1
