"""From the text of an answer to what was asked for. Whatever a server promised about it, it is validated here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from selfmod.candidate import MAX_FILE, Candidate
from selfmod.models.errors import AnswerCut, InvalidAnswer, shortened

MAX_TEXT: Final = 2 * 2**20
_MAX_STARTS: Final = 64
_Answer = TypeVar("_Answer", bound=BaseModel)
_FENCED: Final = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)```", re.DOTALL)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class File(_Part):
    """One whole file."""

    path: Annotated[str, Field(min_length=1, max_length=200)]
    content: Annotated[str, Field(max_length=MAX_FILE)]


class Files(_Part):
    """The answer of a model that writes whole plugins."""

    summary: Annotated[str, Field(max_length=4000)] = ""
    files: Annotated[tuple[File, ...], Field(min_length=1, max_length=32)]

    def candidate(self) -> Candidate:
        """The files as a candidate; a path that is there twice is an `InvalidAnswer`."""
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise InvalidAnswer("the answer holds one path twice", hint="each file once, and whole")
        try:
            return Candidate(files={file.path: file.content.encode() for file in self.files})
        except UnicodeEncodeError as error:
            raise InvalidAnswer("the answer holds text that is not Unicode", hint="plain UTF-8") from error


class Tests(_Part):
    """The answer of a model that writes tests from a request."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    tests: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(min_length=1, max_length=100)]


def files_schema() -> str:
    """The JSON Schema of `Files`, closed and without defaults, as strict servers want it."""
    text = {"type": "string"}
    file = _closed({"path": text, "content": text})
    return json.dumps(_closed({"summary": text, "files": {"type": "array", "items": file}}))


def tests_schema() -> str:
    """The JSON Schema of `Tests`."""
    return json.dumps(_closed({"tests": {"type": "array", "items": {"type": "string"}}}))


def read_files(text: str, *, cut: bool = False) -> Files:
    """Read the answer, alone or inside other text; `InvalidAnswer` or, where it was `cut`, `AnswerCut` otherwise."""
    found = _read(text, Files)
    if isinstance(found, Files):
        return found
    if cut:
        raise AnswerCut("the answer reached the limit of tokens before it was complete", hint=_CUT)
    raise InvalidAnswer(f"the answer is not the JSON that was asked for: {found}", hint=_ASKED)


def read_tests(text: str) -> Tests:
    """Read the answer, alone or inside other text; `InvalidAnswer` otherwise."""
    found = _read(text, Tests)
    if isinstance(found, Tests):
        return found
    raise InvalidAnswer(f"the answer is not the JSON that was asked for: {found}", hint='{"tests": ["...", "..."]}')


def _read(text: str, kind: type[_Answer]) -> _Answer | str:
    """The first object of a kind, or what is wrong."""
    problem = "there is no JSON object in it"
    for value in _values(text[:MAX_TEXT]):
        try:
            return kind.model_validate_json(json.dumps(value))
        except (ValidationError, ValueError, RecursionError) as error:
            problem = _problem(error)
    return problem


_CUT: Final = "allow longer answers, or ask for less in one plugin"
_ASKED: Final = '{"summary": "...", "files": [{"path": "...", "content": "..."}]}'


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _values(text: str) -> Iterator[Any]:
    """Every JSON object that could be meant: the whole text, what is fenced, what begins with a brace."""
    for part in (text.strip(), *_FENCED.findall(text)):
        try:
            value = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
    decoder, start = json.JSONDecoder(), -1
    for _ in range(_MAX_STARTS):
        start = text.find("{", start + 1)
        if start < 0:
            return
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        start = end - 1
        if isinstance(value, dict):
            yield value


def _problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return shortened(f"{where}: {first['msg']}" if where else first["msg"])
    return shortened(error)
