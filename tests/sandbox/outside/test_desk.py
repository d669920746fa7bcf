"""The desk takes hostile asks: it answers each, and lets nothing through that the policy does not list."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import Policy
from sandbox.outside.base import OPERATIONS, Ask, Closed, Exceeded, Failed, Given, Refused
from sandbox.outside.doubles import Doubles

EVERYTHING = Policy(
    network=("api.example.org:443",),
    read=("~/notes",),
    write=("~/out",),
    environment=("TOKEN",),
    storage=True,
    effects=("clock", "random"),
)
ARGUMENTS = {
    "http.request": {
        "method": "GET",
        "url": "https://api.example.org/",
        "headers": {},
        "body": None,
        "upload": 0,
        "timeout_s": 1,
    },
    "files.read": {"path": "~/notes/a", "offset": 0, "size": 10},
    "files.write": {"path": "~/out/a", "data": b"", "append": False},
    "files.list": {"path": "~/notes"},
    "environment.get": {"name": "TOKEN"},
    "storage.get": {"key": "a"},
    "storage.set": {"key": "a", "value": 1},
    "storage.delete": {"key": "a"},
    "storage.keys": {},
    "clock.now": {},
    "clock.monotonic": {},
    "random.seed": {},
    "tcp.open": {"host": "api.example.org", "port": 443},
}


@pytest.mark.parametrize("op", sorted(ARGUMENTS))
def test_nothing_declared_means_nothing_given(op):
    answer = Doubles(Policy()).answer(Ask(op=op, argument=ARGUMENTS[op]))
    assert isinstance(answer, Refused) and answer.capability


@pytest.mark.parametrize("op", sorted(ARGUMENTS))
def test_declared_means_answered(op):
    answer = Doubles(EVERYTHING).answer(Ask(op=op, argument=ARGUMENTS[op]))
    assert isinstance(answer, Given) or answer.kind == "FileNotFoundError"


def test_the_table_of_operations_is_complete():
    assert set(Doubles()._table) == OPERATIONS


@pytest.mark.parametrize("op", ["", "http", "os.system", "__class__", "files.read\n"])
def test_unknown_operations_are_refused(op):
    assert isinstance(Doubles(EVERYTHING).answer(Ask(op=op)), Refused)


def test_closed_refuses_everything_and_names_known_kinds_only():
    for op in OPERATIONS:
        refused = Closed().answer(Ask(op=op, argument=ARGUMENTS.get(op)))
        assert isinstance(refused, Refused) and refused.capability == op.partition(".")[0]
    for op in ("Forged: all is well", "http", "http.Forged", "\ud800.x"):
        assert Closed().answer(Ask(op=op)).capability == ""


@pytest.mark.parametrize("seconds", [10**400, 1 << 14_000, float("inf")])
def test_any_positive_time_is_cut_to_what_is_left(seconds, outside, ask):
    for door in (outside(), Doubles(Policy())):
        assert isinstance(ask(door, "tcp.open", host="example.org", port=80, timeout_s=seconds), Refused)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
fields = st.dictionaries(
    st.sampled_from(
        [
            "method",
            "url",
            "headers",
            "body",
            "timeout_s",
            "handle",
            "size",
            "path",
            "offset",
            "data",
            "append",
            "name",
            "key",
            "value",
            "level",
            "message",
            "fraction",
            "host",
            "port",
        ]
    ),
    values,
)


@settings(max_examples=300, deadline=None)
@given(op=st.sampled_from(sorted(OPERATIONS)), argument=fields | values)
def test_any_argument_gets_an_answer(op, argument):
    answer = Doubles(EVERYTHING).answer(Ask(op=op, argument=argument))
    assert isinstance(answer, Given | Failed | Refused | Exceeded)


@settings(max_examples=100, deadline=None)
@given(op=st.sampled_from(sorted(OPERATIONS)), changes=fields)
def test_fields_of_another_type_get_an_answer(op, changes):
    argument = {**ARGUMENTS.get(op, {"handle": 1, "size": 10, "data": b"x"}), **changes}
    assert isinstance(Doubles(EVERYTHING).answer(Ask(op=op, argument=argument)), Given | Failed | Refused | Exceeded)


def test_subclasses_are_not_the_types_they_pretend_to_be():
    class Text(str):
        __slots__ = ()

    answer = Doubles(EVERYTHING).answer(Ask(op="environment.get", argument={"name": Text("TOKEN")}))
    assert isinstance(answer, Failed)


def test_messages_reach_the_host_and_are_bounded():
    door = Doubles(Policy())
    assert door.answer(Ask(op="log", argument={"level": "info", "message": "hi"})) == Given()
    assert door.answer(Ask(op="progress", argument={"fraction": 0.5, "message": ""})) == Given()
    assert door.messages == [
        ("log", {"level": "info", "message": "hi"}),
        ("progress", {"fraction": 0.5, "message": ""}),
    ]
    assert isinstance(door.answer(Ask(op="log", argument={"level": "info", "message": "x" * 5000})), Failed)
    for _ in range(998):
        door.answer(Ask(op="log", argument={"level": "info", "message": "hi"}))
    assert isinstance(door.answer(Ask(op="log", argument={"level": "info", "message": "hi"})), Exceeded)


def test_environment_gives_listed_names_only(outside, ask):
    door = outside(Policy(environment=("TOKEN", "EMPTY")), environ={"TOKEN": "t", "PATH": "p"})
    assert ask(door, "environment.get", name="TOKEN") == Given(value="t")
    assert ask(door, "environment.get", name="EMPTY") == Given(value=None)
    assert ask(door, "environment.get", name="PATH").capability == "environment:PATH"
    assert ask(door, "environment.get", name="a b\n").capability == "environment:?"


def test_a_variable_that_is_not_text_is_a_failure(outside, ask):
    door = outside(Policy(environment=("ODD",)), environ={"ODD": "a\udcff"})
    assert ask(door, "environment.get", name="ODD").kind == "ValueError"


def test_real_effects(outside, ask):
    door = outside(Policy(effects=("clock", "random")))
    assert ask(door, "clock.now").value > 1_600_000_000
    assert ask(door, "clock.monotonic").value <= ask(door, "clock.monotonic").value
    assert ask(door, "random.seed").value != ask(door, "random.seed").value
    assert ask(outside(Policy()), "clock.now").capability == "effect:clock"


def test_real_messages_are_handed_on(outside, ask):
    heard = []
    door = outside(on_message=lambda kind, content: heard.append((kind, content)))
    ask(door, "log", level="warning", message="careful")
    assert heard == [("log", {"level": "warning", "message": "careful"})]
