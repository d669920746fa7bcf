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
from collections.abc import Iterator
from typing import Final, NoReturn

from sandbox.errors import ProtocolError
from sandbox.values import MAX_DEPTH

_HEADER: Final = struct.Struct(">I")
# A value of MAX_DEPTH nests two levels for each tag, and its frame adds some.
_MAX_FRAME_DEPTH: Final = 2 * MAX_DEPTH + 8
_CHUNK: Final = 1 << 16
Frame = dict[str, object]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Made once: with arguments of their own, `json.dumps` and `json.loads` make one for every frame.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


class Closed(ProtocolError):
    """The other side closed the channel between two frames."""


class TooLate(ProtocolError):
    """The deadline passed before the frame was whole."""


class TooLarge(ProtocolError):
    """The other side announced a frame over the limit."""


def new_id() -> str:
    """Return the 128 random bits that name a request; who does not know them cannot answer it."""
    return secrets.token_hex(16)


def pack(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    body = _ENCODER.encode(frame).encode()
    return _HEADER.pack(len(body)) + body


def parse(body: bytes | bytearray | memoryview) -> Frame:
    """Return the object in the body of a frame, or raise `ProtocolError` and nothing else."""
    try:
        frame = _DECODER.decode(bytes(body).decode())
    except (ValueError, RecursionError) as problem:
        raise ProtocolError("a frame that is not JSON") from problem
    if type(frame) is not dict:
        raise ProtocolError("a frame that is not an object")
    _check_depth(frame)
    return frame


class Decoder:
    """Cuts a stream of bytes into frames; holds at most one frame and one chunk."""

    __slots__ = ("_buffer", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """How many bytes have come that no frame was made of yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        self._buffer += data

    def next(self) -> Frame | None:
        """Return the next whole frame, None while it is not there yet; raise `ProtocolError` for a bad one."""
        if len(self._buffer) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._buffer)
        if length > self.limit:
            raise TooLarge(f"a frame of {length} bytes, over the limit of {self.limit}")
        if len(self._buffer) < _HEADER.size + length:
            return None
        body = bytes(self._buffer[_HEADER.size : _HEADER.size + length])
        del self._buffer[: _HEADER.size + length]
        return parse(body)


class Channel:
    """One end of a socket pair that carries frames; never blocks beyond a deadline."""

    __slots__ = ("_decoder", "_poll_read", "_poll_write", "received", "socket")

    def __init__(self, connection: socket.socket, limit: int) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.received = 0
        self._decoder = Decoder(limit)
        self._poll_read, self._poll_write = select.poll(), select.poll()
        self._poll_read.register(connection, select.POLLIN)
        self._poll_write.register(connection, select.POLLOUT)

    def set_limit(self, limit: int) -> None:
        """Change how large a frame may be."""
        self._decoder.limit = limit

    def send(self, frame: Frame, deadline: float | None = None) -> None:
        """Send a frame whole; raise `TooLate` when the other side does not read, `Closed` when it is gone."""
        self.send_packed(pack(frame), deadline)

    def send_packed(self, packed: bytes, deadline: float | None = None) -> None:
        """Send what `pack` returned."""
        data = memoryview(packed)
        while data:
            try:
                data = data[self.socket.send(data) :]
            except BlockingIOError:
                self._wait(self._poll_write, deadline)
            except OSError as problem:
                raise Closed("the channel is closed") from problem

    def poll(self, deadline: float | None) -> Frame | None:
        """Return a frame, or None when the deadline passes first (call again to go on waiting)."""
        while True:
            frame = self._decoder.next()
            if frame is not None:
                return frame
            try:
                self._wait(self._poll_read, deadline)
            except TooLate:
                return None
            data = self._read()
            if data is None:
                continue  # woken for nothing
            if not data:
                raise Closed("the channel closed in a frame" if self._decoder.pending else "the channel is closed")
            self.received += len(data)
            self._decoder.feed(data)

    def receive(self, deadline: float | None = None) -> Frame:
        """Return the next frame or raise `TooLate`."""
        frame = self.poll(deadline)
        if frame is None:
            raise TooLate("no frame before the deadline")
        return frame

    def quiet(self) -> bool:
        """Tell whether nothing has come that was not asked for."""
        if self._decoder.pending:
            return False
        if not self._poll_read.poll(0):
            return True
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True  # closed: the next send says so

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def _read(self) -> bytes | None:
        try:
            return self.socket.recv(_CHUNK)
        except BlockingIOError:
            return None
        except OSError as problem:
            raise Closed("the channel is closed") from problem

    def _wait(self, poll: select.poll, deadline: float | None) -> None:
        if deadline is None:
            poll.poll()
            return
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(max(1, round(left * 1000))):
            raise TooLate("the deadline passed")


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
