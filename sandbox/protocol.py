"""Frames between host and worker: four bytes of length, then one JSON object. Everything read here is hostile.

The first frame that is malformed, too large, too deep or not asked for ends the run; there is no way to resynchronise,
on purpose.
"""

from __future__ import annotations

import json
import secrets
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Final, NoReturn

from sandbox.errors import ProtocolError
from sandbox.values import MAX_DEPTH

_HEADER: Final = struct.Struct(">I")
_length_of: Final = _HEADER.unpack_from
# A value of MAX_DEPTH nests two levels for each tag, and its frame adds some.
_MAX_FRAME_DEPTH: Final = 2 * MAX_DEPTH + 8
_CHUNK: Final = 1 << 15
# Whoever is at the other end may be gone: that is an error here, never a signal, whatever the caller made of signals.
_SEND: Final = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
# How long one read may last where reads are bounded by the kernel: a little less than a look at a worker takes to come.
_READ_S: Final = 0.04
Frame = dict[str, object]
# What is said about one request: its kind, a word of ours, and the plain data that goes with it.
Message = tuple[str, object]
# A message of the host that begins one: what is to be done, and with what.
Request = tuple[str, Sequence[object]]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_type(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} is not JSON")


# What does the work of `json.dumps` and `json.loads`, made once: they make one for every frame, which takes longer than
# the frame. The encoder is without sorting, skipping of keys that are no text, and NaN.
_encode: Final[Callable[[object, int], tuple[str, ...]]] = c_make_encoder(
    *(None, _refuse_type, encode_basestring, None, ":", ",", False, False, False)
)
_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant).scan_once  # type: ignore[attr-defined]


# Drawn many at a time, since asking the kernel takes longer than the rest of it; only the host ever draws any.
_unused_ids: list[str] = []
_DRAWN: Final = 64


class Closed(ProtocolError):
    """The other side closed the channel between two frames."""


class TooLate(ProtocolError):
    """The deadline passed before the frame was whole."""


class TooLarge(ProtocolError):
    """The other side announced a frame over the limit."""


def new_id() -> str:
    """Return the 128 random bits that name a request; who does not know them cannot answer it."""
    try:
        return _unused_ids.pop()
    except IndexError:
        drawn = secrets.token_hex(16 * _DRAWN)
        _unused_ids.extend(drawn[start : start + 32] for start in range(32, len(drawn), 32))
        return drawn[:32]


def pack(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    body = "".join(_encode(frame, 0)).encode()
    return _HEADER.pack(len(body)) + body


def pack_message(request: str, message: Message) -> bytes:
    """Return the bytes of the frame `{"id": request, "kind": kind, "body": body}`; neither word needs to be escaped."""
    kind, content = message
    body = f'{{"id":"{request}","kind":"{kind}","body":{"".join(_encode(content, 0))}}}'.encode()
    return _HEADER.pack(len(body)) + body


def message_of(frame: Frame, request: str) -> Message:
    """Return what a frame says about a request; raise `ProtocolError` when it says nothing about it."""
    try:
        name, kind, body = frame["id"], frame["kind"], frame["body"]
    except KeyError:
        name = None
    if name != request or type(kind) is not str or len(frame) != 3:
        raise ProtocolError("a frame for another request, or that nobody asked for")
    return kind, body


def parse(body: bytes | bytearray) -> Frame:
    """Return the object in the body of a frame, or raise `ProtocolError` and nothing else."""
    try:
        text = body.decode()
        frame, end = _decode(text, 0)
    except (ValueError, StopIteration, RecursionError) as problem:
        raise ProtocolError("a frame that is not JSON") from problem
    if end != len(text):
        raise ProtocolError("a frame with more than one value")
    if type(frame) is not dict:
        raise ProtocolError("a frame that is not an object")
    if end > _MAX_FRAME_DEPTH and text.count("[") + text.count("{") > _MAX_FRAME_DEPTH:  # else it cannot be too deep
        _check_depth(frame)
    return frame


class Decoder:
    """Cuts a stream of bytes into frames; holds at most one frame and one chunk."""

    __slots__ = ("limit", "pending")

    def __init__(self, limit: int) -> None:
        """Begin with nothing `pending`, which are the bytes that have come and that no frame was made of yet."""
        self.limit = limit
        self.pending = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        self.pending += data

    def take(self, data: bytearray, size: int) -> Frame | None:
        """Take `size` bytes as they came and return the next whole frame; nearly always, they are just one."""
        if not self.pending and size >= 4:
            (length,) = _length_of(data)
            if length == size - 4 and length <= self.limit:
                return parse(data[4:size])
        self.pending += data[:size]
        return self.next()

    def next(self) -> Frame | None:
        """Return the next whole frame, None while it is not there yet; raise `ProtocolError` for a bad one."""
        if len(self.pending) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self.pending)
        if length > self.limit:
            raise TooLarge(f"a frame of {length} bytes, over the limit of {self.limit}")
        if len(self.pending) < _HEADER.size + length:
            return None
        body = bytes(self.pending[_HEADER.size : _HEADER.size + length])
        del self.pending[: _HEADER.size + length]
        return parse(body)


