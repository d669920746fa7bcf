"""Programs that attack the channel: they know the request's id, and have the socket."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct


def _channel():
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                return socket.socket(fileno=os.dup(descriptor))
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
    connection = _channel()
    connection.setblocking(True)
    body = json.dumps({"id": _current(), "kind": "completed", "body": 1}).encode()
    socket.send_fds(connection, [struct.pack(">I", len(body)) + body], [0, 1, 2])
    while True:
        pass
