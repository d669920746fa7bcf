"""A real plugin in the real sandbox, with the real outside: it works, and what is not granted ends as Denied."""

from __future__ import annotations

import pytest

from sandbox import Completed, Denied, LimitExceeded, Limits, Policy, Program, Raised
from sandbox.outside.doubles import Doubles

SOURCE = b"""
from plugins.sdk import clock, environment, files, http, log, random, storage, tcp

def fetch(url: str) -> object:
    return http.get(url, headers={"X-One": "1"}, timeout_s=5).check().json()

def stream(url: str) -> list[int]:
    return [len(part) for part in http.stream("GET", url)]

def download(url: str) -> int:
    return len(http.get(url).body)

def upload(url: str, size: int) -> int:
    return http.post(url, body=b"x" * size).status

def copy(source: str, target: str) -> str:
    text = files.read_text(source)
    files.write_text(target, text.upper())
    return ",".join(files.list(target.rpartition("/")[0]))

def big(target: str, size: int) -> int:
    files.write(target, b"x" * size)
    return len(files.read(target))

def count() -> int:
    storage.set("n", storage.get("n", 0) + 1)
    return storage.get("n")

def variable(name: str) -> str | None:
    return environment.get(name)

def missing(path: str) -> str:
    try:
        return files.read_text(path)
    except FileNotFoundError:
        return "missing"

def insist(url: str) -> str:
    for _ in range(3):
        try:
            http.get(url)
        except Exception:
            log.warning("refused")
    return "done"

def talk(host: str, port: int) -> bytes:
    with tcp.open(host, port) as peer:
        peer.send(b"ping")
        return peer.receive()

def moment() -> bool:
    return clock.now() > 0 and 1 <= random.randint(1, 6) <= 6

async def later(url: str) -> object:
    return http.get(url).status

def steps(url: str):
    for _ in range(2):
        yield http.get(url).status
"""


@pytest.fixture
def opened(box):
    sessions = []

    def open_with(outside, **limits):
        program = Program(files={"plugin.py": SOURCE})
        session = box.open(program, policy=Policy(), limits=Limits(**limits), outside=outside)
        sessions.append(session)
        assert isinstance(session.loaded, Completed)
        return session

    yield open_with
    for session in sessions:
        session.close()


def test_http_works_and_other_hosts_are_denied(opened, outside, server):
    port = server.server_address[1]
    session = opened(outside(Policy(network=(f"api.example.org:{port}",))))
    assert session.call("fetch", [f"http://api.example.org:{port}/x"]).value == {"ok": True}
    assert server.seen[0][2]["X-One"] == "1"
    denied = session.call("fetch", [f"http://evil.example.org:{port}/x"])
    assert isinstance(denied, Denied) and denied.capability == f"network:evil.example.org:{port}"
    assert session.call("later", [f"http://api.example.org:{port}/x"]).value == 200
    assert session.call("steps", [f"http://api.example.org:{port}/x"]).value == [200, 200]
    failed = session.call("fetch", [f"http://api.example.org:{port}/status/500"])
    assert isinstance(failed, Raised) and failed.kind == "HttpError"


def test_large_bodies_come_whole_and_the_cap_is_an_outcome(opened, outside, server):
    port = server.server_address[1]
    session = opened(outside(Policy(network=(f"api.example.org:{port}",)), limits=Limits(network_mb=3, wall_s=10)))
    assert session.call("download", [f"http://api.example.org:{port}/bytes/2000000"]).value == 2_000_000
    assert sum(session.call("stream", [f"http://api.example.org:{port}/chunked"]).value) == 300_008
    over = session.call("download", [f"http://api.example.org:{port}/bytes/2000000"])
    assert isinstance(over, LimitExceeded) and over.limit == "network_mb"


def test_the_bytes_that_the_host_moved_are_counted_for_the_session(opened, outside, server):
    port = server.server_address[1]
    session = opened(outside(Policy(network=(f"api.example.org:{port}",))))
    assert session.activity().network_bytes == 0
    assert session.call("download", [f"http://api.example.org:{port}/bytes/200000"]).value == 200_000
    down = session.activity().network_bytes
    assert 200_000 <= down < 201_000
    assert session.call("upload", [f"http://api.example.org:{port}/", 300_000]).value == 200
    assert 300_000 <= session.activity().network_bytes - down < 301_000


def test_doubles_move_no_bytes(opened):
    session = opened(Doubles(Policy(network=("api.example.org:443",))))
    assert session.call("fetch", ["https://api.example.org/"]).value == {}
    assert session.activity().network_bytes == 0


def test_large_bodies_go_whole(opened, outside, server):
    port = server.server_address[1]
    session = opened(outside(Policy(network=(f"api.example.org:{port}",))))
    assert session.call("upload", [f"http://api.example.org:{port}/", 3_000_000]).value == 200
    assert len(server.seen[0][3]) == 3_000_000


def test_a_refusal_cannot_be_swallowed(opened, outside):
    session = opened(outside(Policy()))
    outcome = session.call("insist", ["https://api.example.org/"])
    assert isinstance(outcome, Denied) and outcome.capability == "network:api.example.org:443"


def test_files_work_and_others_are_denied(opened, outside, tmp_path):
    door = outside(Policy(read=("~/notes",), write=("~/out",)))
    for name in ("notes", "out"):
        (tmp_path / "home" / name).mkdir()
    (tmp_path / "home" / "notes" / "a.txt").write_text("hello")
    (tmp_path / "home" / "b.txt").write_text("private")
    session = opened(door)
    assert session.call("copy", ["~/notes/a.txt", "~/out/b.txt"]).value == "b.txt"
    assert (tmp_path / "home" / "out" / "b.txt").read_text() == "HELLO"
    assert session.call("copy", ["~/notes/a.txt", "~/out/2030/01/c.txt"]).value == "c.txt"
    assert session.call("big", ["~/out/big", 1_000_000]).value == 1_000_000
    assert session.call("missing", ["~/notes/none"]).value == "missing"
    assert session.call("missing", ["~/b.txt"]).capability == "read:~/b.txt"
    assert session.call("copy", ["~/notes/a.txt", "~/b.txt"]).capability == "write:~/b.txt"
    assert session.call("missing", ["/etc/passwd"]).capability == "read:/etc/passwd"
    assert (tmp_path / "home" / "b.txt").read_text() == "private"


def test_storage_outlives_the_worker(opened, outside):
    first = opened(outside(Policy(storage=True)))
    assert [first.call("count").value for _ in range(2)] == [1, 2]
    first.close()
    assert opened(outside(Policy(storage=True))).call("count").value == 3
    assert opened(outside(Policy())).call("count").capability == "storage"


def test_environment_and_effects(opened, outside):
    door = outside(Policy(environment=("TOKEN",), effects=("clock", "random")), environ={"TOKEN": "t", "HOME": "h"})
    session = opened(door)
    assert session.call("variable", ["TOKEN"]).value == "t"
    assert session.call("variable", ["HOME"]).capability == "environment:HOME"
    assert session.call("moment").value is True
    assert opened(outside(Policy())).call("moment").capability == "effect:clock"


def test_before_approval_nothing_is_real(opened, server):
    port = server.server_address[1]
    door = Doubles(Policy(network=(f"127.0.0.1:{port}",)))
    session = opened(door)
    assert session.call("fetch", [f"http://127.0.0.1:{port}/"]).value == {}
    assert server.seen == [] and [ask.op for ask in door.seen] == ["http.request"]
    assert isinstance(session.call("fetch", ["https://other.example.org/"]), Denied)
