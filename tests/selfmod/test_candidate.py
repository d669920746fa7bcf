"""Reading candidates: frozen once, bounded, no link followed, and nothing in them raises."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from plugins.digest import digest_of
from selfmod.candidate import (
    MAX_FILE,
    MAX_FILES,
    MAX_JSON,
    MAX_PATH,
    Candidate,
    Unread,
    _read_plain,
    candidate_from_json,
    candidate_to_json,
    read_candidate,
    read_folder,
)


def kinds(candidate: Candidate) -> list[tuple[str, str]]:
    return [(item.path, item.kind) for item in candidate.unread]


def test_a_folder_is_read_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "tests" / "data").mkdir(parents=True)
    (tmp_path / "plugin.py").write_bytes(b"a\r\n\xff")
    (tmp_path / "tests" / "data" / "x.bin").write_bytes(b"\0")
    candidate = read_candidate(tmp_path)
    assert candidate.files == {"plugin.py": b"a\r\n\xff", "tests/data/x.bin": b"\0"}
    assert candidate.unread == ()
    assert candidate.digest == digest_of(candidate.files)


def test_what_is_on_the_disk_later_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text("a")
    candidate = read_folder(tmp_path)
    (tmp_path / "plugin.py").write_text("b")
    assert candidate.files["plugin.py"] == b"a"
    with pytest.raises(TypeError):
        candidate.files["plugin.py"] = b"c"  # type: ignore[index]


def test_no_link_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("KEY")
    folder = tmp_path / "candidate"
    folder.mkdir()
    (folder / "plugin.py").symlink_to(secret / "key")
    (folder / "tests").symlink_to(secret)
    candidate = read_folder(folder)
    assert candidate.files == {}
    assert kinds(candidate) == [("plugin.py", "link"), ("tests", "link")]


@pytest.mark.parametrize("swapped", ["link", "pipe", "folder"])
def test_what_is_swapped_after_it_was_looked_at_is_not_read(tmp_path: Path, swapped: str) -> None:
    (tmp_path / "key").write_text("KEY")
    place = tmp_path / "candidate" / "plugin.py"
    place.parent.mkdir()
    place.write_text("x = 1")
    top = os.open(place.parent, os.O_RDONLY)
    try:
        with os.scandir(top) as entries:
            (entry,) = entries
        assert entry.stat(follow_symlinks=False).st_size == 5  # kept by the entry, so the swap is not seen by it
        place.unlink()
        match swapped:
            case "link":
                place.symlink_to(tmp_path / "key")
            case "pipe":
                os.mkfifo(place)
            case _:
                place.mkdir()
        read = _read_plain("plugin.py", top, entry, MAX_FILE)
    finally:
        os.close(top)
    assert isinstance(read, Unread)
    assert read.kind in {"unreadable", "not-a-file"}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plugin.py")
    assert kinds(read_folder(tmp_path)) == [("plugin.py", "not-a-file")]
    assert kinds(read_candidate(tmp_path / "plugin.py")) == [("", "not-a-file")]


def test_large_files_and_many_files_are_cut_off(tmp_path: Path) -> None:
    with (tmp_path / "a.py").open("wb") as stream:
        stream.truncate(20_000_000)
    assert kinds(read_folder(tmp_path)) == [("a.py", "too-large")]
    many = tmp_path / "many"
    many.mkdir()
    for number in range(5000):
        (many / f"f{number}").touch()
    started = time.perf_counter()
    candidate = read_folder(many)
    assert len(candidate.files) == MAX_FILES
    assert kinds(candidate) == [("", "too-many")]
    assert time.perf_counter() - started < 2


def test_folders_are_counted_and_not_followed_for_ever(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    (deep / "/".join("d" * 30)).mkdir(parents=True)
    assert [kind for _, kind in kinds(read_folder(deep))] == ["too-deep"]
    wide = tmp_path / "wide"
    for first in range(20):
        for second in range(20):
            (wide / str(first) / str(second)).mkdir(parents=True)
    assert {kind for _, kind in kinds(read_folder(wide))} == {"too-many"}


def test_names_that_are_not_text_are_refused_and_the_digest_still_works(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("x")
    candidate = read_folder(tmp_path)
    assert kinds(candidate) == [("\\udcff.py", "name")]
    assert candidate.digest == digest_of({})


def test_a_name_of_a_megabyte_is_not_looked_at_and_not_repeated() -> None:
    items = [{"path": "a/" * 500_000, "content": ""}, {"path": "b" * 500_000, "base64": "%"}]
    candidate = candidate_from_json(json.dumps({"files": items}).encode())
    assert not candidate.files
    assert {item.kind for item in candidate.unread} == {"name", "candidate-file"}
    assert all(len(item.path) == MAX_PATH for item in candidate.unread)


def test_a_candidate_file_is_read_and_written() -> None:
    candidate = Candidate(files={"plugin.py": b"x = 1\n", "tests/data/a": b"\xff\0"})
    assert candidate_from_json(candidate_to_json(candidate)) == candidate


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"", "candidate-file"),
        (b"not json", "candidate-file"),
        (b"\xff", "candidate-file"),
        (b"[]", "candidate-file"),
        (b'{"files": {}}', "candidate-file"),
        (b'{"files": [1]}', "candidate-file"),
        (b'{"files": [{"path": 1, "content": ""}]}', "candidate-file"),
        (b'{"files": [{"path": "a"}]}', "candidate-file"),
        (b'{"files": [{"path": "a", "content": "", "base64": ""}]}', "candidate-file"),
        (b'{"files": [{"path": "a", "content": "", "mode": "755"}]}', "candidate-file"),
        (b'{"files": [{"path": "a", "base64": "%%"}]}', "candidate-file"),
        (b'{"files": [{"path": "a", "content": "\\ud800"}]}', "candidate-file"),
        (b'{"files": [{"path": "\\ud800", "content": ""}]}', "name"),
        (b'{"files": [], "files": []}', "candidate-file"),
        (b'{"files": [{"path": "a", "content": "1"}, {"path": "a", "content": "2"}]}', "twice"),
        (b"[" * 100_000, "candidate-file"),
        (b'{"files": ' + b"9" * 10_000 + b"}", "candidate-file"),
        (b" " * (MAX_JSON + 1), "too-large"),
        (json.dumps({"files": [{"path": "a", "content": "x" * (MAX_FILE + 1)}]}).encode(), "too-large"),
        (json.dumps({"files": [{"path": f"{n}", "content": ""} for n in range(5000)]}).encode(), "too-many"),
    ],
)
def test_whatever_a_candidate_file_holds_is_refused_not_raised(text: bytes, kind: str) -> None:
    assert [item.kind for item in candidate_from_json(text).unread] == [kind]


@pytest.mark.parametrize("name", ["plugin.py", "plugin.yaml", "tests/test_plugin.py", "tests/data/a.bin"])
def test_of_a_file_of_a_plugin_the_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "tests" / "data").mkdir(parents=True)
    (tmp_path / "plugin.yaml").write_text("schema: 1\n")
    (tmp_path / name).write_bytes(b"schema: 1\n\xff")
    (unread,) = read_candidate(tmp_path / name).unread
    assert (unread.kind, unread.message) == (
        "candidate-file",
        f"this is a file of a plugin; name its folder: {tmp_path}",
    )
    candidate = Candidate(files={"plugin.py": b"x = 1\n"})
    (tmp_path / "candidate.json").write_bytes(candidate_to_json(candidate))
    assert read_candidate(tmp_path / "candidate.json") == candidate


def test_of_any_other_file_is_said_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (unread,) = read_candidate(tmp_path / "photo.png").unread
    assert unread.message.startswith("neither the folder of a plugin nor a candidate file")


def test_a_missing_path_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_candidate(tmp_path / "nothing")


def test_what_running_the_tests_leaves_behind_is_no_part_of_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text("x = 1\n")
    for cache in ("__pycache__", ".pytest_cache", "tests/__pycache__"):
        (tmp_path / cache / "v").mkdir(parents=True)
        (tmp_path / cache / "v/plugin.pyc").write_bytes(b"\0")
    found = read_folder(tmp_path)
    assert (list(found.files), found.unread) == (["plugin.py"], ())


@pytest.mark.parametrize("name", ["__pycache__", ".pytest_cache"])
def test_only_folders_of_these_names_are_left_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / name).write_text("a file")
    (tmp_path / f"{name}2").mkdir()
    (tmp_path / f"{name}2/x").write_text("x")
    found = read_folder(tmp_path)
    assert set(found.files) == {f"data/{name}", f"{name}2/x"}
    assert kinds(found) == [(name, "link")]
