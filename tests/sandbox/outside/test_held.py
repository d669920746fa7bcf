"""What the host does for a worker that has ended: nothing waits for a server any longer, and nobody for that."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from sandbox import Completed, LimitExceeded, Limits, Policy, Program, TimedOut
from sandbox.outside.base import Failed, Given
from sandbox.outside.held import Held, shut
from tests.sandbox.processes import until

ROOT = Path(__file__).resolve().parents[3]
HOST = "api.example.org"
SOURCE = b"""
from sandbox.worker import ask
HTTP = {"method": "GET", "upload": 0, "body": None, "headers": {}}
def fetch(url):
    return ask("http.request", {**HTTP, "url": url})["body"]
def stream(url):
    handle = ask("http.request", {**HTTP, "url": url})["handle"]
    return ask("http.read", {"handle": handle, "size": 1000})
def receive(port):
    handle = ask("tcp.open", {"host": "api.example.org", "port": port})
    return ask("tcp.receive", {"handle": handle, "size": 10})
def send(port):
    handle = ask("tcp.open", {"host": "api.example.org", "port": port})
    while True:
        ask("tcp.send", {"handle": handle, "data": b"x" * 65536})
def leave_open(port):
    ask("tcp.open", {"host": "api.example.org", "port": port})
    while True:
        pass
"""


def waiting():
    """The threads that still wait for an answer which nobody wants any more."""
    return [thread for thread in threading.enumerate() if thread.name == "sandbox answer"]


class Listener:
    """A server on loopback that says what it was told to, and nothing more."""

    def __init__(self, *, says=b"", backlog=128):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port = self.socket.getsockname()[1]
        self.accepted, self._says = [], says
        if backlog:
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                connection.sendall(self._says)
                self.accepted.append(connection)

    def close(self):
        shut(self.socket)
        self.socket.close()
        for connection in self.accepted:
            connection.close()


@pytest.fixture
def listen():
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(closing(Listener(**options)))


@pytest.fixture
def opened(box, outside):
    sessions = []

    def open_for(*ports, **options):
        limits = Limits(**{"wall_s": 60.0, "cpu_s": 1, **options.pop("limits", {})})
        door = outside(Policy(network=tuple(f"{HOST}:{port}" for port in ports)), limits=limits, **options)
        program = Program(files={"plugin.py": SOURCE}, language="plain")
        session = box.open(program, policy=Policy(), limits=limits, outside=door)
        sessions.append(session)
        return session

    yield open_for
    for session in sessions:
        session.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun"


@pytest.mark.parametrize(
    ("function", "says", "url"),
    [
        ("receive", b"", "{port}"),
        ("send", b"", "{port}"),
        ("fetch", b"", "http://{host}:{port}/"),
        ("fetch", b"HTTP/1.1 200 OK\r\nX: ", "http://{host}:{port}/"),
        ("fetch", b"", "https://{host}:{port}/"),  # no handshake comes
        ("stream", HEAD, "http://{host}:{port}/"),
    ],
)
def test_nothing_waits_for_a_server_once_the_call_has_ended(function, says, url, opened, listen):
    server = listen(says=says)
    session = opened(server.port, limits={"network_mb": 1000})
    target = int(server.port) if function in ("receive", "send") else url.format(host=HOST, port=server.port)
    assert isinstance(session.call(function, (target,), wall_s=0.3), TimedOut)
    assert until(lambda: not waiting(), 10)
    began = time.monotonic()
    session.close()
    assert time.monotonic() - began < 10


def test_nothing_waits_for_a_connection_once_the_call_has_ended(opened, listen):
    server = listen(backlog=0)  # and nobody accepts
    with ExitStack() as stack:
        for _ in range(4):
            full = stack.enter_context(socket.socket())
            full.setblocking(False)
            full.connect_ex(("127.0.0.1", server.port))
        session = opened(server.port)
        assert isinstance(session.call("receive", (server.port,), wall_s=0.3), TimedOut)
        assert until(lambda: not waiting(), 10)


def test_names_that_are_never_resolved_leave_few_threads(opened, names):
    released = threading.Event()
    names.known["api_example_org"] = lambda: released.wait(60) and "127.0.0.1"
    session = opened(80)
    for _ in range(12):
        session.call("receive", (80,), wall_s=0.1)
    assert until(lambda: len(waiting()) <= 8, 10)
    released.set()
    assert until(lambda: not waiting(), 10)


def test_connections_of_a_worker_that_has_ended_take_no_place(opened, listen):
    server = listen(says=b"hello")
    session = opened(server.port)
    for _ in range(9):
        assert isinstance(session.call("leave_open", (server.port,), wall_s=0.1), TimedOut)
    assert session.call("receive", (server.port,)).value == b"hello"


def test_an_outside_is_closed_while_a_body_is_being_read(outside, fetch, ask, server):
    door = outside(Policy(network=(f"{HOST}:{server.server_address[1]}",)), limits=Limits(wall_s=60))
    handle = fetch(door, f"http://{HOST}:{server.server_address[1]}/endless", timeout_s=60).value["handle"]
    answers = []
    reader = threading.Thread(target=lambda: answers.append(ask(door, "http.read", handle=handle, size=100)))
    reader.start()
    assert until(lambda: not reader.is_alive() or state(reader) == "S")
    began = time.monotonic()
    door.close()
    assert time.monotonic() - began < 10
    reader.join(10)
    assert isinstance(answers[0], Failed | Given)


def state(thread):
    stat = Path(f"/proc/self/task/{thread.native_id}/stat")
    return stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]


def test_the_end_of_one_call_cuts_no_other(opened, listen, server):
    silent, port = listen(), server.server_address[1]
    session = opened(silent.port, port)
    outcomes = []
    other = threading.Thread(target=lambda: outcomes.append(session.call("stream", (f"http://{HOST}:{port}/endless",))))
    other.start()
    assert until(lambda: server.seen)
    assert isinstance(session.call("receive", (silent.port,), wall_s=0.2), TimedOut)
    server.released.set()
    other.join(30)
    assert isinstance(outcomes[0], Completed) and outcomes[0].value == b"last"


SPENDING = b"""
import threading
from sandbox.worker import ask
def spend(op):
    def spin():
        while True:
            pass
    threading.Thread(target=spin, daemon=True).start()
    return ask(op, None)
