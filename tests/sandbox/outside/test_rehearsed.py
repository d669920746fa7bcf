"""Asks that are answered as they once were."""

from __future__ import annotations

from sandbox.outside.base import Ask, Closed, Failed, Given, Refused
from sandbox.outside.rehearsed import Exchange, Rehearsed


def heard(op, argument, value):
    return Exchange(ask=Ask(op=op, argument=argument), answer=Given(value=value))


def test_each_exchange_is_answered_once_in_any_order_and_then_as_the_last_of_its_kind():
    door = Rehearsed(Closed(), [heard("http.read", {"n": 1}, b"a"), heard("http.read", {"n": 2}, b"b"),
                                heard("http.read", {"n": 1}, b"")])  # fmt: skip
    asked = [door.answer(Ask(op="http.read", argument={"n": n})).value for n in (2, 1, 1, 1, 2, 3)]
    assert asked == [b"b", b"a", b"", b"", b"", b""]
    assert (door.asked, door.strangers) == ({"http.read"}, {"http.read"})


def test_what_was_never_heard_is_answered_by_somebody_else_and_a_new_play_forgets():
    failed = Exchange(ask=Ask(op="files.read", argument="a"), answer=Failed(kind="OSError", message="no"))
    door = Rehearsed(Closed(), [failed])
    assert door.answer(Ask(op="files.read", argument="a")) == failed.answer
    assert isinstance(door.answer(Ask(op="clock.now", argument={})), Refused)
    door.play(())
    assert (door.strangers, door.asked) == (set(), set())
    assert isinstance(door.answer(Ask(op="files.read", argument="a")), Refused)


def test_an_argument_that_cannot_be_written_down_is_an_ask_all_the_same():
    door = Rehearsed(Closed(), [heard("log", {}, None)])
    assert door.answer(Ask(op="log", argument=object())) == Given(value=None)


def test_who_asks_cannot_fill_the_memory_of_who_answers():
    door = Rehearsed(Closed())
    for number in range(100):
        door.answer(Ask(op=f"no.such.{number}", argument="x" * 1000))
        door.answer(Ask(op="log", argument="x" * 1000))
    assert (door.asked, door.strangers) == ({"log"}, {"log"})


def test_what_is_in_the_recording_is_no_stranger():
    door = Rehearsed(Closed(), [heard("clock.now", {}, 1.0)])
    door.answer(Ask(op="clock.now", argument={}))
    assert (door.asked, door.strangers) == ({"clock.now"}, set())
