"""What doubles raise is what the real outside raises, kind and words."""

from __future__ import annotations

import os
import socket

import pytest

from sandbox import Policy
from sandbox.outside.base import Given
from sandbox.outside.doubles import Doubles, Script
from sandbox.outside.failures import FILES, NETWORK, ScriptedFailure, Turns

HOST = "api.example.org"


@pytest.fixture
def real(outside, names, fetch):
    """Make the real outside fail in one way, over loopback and in a folder of the test."""

    def fail(how):
        names.known["api_example_org"] = None if how == "name not found" else "127.0.0.1"
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            door = outside(Policy(network=(f"{HOST}:{port}",)))
            if how == "connection refused":
                silent.close()
            return fetch(door, f"http://{HOST}:{port}/", timeout_s=0.2)

    return fail


@pytest.mark.parametrize("how", NETWORK)
def test_requests_and_connections_fail_as_real_ones_do(real, ask, fetch, how):
    script = Script(http={f"http://{HOST}/": ScriptedFailure(how)}, tcp={f"{HOST}:7": ScriptedFailure(how)})
    door, answer = Doubles(None, script), real(how)
    assert fetch(door, f"http://{HOST}/") == answer
    assert ask(door, "tcp.open", host=HOST, port=7, timeout_s=1).kind == answer.kind


def test_files_fail_as_real_ones_do(outside, ask, tmp_path):
    door, read = outside(Policy(read=("~/notes",))), {"offset": 0, "size": 1}
    (tmp_path / "home/notes").mkdir()
    os.mkfifo(tmp_path / "home/notes/shut")
    failing = {"~/notes/none": ScriptedFailure("not found"), "~/notes/shut": ScriptedFailure("not allowed")}
    doubles = Doubles(None, Script(files=failing))
    for op in ({"op": "files.read", **read}, {"op": "files.list"}):
        assert ask(doubles, path="~/notes/none", **op) == ask(door, path="~/notes/none", **op)
    here, there = (ask(one, "files.read", path="~/notes/shut", **read) for one in (doubles, door))
    assert here.kind == there.kind == "PermissionError"


@pytest.mark.parametrize(
    "script",
    [
        lambda: ScriptedFailure("because"),
        lambda: Turns([]),
        lambda: Doubles(None, Script(http={f"http://{HOST}/": ScriptedFailure("no space")})),
        lambda: Doubles(None, Script(tcp={f"{HOST}:7": [b"", ScriptedFailure("not found")]})),
        lambda: Doubles(None, Script(files={"~/a": ScriptedFailure("timed out")})),
    ],
)
def test_what_the_real_outside_never_does_cannot_be_scripted(script):
    with pytest.raises(ValueError, match=r"at least one answer|fails as one of"):
        script()


def test_what_is_missing_is_made_by_who_writes_as_on_a_real_disk(outside, ask, tmp_path):
    doubles = Doubles(None, Script(files={"~/notes": ScriptedFailure("not found")}))
    for door in (outside(Policy(write=("~/notes",))), doubles):
        assert ask(door, "files.list", path="~/notes").kind == "FileNotFoundError"
        assert ask(door, "files.write", path="~/notes/new/a", data=b"x", append=False) == Given()
        assert ask(door, "files.list", path="~/notes") == Given(value=["new/"])
        assert ask(door, "files.read", path="~/notes/new/a", offset=0, size=9) == Given(
            value={"data": b"x", "end": True}
        )


def test_every_failure_of_a_file_is_one_that_a_plugin_can_catch(ask):
    ops = {how: ("files.write", {"data": b"", "append": False}) for how in FILES}
    ops["not found"] = ("files.read", {"offset": 0, "size": 1})
    for how, (kind, _) in FILES.items():
        door, (op, fields) = Doubles(None, Script(files={"~/a": ScriptedFailure(how)})), ops[how]
        assert ask(door, op, path="~/a", **fields).kind == kind.__name__
