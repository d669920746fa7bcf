"""From what a person typed after a tool's name to the arguments of its handler."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plugins.errors import ArgumentError, ExcessError, NotFoundError
from plugins.signature import Hint, Parameter, Signature, coerce, collected, fits, wanted

_MOST_TEXT = 8 * 2**20
# A word; one that starts with a double quote goes on to the closing one, as JSON has it.
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"(?=\s|$)|\S+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed: words, the line they came from ("" when a shell took it apart), or JSON in place of both.

    `input` gives standard input; `folder` is where `@file` is looked up.
    """

    words: tuple[str, ...] = ()
    line: str = ""
    json: str = ""
    input: Callable[[], str] | None = None
    folder: Path | None = None

    @classmethod
    def of_line(cls, line: str, **fields: object) -> Typed:
        """From a line of the REPL: no shell quoting, only JSON strings keep their spaces."""
        words = tuple(_unquoted(word) for word in _WORD.findall(line))
        return cls(words=words, line=line.strip(), **fields)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What the handler is called with."""

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = ()  # type: ignore[assignment]


def fill(signature: Signature, typed: Typed, *, tool: str = "") -> Arguments:
    """Fill the parameters of a tool; raises ArgumentError, with its usage, when the words do not fit."""
    try:
        if typed.json:
            return _from_json(signature, typed.json)
        only = signature.whole_line
        if only is not None and not _names(typed.words, only):
            text = typed.line or " ".join(typed.words)
            return _whole(only, text, typed)
        return _Filling(signature, typed).arguments()
    except ArgumentError as error:
        usage = signature.usage(tool or signature.handler)
        raise type(error)(error.message, hint=error.hint or f"usage: {usage}", id=tool) from error


def _whole(only: Parameter, text: str, typed: Typed) -> Arguments:
    """The rest of the line as one text."""
    if not text and only.required and typed.line == "" and not typed.words:
        raise ArgumentError(f"{only.name} is missing")
    if not text and not only.required:
        return Arguments(kwargs={})
    return Arguments(args=(_text(text, typed) if len(text.split()) == 1 else text,), kwargs={})


def _names(words: Sequence[str], only: Parameter) -> bool:
    """Whether the one parameter is given by its name."""
    return bool(words) and (words[0] == f"--{only.name}" or words[0].startswith(f"--{only.name}="))


class _Filling:
    """Takes the words one by one."""

    def __init__(self, signature: Signature, typed: Typed) -> None:
        self._signature, self._typed = signature, typed
        self._by_name = {p.name: p for p in signature.parameters if p.kind in ("position", "name")}
        self._open = next((p for p in signature.parameters if p.kind == "names"), None)
        self._loose: list[str] = []
        self._named: dict[str, object] = {}

    def arguments(self) -> Arguments:
        self._split()
        positions = [p for p in self._signature.parameters if p.kind == "position"]
        rest = next((p for p in self._signature.parameters if p.kind == "rest"), None)
        for index, parameter in enumerate(positions):
            if parameter.name not in self._named:
                self._fill_position(parameter, last=index == len(positions) - 1 and rest is None)
        missing = [p.name for p in self._by_name.values() if p.required and p.name not in self._named]
        if missing:
            raise ArgumentError(f"{missing[0]} is missing")
        kwargs, args = dict(self._named), []
        for parameter in positions:  # by position as far as there is no gap, the others by name
            if parameter.name not in kwargs:
                break
            args.append(kwargs.pop(parameter.name))
        if rest is not None and len(args) == len(positions):
            args += [coerce(self._word(), rest.hint, rest.name) for _ in range(len(self._loose))]
        if self._loose:
            raise ExcessError(f"there is one word too many: {self._loose[0]!r}")
        return Arguments(args=tuple(args), kwargs=kwargs)

    def _split(self) -> None:
        """Take the options out of the words."""
        words = list(self._typed.words)
        while words:
            word = words.pop(0)
            if word == "--":
                self._loose += words
                return
            if not re.fullmatch(r"--[A-Za-z_][A-Za-z0-9_-]*(=.*)?", word, re.DOTALL):
                self._loose.append(word)
                continue
            name, given, value = word[2:].partition("=")
            self._option(name.replace("-", "_"), value if given else None, words)

    def _option(self, name: str, value: str | None, words: list[str]) -> None:
        parameter = self._by_name.get(name)
        if parameter is None and name.startswith("no_") and value is None:
            switched = self._by_name.get(name.removeprefix("no_"))
            if switched is not None and switched.hint.name == "bool":
                self._named[switched.name] = False
                return
        if parameter is None and self._open is None:
            raise ExcessError(f"there is no parameter {name}")
        hint = parameter.hint if parameter else (self._open.hint if self._open else Hint())
        if value is None and hint.name == "bool" and (not words or words[0].lower() not in _SAID):
            self._named[name] = True
            return
        if value is None:
            if not words:
                raise ArgumentError(f"--{name} needs a value")
            value = words.pop(0)
        found = coerce(self._read(value), hint, name)
        if hint.many and name in self._named:
            before = self._named[name]
            assert isinstance(before, (list, tuple, set, frozenset))
            assert isinstance(found, (list, tuple, set, frozenset))
            found = collected([*before, *found], hint)
        self._named[name] = found

    def _fill_position(self, parameter: Parameter, *, last: bool) -> None:
        if not self._loose:
            return
        if parameter.hint.many and last and not (len(self._loose) == 1 and self._loose[0][:1] == "["):
            inside = parameter.hint.inside[0] if parameter.hint.inside else Hint(name="str")
            values = [coerce(self._word(), inside, parameter.name) for _ in range(len(self._loose))]
            self._named[parameter.name] = collected(values, parameter.hint)
        else:
            self._named[parameter.name] = coerce(self._word(), parameter.hint, parameter.name)

    def _word(self) -> str:
        return self._read(self._loose.pop(0))

    def _read(self, word: str) -> str:
        return _text(word, self._typed)


_SAID = {"true", "false", "yes", "no", "on", "off", "1", "0"}


def _text(word: str, typed: Typed) -> str:
    """A word, or what it stands for: `-` is standard input, `@file` the text of a file that the person named."""
    if word == "-":
        if typed.input is None:
            raise ArgumentError("there is no standard input here")
        return typed.input()
    if word.startswith("@") and len(word) > 1:
        path = (typed.folder or Path.cwd()) / Path(word[1:]).expanduser()
        try:
            if path.stat().st_size > _MOST_TEXT:
                raise ArgumentError(f"{path} is too large to be an argument")
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ArgumentError(f"{path} is no text: {error.reason} at byte {error.start}") from error
        except OSError as error:
            raise NotFoundError(f"cannot read {path}: {error.strerror}", id=str(path)) from error
    return word


def _from_json(signature: Signature, text: str) -> Arguments:
    """Arguments as JSON: an object by name, a list by position; tags stand for what JSON lacks."""
    from sandbox.values import decode

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"--args is not JSON: {error}") from error
    try:
        if isinstance(value, list):
            given = Arguments(args=tuple(decode(item) for item in value), kwargs={})
        elif isinstance(value, dict):
            given = Arguments(kwargs={name: decode(item) for name, item in value.items()})
        else:
            raise ArgumentError("--args is a JSON object (by name) or a JSON list (by position)")
    except ValueError as error:
        raise ArgumentError(f"--args: {error}") from error
    _check_json(signature, given)
    return given


def _check_json(signature: Signature, given: Arguments) -> None:
    positions = [p.name for p in signature.parameters if p.kind == "position"]
    open_ended = {p.kind for p in signature.parameters}
    if len(given.args) > len(positions) and "rest" not in open_ended:
        raise ExcessError(f"it takes {len(positions)} arguments, not {len(given.args)}")
    filled = set(positions[: len(given.args)]) | set(given.kwargs)
    named = {p.name for p in signature.parameters if p.kind in ("position", "name")}
    unknown = sorted(set(given.kwargs) - named)
    if unknown and "names" not in open_ended:
        raise ExcessError(f"there is no parameter {unknown[0]}")
    missing = [p.name for p in signature.parameters if p.required and p.name in named and p.name not in filled]
    if missing:
        raise ArgumentError(f"{missing[0]} is missing")
    for parameter, value in _pairs(signature, given):
        implied = value is None and parameter.default == "None"  # `x: int = None`
        if not implied and not fits(value, parameter.hint):
            raise ArgumentError(f"{parameter.name}: {value!r:.100} is not {wanted(parameter.hint)}")


def _pairs(signature: Signature, given: Arguments) -> Iterator[tuple[Parameter, object]]:
    """Each value with the parameter that takes it."""
    places = [p for p in signature.parameters if p.kind == "position"]
    rest = [p for p in signature.parameters if p.kind == "rest"]
    named = {p.name: p for p in signature.parameters if p.kind in ("position", "name")}
    others = [p for p in signature.parameters if p.kind == "names"]
    yield from zip([*places, *rest * len(given.args)], given.args, strict=False)
    for name, value in given.kwargs.items():
        yield named[name] if name in named else replace(others[0], name=name), value


def _unquoted(word: str) -> str:
    if word.startswith('"'):
        try:
            return str(json.loads(word))
        except ValueError:
            return word
    return word
