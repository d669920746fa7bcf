"""A plugin's own store: whole writes, a quota, nothing outside its folder."""

from __future__ import annotations

import os
import threading

import pytest

from sandbox import Limits, Policy
from sandbox.outside.base import Exceeded, Failed, Given, Refused
from sandbox.outside.storage import HostStore

STORED = Policy(storage=True)


def test_values_come_back_with_their_types_in_another_process_life(outside, ask):
    value = {"a": [1, 2.5, None, True, b"x"], "b": (1, {2}), 3: "c"}
    assert ask(outside(STORED), "storage.set", key="k", value=value) == Given()
    assert ask(outside(STORED), "storage.get", key="k") == Given(value=[True, value])
    assert ask(outside(STORED), "storage.keys") == Given(value=["k"])
    ask(outside(STORED), "storage.delete", key="k")
    assert ask(outside(STORED), "storage.get", key="k") == Given(value=[False, None])
    assert ask(outside(STORED), "storage.delete", key="k") == Given()


def test_it_must_be_declared(outside, ask):
    door = outside(Policy())
    asked = [
        ask(door, "storage.get", key="k"),
        ask(door, "storage.set", key="k", value=1),
        ask(door, "storage.delete", key="k"),
        ask(door, "storage.keys"),
    ]
    assert all(isinstance(answer, Refused) and answer.capability == "storage" for answer in asked)


@pytest.mark.parametrize(
    "key", ["../escape", "/etc/passwd", "a/b", ".", "..", ".lock", "\u4e2d", "a" * 128, "A", "a\nb"]
)
def test_any_key_is_only_a_key(key, outside, ask, tmp_path):
    door = outside(STORED)
    answer = ask(door, "storage.set", key=key, value=key)
    assert answer == Given() and ask(door, "storage.keys").value == [key]
    assert ask(door, "storage.get", key=key).value == [True, key]
    assert set(os.listdir(tmp_path)) <= {"storage", "home"}
    assert os.stat(tmp_path / "storage").st_mode & 0o777 == 0o700


@pytest.mark.parametrize("key", ["", "x" * 129, "\u4e2d" * 60, None, 5])
def test_odd_keys_are_errors(key, outside, ask):
    assert ask(outside(STORED), "storage.set", key=key, value=1).kind == "ValueError"


def test_the_quota_is_held_and_nothing_is_lost(outside, ask):
    door = outside(STORED, limits=Limits(disk_mb=1))
    fits = "x" * ((1 << 20) - 2)
    assert ask(door, "storage.set", key="a", value=fits) == Given()
    over = ask(door, "storage.set", key="b", value="")
    assert isinstance(over, Exceeded) and over.limit == "disk_mb"
    assert isinstance(ask(door, "storage.set", key="a", value=fits + "x"), Exceeded)
    assert ask(door, "storage.get", key="a").value == [True, fits]
    assert ask(door, "storage.set", key="a", value="small") == Given()
    assert ask(door, "storage.set", key="b", value="now it fits") == Given()


def test_a_damaged_file_is_a_failure(outside, ask, tmp_path):
    door = outside(STORED)
    ask(door, "storage.set", key="a", value=1)
    (path,) = (tmp_path / "storage").glob("*.json")
    path.write_text('{"$what": 1}')
    assert isinstance(ask(door, "storage.get", key="a"), Failed)
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert isinstance(ask(door, "storage.get", key="a"), Failed)


def test_what_was_left_half_written_goes_with_the_next_write(outside, ask, tmp_path):
    door = outside(STORED)
    ask(door, "storage.set", key="a", value=1)
    (tmp_path / "storage" / ".0123456789abcdef").write_bytes(b"x" * 1000)
    ask(door, "storage.set", key="a", value=2)
    assert sorted(os.listdir(tmp_path / "storage")) == [".lock", "YQ==.json"]
    assert ask(door, "storage.get", key="a").value == [True, 2]


def test_writers_at_the_same_time_leave_whole_values(tmp_path):
    store = HostStore(tmp_path / "s", quota_mb=1)
    threads = [threading.Thread(target=store.set, args=("k", [number] * 1000)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found, value = store.get("k")
    assert found and isinstance(value, list) and len(value) == 1000 and len(set(value)) == 1
    assert [name for name in os.listdir(tmp_path / "s") if name != ".lock"] == ["aw==.json"]
