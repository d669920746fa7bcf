"""Doubles: the same desk, nothing real, everything recorded, the same answers every time."""

from __future__ import annotations

import socket

import pytest

from sandbox import Limits, Policy
from sandbox.outside.base import Ask, Exceeded, Failed, Given, Refused
from sandbox.outside.doubles import Doubles, Script, ScriptedReply
from sandbox.outside.failures import ScriptedFailure

URL = "https://api.example.org/a"
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


def test_several_replies_are_given_in_order_and_the_last_stays():
    turns = [ScriptedFailure("timed out"), ScriptedReply(status=503), ScriptedReply(body=b"ok")]
    door = Doubles(POLICY, Script(http={URL: turns, f"POST {URL}": ScriptedReply(status=201)}))
    assert get(door, URL).kind == "TimeoutError"
    assert get(door, URL, "POST").value["status"] == 201
    assert [get(door, URL).value["status"] for _ in range(3)] == [503, 200, 200]
    assert len(door.requests) == 5 and len(turns) == 3
    again = Doubles(POLICY, Script(http={URL: turns}))
    assert get(again, URL).kind == "TimeoutError"


def test_each_tcp_connection_hears_the_next_line_and_what_was_sent_is_kept():
    door = Doubles(None, Script(tcp={"h.example.org:7": [b"one", ScriptedFailure("connection refused"), b"two"]}))
    open_ = {"host": "h.example.org", "port": 7, "timeout_s": 1}
    first = send(door, "tcp.open", **open_).value
    assert send(door, "tcp.open", **open_).kind == "ConnectionError"
    second = send(door, "tcp.open", **open_).value
    for handle, data in ((first, b"a"), (second, b"b"), (first, b"c")):
        send(door, "tcp.send", handle=handle, data=data)
    heard = [send(door, "tcp.receive", handle=handle, size=9).value for handle in (first, second)]
    send(door, "tcp.close", handle=first)
    other = send(door, "tcp.open", host="::1", port=9, timeout_s=1).value
    assert send(door, "tcp.receive", handle=other, size=9).value == b""
    assert heard == [b"one", b"two"]
    assert door.sent == (("h.example.org:7", b"ac"), ("h.example.org:7", b"b"), ("[::1]:9", b""))


def test_a_path_that_fails_does_so_with_all_below_it():
    files = {"~/notes/shut": ScriptedFailure("not allowed"), "~/out": ScriptedFailure("no space"), "~/notes/a": b"a"}
    door = Doubles(POLICY, Script(files=files))
    for op in ({"op": "files.list"}, {"op": "files.read", "offset": 0, "size": 1}):
        assert send(door, path="~/notes/shut", **op).kind == "PermissionError"
    assert send(door, "files.read", path="~/notes/shut/b", offset=0, size=1).kind == "PermissionError"
    assert send(door, "files.read", path="~/notes/a", offset=0, size=1).value["data"] == b"a"
    assert send(door, "files.write", path="~/out/a", data=b"x", append=False).kind == "OSError"
    assert send(door, "files.read", path="~/out/a", offset=0, size=1).kind == "FileNotFoundError"
    assert send(door, "files.list", path="~/notes").value == ["a", "shut"]


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


SMALL = Limits(disk_mb=1, file_mb=1, inodes=3, network_mb=1)
KIB = 1024


def said(answer):
    """The kind of an answer, and what it names."""
    named = answer.limit if isinstance(answer, Exceeded) else getattr(answer, "kind", "")
    return type(answer).__name__, named


def write(name, size, append=False):
    return "files.write", {"path": f"~/out/{name}", "data": b"x" * size, "append": append}


def post(port, size):
    url = f"http://api.example.org:{port}/"
    fields = {"method": "POST", "headers": {}, "upload": 0, "timeout_s": 5}
    return "http.request", {**fields, "url": url, "body": b"x" * size}


def get_large(port):
    fields = {"method": "GET", "headers": {}, "upload": 0, "timeout_s": 5, "body": None}
    return "http.request", {**fields, "url": f"http://api.example.org:{port}/bytes/300000"}


