from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins import trust
from plugins import workspace as workspaces
from plugins.keys import host_key
from plugins.repository import EVENTS
from plugins.state import UserState
from plugins.workspace import Workspace
from selfmod import audit
from selfmod.audit import AuditReport
from selfmod.spec import Spec
from selfmod.store import Store

LEDGER = "audit_logs/decisions/text-stats.jsonl"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture
def told(place: Path, person: Path, new_desk: Any) -> Iterator[Any]:
    """A workspace with a story: two versions, a rollback, a redo. It is made once, and each test finds it as it was."""
    here, kept = place / "here", place / "kept"
    shutil.rmtree(here, ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, here)
        desk = new_desk(here / "work", here / "state")
    else:
        workspaces.init(here / "work", UserState(here / "state")).close()
        desk = new_desk(here / "work", here / "state")
        desk.approve("0.1.0")
        desk.approve("0.2.0")
        desk.rollback()
        desk.redo()
        shutil.copytree(here, kept)
    yield desk
    desk.close()


def _verify(desk: Any) -> AuditReport:
    return audit.verify(Workspace(desk.workspace.root), desk.state)


def _kinds(desk: Any) -> set[str]:
    report = _verify(desk)
    assert report.ok == (not report.problems)
    return {problem.kind for problem in report.problems}


def _commit_all(desk: Any) -> None:
    desk.git("add", "-A")
    desk.git("commit", "-qm", "by hand")


def test_an_untouched_workspace_is_ok(told: Any) -> None:
    report = _verify(told)
    assert (report.ok, report.scope, report.decisions, report.events) == (True, "origin", 4, 4)
    assert (report.missing, report.notes) == ((), ())
    shown = report.to_json()
    assert shown.keys() >= {"ok", "scope", "decisions", "events", "missing", "problems"}
    assert any("tail" in line or "last anchor" in line for line in audit.UNKNOWABLE)
    assert any("holds the key" in line for line in audit.UNKNOWABLE)
    assert any("read" in line for line in audit.UNKNOWABLE)


def test_unrelated_commits_are_not_its_business(told: Any) -> None:
    told.write("src/app.py", "x = 1\n")
    _commit_all(told)
    assert _verify(told).ok


@pytest.mark.parametrize("line", [0, 1, 2, 3])
@pytest.mark.parametrize("committed", [False, True])
def test_a_changed_decision_is_found(told: Any, line: int, committed: bool) -> None:
    path = told.workspace.root / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"tried":1', b'"tried":2')
    path.write_bytes(b"".join(lines))
    if committed:
        _commit_all(told)
    assert _kinds(told) >= ({"decision-changed", "decision-dropped"} if committed else {"decision-changed"})


@pytest.mark.parametrize("committed", [False, True])
def test_a_dropped_decision_is_found(told: Any, committed: bool) -> None:
    path = told.workspace.root / LEDGER
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    if committed:
        _commit_all(told)
    assert _kinds(told) >= ({"decision-dropped"} if committed else {"decision-changed"})


def test_swapped_decisions_are_found(told: Any) -> None:
    path = told.workspace.root / LEDGER
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))
    _commit_all(told)
    assert "decision-changed" in _kinds(told)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("path", ["plugin.py", "plugin.yaml", "tests/test_plugin.py", "new.py"])
def test_a_changed_file_of_a_plugin_is_found(told: Any, path: str, committed: bool) -> None:
    told.write(f"plugins/text-stats/{path}", "changed\n")
    if committed:
        _commit_all(told)
    assert _kinds(told) == ({"undecided"} if committed else {"changed"})


def test_a_change_that_was_taken_back_is_still_found(told: Any) -> None:
    told.write("plugins/text-stats/plugin.py", "changed\n")
    _commit_all(told)
    told.git("-c", "core.hooksPath=/dev/null", "revert", "--no-edit", "HEAD")
    assert _kinds(told) == {"undecided"}


def test_a_new_plugin_without_a_decision_is_found(told: Any) -> None:
    told.write("plugins/other/plugin.py", "x = 1\n")
    assert _verify(told).ok, "what is only lying there was not committed"
    _commit_all(told)
    assert _kinds(told) == {"undecided"}


def test_a_removed_plugin_is_found(told: Any) -> None:
    told.git("rm", "-rq", "plugins/text-stats")
    told.git("commit", "-qm", "gone")
    assert _kinds(told) == {"undecided"}


def test_an_old_version_put_back_without_a_decision_is_found(told: Any) -> None:
    for path, data in told.candidate("0.1.0").files.items():
        told.write(f"plugins/text-stats/{path}", data.decode())
    _commit_all(told)
    assert _kinds(told) == {"undecided"}


