from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from plugins.errors import ConflictError
from selfmod.review import Basis, committed, committed_digest, read_basis

BASIS = Basis(digest="sha256:1", decision="2", capabilities=("storage",), dependencies={"other": "sha256:3"})


def test_a_basis_is_stored_and_read_back() -> None:
    assert Basis.from_json(json.loads(json.dumps(BASIS.to_json()))) == BASIS
    for held in ({}, {"capabilities": 3, "dependencies": {}}, {"capabilities": [], "dependencies": {}}):
        with pytest.raises((ValueError, KeyError)):
            Basis.from_json(held)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("digest", "x", "folder"),
        ("capabilities", (), "capabilities"),
        ("decision", "x", "decisions"),
        ("dependencies", {"other": "x"}, "the plugin other that it depends on"),
        ("dependencies", {}, "the plugin other that it depends on"),
    ],
)
def test_each_part_that_changed_is_named(name: str, value: object, said: str) -> None:
    assert said in BASIS.changed(dataclasses.replace(BASIS, **{name: value}))
    assert BASIS.changed(BASIS) == ""


def test_it_is_read_from_what_is_committed(desk: Any) -> None:
    given = frozenset({"storage", "effect:clock"})
    assert read_basis(desk.workspace, "text-stats", ("nope",), granted=given) == Basis(dependencies={"nope": ""})
    made = desk.approve(desk.review("0.1.0", capabilities=("storage",), acknowledge=("storage",)))
    desk.write("plugins/text-stats/plugin.py", "edited\n")
    found = read_basis(desk.workspace, "text-stats", granted=given)
    assert found == Basis(digest=made.decision.digest, decision=made.decision.hash, capabilities=("storage",))
    assert read_basis(desk.workspace, "text-stats", granted=frozenset()).capabilities == ()
    desk.git("checkout", "-q", "plugins")
    desk.rollback()
    assert read_basis(desk.workspace, "text-stats", granted=given).capabilities == ()
    assert committed(desk.workspace, "text-stats") is None


def test_what_is_no_plain_file_in_git_is_no_version(desk: Any) -> None:
    desk.approve("0.1.0")
    path = desk.workspace.root / "plugins/text-stats/link.py"
    path.symlink_to("/etc/passwd")
    desk.git("add", "plugins")
    desk.git("commit", "-qm", "a link")
    with pytest.raises(ConflictError, match="not a plain file"):
        committed_digest(desk.workspace, "text-stats")


def test_new_capabilities_are_those_not_in_force(desk: Any) -> None:
    review = desk.review("0.1.0", capabilities=("storage", "effect:clock"))
    known = dataclasses.replace(review, basis=dataclasses.replace(review.basis, capabilities=("storage",)))
    assert known.new_capabilities == ("effect:clock",)
