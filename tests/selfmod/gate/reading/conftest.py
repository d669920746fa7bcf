from __future__ import annotations

from collections.abc import Callable

import pytest

from selfmod.gate.stages.policy import Policy
from selfmod.gate.subject import Subject


@pytest.fixture
def refused(make_subject: Callable[..., Subject], good: dict[str, str]) -> Callable[[str, str], set[str]]:
    """The rules by which the stage "policy" refuses a good plugin when one of its files is another one."""

    def rules(path: str, text: str) -> set[str]:
        findings = Policy().run(make_subject(good | {path: text})).findings
        return {item.rule for item in findings if not item.advisory}

    return rules