def test_a_merge_that_takes_decisions_back_is_found(told: Any) -> None:
    told.git("branch", "old", "HEAD~2")
    told.git("switch", "-q", "old")
    told.write("x.txt", "x")
    _commit_all(told)
    told.git("switch", "-q", "main")
    tree = told.git("rev-parse", "old^{tree}").strip()
    merge = told.git("commit-tree", tree, "-p", "HEAD", "-p", "old", "-m", "merge").strip()
    told.git("reset", "-q", "--hard", merge)
    assert "decision-dropped" in _kinds(told)


def test_an_honest_merge_is_fine(told: Any) -> None:
    told.git("switch", "-qc", "side", "HEAD~4")
    told.write("x.txt", "x")
    _commit_all(told)
    told.git("merge", "-q", "--no-edit", "main")
    assert _verify(told).ok
    told.git("switch", "-q", "main")
    told.git("merge", "-q", "--no-ff", "--no-edit", "side")
    assert _verify(told).ok


def test_a_decision_with_a_key_nobody_vouches_for_is_found(told: Any, tmp_path: Path, new_desk: Any) -> None:
    mallory = new_desk(told.workspace.root, tmp_path / "mallory")
    trust.trust(mallory.workspace, mallory.state, keys=())
    mallory.approve("0.3.0")
    mallory.close()
    assert "unknown-key" in _kinds(told)
    key = host_key(mallory.state)
    assert key is not None
    told.write("audit_logs/allowed_signers", f'm@x namespaces="git" {key.public.line}\n')
    _commit_all(told)
    assert "unknown-key" in _kinds(told), "a workspace cannot vouch for a key by itself"


def test_decisions_cut_off_with_their_commits_are_found_where_they_were_made(told: Any) -> None:
    told.git("reset", "-q", "--hard", "HEAD~1")
    assert _kinds(told) == {"decision-missing"}


def test_another_branch_without_the_decisions_is_fine(told: Any) -> None:
    told.git("switch", "-qc", "early", "HEAD~4")
    assert _verify(told).ok


# Events


def _events(desk: Any) -> Path:
    (path,) = (desk.workspace.root / "audit_logs/events").iterdir()
    return Path(path)


def _rewrite(desk: Any, change: Any) -> set[str]:
    path = _events(desk)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    return _kinds(desk)


def test_edited_dropped_swapped_and_cut_events_are_found(told: Any) -> None:
    path = _events(told)
    original = path.read_bytes()
    for change, kind in (
        (lambda lines: [lines[0].replace(b"0.1.0", b"0.1.1"), *lines[1:]], "events-broken"),
        (lambda lines: [lines[0], *lines[2:]], "events-broken"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "events-broken"),
        (lambda lines: lines[:-1], "events-cut"),
        (lambda lines: [], "events-cut"),
        (lambda lines: [*lines, b"{}\n"], "event-changed"),
        (lambda lines: [*lines[:-1], lines[-1].replace(b"}", b" }")], "event-changed"),
    ):
        assert kind in _rewrite(told, change), kind
        path.write_bytes(original)
    assert _verify(told).ok


def test_a_rewritten_chain_is_found(told: Any, tmp_path: Path) -> None:
    """Somebody makes a whole new log, consistent in itself."""
    log = told.workspace.events(UserState(tmp_path / "forger"))
    kept = [(event.kind, event.fields) for event in log.read().events]
    _events(told).unlink()
    for kind, fields in kept:
        log.append(kind, **fields)
    assert _kinds(told) == {"events-rewritten"}


def test_a_log_that_is_gone_is_found_by_either_anchor(told: Any) -> None:
    shutil.rmtree(told.workspace.root / "audit_logs/events")
    assert _kinds(told) == {"events-cut"}
    (told.state.workspace_dir(told.workspace.root) / "events.json").unlink()
    assert _kinds(told) == {"events-cut"}, "the anchor in git is left"


def test_an_anchor_that_is_none_is_found(told: Any) -> None:
    told.git("update-ref", "refs/ratchet/events", "HEAD")
    assert _kinds(told) == {"anchor-changed"}


def test_a_torn_last_line_is_said_and_taken_out_openly(told: Any) -> None:
    with _events(told).open("ab") as file:
        file.write(b'{"half a li')
    report = _verify(told)
    assert report.ok
    assert [note.kind for note in report.notes] == ["torn"]
    told.rollback()
    report = _verify(told)
    assert (report.ok, report.notes) == (True, ())
    kinds = [event.kind for event in told.workspace.events(told.state).read().events]
    assert kinds[-2:] == ["recovered", "committed"]


