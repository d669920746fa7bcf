"""Facts of the parse worker: what it does not say is never taken for "nothing found"."""

from __future__ import annotations

import pytest

from sandbox.outcome import Completed
from selfmod.gate.evidence import BadEvidence
from selfmod.gate.facts import SECTIONS, Facts


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_a_worker_left_out_is_a_refusal_of_its_stage(section: str) -> None:
    facts = Facts(sections={name: [] for name in SECTIONS if name != section}, outcome=Completed(value=len(SECTIONS)))
    with pytest.raises(BadEvidence, match="could not be read to the end"):
        facts.get(section)
    found = facts.findings(section, stage="policy")
    assert [(item.rule, item.waivable, item.advisory) for item in found] == [("policy.unreadable", False, False)]
    assert facts.findings(next(name for name in SECTIONS if name != section)) == ()
