"""Stage 3: the language policy for the module and for its tests, secrets in the files, and what bandit says."""

from __future__ import annotations

from selfmod.gate.base import StageResult, result
from selfmod.gate.facts import facts_of
from selfmod.gate.subject import Subject


class Policy:
    """The stage "policy"."""

    name = "policy"

    def run(self, subject: Subject) -> StageResult:
        """Judge what the sources say; bandit's findings are shown and never refuse."""
        facts = facts_of(subject)
        advice = facts.findings("bandit", stage=self.name, advisory=True)
        findings = [*facts.findings("policy"), *facts.findings("secrets", stage=self.name), *advice]
        return result(self.name, findings, figures={"advisory": len(advice)})
