"""A credential that a plugin holds itself, seen where it goes: in what is sent, whatever the plugin was given.

Calls of the tests are made again, each in a production worker of its own, as they were and with other arguments and
answers. A random-looking token that stands in requests before which nothing in common was given comes from the code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, Final, TypeGuard
from urllib.parse import unquote

from sandbox.outside.base import Answer, Ask, Given
from sandbox.outside.rehearsed import Rehearsed
from selfmod.gate.base import Finding, finding
from selfmod.gate.production import Call, distinct, doubles_of, fairly, production, repeatable
from selfmod.gate.reading.secrets import is_drawn, is_mixed
from selfmod.gate.subject import Subject, SuiteRun

_CALLS: Final = 12  # that are made again; each is made three times
_ASKS: Final = 30  # of one call that are looked at,
_TOKENS: Final = 300  # of each of them,
_LOOKED: Final = 300_000  # and signs of one text: more than is sent at once
_SENDING: Final = frozenset({"http.request", "http.body", "tcp.send"})
_HANDLES: Final = frozenset({"tcp.open", "http.body"})  # their answers are numbers of ours, no content
_SHOWN: Final = 4  # signs of a token
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{12,200}(?![A-Za-z0-9_-])")
_ODD: Final = re.compile(r"[^\w-]", re.ASCII)
_WORD: Final = re.compile(r"\w+")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Parts of a body are kept apart by signs that nobody else would write, and that are no secret.
_BOUNDARY: Final = re.compile(r"boundary=\S+", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"^--\S+\r?$", re.MULTILINE)
_ROUND: Final = ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789")
_NEXT: Final = str.maketrans(
    {sign: signs[place - len(signs) + 1] for signs in _ROUND for place, sign in enumerate(signs)}
)
_LATER: Final = 1_000_000.5  # seconds, of a clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Where a token stood when it left the plugin first, and the words of all that had been given before."""

    place: str
    given: frozenset[str]


class Overheard:
    """An outside that takes note, on this side of the door, of what is sent and of what was given before."""

    def __init__(self, inner: Rehearsed, given: Iterable[str], *, other: bool) -> None:
        self._inner, self._given, self._other, self._left = inner, {*given}, other, _ASKS
        self.sent: dict[str, Sent] = {}

    def answer(self, ask: Ask) -> Answer:
        """Answer as the one behind it does, or something else of the same kind."""
        tokens = _tokens(ask) if self._left > 0 else {}
        self._left -= ask.op in _SENDING
        if tokens.keys() - self.sent.keys():
            given = frozenset(self._given)
            self.sent = {token: Sent(place=place, given=given) for token, place in tokens.items()} | self.sent
        answer = self._inner.answer(ask)
        if not isinstance(answer, Given) or ask.op in _HANDLES:
            return answer
        answer = Given(value=_other_answer(answer.value)) if self._other else answer
        self._given.update(_words(_content(answer.value)))
        return answer

    def close(self) -> None:
        """Close what stands behind it."""
        self._inner.close()


def constants_sent(subject: Subject, run: SuiteRun) -> Iterator[Finding]:
    """Yield where a random-looking token is sent that depends on nothing the plugin is given."""
    if subject.manifest is None or not any(name.startswith("network:") for name in subject.manifest.capability_names()):
        return
    seen: dict[str, list[Sent]] = {}
    for sent in _all_sent(subject, run):
        for token, one in sent.items():
            seen.setdefault(token, []).append(one)
    constant = {
        those[0].place: token
        for token, those in seen.items()
        if len(those) > 1 and not frozenset.intersection(*(one.given for one in those))
    }
    for place, token in constant.items():
        yield finding(
            "oracle.constant-sent",
            f"{token[:_SHOWN]}... is sent in {place} whatever the plugin is given: this looks like a secret",
            path=subject.entry,
            hint="take it from `environment`, the storage or an argument, and revoke it where it was issued",
            key=place,
        )


def _all_sent(subject: Subject, run: SuiteRun) -> Iterator[Mapping[str, Sent]]:
    """What calls send that asked for something under the tests, each time by token."""
    until = time.monotonic() + subject.stage_s
    asked = [replace(call, exchanges=call.exchanges or ()) for call in distinct(run.calls) if call.asked]
    for call in repeatable(fairly(asked, _CALLS, by=lambda one: one.function)):
        for arguments, answers in ((False, False), (False, True), (True, True)):
            if (left := until - time.monotonic()) > 0:
                yield _sent(subject, call, left, arguments=arguments, answers=answers)


def _sent(subject: Subject, call: Call, wall_s: float, *, arguments: bool, answers: bool) -> Mapping[str, Sent]:
    """What one call sends, with other arguments or answers, in a worker that was never given anything before."""
    args, named = (_other(call.args), _other(call.named)) if arguments else (call.args, call.named)
    inner = Rehearsed(doubles_of(subject.manifest), call.exchanges)
    outside = Overheard(inner, _words([args, named]), other=answers)
    with production(subject, outside) as session:
        session.call(call.recorded.function, args, named, wall_s=wall_s)
    return outside.sent


