from __future__ import annotations

from typing import Any

import pytest

from plugins.digest import digest_of
from plugins.errors import AuditError, ConflictError, NotFoundError
from plugins.folder import read_files
from selfmod import audit
from selfmod.review import read_ledger
from selfmod.rollback import versions


def _in_force(desk: Any) -> str:
    """The version that the work tree holds, by its bytes."""
    files = read_files(desk.workspace.root, "plugins/text-stats")
    known = {desk.candidate(version).digest: version for version in ("0.1.0", "0.2.0", "0.3.0", "0.4.0")}
    assert desk.git("status", "--short") == ""
    return known[digest_of(files)] if files else ""


def test_it_is_a_revert_commit_with_its_own_decision(desk: Any) -> None:
    first = desk.approve("0.1.0")
    second = desk.approve("0.2.0")
    back = desk.rollback()
    assert desk.git("rev-list", "--count", "HEAD").strip() == "4"
    assert desk.git("diff", first.commit, back.commit, "--", "plugins") == ""
    assert f"This reverts commit {second.commit}." in desk.git("log", "-1", "--format=%B")
    decision = back.decision
    assert (decision.operation, decision.digest, decision.revoked) == (
        "rollback", first.decision.digest, second.decision.digest,
    )  # fmt: skip
    assert decision.previous == second.decision.hash
    assert _in_force(desk) == "0.1.0"


def test_the_commit_names_those_whose_changes_it_takes_back(desk: Any) -> None:
    first, second = desk.approve("0.1.0").commit, desk.approve("0.2.0").commit
    desk.rollback(to="0.1.0")
    again = desk.redo().commit
    named = []
    for _ in range(2):
        desk.rollback()
        named.append(desk.git("log", "-1", "--format=%B").split("\n")[2].strip())
    assert named == [f"This reverts commit {again}.", f"This reverts commit {first}."]
    once_more = [desk.redo().commit for _ in range(2)]
    third = desk.approve("0.3.0").commit
    desk.rollback(to="0.1.0")
    words = " ".join(desk.git("log", "-1", "--format=%B").split())
    assert f"This reverts commits {third}, {once_more[1]}." in words
    assert second not in words


def test_back_and_forth_through_every_version(desk: Any) -> None:
    for version in ("0.1.0", "0.2.0", "0.3.0"):
        desk.approve(version)
    seen = []
    for _ in range(3):
        desk.rollback()
        seen.append(_in_force(desk))
    assert seen == ["0.2.0", "0.1.0", ""]
    with pytest.raises(NotFoundError, match="as far as it goes") as caught:
        desk.rollback()
    assert caught.value.exit_code == 17
    for _ in range(3):
        desk.redo()
        seen.append(_in_force(desk))
    assert seen[3:] == ["0.1.0", "0.2.0", "0.3.0"]
    with pytest.raises(NotFoundError, match="nothing to redo"):
        desk.redo()
    desk.rollback(to="0.1.0")
    assert _in_force(desk) == "0.1.0"
    with pytest.raises(NotFoundError, match=r"no earlier version 9\.9\.9") as caught:
        desk.rollback(to="9.9.9")
    assert audit.verify(desk.workspace, desk.state).ok


def test_a_new_version_ends_what_could_be_redone(desk: Any) -> None:
    desk.approve("0.1.0")
    desk.approve("0.2.0")
    desk.rollback()
    desk.approve("0.3.0")
    with pytest.raises(NotFoundError, match="nothing to redo"):
        desk.redo()
    desk.rollback()
    assert _in_force(desk) == "0.1.0"
    desk.redo()
    assert _in_force(desk) == "0.3.0"
    found = versions(read_ledger(desk.workspace, "text-stats"))
    assert [decision.version for decision in found.approved] == ["0.1.0", "0.3.0"]


def test_commits_in_between_stay(desk: Any) -> None:
    desk.approve("0.1.0")
    desk.approve("0.2.0")
    desk.write("src/app.py", "x = 1\n")
    desk.git("add", "-A")
    desk.git("commit", "-qm", "mine")
    desk.rollback()
    assert (desk.workspace.root / "src/app.py").read_text() == "x = 1\n"
    assert _in_force(desk) == "0.1.0"


def test_it_is_refused_while_another_plugin_needs_the_version(desk: Any) -> None:
    desk.approve("0.1.0")
    desk.approve("0.2.0")
    desk.approve(desk.review("1.0.0", id="needs-it", more='dependencies: {text-stats: ">=0.2"}\n'))
    with pytest.raises(ConflictError, match="needs-it") as caught:
        desk.rollback()
    assert caught.value.exit_code == 16
    desk.rollback("needs-it")
    desk.rollback()
    assert _in_force(desk) == "0.1.0"


def test_one_that_also_fits_the_older_version_is_no_obstacle(desk: Any) -> None:
    desk.approve("0.1.0")
    desk.approve("0.2.0")
    desk.approve(desk.review("1.0.0", id="easy-going", more='dependencies: {text-stats: ">=0.1"}\n'))
    desk.rollback()
    with pytest.raises(ConflictError, match="easy-going"):
        desk.rollback()


def test_uncommitted_changes_are_refused_first(desk: Any) -> None:
    desk.approve("0.1.0")
    desk.approve("0.2.0")
    desk.write("plugins/text-stats/plugin.py", "mine\n")
    with pytest.raises(ConflictError):
        desk.rollback()
    assert (desk.workspace.root / "plugins/text-stats/plugin.py").read_text() == "mine\n"


def test_a_broken_ledger_is_not_built_upon(desk: Any) -> None:
    desk.approve("0.1.0")
    path = desk.workspace.root / "audit_logs/decisions/text-stats.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"tried":1', b'"tried":2'))
    desk.git("commit", "-qam", "tamper")
    for act in (desk.rollback, desk.redo, lambda: desk.approve("0.2.0")):
        with pytest.raises(AuditError) as caught:
            act()
        assert caught.value.exit_code == 15


def test_unknown_plugins_are_said(desk: Any) -> None:
    for name in ("nope", "../nope", ""):
        with pytest.raises(NotFoundError):
            desk.rollback(name)


def test_every_proposal_that_is_taken_back_is_told(desk: Any) -> None:
    import dataclasses

    changes = []
    desk.journal.settle = lambda change: changes.append((change.operation, change.proposals))
    for number, version in enumerate(("0.1.0", "0.2.0", "0.3.0"), start=1):
        desk.approve(dataclasses.replace(desk.review(version), proposal=f"P-{number}"))
    desk.rollback(to="0.1.0")
    desk.redo()
    assert changes[3:] == [("rollback", ("P-2", "P-3")), ("redo", ("P-2",))]
