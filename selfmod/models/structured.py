"""From the text of an answer to what was asked for. Whatever a server promised about it, it is validated here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from selfmod.candidate import MAX_FILE, Candidate
from selfmod.models.errors import AnswerCut, InvalidAnswer, shortened

MAX_TEXT: Final = 2 * 2**20
_MAX_STARTS: Final = 64
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


def files_schema() -> str:
    """The JSON Schema of `Files`, closed and without defaults, as strict servers want it."""
    text = {"type": "string"}
    file = _closed({"path": text, "content": text})
    return json.dumps(_closed({"summary": text, "files": {"type": "array", "items": file}}))


def read_files(text: str, *, cut: bool = False) -> Files:
    """Read the answer, alone or inside other text; `InvalidAnswer` or, where it was `cut`, `AnswerCut` otherwise."""
    problem = "there is no JSON object in it"
    for value in _values(text[:MAX_TEXT]):
        try:
            return Files.model_validate_json(json.dumps(value))
        except (ValidationError, ValueError, RecursionError) as error:
            problem = _problem(error)
    if cut:
        raise AnswerCut("the answer reached the limit of tokens before it was complete", hint=_CUT)
    raise InvalidAnswer(f"the answer is not the JSON that was asked for: {problem}", hint=_ASKED)


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