SEQUENCES = {
    "bytes written": lambda _: [*(write("a", 256 * KIB, append=True) for _ in range(4)), write("b", 1)],
    "the same file again and again": lambda _: [write("a", 256 * KIB) for _ in range(5)],
    "files made": lambda _: [write(name, 0) for name in "abcda"],
    "folders made": lambda _: [write(name, 0) for name in ("a/b/c/d", "a/b", "a/c", "a/d/e")],
    "the size of a file": lambda _: [write("full", 1, append=True), write("full", 1)],
    "bytes stored": lambda _: [
        *(("storage.set", {"key": key, "value": "x" * (512 * KIB - 2)}) for key in "aba"),
        ("storage.set", {"key": "c", "value": ""}),
        ("storage.delete", {"key": "a"}),
        ("storage.set", {"key": "c", "value": ""}),
    ],
    "odd keys": lambda _: (
        [("storage.set", {"key": key, "value": 1}) for key in ("", "\u4e2d" * 60, "fine")]
        + [("storage.get", {"key": ""}), ("storage.delete", {"key": ""})]
    ),
    "bytes sent": lambda port: [post(port, 256 * KIB) for _ in range(5)],
    "bodies on their way": lambda _: [("http.body", {"handle": 0, "data": b"x" * 250 * KIB}) for _ in range(5)],
    "open responses": lambda port: [get_large(port)] * 9,
    "open connections": lambda port: [("tcp.open", {"host": "api.example.org", "port": port})] * 9,
    "a response is no connection": lambda port: [
        get_large(port),
        ("tcp.send", {"handle": 1, "data": b"x"}),
        ("tcp.receive", {"handle": 1, "size": 1}),
        ("http.read", {"handle": 1, "size": 1}),
    ],
    "a connection is no response": lambda port: [
        ("tcp.open", {"host": "api.example.org", "port": port}),
        ("http.read", {"handle": 1, "size": 1}),
        ("tcp.close", {"handle": 1}),
        ("tcp.send", {"handle": 1, "data": b"x"}),
    ],
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_it_has_the_ceilings_of_the_real_outside(name, outside, server, tmp_path):
    port = server.server_address[1]
    policy = Policy(network=(f"api.example.org:{port}",), write=("~/out",), storage=True)
    limits = SMALL if not name.startswith("open") else Limits()
    (tmp_path / "home/out").mkdir(parents=True)
    (tmp_path / "home/out/full").write_bytes(b"x" * KIB * KIB)
    body = {f"http://api.example.org:{port}/bytes/300000": ScriptedReply(body=b"x" * 300_000)}
    double = Doubles(policy, Script(files={"~/out/full": b"x" * KIB * KIB}, http=body), limits)
    real = outside(policy, limits=limits)
    asked = [Ask(op=op, argument=argument) for op, argument in SEQUENCES[name](port)]
    answers = [said(real.answer(ask)) for ask in asked]
    assert [said(double.answer(ask)) for ask in asked] == answers
    assert len(set(answers)) > 1


def read(path):
    return "files.read", {"path": path, "offset": 0, "size": 9}


def names(path):
    return "files.list", {"path": path}


def put(path, data=b"x", append=False):
    return "files.write", {"path": path, "data": data, "append": append}


TREE = {
    "notes/a.txt": b"hello",
    "notes/deep/b.txt": b"b",
    "notes/dev/null": b"",
    "notes/.git/config": b"c",
    "z.txt": b"z",
}
ON_FILES = {
    "reading": [read("~/notes/a.txt"), read("~/notes/none"), read("~/notes/none/none"), read("~/none/a")],
    "a folder is no file": [read("~/notes"), put("~/notes/deep"), read("~"), put("~"), read("~/notes/a.txt")],
    "a file is no folder": [
        names("~/z.txt"),
        read("~/z.txt/a"),
        put("~/z.txt/a/b"),
        names("~/z.txt/a"),
        read("~/z.txt"),
    ],
    "lists": [names("~/notes"), names("~/notes/deep"), names("~"), names("~/notes/a.txt")],
    "folders are made": [put("~/new/2030/a.md"), names("~/new"), read("~/new/2030/a.md"), read("~/new"), names("~")],
    "a file where a folder is wanted": [put("~/new"), put("~/new/a"), names("~/new"), read("~/new")],
    "a folder where a file is wanted": [put("~/new/a"), put("~/new"), read("~/new"), names("~/new")],
    "replacing and appending": [put("~/b", b"one"), put("~/b", b"2", True), read("~/b"), put("~/b", b""), read("~/b")],
    "appending to nothing": [
        put("~/new/b", b"one", True),
        put("~/new/b", b"two", True),
        read("~/new/b"),
        read("~/new/c"),
    ],
    "other spellings": [put("~/new//b/"), read("~/./new/b"), names("~/new/"), read("~/new/../z.txt"), read("z.txt")],
    "what no path can hold": [put(f"~/{'x' * 256}"), put("~/" + "x/" * 2100), put("~/\udc80"), put(f"~/{'x' * 255}")],
    "never granted": [
        read("~/notes/.git/config"),
        put("~/new/.git/hooks/a"),
        put("~/ratchet.toml"),
        names("~/notes/.git"),
    ],
    "not granted": [read("/etc/passwd"), put("/etc/a/b"), names("/"), names("/proc"), read("~/z.txt")],
}


@pytest.mark.parametrize("name", ON_FILES)
def test_files_and_folders_behave_as_real_ones_do(name, outside, tmp_path):
    home = tmp_path / "home"
    for path, data in TREE.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(data)
    script = Script(files={f"~/{path}": data for path, data in TREE.items()})
    policy = Policy(write=("~",))
    answers = [
        [shown(door.answer(Ask(op=op, argument=argument))) for op, argument in ON_FILES[name]]
        for door in (outside(policy), Doubles(policy, script))
    ]
    assert answers[0] == answers[1]
    assert len(set(map(repr, answers[0]))) > 1


def shown(answer):
    """What a plugin is given, or the exception that it meets, or what it lacks."""
    return answer.value if isinstance(answer, Given) else getattr(answer, "kind", None) or answer.capability


def downloads(door, port):
    """How many bodies of 300 000 bytes come whole, and what ends it."""
    for whole in range(10):
        handle, answer = None, door.answer(Ask(op=get_large(port)[0], argument=get_large(port)[1]))
        while isinstance(answer, Given) and answer.value:
            handle = answer.value["handle"] if isinstance(answer.value, dict) else handle
            answer = send(door, "http.read", handle=handle, size=100_000)
        if not isinstance(answer, Given):
            return whole, said(answer)
    return whole, None


def test_it_has_the_ceiling_of_the_real_outside_for_what_is_received(outside, server):
    port = server.server_address[1]
    policy = Policy(network=(f"api.example.org:{port}",))
    body = {f"http://api.example.org:{port}/bytes/300000": ScriptedReply(body=b"x" * 300_000)}
    double = Doubles(policy, Script(http=body), SMALL)
    assert downloads(double, port) == downloads(outside(policy, limits=SMALL), port) == (3, ("Exceeded", "network_mb"))


def test_a_body_that_was_read_to_its_end_is_closed():
    door = Doubles(POLICY, Script(http={"https://api.example.org/": ScriptedReply(body=b"x" * 300_000)}))
    for _ in range(20):
        handle = get(door, "https://api.example.org/").value["handle"]
        while send(door, "http.read", handle=handle, size=100_000).value:
            pass
    assert isinstance(send(door, "http.read", handle=handle, size=1), Failed)


def test_a_plugin_cannot_fill_the_memory_of_who_records_it():
    """Whatever an ask holds is kept; what would not be kept is not answered, so nothing can happen unrecorded."""
    door, junk = Doubles(POLICY), b"x" * 1_000_000
    answers = [send(door, "clock.now", junk=[junk], number=number) for number in range(200)]
    given = [answer for answer in answers if isinstance(answer, Given)]
    assert 100 < len(given) < 140 and len(door.seen) == len(given)
    assert all(isinstance(answer, Exceeded) for answer in answers[len(given) :])


def test_replies_come_with_the_headers_of_servers_where_the_script_has_none():
    script = Script(http={URL: ScriptedReply(body=b"four", headers={"server": "mine"})}, now=0.0, served=True)
    headers = dict(get(Doubles(POLICY, script), URL).value["headers"])
    assert headers == {
        "Date": "Thu, 01 Jan 1970 00:00:00 GMT",
        "Content-Length": "4",
        "Connection": "keep-alive",
        "server": "mine",
    }
    assert get(Doubles(POLICY), URL).value["headers"] == [["Content-Type", "application/json"]]