"""
HOSTING = """
import sys, threading
from sandbox import Limits, Policy, Program, Sandbox
class Never:
    def answer(self, ask):
        print("asked", flush=True)
        threading.Event().wait(120)
    def close(self):
        pass
program = Program(files={{"plugin.py": {source!r}}}, language="plain")
limits = Limits(wall_s=120, cpu_s=1, processes=2, memory_mb=400)
with Sandbox() as box, box.open(program, policy=Policy(), limits=limits, outside=Never()) as session:
    print(type(session.call("spend", ("http.request",))).__name__, flush=True)
"""


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_program_ends_although_an_answer_never_comes(interrupted):
    code = HOSTING.format(source=SPENDING)
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as host:
        try:
            assert host.stdout.readline() == "asked\n"
            if interrupted:
                host.send_signal(signal.SIGINT)
            said, _ = host.communicate(timeout=30)
        finally:
            host.kill()
    assert said.strip() == ("" if interrupted else LimitExceeded.__name__)


def test_what_is_cut_wakes_whoever_waits_and_takes_nothing_more():
    held, (near, far) = Held(), socket.socketpair()
    heard = []
    with near, far:
        held.add(near)
        reader = threading.Thread(target=lambda: heard.append(near.recv(1)))
        reader.start()
        held.cut()
        reader.join(10)
        assert heard == [b""]
    late, other = socket.socketpair()
    with late, other:
        with pytest.raises(ConnectionError):
            held.add(late)
        assert other.recv(1) == b""


def test_a_connection_that_is_shut_is_not_spoken_over_in_clear(tls_server, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    plain = socket.create_connection(tls_server.server_address, timeout=10)
    with context.wrap_socket(plain, server_hostname=HOST) as secured:
        shut(secured)
        assert secured.version() is not None  # it is still one that encrypts
        with pytest.raises(OSError, match=r"\w"):
            secured.sendall(b"token")
