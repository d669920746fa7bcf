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
    assert [ask.argument["n"] for ask in door.strangers] == [1, 2, 3]
    assert [ask.argument["n"] for ask in door.asked] == [2, 1, 1, 1, 2, 3]


def test_what_was_never_heard_is_answered_by_somebody_else_and_a_new_play_forgets():
    failed = Exchange(ask=Ask(op="files.read", argument="a"), answer=Failed(kind="OSError", message="no"))
    door = Rehearsed(Closed(), [failed])
    assert door.answer(Ask(op="files.read", argument="a")) == failed.answer
    assert isinstance(door.answer(Ask(op="clock.now", argument={})), Refused)
    door.play(())
    assert (door.strangers, door.asked) == ([], [])
    assert isinstance(door.answer(Ask(op="files.read", argument="a")), Refused)


def test_an_argument_that_cannot_be_written_down_is_an_ask_all_the_same():
    door = Rehearsed(Closed(), [heard("log", {}, None)])
    assert door.answer(Ask(op="log", argument=object())) == Given(value=None)
