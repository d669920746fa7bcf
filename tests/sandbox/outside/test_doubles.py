"""Doubles: the same desk, nothing real, everything recorded, the same answers every time."""

from __future__ import annotations

import socket

import pytest

from sandbox import Policy
from sandbox.outside.base import Ask, Failed, Given, Refused
from sandbox.outside.doubles import Doubles, Script, ScriptedReply

POLICY = Policy(network=("api.example.org:443",), read=("~/notes",), write=("~/out",), effects=("clock", "random"))


def send(door, op, **argument):
    return door.answer(Ask(op=op, argument=argument))


def get(door, url, method="GET"):
    return send(door, "http.request", method=method, url=url, headers={}, body=None, upload=0, timeout_s=1)


def test_every_ask_is_recorded_in_order_and_refused_ones_too():
    door = Doubles(POLICY)
    get(door, "https://api.example.org/a")
    assert isinstance(get(door, "https://evil.example.org/"), Refused)
    send(door, "files.read", path="~/notes/a", offset=0, size=1)
    assert [ask.op for ask in door.seen] == ["http.request", "http.request", "files.read"]
    assert door.seen[1].argument["url"] == "https://evil.example.org/"


def test_what_is_scripted_is_answered_and_the_rest_is_neutral():
    replies = {
        "https://api.example.org/a": ScriptedReply(status=404, body=b"no"),
        "POST https://api.example.org/a": ScriptedReply(body=b"posted", headers={"X": "1"}),
    }
    door = Doubles(POLICY, Script(http=replies))
    assert get(door, "https://API.example.org:443/a").value["status"] == 404
    assert get(door, "https://api.example.org/a", "POST").value["body"] == b"posted"
    neutral = get(door, "https://api.example.org/other").value
    assert (neutral["status"], neutral["body"]) == (200, b"{}")
    assert get(door, "https://api.example.org/a", "HEAD").value["body"] == b""


def test_two_runs_give_the_same_answers():
    def run():
        door = Doubles(POLICY)
        ops = ["clock.now", "clock.monotonic", "clock.monotonic", "random.seed", "random.seed"]
        return [door.answer(Ask(op=op, argument={})) for op in ops]

    assert run() == run()
    assert run()[1] != run()[2] and run()[3] != run()[4]


def test_files_are_in_memory(tmp_path):
    door = Doubles(Policy(read=(str(tmp_path),), write=(str(tmp_path),)))
    (tmp_path / "real.txt").write_text("real")
    assert send(door, "files.read", path=f"{tmp_path}/real.txt", offset=0, size=9).kind == "FileNotFoundError"
    send(door, "files.write", path=f"{tmp_path}/new.txt", data=b"x", append=False)
    assert not (tmp_path / "new.txt").exists()
    assert send(door, "files.read", path=f"{tmp_path}/new.txt", offset=0, size=9).value["data"] == b"x"
    assert send(door, "files.list", path=str(tmp_path)) == Given(value=["new.txt"])


def test_no_server_is_asked():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        port = listener.getsockname()[1]
        door = Doubles(Policy(network=(f"127.0.0.1:{port}",)), Script(tcp={f"127.0.0.1:{port}": b"hi"}))
        assert get(door, f"http://127.0.0.1:{port}/").value["status"] == 200
        handle = send(door, "tcp.open", host="127.0.0.1", port=port).value
        assert send(door, "tcp.receive", handle=handle, size=9) == Given(value=b"hi")
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_no_variable_is_read(monkeypatch):
    monkeypatch.setenv("TOKEN", "real")
    door = Doubles(Policy(environment=("TOKEN",)))
    assert send(door, "environment.get", name="TOKEN") == Given(value=None)


def test_a_large_reply_comes_in_pieces():
    body = bytes(range(256)) * 3000
    door = Doubles(POLICY, Script(http={"https://api.example.org/": ScriptedReply(body=body)}))
    first = get(door, "https://api.example.org/").value
    got = first["body"]
    while part := send(door, "http.read", handle=first["handle"], size=100_000).value:
        got += part
    assert got == body
    door.close()
    assert isinstance(send(door, "http.read", handle=first["handle"], size=1), Failed)