# Notes


def test_a_changed_report_is_found_and_a_missing_one_is_only_missing(told: Any) -> None:
    told.git("notes", "--ref=ratchet", "add", "-f", "-m", '{"verdict": "pass"}', "HEAD~3")
    assert _kinds(told) == {"report-changed"}
    told.git("update-ref", "-d", "refs/notes/ratchet")
    report = _verify(told)
    assert report.ok
    assert ["not fetched" in line for line in report.missing] == [True]


# Moved


def test_after_a_rebase_it_says_moved_bytes_identical(told: Any) -> None:
    told.git("switch", "-qc", "upstream", "HEAD~4")
    told.write("upstream.txt", "x")
    _commit_all(told)
    told.git("switch", "-q", "main")
    told.git("rebase", "-q", "upstream")
    report = _verify(told)
    assert report.ok, report.problems
    assert len(report.notes) == 4
    assert all("moved, bytes identical" in note.message for note in report.notes)
    assert report.missing == (), "the notes moved with their commits"


def test_after_a_squash_it_says_moved_bytes_identical(told: Any) -> None:
    told.git("reset", "-q", "--soft", "HEAD~4")
    told.git("commit", "-qm", "all in one")
    report = _verify(told)
    assert report.ok, report.problems
    assert ["moved, bytes identical" in note.message for note in report.notes] == [True]


def test_a_rebase_that_changed_bytes_is_found(told: Any) -> None:
    told.git("reset", "-q", "--soft", "HEAD~4")
    told.write("plugins/text-stats/plugin.py", "other\n")
    told.git("add", "-A")
    told.git("commit", "-qm", "all in one, and a little more")
    assert _kinds(told) == {"undecided"}


def test_a_forged_signature_of_a_commit_is_found(told: Any) -> None:
    text = told.git("cat-file", "commit", "HEAD")
    forged = text.replace("Bring back", "Bring forth")
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"], cwd=told.workspace.root, input=forged,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told.git("reset", "-q", "--hard", done.stdout.strip())
    assert "commit-signature" in _kinds(told)
    told.write("audit_logs/allowed_signers", "")
    _commit_all(told)
    assert "commit-signature" in _kinds(told)  # the decision's own key tells, listed or not


# Where nothing was decided


def test_a_fresh_workspace_is_no_clone_and_misses_nothing(desk: Any) -> None:
    report = _verify(desk)
    assert (report.ok, report.scope, report.decisions, report.events) == (True, "origin", 0, 0)
    assert report.missing == ()
    assert [(note.kind, note.message) for note in report.notes] == [
        ("empty", "nothing was recorded or decided here yet")
    ]
    desk.workspace.events(desk.state).append("proposed", proposal="P-1")
    report = _verify(desk)
    assert (report.ok, report.scope, report.events, report.missing, report.notes) == (True, "origin", 1, (), ())


@pytest.mark.parametrize("what", ["a decision", "a proposal", "another account", "another key", "no key", "no trust"])
def test_an_event_log_that_cannot_be_said_to_be_empty_is_missing(desk: Any, tmp_path: Path, what: str) -> None:
    state = desk.state
    match what:
        case "a decision":
            desk.approve("0.1.0")
            desk.git("update-ref", "-d", EVENTS)
        case "a proposal":
            Store(state, desk.workspace.root).create(Spec(text="x"))
            desk.workspace.events(state).append("proposed", proposal="P-1")
        case "another account":
            state = UserState(tmp_path / "stranger")
            host_key(state)
        case "another key":
            other = host_key(UserState(tmp_path / "stranger"))
            assert other is not None
            desk.write("audit_logs/allowed_signers", f"x@example.org {other.public.line}\n")
        case "no key":
            (tmp_path / "state/host_key").unlink()
            desk.write("audit_logs/allowed_signers", "")
        case "no trust":
            shutil.copytree(desk.workspace.root, tmp_path / "copy")
    place = tmp_path / "copy" if what == "no trust" else desk.workspace.root
    for path in (place / "audit_logs/events", *(tmp_path / "state").rglob("events.json")):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    report = audit.verify(Workspace(place), state)
    assert report.scope == "clone"
    assert any("the event log" in line for line in report.missing)


def test_an_event_log_that_was_taken_away_is_noticed_by_what_vouches_for_it(desk: Any) -> None:
    desk.workspace.events(desk.state).append("proposed", proposal="P-1")
    shutil.rmtree(desk.workspace.root / "audit_logs/events")
    assert _kinds(desk) == {"events-cut"}


