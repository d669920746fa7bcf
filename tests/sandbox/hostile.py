"""Programs that attack the channel: they know the request's id, and have the socket."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import stat
import struct
import threading
import time


def _channel():
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, os.dup(descriptor))
        except OSError:
            continue
    raise LookupError("no socket")


def _send(connection, frame):
    body = json.dumps(frame).encode()
    connection.setblocking(True)
    connection.sendall(struct.pack(">I", len(body)) + body)


def _current():
    from sandbox import serving

    return serving._Current.id


def fine():
    return 1


def answer_early_and_spin():
    _send(_channel(), {"id": _current(), "kind": "completed", "body": "forged"})
    while True:
        pass


def answer_twice():
    _send(_channel(), {"id": _current(), "kind": "completed", "body": 1})
    return 2


def answer_for_another():
    _send(_channel(), {"id": "0" * 32, "kind": "completed", "body": 1})
    return 2


def answer_nonsense(body):
    connection = _channel()
    connection.setblocking(True)
    connection.sendall(struct.pack(">I", len(body)) + body)
    return 1


def announce(length):
    connection = _channel()
    connection.setblocking(True)
    connection.sendall(struct.pack(">I", length))
    while True:
        pass


def claim(frame):
    _send(_channel(), {"id": _current(), **frame})
    while True:
        pass


def note_unasked():
    _send(_channel(), {"id": _current(), "kind": "note", "body": 1})
    return 1


def flood_asks():
    connection = _channel()
    while True:
        _send(connection, {"id": _current(), "kind": "ask", "body": {"op": "clock.now", "argument": None}})


def flood_half_a_frame():
    connection = _channel()
    connection.setblocking(True)
    connection.sendall(struct.pack(">I", 100_000))
    while True:
        connection.sendall(b"[")


def write_to_every_descriptor():
    for descriptor in range(64):
        try:
            os.write(descriptor, b"\xff" * 16)
        except OSError:
            continue
    return 1


def close_every_descriptor():
    os.closerange(0, 64)
    return 1


def patch_everything():
    import builtins

    from sandbox import protocol, values

    values.encode = lambda value: "patched"
    protocol.pack = lambda frame: b"\0\0\0\x02{}"
    builtins.len = lambda thing: 0
    json.dumps = lambda *a, **k: "{}"
    return 1


def pass_descriptors():
    socket.send_fds(_channel(), [b"x"], [0, 1, 2])


def send_urgent():
    _channel().send(b"x", socket.MSG_OOB)


def ask_for_the_peer():
    return struct.unpack("3i", _channel().getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))


def evict(path):
    os.posix_fadvise(os.open(path, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)


def _spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def take_name(name, seconds):
    """Call itself something that /proc shows in a line of figures."""
    taken = ctypes.CDLL(None).prctl(15, ctypes.c_char_p(name.encode()), 0, 0, 0) == 0
    _spin(seconds)
    return taken


def map_far_apart(first, count):
    """Each page needs tables of its own."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    for place in range(first, first + count):
        address = libc.mmap((1 << 40) + place * (1 << 30), 4096, 1, 0x100022, -1, 0)
        ctypes.c_char.from_address(address).value  # noqa: B018 - touched
    _spin(1.0)
    return count


def give_equal_hashes(tag, count):
    items = [(1 << 61) * number - number + 1 for number in range(1, count + 1)]
    content = [[item, None] for item in items] if tag == "$dict" else items
    _send(_channel(), {"id": _current(), "kind": "completed", "body": {tag: content}})
    _spin(10.0)


def give_alike_sets(kind, count, depth):
    """Sets of sets of numbers, all of one hash at each level."""

    def nested(depth, last):
        if not depth:
            return last * ((1 << 61) - 1)
        return {"$frozenset": [*(nested(depth - 1, 40 * depth + i) for i in range(count - 1)), nested(depth - 1, last)]}

    value = {"$set": [nested(depth, 1000 + number) for number in range(2)]}
    body = {"op": "clock.now", "argument": value} if kind == "ask" else value
    _send(_channel(), {"id": _current(), "kind": kind, "body": body})
    _spin(10.0)


def prepare_answer(count):
    global prepared  # noqa: PLW0603 (kept for the next call)
    prepared = json.dumps([{"$set": [1]}] * count)


def give_prepared():
    body = f'{{"id": "{_current()}", "kind": "completed", "body": {prepared}}}'.encode()
    connection = _channel()
    connection.setblocking(True)
    connection.sendall(struct.pack(">I", len(body)) + body)
    _spin(10.0)


def ask_as(escaped):
    op = escaped.encode().decode("unicode_escape")  # no lone surrogate comes in by an argument
    connection = _channel()
    _send(connection, {"id": _current(), "kind": "ask", "body": {"op": op, "argument": None}})
    connection.recv(1000)
    return 1


def ask_and_not_listen(seconds):
    """Ask until the host has no room left for its answers, and does not read on."""
    connection = _channel()
    connection.setblocking(False)
    body = json.dumps({"id": _current(), "kind": "ask", "body": {"op": "clock.now", "argument": None}}).encode()
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            connection.send(struct.pack(">I", len(body)) + body)
        except BlockingIOError:
            break
    _spin(seconds)


def work_while_asking():
    """Ask for what takes long, in one thread, and work in another."""
    threading.Thread(target=_spin, args=(20.0,), daemon=True).start()
    from sandbox.worker import ask

    return ask("http.request", {"method": "GET", "url": "http://example.org/"})


def lock_library():
    with open(os.__file__, "rb") as library:
        fcntl.lockf(library, fcntl.LOCK_SH | fcntl.LOCK_NB)
        _spin(0.5)
    return True


def hop(chains, seconds):
    """Processes each of which starts the next one and is ended by it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    until = time.monotonic() + seconds
    for _ in range(chains):
        if os.fork() == 0:
            _hop(until)
    return 1


def _hop(until):
    while time.monotonic() < until:
        parent = os.getpid()
        try:
            child = os.fork()
        except OSError:
            continue
        if child:
            _spin(until - time.monotonic())
            os._exit(0)
        _spin(0.0005)
        os.kill(parent, signal.SIGKILL)
    os._exit(0)