# ---- what is sent --------------------------------------------------------------------------------------------------


def _tokens(ask: Ask) -> dict[str, str]:
    """Tokens in what an ask sends, with where they stand."""
    said = ask.argument if isinstance(ask.argument, dict) else {}
    public = _public(said.get("body"))
    found = (
        (token, place)
        for place, text in _parts(ask.op, said)
        for token in _TOKEN.findall(unquote(text[:_LOOKED]))
        if token not in public and _is_key(token, place)
    )
    return dict(islice(found, _TOKENS))


def _parts(op: str, said: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    match op:
        case "http.request":
            # Not by a parser of URLs: what is none is looked at, too.
            path, _, query = str(said.get("url")).partition("://")[2].partition("/")[2].partition("?")
            yield from ((f"the header {_ODD.sub('?', name[:40])}", value) for name, value in _headers(said))
            yield from (("the path of an address", path), ("the query of an address", query))
            yield "the body of a request", _BETWEEN.sub("", _text(said.get("body")))
        case "http.body":
            yield "the body of a request", _BETWEEN.sub("", _text(said.get("data")))
        case "tcp.send":
            yield "the bytes of a connection", _text(said.get("data"))
        case _:
            return


def _headers(said: Mapping[Any, Any]) -> list[tuple[str, str]]:
    headers = said.get("headers")
    those = headers.items() if isinstance(headers, dict) else ()
    pairs = ((str(name), str(value)) for name, value in those)
    return [(name, _BOUNDARY.sub("", value) if name.lower() == "content-type" else value) for name, value in pairs]


def _is_key(token: str, place: str) -> bool:
    """Return whether a token looks like a key there: addresses and bodies hold public names of things, too."""
    if not place.startswith("the header") and _UUID.fullmatch(token):
        return False
    return is_drawn(token) if place.startswith("the path") else is_mixed(token)


def _public(body: object) -> set[str]:
    """Digests that anybody can work out of a request: of its body and of nothing."""
    known = set[str]()
    for data, kind in product((b"", body), ("md5", "sha1", "sha256", "sha512")):
        if isinstance(data, bytes):
            digest = hashlib.new(kind, data, usedforsecurity=False).digest()
            encoded = (digest.hex(), base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode())
            known.update(token for text in encoded for token in _TOKEN.findall(text))
    return known


# ---- what is given -------------------------------------------------------------------------------------------------


def _content(answer: object) -> object:
    """What of an answer the outside chose: of a reply, the values of its headers and its body."""
    if not _is_reply(answer):
        return answer
    return [[value for _, value in _pairs(answer.get("headers"))], _structure(answer.get("body"))]


def _is_reply(answer: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(answer, dict) and "status" in answer


def _pairs(headers: object) -> list[tuple[Any, Any]]:
    those = headers if isinstance(headers, list | tuple) else ()
    return [tuple(one) for one in those if isinstance(one, list | tuple) and len(one) == 2]


def _structure(body: object) -> object:
    """The values that JSON holds: names of fields are no content, unless they look like more than names."""
    try:
        return [*_values(json.loads(body))] if isinstance(body, bytes) else body
    except (ValueError, RecursionError):
        return body


def _values(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            yield from (key for key in value if any(map(str.isdigit, key)))
            yield from (inner for part in value.values() for inner in _values(part))
        case list():
            yield from (inner for part in value for inner in _values(part))
        case _:
            yield value


def _words(value: object) -> Iterator[str]:
    """The words and numbers of a value; a text without any counts as one. Yes, no and nothing are no content."""
    match value:
        case None | bool():
            return
        case str() | bytes():
            text = _text(value)[:_LOOKED].lower()
            yield from _WORD.findall(text) or ([text] if text else [])
        case dict():
            yield from (word for pair in value.items() for part in pair for word in _words(part))
        case list() | tuple() | set() | frozenset():
            yield from (word for part in value for word in _words(part))
        case _:
            yield str(value)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if isinstance(value, str) else ""


def _other_answer(answer: Any) -> Any:
    """Another answer of the same kind: what a reply says besides its content stays, and so do names of fields."""
    if _is_reply(answer):
        headers = [[name, _other(value)] for name, value in _pairs(answer.get("headers"))]
        return {**answer, "headers": headers, "body": _other(answer.get("body"))}
    return answer + _LATER if isinstance(answer, float) else _other(answer)


def _other(value: Any) -> Any:
    """Another value of the same kind and shape: each letter and digit is the next one."""
    match value:
        case str():
            return value.translate(_NEXT)
        case bytes():
            return _other_bytes(value)
        case bool():
            return value
        case int():
            return value ^ 1
        case float():
            return value + 1
        case dict():
            return {key: _other(part) for key, part in value.items()}
        case list() | tuple():
            return type(value)(_other(part) for part in value)
        case _:
            return value


def _other_bytes(data: bytes) -> bytes:
    try:
        return json.dumps(_other(json.loads(data))).encode()
    except (ValueError, RecursionError):
        return data.decode("latin-1").translate(_NEXT).encode("latin-1")
