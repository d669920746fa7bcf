"""Planted plugins are listed with the reason, and not run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins import grants, trust
from plugins import workspace as workspaces
from plugins.arguments import Typed
from plugins.enabling import what_it_would_enable
from plugins.errors import NotFoundError
from plugins.keys import host_key
from plugins.loader import Loader
from plugins.registry import Registry
from plugins.state import UserState
from sandbox.outcome import Completed
from sandbox.sandbox import Sandbox


@pytest.fixture
def registry(desk: Any, sandbox: Sandbox) -> Iterator[Registry]:
    found = Registry(desk.workspace, desk.state, sandbox)
    yield found
    found.close()


def _reason(registry: Registry, name: str = "text-stats") -> str:
    """Why a plugin is not run, having tried to run it."""
    entry = next(entry for entry in registry.plugins() if entry.id == name)
    assert entry.status != "loaded"
    assert entry.commands == ()
    with pytest.raises(NotFoundError) as caught:
        registry.call(name, "stats", Typed(words=("a",)))
    assert caught.value.exit_code == 17
    assert entry.reason in caught.value.message
    return entry.reason


def test_an_approved_plugin_is_called(desk: Any, registry: Registry) -> None:
    desk.approve("0.1.0")
    (entry,) = registry.plugins()
    assert (entry.id, entry.version, entry.status, entry.reason) == ("text-stats", "0.1.0", "loaded", "")
    outcome = registry.call("text-stats", "stats", Typed.of_line("one two  three"))
    assert isinstance(outcome, Completed)
    assert outcome.value == 3
    kinds = [event.kind for event in desk.workspace.events(desk.state).read().events]
    assert kinds == ["committed", "loaded"]


def test_a_folder_nobody_approved(desk: Any, registry: Registry) -> None:
    for path, data in desk.candidate("0.1.0").files.items():
        desk.write(f"plugins/text-stats/{path}", data.decode())
    assert _reason(registry) == "nobody approved it: there is no decision about it"
    desk.git("add", "plugins")
    desk.git("commit", "-qm", "slip it in")
    assert _reason(registry) == "nobody approved it: there is no decision about it"


def test_a_rolled_back_one_put_back_by_hand(desk: Any, registry: Registry) -> None:
    desk.approve("0.1.0")
    files = desk.candidate("0.1.0").files
    assert isinstance(registry.call("text-stats", "stats", Typed(words=("a",))), Completed)
    desk.rollback()
    assert _reason(registry) == "it is rolled back"
    for path, data in files.items():
        desk.write(f"plugins/text-stats/{path}", data.decode())
    desk.git("add", "plugins")
    desk.git("commit", "-qm", "again")
    assert _reason(registry) == "it is rolled back"


def test_a_rollback_counts_at_once_for_what_runs(desk: Any, registry: Registry) -> None:
    desk.approve("0.1.0")
    desk.approve(desk.review("0.2.0", candidate=desk.candidate("0.2.0", plugin_=b"", **{
        "plugin.py": b"def run(text: str) -> str:\n    return 'second'\n"})))  # fmt: skip
    assert registry.call("text-stats", "stats", Typed(words=("a",))).value == "second"  # type: ignore[union-attr]
    desk.rollback()
    assert registry.call("text-stats", "stats", Typed(words=("a",))).value == 1  # type: ignore[union-attr]
    desk.redo()
    assert registry.call("text-stats", "stats", Typed(words=("a",))).value == "second"  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["plugin.py", "plugin.yaml", "tests/test_plugin.py", "more.py"])
def test_one_edited_after_approval(desk: Any, registry: Registry, path: str) -> None:
    desk.approve("0.1.0")
    registry.call("text-stats", "stats", Typed(words=("a",)))
    desk.write(f"plugins/text-stats/{path}", "def run(text): return 'mine'\n")
    assert _reason(registry) == "its files were edited after they were approved"
    desk.git("add", "plugins")
    desk.git("commit", "-qm", "edit")
    assert _reason(registry) == "HEAD holds other files than were approved"


def test_what_python_leaves_beside_it_does_not_matter(desk: Any, registry: Registry) -> None:
    desk.approve("0.1.0")
    desk.write("plugins/text-stats/__pycache__/plugin.cpython-311.pyc", "not even python")
    assert registry.plugins()[0].status == "loaded"
    desk.rollback()
    assert not (desk.workspace.root / "plugins/text-stats").exists()


def test_a_ledger_edited_by_hand(desk: Any, registry: Registry) -> None:
    desk.approve("0.1.0")
    desk.approve("0.2.0")
    path = desk.workspace.root / "audit_logs/decisions/text-stats.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0])
    assert _reason(registry) == "its ledger is not the one that was committed"
    desk.git("commit", "-qam", "drop a decision")
    assert "HEAD holds other files" in _reason(registry)
    path.write_text(lines[0].replace('"version":"0.1.0"', '"version":"0.2.0"'))
    desk.git("commit", "-qam", "change a decision")
    assert "signature" in _reason(registry)


def test_one_from_another_workspace(
    desk: Any, registry: Registry, tmp_path: Path, new_desk: Callable[..., Any]
) -> None:
    """The same person approved it, elsewhere."""
    workspaces.init(tmp_path / "other", desk.state).close()
    other = new_desk(tmp_path / "other", tmp_path / "state")
    other.approve("0.1.0")
    other.close()
    for part in ("plugins/text-stats", "audit_logs/decisions"):
        shutil.copytree(tmp_path / "other" / part, desk.workspace.root / part)
    desk.git("add", "plugins", "audit_logs")
    desk.git("commit", "-qm", "take it from there")
    assert "another workspace" in _reason(registry)


def test_one_approved_with_an_unknown_key(
    desk: Any, tmp_path: Path, sandbox: Sandbox, new_desk: Callable[..., Any]
) -> None:
    """Mallory approves in the same folder; the key is even offered in allowed_signers."""
    mallory = new_desk(desk.workspace.root, tmp_path / "mallory")
    key = host_key(mallory.state)
    assert key is not None
    desk.write("audit_logs/allowed_signers", f'm@x namespaces="git,ratchet-decision" {key.public.line}\n')
    desk.git("commit", "-qam", "let me in")
    trust.trust(mallory.workspace, mallory.state, keys=())
    mallory.approve("0.1.0")
    mallory.close()
    registry = Registry(desk.workspace, desk.state, sandbox)
    assert _reason(registry).startswith("it was approved with a key that you do not trust")
    trust.trust(desk.workspace, desk.state, keys=[key.public])
    assert registry.plugins()[0].status == "loaded"
    registry.close()


def test_what_another_person_approved_reaches_nothing_until_it_is_granted(
    desk: Any, tmp_path: Path, new_desk: Callable[..., Any]
) -> None:
    more = "capabilities: {environment: [HOME]}\n"
    desk.approve(desk.review("0.1.0", more=more, capabilities=("environment:HOME",), acknowledge=("environment:HOME",)))
    key = host_key(desk.state)
    assert key is not None
    friend = UserState(tmp_path / "friend")
    offer = what_it_would_enable(desk.workspace, friend)
    assert [signer.key for signer in offer.keys] == [key.public]
    assert offer.granted() == {"text-stats": ("environment:HOME",)}
    trust.trust(desk.workspace, friend, keys=[key.public])
    (standing,) = Loader(desk.workspace, friend).standings()
    assert standing.reason == "you have not granted it: environment:HOME"
    trust.trust(desk.workspace, friend, keys=[key.public], granted=offer.granted())
    (standing,) = Loader(desk.workspace, friend).standings()
    assert standing.runnable
    assert grants.of(desk.workspace, desk.state, "text-stats") == {"environment:HOME"}


def test_a_rollback_and_a_redo_grant_nothing(desk: Any, new_desk: Any, tmp_path: Path) -> None:
    for version, name in (("0.1.0", "HOME"), ("0.2.0", "USER")):
        wanted, more = f"environment:{name}", f"capabilities: {{environment: [{name}]}}\n"
        desk.approve(desk.review(version, more=more, capabilities=(wanted,), acknowledge=(wanted,)))
    key = host_key(desk.state)
    assert key is not None
    friend = new_desk(desk.workspace.root, tmp_path / "friend")
    trust.trust(friend.workspace, friend.state, keys=[key.public])
    friend.rollback()
    assert Loader(friend.workspace, friend.state).standings()[0].reason == "you have not granted it: environment:HOME"
    friend.redo()
    assert Loader(friend.workspace, friend.state).standings()[0].reason == "you have not granted it: environment:USER"
    offer = what_it_would_enable(friend.workspace, friend.state)
    assert [one.approvers for one in offer.plugins] == [{key.public.fingerprint}]
    trust.trust(friend.workspace, friend.state, keys=[], granted=offer.granted())
    assert Loader(friend.workspace, friend.state).standings()[0].runnable
    friend.rollback("text-stats")
    friend.redo()
    assert Loader(friend.workspace, friend.state).standings()[0].runnable  # what was granted is granted still
    friend.close()


def test_a_manifest_that_asks_for_more_than_was_approved(desk: Any, registry: Registry) -> None:
    desk.approve(desk.review("0.1.0", more="capabilities: {storage: true}\n"))
    assert _reason(registry) == "its manifest asks for other capabilities than were approved"


def test_a_plugin_without_what_it_depends_on(desk: Any, registry: Registry) -> None:
    more = 'dependencies: {text-stats: ">=0.2"}\n'
    desk.approve(desk.review("1.0.0", id="needs-it", more=more))
    assert _reason(registry, "needs-it") == "it needs text-stats, which is not loaded"
    assert [entry.id for entry in registry.plugins()] == ["needs-it"]
    desk.approve("0.1.0")
    assert _reason(registry, "needs-it") == "it needs text-stats >=0.2, and 0.1.0 is there"
    desk.approve("0.2.0")
    assert [entry.status for entry in registry.plugins()] == ["loaded", "loaded"]


def test_another_ratchet_version_and_runtime(desk: Any, registry: Registry) -> None:
    desk.approve(desk.review("0.1.0", more='requires: ">=99"\n'))
    assert _reason(registry).startswith("it needs Ratchet >=99")


def test_links_in_its_folder(desk: Any, registry: Registry, tmp_path: Path) -> None:
    desk.approve("0.1.0")
    (desk.workspace.root / "plugins/text-stats/plugin.py").unlink()
    (tmp_path / "evil.py").write_bytes(desk.candidate("0.1.0").files["plugin.py"])
    (desk.workspace.root / "plugins/text-stats/plugin.py").symlink_to(tmp_path / "evil.py")
    assert "not a plain file" in _reason(registry)


def test_of_two_plugins_with_one_command_the_first_has_it(desk: Any, registry: Registry) -> None:
    more = "commands: [{name: count, handler: run}]\n"
    desk.approve(desk.review("0.1.0", id="beta", more=more))
    desk.approve(desk.review("0.1.0", id="alpha", more=more))
    assert registry.commands() == {"count": "alpha"}


def test_unknown_names_are_said(desk: Any, registry: Registry) -> None:
    desk.approve("0.1.0")
    with pytest.raises(NotFoundError, match="no plugin nope"):
        registry.call("nope", "stats")
    with pytest.raises(NotFoundError, match="no tool nope") as caught:
        registry.call("text-stats", "nope")
    assert caught.value.hint == "it has: stats"
