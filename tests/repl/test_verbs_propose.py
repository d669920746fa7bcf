"""What is refused before a proposal is made, and what a person is told then."""

from __future__ import annotations

import json
import shlex

import pytest

from .person import write_plugin


def replies(person) -> str:
    path = person.home / "replies.json"
    path.write_text(json.dumps(["x", "x", "x"]))
    return f"replay:{path}"


@pytest.mark.parametrize("name", ["Bad Id", "X", "a", "../x", "日本", "-", "a\n"])
def test_no_proposal_is_made_for_an_id_that_no_plugin_can_have(maker, name):
    error = maker.json("propose", "f(s: str) -> str: x", f"--id={name}", "--model", replies(maker), code=2)["error"]
    assert (error["kind"], error["id"], "small letters" in error["hint"]) == ("usage", name, True)
    assert maker.json("proposals")["proposals"] == []


@pytest.mark.parametrize(("name", "said"), [("help", "of Ratchet itself"), ("audit", "of Ratchet"), ("he1p", "/help")])
def test_no_proposal_is_made_for_an_id_that_is_taken(maker, name, said):
    error = maker.json("propose", "f(s: str) -> str: x", "--id", name, "--model", replies(maker), code=2)["error"]
    assert said in error["message"]
    assert maker.json("proposals")["proposals"] == []


def test_the_id_of_a_plugin_that_is_there_is_told_how_it_is_changed(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    proposed.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle")
    (proposed.folder / "plugins/text-stats/plugin.py").write_text("changed = 1\n")  # so that it is not loaded
    words = ("propose", "f(s: str) -> str: x", "--id", "text-stats", "--model", replies(proposed))
    error = proposed.json(*words, code=2)["error"]
    assert "--change text-stats" in error["hint"]
    files = write_plugin(proposed.home / "again")
    assert proposed.json("propose", "--from", str(files), "--id", "text-stats", code=2)["error"]["kind"] == "usage"
    assert [made["id"] for made in proposed.json("proposals")["proposals"]] == ["P-1"]


@pytest.mark.parametrize("more", [("some", "--args", '["a"]'), ("--args", ""), ("--args", '{"text": 5}')])
def test_the_arguments_of_a_tool_are_given_one_way_and_as_it_takes_them(proposed, more):
    assert proposed.json("try", "P-1", "stats", *more, code=2)["error"]["kind"] in ("usage", "arguments")
    assert proposed.json("try", "P-1", "stats", "--args", '{"text": "a b"}')["value"]["words"] == 2


def test_a_finding_is_waived_under_the_name_that_the_hint_quotes(proposed):
    name = "oracle.previous:tests/test_plugin.py::test_a[it's 1 minute]"
    lines = f"/waive P-1 {shlex.quote(name)} --reason x\n/export P-1 '{proposed.home}/sp ace'\n"
    done = proposed.run(given=lines)
    assert f"no finding {name!r}" in done.stderr or f'no finding "{name}"' in done.stderr
    assert (proposed.home / "sp ace/plugin.py").is_file()


def test_of_many_findings_the_first_are_shown_and_json_has_them_all(person):
    folder = person.home / "many"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.txt").write_text("x")
    shown = person.run("gate", str(folder)).stdout
    found = person.json("gate", str(folder), code=10)["stages"][0]["findings"]
    assert len(found) >= 50
    assert sum(f"id: {finding['id']}" in shown for finding in found) == 20
    assert f"and {len(found) - 20} more of the stage layout" in shown
