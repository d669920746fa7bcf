"""The SDK as a plugin sees it, over the doubles; without a host it says so."""

from __future__ import annotations

import random as standard_random
import subprocess
import sys

import pytest

from plugins import sdk
from plugins.sdk import clock, environment, files, http, log, progress, random, storage, tcp, testing

URL = "https://api.example.org/a"


def test_outside_a_sandbox_it_says_what_to_do():
    code = "from plugins.sdk import http\nhttp.get('https://a.example.org')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "OutsideError" in done.stderr and "testing.outside" in done.stderr


def test_importing_it_is_cheap():
    code = "import sys, plugins.sdk; print(sorted({'ssl', 'http.client', 'asyncio', 'sandbox'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_requests_are_made_as_written():
    with testing.outside(http={f"POST {URL}?q=a+b&n=1": testing.reply(json={"x": [1]})}) as seen:
        reply = http.post(URL, params={"q": "a b", "n": 1}, json={"k": 1}, headers={"X": "y"})
    assert reply.json() == {"x": [1]} and reply.ok and reply.headers["content-type"] == "application/json"
    (request,) = seen.requests
    assert request["body"] == b'{"k": 1}' and request["headers"] == {"X": "y", "Content-Type": "application/json"}
    assert seen.urls == [f"{URL}?q=a+b&n=1"] and seen.operations == ["http.request"]


@pytest.mark.parametrize("name", ["get", "post", "put", "delete"])
def test_the_short_forms(name):
    with testing.outside() as seen:
        assert getattr(http, name)(URL).status == 200
    assert seen.requests[0]["method"] == name.upper()


def test_error_statuses_raise_when_asked_to():
    with testing.outside(http={URL: testing.reply(404, text="no")}):
        reply = http.get(URL)
        assert (reply.status, reply.ok, reply.text) == (404, False, "no")
        with pytest.raises(sdk.HttpError, match="answered 404"):
            reply.check()
        with pytest.raises(sdk.HttpError):
            list(http.stream("GET", URL))


def test_text_uses_the_declared_charset():
    def text(kind, body):
        return sdk.Reply(status=200, url=URL, headers={"content-type": kind}, body=body).text

    assert text("text/plain; charset=latin-1", "\u00e9".encode("latin-1")) == "\u00e9"
    assert text("text/plain", "\u00e9".encode()) == "\u00e9"
    assert text('text/plain; charset="none-such"', "\u00e9".encode()) == "\u00e9"


def test_large_bodies_come_whole():
    body = b"0123456789" * 100_000
    with testing.outside(http={URL: testing.reply(body=body)}):
        assert http.get(URL).body == body
        assert b"".join(http.stream("GET", URL)) == body


def test_large_bodies_go_whole():
    with testing.outside() as seen:
        http.post(URL, body=b"0123456789" * 100_000)
    assert seen.requests[0]["body"] == b"0123456789" * 100_000
    assert seen.operations == ["http.body"] * 4 + ["http.request"]


def test_files():
    with testing.outside(files={"~/notes/a.txt": "hi", "~/notes/sub/b": b"b"}) as seen:
        assert files.read_text("~/notes/a.txt") == "hi"
        assert files.list("~/notes") == ["a.txt", "sub/"]
        files.write("~/out/big", b"x" * 600_000)
        files.write_text("~/out/t", "\u00e9")
        with pytest.raises(FileNotFoundError):
            files.read("~/none")
    assert len(seen.files["/home/person/out/big"]) == 600_000
    assert seen.files["/home/person/out/t"] == "\u00e9".encode()


def test_what_crosses_is_a_copy_on_both_ways():
    with testing.outside(storage={"tally": {"tea": 1}}) as seen:
        tally = storage.get("tally")
        tally["tea"] += 1
        assert seen.storage == {"tally": {"tea": 1}}
        storage.set("tally", tally)
        tally["tea"] += 1
        assert seen.storage == {"tally": {"tea": 2}}
        with pytest.raises(ValueError, match="cannot leave the sandbox"):
            storage.set("tally", object())


