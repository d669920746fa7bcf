from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import ProtocolError
from sandbox.protocol import (
    Channel,
    Closed,
    Decoder,
    TooLarge,
    TooLate,
    message_of,
    new_id,
    pack,
    pack_message,
    parse,
)

LIMIT = 4096
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def cut(data, *, pieces=()):
    decoder = Decoder(LIMIT)
    frames, start = [], 0
    for end in [*sorted(pieces), len(data)]:
        decoder.feed(data[start:end])
        start = end
        while (frame := decoder.next()) is not None:
            frames.append(frame)
    return frames


@given(st.binary(max_size=2 * LIMIT))
def test_any_bytes_give_frames_or_the_decoders_own_error(data):
    decoder = Decoder(LIMIT)
    decoder.feed(data)
    try:
        while decoder.next() is not None:
            pass
    except ProtocolError:
        return
    assert len(decoder.pending) <= len(data)


@given(st.binary(max_size=LIMIT))
def test_any_body_gives_an_object_or_the_decoders_own_error(body):
    try:
        assert isinstance(parse(body), dict)
    except ProtocolError:
        return


@given(
    st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()), max_size=4), st.data()
)
def test_frames_come_out_the_same_however_the_bytes_are_cut(frames, data):
    stream = b"".join(map(pack, frames))
    pieces = data.draw(st.lists(st.integers(0, len(stream)), max_size=5))
    assert cut(stream, pieces=pieces) == frames


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"1",
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"\xff{}",
        b'{"a":1}x',
        b"[" * 4000,
        b'{"a":' * 700,
        b'{"a":' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"a":' + b"9" * 4400 + b"}",
    ],
)
def test_a_body_that_is_not_one_plain_object_is_refused(body):
    with pytest.raises(ProtocolError):
        parse(body)


@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_frames_are_written_and_read_as_json_says(frame):
    packed = pack(frame)
    assert packed[4:] == json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
    assert struct.unpack(">I", packed[:4]) == (len(packed) - 4,)
    assert repr(parse(packed[4:])) == repr(json.loads(packed[4:])) == repr(frame)


@given(JSON)
def test_a_message_is_the_frame_that_it_says(body):
    name = new_id()
    assert pack_message(name, ("call", body)) == pack({"id": name, "kind": "call", "body": body})
    assert repr(message_of(parse(pack_message(name, ("call", body))[4:]), name)) == repr(("call", body))


@given(st.text('{}[]":,.0123456789eE-+ntfalsru\\ Ia', max_size=40))
def test_what_json_refuses_is_refused(text):
    try:
        frame = parse(text.encode())
    except ProtocolError:
        return
    assert json.loads(text) == frame


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object(), {"a": {1, 2}}])
def test_what_is_not_json_cannot_be_packed(value):
    with pytest.raises((ValueError, TypeError)):
        pack({"a": value})
    with pytest.raises((ValueError, TypeError)):
        pack_message(new_id(), ("call", value))


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"id": "a"},
        {"kind": "completed", "body": 1},
        {"id": "a", "kind": "completed"},
        {"id": "a", "kind": "completed", "value": 1},
        {"id": "a", "kind": "completed", "body": 1, "more": 1},
        {"id": "b", "kind": "completed", "body": 1},
        {"id": None, "kind": "completed", "body": 1},
        {"id": "a", "kind": ["completed"], "body": 1},
        {"id": "a", "kind": None, "body": 1},
    ],
)
def test_a_frame_that_says_something_else_is_no_message(frame):
    assert message_of({"id": "a", "kind": "completed", "body": 1}, "a") == ("completed", 1)
    with pytest.raises(ProtocolError):
        message_of(frame, "a")


def test_a_body_may_be_as_deep_as_a_value_and_no_deeper():
    def deep(levels):
        return b'{"a":' * levels + b"1" + b"}" * levels

    parse(deep(128))
    with pytest.raises(ProtocolError, match="deep"):
        parse(deep(129))


