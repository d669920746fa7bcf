from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfmod.examples import choose_held_back, parse_examples
from selfmod.gate.subject import Waiver
from selfmod.models.base import Cost
from selfmod.proposal import STATES, TRANSITIONS, IllegalTransition, Proposal, from_json
from selfmod.spec import Spec

LEGAL = {
    ("drafting", "refused"),
    ("drafting", "awaiting-approval"),
    ("refused", "drafting"),
    ("refused", "rejected"),
    ("awaiting-approval", "drafting"),
    ("awaiting-approval", "committed"),
    ("awaiting-approval", "rejected"),
    ("awaiting-approval", "stale"),
    ("stale", "drafting"),
    ("committed", "rolled-back"),
    ("rolled-back", "committed"),
}


def test_the_table_is_the_design():
    assert {(state, following) for state in STATES for following in TRANSITIONS[state]} == LEGAL


@given(st.lists(st.sampled_from(STATES), max_size=30))
def test_no_way_leads_around_the_table(steps):
    proposal = Proposal(id="P-1", spec=Spec(text="x"))
    gated = False
    for state in steps:
        before = proposal.state
        if (before, state) not in LEGAL:
            with pytest.raises(IllegalTransition) as caught:
                proposal.moved(state)
            assert caught.value.exit_code == 2
            assert caught.value.hint
            continue
        proposal = proposal.moved(state)
        gated = gated or state == "awaiting-approval"
        if state == "committed":
            assert gated
            assert before in {"awaiting-approval", "rolled-back"}


def test_what_is_stored_is_read_back():
    examples = choose_held_back(parse_examples(["f(1) == 1", "f(2) == 2", "f('') raises ValueError"]), b"s")
    proposal = Proposal(
        id="P-7",
        spec=Spec(text="écho", examples=examples, allow=("storage",), plugin="echo", change=True),
        cost=Cost(prompt_tokens=1, completion_tokens=2, money=0.25),
        waivers=(Waiver(finding="coverage.line:plugin.py:3", reason="why", digest="sha256:0"),),
        acknowledge=("no-oracle",),
        texts=("faster",),
    )
    assert from_json(json.loads(json.dumps(proposal.to_json()))) == proposal


@pytest.mark.parametrize("damage", [{"state": "approved"}, {"spec": {}}, {"cost": {"x": 1}}, {"extra": 1}])
def test_damage_is_not_read(damage):
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json({**Proposal(id="P-1", spec=Spec(text="x")).to_json(), **damage})