class Channel:
    """One end of a socket pair that carries frames; never blocks beyond a deadline."""

    __slots__ = ("_bounded", "_decoder", "_poll_read", "_poll_write", "_room", "received", "socket")

    def __init__(self, connection: socket.socket, limit: int) -> None:
        connection.setblocking(True)
        self.socket = connection
        self.received = 0
        self._bounded = False
        self._decoder = Decoder(limit)
        self._room = bytearray(_CHUNK)
        self._poll_read, self._poll_write = select.poll(), select.poll()
        self._poll_read.register(connection, select.POLLIN)
        self._poll_write.register(connection, select.POLLOUT)

    def bound_reads(self) -> None:
        """Have the kernel end each read after a while, so that waiting long takes one call and not two."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, int(_READ_S * 1e6)))
        self._bounded = True

    def send(self, frame: Frame, deadline: float | None = None) -> None:
        """Send a frame whole; raise `TooLate` when the other side does not read, `Closed` when it is gone."""
        self.send_packed(pack(frame), deadline)

    def send_packed(self, packed: bytes, deadline: float | None = None) -> None:
        """Send what `pack` returned."""
        if self.push(packed, deadline):
            raise TooLate("the deadline passed")

    def push(self, data: bytes | memoryview, deadline: float | None) -> bytes | memoryview:
        """Send what the other side takes until the deadline; return what is left, to be sent next."""
        while True:
            try:
                sent = self.socket.send(data, _SEND)
            except BlockingIOError:
                sent = 0
            except OSError as problem:
                raise Closed("the channel is closed") from problem
            if sent == len(data):
                return b""
            data = memoryview(data)[sent:]
            if not self._ready(self._poll_write, deadline):
                return data

    def poll(self, deadline: float | None) -> Frame | None:
        """Return a frame, or None when the deadline passes first (call again to go on waiting)."""
        decoder = self._decoder
        frame = decoder.next() if decoder.pending else None
        while frame is None:
            flags = 0
            if deadline is not None and not (self._bounded and deadline - time.monotonic() >= _READ_S):
                if not self._ready(self._poll_read, deadline):
                    return None
                flags = socket.MSG_DONTWAIT
            try:
                size = self.socket.recv_into(self._room, 0, flags)
            except BlockingIOError:
                continue  # woken for nothing, or by the kernel's bound
            except OSError as problem:
                raise Closed("the channel is closed") from problem
            if not size:
                raise Closed("the channel closed in a frame" if decoder.pending else "the channel is closed")
            self.received += size
            frame = decoder.take(self._room, size)
        return frame

    def receive(self, deadline: float | None = None) -> Frame:
        """Return the next frame or raise `TooLate`."""
        frame = self.poll(deadline)
        if frame is None:
            raise TooLate("no frame before the deadline")
        return frame

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def _ready(self, poll: select.poll, deadline: float | None) -> bool:
        """Wait until the socket can be used; False when the deadline passes first."""
        if deadline is None:
            return bool(poll.poll())
        left = deadline - time.monotonic()
        return left > 0 and bool(poll.poll(int(left * 1000) + 1))


def _check_depth(frame: Frame) -> None:
    level: list[object] = [frame]
    for _ in range(_MAX_FRAME_DEPTH):
        level = [item for parent in level for item in _children(parent)]
        if not level:
            return
    raise ProtocolError("a frame that is nested too deep")


def _children(parent: object) -> Iterator[object]:
    if type(parent) is dict:
        return (item for item in parent.values() if type(item) in (dict, list))
    return (item for item in parent if type(item) in (dict, list)) if type(parent) is list else iter(())
