from __future__ import annotations

import json
import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import ProtocolError
from sandbox.protocol import Channel, Closed, Decoder, TooLarge, TooLate, new_id, pack, parse

LIMIT = 4096


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
            found.append(decoder.take(stream[start : start + size]))
            while decoder.pending and (more := decoder.next()) is not None:
                found.append(more)
        assert [one for one in found if one is not None] == frames