# Clones


def test_a_clone_says_what_it_cannot_look_at(told: Any, tmp_path: Path) -> None:
    told.git("clone", "-q", str(told.workspace.root), str(tmp_path / "clone"))
    stranger = UserState(tmp_path / "stranger")
    clone = Workspace(tmp_path / "clone")
    report = audit.verify(clone, stranger)
    assert (report.ok, report.scope, report.decisions, report.events) == (True, "clone", 4, 0)
    said = "\n".join(report.missing)
    assert "event log" in said
    assert "notes are not fetched" in said
    assert "trust in the key SHA256:" in said
    key = host_key(told.state)
    assert key is not None
    trust.trust(clone, stranger, keys=[key.public])
    subprocess.run(["git", "fetch", "-q"], cwd=clone.root, check=True)
    after = audit.verify(clone, stranger)
    assert len(after.missing) == 1, "trust and notes are there now, the events are not"
    (clone.root / LEDGER).write_text("{}\n")
    assert not audit.verify(clone, stranger).ok
    clone.close()


def test_a_shallow_clone_says_so(told: Any, tmp_path: Path) -> None:
    told.git("clone", "-q", "--depth=2", f"file://{told.workspace.root}", str(tmp_path / "clone"))
    clone = Workspace(tmp_path / "clone")
    report = audit.verify(clone, UserState(tmp_path / "stranger"))
    assert report.ok, report.problems
    assert any("history before" in line for line in report.missing)
    clone.close()


def test_another_account_on_the_same_files_says_which_anchor_is_missing(told: Any, tmp_path: Path) -> None:
    report = audit.verify(told.workspace, UserState(tmp_path / "stranger"))
    assert (report.ok, report.scope) == (True, "origin")
    assert any("user state" in line for line in report.missing)


def test_a_workspace_below_the_top_of_its_repository(tmp_path: Path, person: Path, new_desk: Any) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "outer")], check=True)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path / "outer", check=True)
    workspaces.init(tmp_path / "outer/deep/inner", UserState(tmp_path / "state")).close()
    desk = new_desk(tmp_path / "outer/deep/inner", tmp_path / "state")
    desk.approve("0.1.0")
    desk.rollback()
    assert _verify(desk).ok
    assert _verify(desk).decisions == 2
    desk.close()


def test_workspaces_of_one_repository_anchor_their_logs_beside_each_other(told: Any, new_desk: Any) -> None:
    state, root = told.state.root, told.workspace.root
    told.git("worktree", "add", "-q", "-b", "side", str(root.parent / "tree"))
    workspaces.init(root / "below", UserState(state)).close()
    desks = [new_desk(place, state) for place in (root / "below", root.parent / "tree")]
    trust.trust(desks[1].workspace, desks[1].state, keys=())
    for desk in desks:
        desk.approve(desk.review("1.0.0", id="another"))
    for desk in (told, *desks):
        report = _verify(desk)
        assert (report.ok, report.scope, report.missing) == (True, "origin", ()), report
    told.rollback()
    for desk in (told, *desks):
        assert _verify(desk).ok
        _rewrite(desk, lambda lines: lines[:-1])
        (desk.state.workspace_dir(desk.workspace.root) / "events.json").unlink()
        assert _kinds(desk) == {"events-cut"}, "its own anchor in git is left"
    for desk in desks:
        desk.close()


def test_the_report_is_plain_json_and_lines(told: Any) -> None:
    report = _verify(told)
    assert json.loads(json.dumps(report.to_json()))["ok"] is True
    assert next(iter(audit.show(report))) == "ok: 4 decisions, 4 events, scope origin"


def test_a_submodule_or_a_link_in_place_of_a_plugin_is_found(told: Any) -> None:
    head = told.git("rev-parse", "HEAD").strip()
    told.git("update-index", "--add", "--cacheinfo", f"160000,{head},plugins/elsewhere")
    told.git("commit", "-qm", "by hand")
    assert _kinds(told) == {"undecided"}
    told.git("reset", "-q", "--hard", "HEAD~1")
    (told.workspace.root / "plugins/linked").symlink_to("text-stats")
    _commit_all(told)
    assert _kinds(told) == {"undecided"}
    told.git("rm", "-q", "plugins/linked")
    told.git("commit", "-qm", "and taken back")
    assert _kinds(told) == {"undecided"}


def test_a_workspace_that_lost_its_id_is_said(told: Any) -> None:
    told.write("ratchet.toml", 'schema = 1\n[workspace]\nid = ""\n')
    assert "no-workspace-id" in _kinds(told)
