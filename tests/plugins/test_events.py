from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.errors import AuditError, WorkspaceError
from plugins.events import FOLDER, EventLog
from plugins.lock import hold
from plugins.state import UserState

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end

VALUES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text('aé\u202e\n"\\', max_size=9)


def _log(root: Path, *, now: dt.datetime | None = None) -> EventLog:
    return EventLog(
        root, UserState(root / "state"), lock=lambda: hold(root / "lock", "the log"), now=(lambda: now) if now else None
    )


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return _log(tmp_path)


@contextlib.contextmanager
def _somewhere() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, max_size=3), min_size=1, max_size=6))
def test_what_is_appended_is_read_back_in_one_chain(entries: list[dict[str, object]]) -> None:
    with _somewhere() as root:
        log = _log(root)
        for fields in entries:
            log.append("noted", **fields)
        read = log.read()
        assert read.problems == ()
        assert [event.fields for event in read.events] == entries
        assert [event.n for event in read.events] == list(range(1, len(entries) + 1))
        assert read.anchor == log.anchor() == _log(root).anchor()
        assert log.against(read, log.anchor(), "x") == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    with _somewhere() as root:
        log = _log(root)
        for number in range(3):
            log.append("noted", number=number)
        (path,) = (root / FOLDER).iterdir()
        content = path.read_bytes()
        at = data.draw(st.integers(0, len(content) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
        path.write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
        read = log.read()
        assert read.problems or read.torn or log.against(read, log.anchor(), "user state")


def test_a_month_has_a_file_and_the_chain_goes_on(tmp_path: Path) -> None:
    first = _log(tmp_path, now=dt.datetime(2026, 1, 31, tzinfo=dt.UTC)).append("one")
    second = _log(tmp_path, now=dt.datetime(2026, 2, 1, tzinfo=dt.UTC)).append("two")
    third = _log(tmp_path, now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).append("the clock went back")
    assert [event.where.partition(":")[0] for event in (first, second, third)] == [
        f"{FOLDER}/2026-01.jsonl", f"{FOLDER}/2026-02.jsonl", f"{FOLDER}/2026-02.jsonl",
    ]  # fmt: skip
    assert _log(tmp_path).read().problems == ()
    (tmp_path / FOLDER / "2026-01.jsonl").unlink()
    assert _log(tmp_path).read().problems


def test_a_torn_line_is_taken_out_and_recorded(log: EventLog, tmp_path: Path) -> None:
    log.append("one")
    (path,) = (tmp_path / FOLDER).iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind":"tw')
    other = _log(tmp_path)
    torn = other.read().torn
    assert torn is not None
    assert torn.bytes == b'{"kind":"tw'
    assert "cut short by a crash (11 bytes)" in other.heal()
    assert other.heal() == ""
    read = other.read()
    assert (read.torn, read.problems) == (None, ())
    assert [(event.kind, event.fields.get("bytes")) for event in read.events] == [
        ("one", None), ("recovered", b'{"kind":"tw'.hex()),
    ]  # fmt: skip
    assert path.read_bytes().startswith(whole)


def test_a_second_chain_is_not_started_over_a_log_that_is_gone(log: EventLog, tmp_path: Path) -> None:
    log.append("one")
    shutil.rmtree(tmp_path / FOLDER)
    with pytest.raises(AuditError, match="gone"):
        _log(tmp_path).append("two")


def test_a_damaged_tip_is_not_built_upon(log: EventLog, tmp_path: Path) -> None:
    log.append("one")
    (path,) = (tmp_path / FOLDER).iterdir()
    path.write_bytes(b"{}\n")
    with pytest.raises(AuditError, match="not an event"):
        _log(tmp_path).append("two")


def test_fields_cannot_stand_in_for_the_logs_own(log: EventLog) -> None:
    with pytest.raises(ValueError, match="own"):
        log.append("one", previous="")


def test_many_processes_write_one_chain(tmp_path: Path) -> None:
    children = []
    for who in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                log = _log(tmp_path)
                for number in range(10):
                    log.append("noted", who=who, number=number)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    read = _log(tmp_path).read()
    assert (len(read.events), read.problems) == (40, ())
    for who in range(4):
        assert [event.fields["number"] for event in read.events if event.fields["who"] == who] == list(range(10))


@pytest.mark.parametrize("make", ["fifo", "link", "folder"])
def test_what_is_no_plain_file_is_refused_and_waited_for_by_nobody(log: EventLog, tmp_path: Path, make: str) -> None:
    log.append("one")
    later = tmp_path / FOLDER / "9999-12.jsonl"
    if make == "fifo":
        os.mkfifo(later)
    elif make == "link":
        later.symlink_to("/dev/zero")
    else:
        later.mkdir()
    with pytest.raises(WorkspaceError, match="not a plain file"):
        _log(tmp_path).append("two")
    with pytest.raises(WorkspaceError, match="not a plain file"):
        _log(tmp_path).read()