def test_environment_and_storage():
    with testing.outside(environment={"A": "1"}, storage={"old": 1}) as seen:
        assert environment.get("A") == environment["A"] == "1"
        assert environment.get("B", "x") == "x"
        with pytest.raises(KeyError):
            environment["B"]
        assert storage.get("none", 7) == 7 and "old" in storage and "none" not in storage
        storage.set("new", {"a": (1, 2)})
        storage.delete("old")
        assert storage.keys() == ["new"]
    assert seen.storage == {"new": {"a": (1, 2)}}


def test_effects_are_fixed():
    with testing.outside(now=5.0, seed=3):
        first = (clock.now(), clock.monotonic(), random.random(), random.randint(1, 9), random.choice("abc"))
        rest = (random.sample(range(9), 3), random.shuffled([1, 2, 3]), random.bytes(4))
    with testing.outside(now=5.0, seed=3):
        again = (clock.now(), clock.monotonic(), random.random(), random.randint(1, 9), random.choice("abc"))
        assert (random.sample(range(9), 3), random.shuffled([1, 2, 3]), random.bytes(4)) == rest
    assert first == again and first[0] == 5.0
    assert first[2] == standard_random.Random(3).random()


def test_messages_and_tcp():
    with testing.outside(tcp={"h.example.org:7": b"pong"}) as seen:
        log.info("a")
        log.warning("b")
        log.error("c")
        progress.update(0.5, "half")
        with tcp.open("h.example.org", 7) as peer:
            peer.send(b"ping")
            assert (peer.receive(2), peer.receive(), peer.receive()) == (b"po", b"ng", b"")
    assert [content["message"] for _, content in seen.messages] == ["a", "b", "c", "half"]
    assert seen.messages[0] == ("log", {"level": "info", "message": "a"})
    assert seen.operations[-1] == "tcp.close"
    assert seen.sent == [("h.example.org:7", b"ping")]


def test_what_fails_raises_what_the_plugin_would_meet():
    replies = {URL: [testing.failure("timed out"), testing.failure("name not found"), testing.reply(text="ok")]}
    with testing.outside(http=replies, files={"~/a": testing.failure("not allowed")}) as seen:
        with pytest.raises(TimeoutError, match="did not answer in time"):
            http.get(URL)
        with pytest.raises(ConnectionError, match=r"api\.example\.org cannot be resolved"):
            http.get(URL)
        assert http.get(URL).text == "ok"
        with pytest.raises(PermissionError):
            files.write_text("~/a", "x")
    assert seen.urls == [URL] * 3 and seen.files == {}


def test_doubles_end_with_their_block_and_nest():
    with testing.outside(environment={"A": "outer"}):
        with testing.outside(environment={"A": "inner"}):
            assert environment["A"] == "inner"
        assert environment["A"] == "outer"
    with pytest.raises((sdk.OutsideError, RuntimeError)):
        environment.get("A")


def test_what_doubles_answered_is_recorded_for_the_gate():
    before = len(testing.recorded())
    with testing.outside():
        http.get(URL)
    assert [ask.op for ask in testing.recorded()[before:]] == ["http.request"]


def test_what_was_answered_is_kept_with_what_was_asked():
    before = testing.count()
    with testing.outside(now=7.5):
        clock.now()
    (exchange,) = testing.exchanges(before)
    assert (exchange.ask.op, exchange.answer.value, testing.count()) == ("clock.now", 7.5, before + 1)


def test_recorded_inputs_lie_beside_the_test(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_bytes(b"recorded")
    space = {"__file__": str(tmp_path / "test_plugin.py"), "testing": testing}
    exec("value = testing.data('a.txt')", space)
    assert space["value"] == b"recorded"
    for name in ("../test_plugin.py", "..", "", "a/b"):
        with pytest.raises(ValueError, match="one file"):
            testing.data(name)


def test_only_its_namespaces_are_there():
    assert set(sdk.__all__) == {"clock", "environment", "files", "http", "log", "progress", "random", "storage", "tcp"}
    with pytest.raises(AttributeError, match="no 'nothing'"):
        sdk.nothing  # noqa: B018
