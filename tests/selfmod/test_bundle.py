from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.errors import GateRefused, NotFoundError
from selfmod.bundle import MAX_FILES, NotACandidate, bundle_bytes, read_bundle, read_path
from selfmod.candidate import Candidate

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(st.dictionaries(TEXTS, st.binary(max_size=20), min_size=1, max_size=4))
def test_what_is_written_is_read_back(files):
    candidate = Candidate(files=files)
    assert read_bundle(bundle_bytes(candidate)).files == candidate.files


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"files": []},
        {"files": {}},
        {"files": [1]},
        {"files": [{"path": "a"}]},
        {"files": [{"content": "a"}]},
        {"files": [{"path": "", "content": "a"}]},
        {"files": [{"path": 1, "content": "a"}]},
        {"files": [{"path": "a", "content": 1}]},
        {"files": [{"path": "a", "base64": "!"}]},
        {"files": [{"path": "a", "content": "b", "base64": "YQ=="}]},
        {"files": [{"path": "a", "content": "b", "mode": "777"}]},
        {"files": [{"path": "a", "content": "b"}, {"path": "a", "content": "c"}]},
        {"files": [{"path": "a", "content": "\ud800"}]},
        {"files": [{"path": "\ud800", "content": ""}]},
    ],
)
def test_anything_else_is_refused(value):
    with pytest.raises(NotACandidate):
        read_bundle(json.dumps(value).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 200_000, b"nonsense"])
def test_what_is_not_json(data):
    with pytest.raises(NotACandidate, match="not JSON"):
        read_bundle(data)


def test_folder(tmp_path):
    (tmp_path / "tests/__pycache__").mkdir(parents=True)
    (tmp_path / "tests/__pycache__/x.pyc").write_bytes(b"junk")
    (tmp_path / "tests/test_plugin.py").write_bytes(b"t\r\n")
    (tmp_path / "plugin.py").write_bytes(b"\xff")
    assert dict(read_path(tmp_path).files) == {"plugin.py": b"\xff", "tests/test_plugin.py": b"t\r\n"}


def test_candidate_file(tmp_path):
    path = tmp_path / "candidate.json"
    path.write_bytes(bundle_bytes(Candidate(files={"a": b"b"})))
    assert dict(read_path(path).files) == {"a": b"b"}


def test_links_are_refused_by_name(tmp_path):
    (tmp_path / "plugin.py").symlink_to("/etc/passwd")
    with pytest.raises(GateRefused, match=r"plugin\.py is a link"):
        read_path(tmp_path)
    (tmp_path / "plugin.py").unlink()
    (tmp_path / "tests").symlink_to("/etc")
    with pytest.raises(GateRefused, match="tests is a link"):
        read_path(tmp_path)


def test_a_pipe_in_the_folder_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "plugin.py")
    with pytest.raises(GateRefused, match="not a regular file"):
        read_path(tmp_path)


def test_bounds(tmp_path):
    deep = tmp_path / "deep" / "/".join("d" * 20)
    deep.mkdir(parents=True)
    with pytest.raises(GateRefused, match="nested"):
        read_path(tmp_path / "deep")
    big = tmp_path / "big"
    big.mkdir()
    with (big / "plugin.py").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(GateRefused, match="64 MB"):
        read_path(big)
    with pytest.raises(NotACandidate):
        read_bundle(json.dumps({"files": [{"path": str(n), "content": ""} for n in range(MAX_FILES + 1)]}).encode())


def test_bad_names_and_nothing(tmp_path):
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / os.fsdecode(b"\xff.py")).write_bytes(b"")
    with pytest.raises(GateRefused, match="not UTF-8"):
        read_path(odd)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotACandidate, match="no files"):
        read_path(tmp_path / "empty")
    with pytest.raises(NotFoundError):
        read_path(tmp_path / "missing")
