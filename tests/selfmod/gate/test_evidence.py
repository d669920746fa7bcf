"""Evidence from a worker is hostile: whatever it is, it is taken apart or spoils its run, and nothing raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfmod.gate.evidence import BadEvidence, MutantNotes, Notes, arc_set, array, mapping, number, places, text, whole
from selfmod.gate.suite import NoPlan, _plan

_KEYS = st.sampled_from(
    [
        *(
            "kind",
            "nonce",
            "id",
            "ids",
            "test",
            "arcs",
            "ran",
            "exit",
            "outcome",
            "calls",
            "asks",
            "seconds",
            "message",
            "path",
        ),
        *("line", "index", "result", "failed", "function", "args", "kwargs", "plain", "mutant", "value", "asked", "op"),
    ]
)
_WORDS = st.sampled_from(
    [
        *("n", "import", "collected", "test", "arcs", "end", "collect-error", "mutant", "baseline", "question"),
        *("assertions", "passed", "failed", "returned", "raised", "survived", "value", "crash"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)
_NOTES = st.dictionaries(_KEYS, _JSON, max_size=6).map(lambda note: {**note, "nonce": "n"}) | _JSON


class _Everything:
    lines: frozenset[int] = frozenset()
    arcs: frozenset[tuple[int, int]] = frozenset()


@settings(max_examples=100, deadline=None)
@given(st.lists(_NOTES, max_size=6))
def test_no_note_raises(sent: list[Any]) -> None:
    notes = Notes(nonce="n", limit=5)
    for note in sent:
        notes.take(note)
    try:
        notes.test_runs(lambda _: _Everything())  # type: ignore[arg-type, return-value]
        notes.calls()
        notes.asks()
    except BadEvidence:
        return
    assert notes.count == len(sent)


@settings(max_examples=100, deadline=None)
@given(st.lists(_NOTES, max_size=6))
def test_no_note_about_mutants_raises(sent: list[Any]) -> None:
    notes = MutantNotes(nonce="n", limit=5)
    for note in sent:
        notes.take(note)
    assert set(notes.results.values()) <= {"survived", "traces", "value", "crash", "budget", "time-out"}


CHANGE = {
    "index": 3,
    "operator": "number",
    "line": 2,
    "at": 2,
    "scope": "call",
    "function": "f",
    "before": ["    return 1"],
    "after": ["    return 2"],
}


def test_what_is_said_of_mutants_after_they_were_chosen_changes_none_of_them() -> None:
    notes = MutantNotes(nonce="n", limit=1)
    chosen = {"nonce": "n", "kind": "chosen", "changes": [CHANGE]}
    notes.take(chosen)
    notes.take({"nonce": "n", "kind": "mutant", "index": 3, "result": "survived"})  # there is room for it now
    assert not notes.problem and notes.changes is not None
    assert notes.changes[0].diff == "@@ line 2 @@\n-    return 1\n+    return 2"
    notes.take(chosen | {"changes": []})
    assert notes.problem and len(notes.changes) == 1


@pytest.mark.parametrize(("name", "value"), [("index", "3"), ("before", "text"), ("after", [1]), ("scope", None)])
def test_a_choice_of_another_shape_is_refused(name: str, value: object) -> None:
    notes = MutantNotes(nonce="n", limit=1)
    notes.take({"nonce": "n", "kind": "chosen", "changes": [CHANGE | {name: value}]})
    assert notes.problem and notes.changes is None


@settings(max_examples=100, deadline=None)
@given(_JSON)
def test_a_plan_is_whole_or_refused(found: Any) -> None:
    with pytest.raises((BadEvidence, NoPlan)):
        _plan(mapping(found))


def test_shapes() -> None:
    assert arc_set([[1, -2], (3, 4)]) == {(1, -2), (3, 4)}
    for check, bad in [
        (mapping, {1: 2}),
        (array, "ab"),
        (text, "x" * 5000),
        (number, float("nan")),
        (number, -1.0),
        (number, True),
        (whole, 1.0),
        (whole, -1),
        (whole, True),
        (places, [["a"]]),
        (places, [["a", -1]]),
        (places, [[1, "a"]]),
        (arc_set, [[1]]),
        (arc_set, [["a", 1]]),
        (arc_set, [[10**9, 1]]),
    ]:
        with pytest.raises(BadEvidence):
            check(bad)  # type: ignore[operator]
