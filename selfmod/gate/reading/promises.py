"""What a text says behind a call that it shows: "gives `5/6`", "is an error", or nothing of what comes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

How = Literal["gives", "raises", "unsure", ""]

_LONGEST: Final = 2000
_GIVES: Final = (
    r"gives?|returns?|prints?|shows?|answers?|yields?|says?|is|be|get|see|outputs?|displays?|becomes?|makes?|equals?"
    r"|results? in|evaluates? to|gibt|ergibt|liefert|zeigt|ist|-{1,2}>|={1,2}>|={1,2}|→|⇒"
)
_FILLER: Final = r"(?:(?:you|back|the|an?|text|string|list|number|numbers|value|result|only|just|exactly|again)\s+)*"
_SUBJECT: Final = (
    r"it|you|which|this|that|then|now|always|simply|and|so|here|the|answer|result|output|will|should|would"
)
_BEGINS: Final = re.compile(
    rf"^[\s,;:.)]*(?:(?:{_SUBJECT})\s+){{0,5}}(?:(?:{_GIVES})(?:\s*:)?|(?:output|result|answer)\s*:)\s*{_FILLER}",
    re.IGNORECASE,
)
_NUMBERS: Final = re.compile(r"^(-?\d[\d.,]*(?:(?:\s*,\s*|\s+and\s+|,\s+and\s+)-?\d[\d.,]*)*)\s*(?:[.;:)]|,\s|$)")
_QUOTED: Final = re.compile(r"^[\"“”']([^\"“”\n]{1,200})[\"“”']")
_ERRORS: Final = re.compile(
    r"\b(?:errors?|fail\w*|rais\w+|refus\w+|reject\w*|invalid|wrong|not allowed|exception|denied|Fehler)\b",
    re.IGNORECASE,
)
_RAISES: Final = re.compile(
    r"^[\s,;:)]*(?:(?:it|which|this|that|and)\s+)?"
    r"(?:raises|fails|is an error|ends in an error|is refused|is rejected)\b",
    re.IGNORECASE,
)
# A kind of thing, or a sentence about it, is no result that could be held against another.
_KIND: Final = re.compile(
    r"(?:str|int|float|bool|list|dict|tuple|set|bytes|object|null|true/false)(?:\[.*\])?", re.IGNORECASE
)
_SENTENCE: Final = re.compile(
    r"(?:an?|the|one|all|each|every|what|how|which|whether|lists?|adds?|shows?|gives?|prints?|returns?|same|as|like|throws?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is said of a call: that it gives `text`, that it raises, or something that cannot be held against it."""

    how: How = ""
    text: str = ""


NOTHING: Final = Promise()
UNSURE: Final = Promise(how="unsure")


def behind(pieces: Sequence[tuple[str, str]]) -> Promise:
    """Return what (kind, text) pieces of a sentence, "code" or "text", say of the call before them."""
    said = " ".join(text for _, text in pieces[:3])
    if not pieces or pieces[0][0] == "code":
        return NOTHING
    first = pieces[0][1]
    if _RAISES.match(first):
        return Promise(how="raises")
    begun = _BEGINS.match(first)
    if begun:
        left = first[begun.end() :]
        if not left.strip() and len(pieces) > 1:
            return of_text(pieces[1][1])
        if plain := _NUMBERS.match(left) or _QUOTED.match(left):
            return of_text(plain[1].rstrip(".,"))
    return UNSURE if _ERRORS.search(said) else NOTHING


def of_text(text: str) -> Promise:
    """Return what a text shows that stands where a result does."""
    shown = text.strip()
    if not shown or len(shown) > _LONGEST or _KIND.fullmatch(shown):
        return NOTHING
    if re.match(r"[A-Za-z_.]*(?:Error|Exception)\b|Traceback|[Ee]rror:", shown):
        return Promise(how="raises")
    return Promise(how="gives", text=shown)


def of_remark(text: str, *, remark: bool) -> Promise:
    """Return what stands behind a call on its line: behind an arrow a result, in a remark what is marked as one."""
    begun = _BEGINS.match(text)
    shown = text[begun.end() :] if begun else text
    if not begun and (_SENTENCE.match(shown) or (remark and not _is_literal(shown))):
        return UNSURE if _ERRORS.search(shown) else NOTHING
    if _RAISES.match(text):
        return Promise(how="raises")
    return of_text(shown.strip("`"))


def _is_literal(text: str) -> bool:
    return (
        re.fullmatch(r"\s*(?:-?[\d.,]+|\".*\"|'.*'|\[.*\]|\{.*\}|\(.*\)|True|False|None|true|false|null)\s*", text)
        is not None
    )
