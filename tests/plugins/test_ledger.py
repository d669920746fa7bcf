from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from plugins import ledger
from plugins.decision import Decision
from plugins.errors import AuditError
from plugins.keys import HostKey

KEY = HostKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def _chain(count: int) -> ledger.Ledger:
    found = ledger.Ledger(plugin="text-stats")
    for number in range(count):
        decision = Decision(
            operation="approve", workspace="w", plugin="text-stats", digest="sha256:" + f"{number:064x}",
            version=f"0.{number}.0", approver="Ada <a@x>", time="t", channel="terminal", parent="p", key="",
            previous=found.tip,
        ).signed(KEY)  # fmt: skip
        found = ledger.read("text-stats", found.with_line(decision), workspace="w")
        assert not found.problems
    return found


CHAIN = _chain(6)
LINES = CHAIN.to_bytes().splitlines(keepends=True)


def test_a_chain_is_read_back() -> None:
    assert [decision.version for decision in CHAIN.decisions] == [f"0.{number}.0" for number in range(6)]
    assert CHAIN.latest == CHAIN.decisions[-1]
    assert ledger.read("text-stats", b"").latest is None
    assert ledger.read("text-stats", None).tip == ""


@given(st.permutations(range(6)), st.integers(0, 6))
def test_only_a_beginning_of_the_chain_is_a_chain(order: list[int], count: int) -> None:
    chosen = order[:count]
    found = ledger.read("text-stats", b"".join(LINES[number] for number in chosen), workspace="w")
    assert (not found.problems) == (chosen == list(range(count)))


@given(st.integers(0, 5), st.integers(0, 5))
def test_a_line_twice_is_noticed(line: int, place: int) -> None:
    lines = [*LINES[:place], LINES[line], *LINES[place:]]
    assert ledger.read("text-stats", b"".join(lines), workspace="w").problems


@given(st.integers(1, len(CHAIN.to_bytes()) - 1))
def test_a_ledger_cut_anywhere_is_noticed_unless_between_lines(at: int) -> None:
    data = CHAIN.to_bytes()[:at]
    found = ledger.read("text-stats", data, workspace="w")
    assert (not found.problems) == data.endswith(b"\n")


def test_a_decision_of_another_plugin_or_workspace_does_not_belong() -> None:
    assert {problem.kind for problem in ledger.read("other", CHAIN.to_bytes()).problems} == {"decision-changed"}
    foreign = ledger.read("text-stats", CHAIN.to_bytes(), workspace="elsewhere")
    assert {problem.kind for problem in foreign.problems} == {"foreign-decision"}
    assert foreign.latest is None


def test_nothing_is_added_that_does_not_continue_it() -> None:
    late = dataclasses.replace(CHAIN.decisions[-1], previous="")
    with pytest.raises(AuditError, match="does not continue"):
        CHAIN.with_line(late)
    broken = ledger.read("text-stats", CHAIN.to_bytes() + b"{}\n")
    assert broken.latest is None
    with pytest.raises(AuditError):
        broken.with_line(dataclasses.replace(late, previous=broken.tip))


def test_who_is_not_trusted_is_listed() -> None:
    assert ledger.untrusted(CHAIN, {KEY.public.fingerprint}) == ()
    assert ledger.untrusted(CHAIN, set()) == CHAIN.decisions


@pytest.mark.parametrize(
    ("name", "plugin"),
    [("text-stats.jsonl", "text-stats"), ("x.jsonl", ""), ("../a.jsonl", ""), ("a/b.jsonl", ""), ("ab.json", "")],
)
def test_only_a_plugins_file_is_a_ledger(name: str, plugin: str) -> None:
    assert ledger.plugin_of(name) == plugin
