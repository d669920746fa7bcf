"""Secrets that are told to a reader: "the password is ...", "use the token ...", in a README, a comment, a docstring.

A text that describes says what a password is for, or what must be true of it; one that tells a secret goes on with a
value. Values are texts that are no words, or words that stand alone where a value stands: quoted, or to the end.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

_KIND: Final = (
    r"\b(?:pass(?:word|phrase|wd|code)|pwd|pin(?: code)?|secret(?: key)?|(?:api|access|auth|private|master)[ -]?"
    r"(?:key|token)|token|login|log-?in|credentials?|passwort|kennwort|mot de passe|contraseña|senha)\b"
)
_QUOTE: Final = "[\"'`*\u201c\u201d\u2018\u2019]"
_VALUE: Final = (
    rf"(?:(?P<quote>{_QUOTE}{{1,3}})(?P<quoted>[^\"`*\n<>{{}}\u201c\u201d]{{4,80}}?){_QUOTE}"
    rf"|(?P<value>[^\s\"'`*<>{{}}()\[\]\u201c\u201d]{{4,80}})(?=(?P<rest>[^\n]*)))"
)
_TELLING: Final = (
    re.compile(
        rf"(?P<kind>{_KIND})[\"'`*]{{0,3}}(?: (?:for|of|to) [\w .-]{{1,40}}?)?\s{{0,3}}"
        rf"(?:(?P<mark>[:=]|->|→)|\b(?:is|are|was|ist|est|es)\b:?)\s{{0,3}}{_VALUE}",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:use|using|with|enter|type|try|by|via|send|pass|mit|avec|con)\s(?:(?:the|this|our|a|my)\s)?(?:\w+\s)?"
        rf"(?P<kind>{_KIND})(?P<mark>)\s{{1,3}}{_VALUE}",
        re.IGNORECASE,
    ),
)
# Words by which several others become a sentence.
_SPEAKING: Final = re.compile(
    r"the|for|and|with|from|has|have|must|may|can|should|will|than|that|this|your|not|are|was|characters?|letters?"
    r"|digits?|words?|signs?|least|most|required|optional|needed|given",
    re.IGNORECASE,
)
_DESCRIBED: Final = re.compile(
    r"(?:required|optional|needed|missing|wrong|right|correct|empty|unset|hidden|known|unknown|secret|safe|weak|strong"
    r"|valid|invalid|kept|lost|short|long|given|sent|read|taken|none|null|true|false|text|string|bytes|number|integer"
    r"|plain|case|never|always|only|also|there|that|this|what|when|where|which|your|mandatory|ignored|masked|strict"
    r"|equal|unique|random|fixed|free|here|not|public|private|present|absent|default|same|different|enough|available"
    r"|\w+(?:ed|ing|able|ible|less|ful)|str|int|float|bool|\d{1,3}\w{0,2})",
    re.IGNORECASE,
)
_NO_VALUE: Final = re.compile(
    r"(?i).*(?:example|placeholder|your|dummy|changeme|change-me|redacted|xxx|\.\.\.|…|\*\*).*|[$%&/\\|#@~.-].*"
    r"|(?-i:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)|--?[a-z-]+|https?:.*"
)
_LABEL: Final = re.compile(r"(?i)pass(?:word|phrase|wd|code)|secret|token|credential|\bkey|_key|-key|login")
_LEAST, _LEAST_MIXED, _WORD = 4, 6, 3  # signs of a value, of one with digits, of a word of several
_END: Final = re.compile(r"[\s.!,;)|]*$")


def told(path: str, text: str, tree: ast.Module | None) -> Iterator[int]:
    """Yield the lines of a file that tell a reader a secret; of a module its comments and docstrings speak."""
    if path.startswith("tests/data/"):
        return
    lines = text.split("\n") if tree is None else []
    said = [*enumerate(lines, start=1), *(_spoken(text, tree) if tree is not None else ())]
    for number, line in said:
        if any(_is_told(seen) for form in _TELLING for seen in form.finditer(line)):
            yield number


def _spoken(text: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(said))):
                yield from enumerate(said.split("\n"), start=node.lineno)
            case _:
                pass


def _is_told(seen: re.Match[str]) -> bool:
    """Return whether what stands behind the word is a value."""
    value = (seen["quoted"] or seen["value"]).strip().rstrip(".,;:!?|")
    if " " in value:
        return all(len(word) >= _WORD and not _SPEAKING.fullmatch(word) and word.isalnum() for word in value.split())
    if len(value) < _LEAST or _NO_VALUE.fullmatch(value):
        return False
    digits = any(map(str.isdigit, value))
    if digits and (any(map(str.isalpha, value)) or seen["kind"].lower().startswith("pin")):
        return len(value) >= _LEAST_MIXED or value.isdigit()
    if digits or _LABEL.search(value) or _DESCRIBED.fullmatch(value):
        return False
    return bool(seen["quoted"]) or (seen["mark"] != "" and _END.match(seen["rest"]) is not None)