def test_an_announced_length_over_the_limit_is_refused_before_its_bytes_come():
    decoder = Decoder(LIMIT)
    decoder.feed(struct.pack(">I", LIMIT + 1))
    with pytest.raises(TooLarge):
        decoder.next()


def test_request_ids_do_not_repeat():
    assert len({new_id() for _ in range(1000)}) == 1000 and len(new_id()) == 32


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    channel = Channel(ours, LIMIT)
    with theirs:
        yield channel, theirs
    channel.close()


def test_a_channel_sends_and_receives(pair):
    channel, theirs = pair
    channel.send({"a": 1})
    assert json.loads(theirs.recv(100)[4:]) == {"a": 1}
    theirs.send(pack({"b": 2}) + pack({"c": 3}))
    assert [channel.receive(), channel.receive()] == [{"b": 2}, {"c": 3}]


def test_a_frame_that_comes_too_late_is_not_waited_for(pair):
    channel, theirs = pair
    theirs.send(pack({"b": 2})[:-1])
    began = time.monotonic()
    assert channel.poll(began + 0.05) is None
    with pytest.raises(TooLate):
        channel.receive(time.monotonic() + 0.05)
    assert time.monotonic() - began < 2


def test_a_reader_that_does_not_read_cannot_hold_the_sender(pair):
    channel, _ = pair
    with pytest.raises(TooLate):
        channel.send({"a": "x" * (16 << 20)}, time.monotonic() + 0.05)


def test_a_frame_that_takes_many_reads_comes_whole():
    ours, theirs = socket.socketpair()
    frame = {"a": "x" * (3 << 20)}
    sender, receiver = Channel(ours, LIMIT), Channel(theirs, 4 << 20)
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(sender.send, frame, time.monotonic() + 30)
        assert receiver.receive(time.monotonic() + 30) == frame
        sent.result()
    sender.close()
    receiver.close()


def test_writing_to_who_is_gone_is_an_error_and_no_signal():
    code = (
        "import signal, socket\n"
        "from sandbox.protocol import Channel, Closed\n"
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "ours, theirs = socket.socketpair()\n"
        "theirs.close()\n"
        "try:\n    Channel(ours, 1).send({})\nexcept Closed:\n    print('closed')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "closed\n")


def test_a_closed_channel_says_so(pair):
    channel, theirs = pair
    theirs.close()
    with pytest.raises(Closed):
        channel.receive()
    with pytest.raises(Closed):
        channel.send({})


def test_a_channel_that_closes_in_the_middle_of_a_frame_says_so(pair):
    channel, theirs = pair
    theirs.send(pack({"b": 2})[:-1])
    theirs.close()
    with pytest.raises(Closed, match="in a frame"):
        channel.receive()


def test_reads_bounded_by_the_kernel_wait_as_long_as_they_should_and_no_longer(pair):
    channel, theirs = pair
    channel.bound_reads()
    began = time.monotonic()
    assert channel.poll(began + 0.1) is None
    assert 0.1 <= time.monotonic() - began < 2
    theirs.send(pack({"b": 2}) + pack({"c": 3})[:-1])
    assert channel.receive(time.monotonic() + 10) == {"b": 2}
    assert channel.poll(time.monotonic() + 0.001) is None
    theirs.send(pack({"c": 3})[-1:])
    assert channel.receive(time.monotonic() + 10) == {"c": 3}


def test_frames_come_out_the_same_however_they_are_cut():
    frames = [{"a": [1]}, {"b": {"c": "é"}}, {}, {"d": None}]
    stream = b"".join(map(pack, frames))
    for size in range(1, len(stream) + 1):
        decoder, found = Decoder(LIMIT), []
        for start in range(0, len(stream), size):
            piece = bytearray(stream[start : start + size])
            found.append(decoder.take(piece + b"of an earlier read", len(piece)))
            while decoder.pending and (more := decoder.next()) is not None:
                found.append(more)
        assert [one for one in found if one is not None] == frames
