from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


@pytest.fixture
def saying(good: dict[str, str]) -> Callable[[str], dict[str, tuple[str, int]]]:
    """Each file of a good plugin that can go on with a text, for readers or in comments; and the line where it does."""

    def files(text: str) -> dict[str, tuple[str, int]]:
        comments = "\n".join(f"# {line}" for line in text.split("\n"))
        more = {"README.md": text, "plugin.py": comments, "tests/test_plugin.py": comments}
        return {path: (f"{good[path]}\n{said}\n", good[path].count("\n") + 2) for path, said in more.items()}

    return files


@pytest.fixture
def chosen(mutated: Callable[..., Any]) -> Callable[..., set[str]]:
    """The rules about conditions that refuse a module, with one test that checks what is given."""

    def rules(module: str, *checks: str) -> set[str]:
        found = mutated(module, *(f"assert {check}" for check in checks))
        return found.rules("mutation") & {"mutation.special", "mutation.operand"}

    return rules
