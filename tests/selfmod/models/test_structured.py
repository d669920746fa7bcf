from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfmod.models.errors import AnswerCut, InvalidAnswer
from selfmod.models.structured import files_schema, read_files

GOOD = {"summary": "does it", "files": [{"path": "plugin.py", "content": "x = {'a': 1}\n"}]}
TEXT = json.dumps(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"  {TEXT}\n",
        f"```json\n{TEXT}\n```",
        f"Here you are:\n```\n{TEXT}\n```\nEnjoy {{braces}}.",
        f"I think {{this}} works: {TEXT} - done",
        f'{{"thought": 1}} {TEXT}',
        json.dumps({**GOOD, "confidence": 1}),
    ],
)
def test_found_alone_fenced_or_in_prose(text):
    files = read_files(text)
    assert files.summary == "does it"
    assert dict(files.candidate().files) == {"plugin.py": b"x = {'a': 1}\n"}


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"files": []},
        {"files": [{"path": "a"}]},
        {"files": [{"path": "", "content": ""}]},
        {"files": [{"path": "a", "content": 1}]},
        {"files": [{"path": "a", "content": None}]},
        {"files": {"plugin.py": "x"}},
        {"summary": 3, "files": GOOD["files"]},
        {"files": [{"path": "a", "content": "x" * 600_000}]},
        {"files": [{"path": str(n), "content": ""} for n in range(33)]},
    ],
)
def test_anything_else_is_refused(value):
    with pytest.raises(InvalidAnswer) as caught:
        read_files(json.dumps(value))
    assert "files" in caught.value.hint


def test_one_path_twice():
    files = read_files(json.dumps({"files": [{"path": "a", "content": ""}, {"path": "a", "content": "b"}]}))
    with pytest.raises(InvalidAnswer, match="twice"):
        files.candidate()


def test_text_that_is_no_unicode():
    files = r'{"files": [{"path": "a", "content": "\ud800"}]}'
    with pytest.raises(InvalidAnswer):
        read_files(files).candidate()


def test_cut_by_length_is_said():
    with pytest.raises(AnswerCut):
        read_files(TEXT[:-5], cut=True)
    assert read_files(TEXT, cut=True).summary == "does it"


@pytest.mark.parametrize("text", ["", "{" * 100_000, "[" * 100_000, '{"a":' * 50_000, "```" * 50_000, "{}" * 100_000])
def test_bombs_end(text):
    with pytest.raises(InvalidAnswer):
        read_files(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with pytest.raises(InvalidAnswer):
        read_files(text)


def test_schema_is_closed():
    schema = json.loads(files_schema())
    assert schema["additionalProperties"] is False
    assert schema["properties"]["files"]["items"]["required"] == ["path", "content"]
