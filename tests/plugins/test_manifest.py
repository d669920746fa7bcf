"""The manifest: what is read, what is refused and where, and that writing and reading agree."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.manifest import (
    Manifest,
    ManifestError,
    id_problem,
    json_schema,
    manifest_from_data,
    parse_manifest,
    path_problem,
    render_manifest,
    said_of,
)

SMALL = """\
schema: 1
id: text-stats
name: Text stats
version: 0.1.0
description: Count words.
license: MIT
entry: plugin.py
tools: [{name: stats, handler: run}]
"""


def problems(text: str | bytes) -> list[tuple[str, int, int]]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data)
    return [(problem.rule, problem.line, problem.column) for problem in caught.value.problems]


def test_defaults_are_those_of_the_design() -> None:
    manifest = parse_manifest(SMALL.encode())
    data = manifest.to_data()
    assert data["type"] == "tool" and data["runtime"] == "python" and data["sandbox"] == "process"
    assert data["author"] == "" and data["effects"] == [] and data["packages"] == [] and data["dependencies"] == {}
    assert data["capabilities"] == {
        "network": [],
        "filesystem": {"read": [], "write": []},
        "environment": [],
        "storage": False,
    }
    assert data["limits"] == {
        "memory_mb": 100,
        "cpu_percent": 10,
        "disk_mb": 50,
        "network_mb": 10,
        "wall_s": 30.0,
        "open_files": 64,
        "processes": 1,
        "concurrent_calls": 5,
    }


def test_capabilities_have_their_names_and_become_a_policy() -> None:
    manifest = parse_manifest(
        (
            SMALL
            + "effects: [clock, random]\n"
            + 'capabilities: {network: ["api.example.org:443"], filesystem: {read: ["~/notes"], write: ["/srv/out"]},'
            + " environment: [TOKEN], storage: true}\nlimits: {memory_mb: 64, wall_s: 1.5}\n"
        ).encode()
    )
    assert manifest.capability_names() == (
        "network:api.example.org:443",
        "read:~/notes",
        "write:/srv/out",
        "environment:TOKEN",
        "storage",
        "effect:clock",
        "effect:random",
    )
    policy = manifest.to_policy()
    assert policy.network == ("api.example.org:443",) and policy.read == ("~/notes",) and policy.storage
    assert policy.effects == ("clock", "random")
    limits = manifest.limits.to_limits()
    assert limits.memory_mb == 64 and limits.wall_s == 1.5 and limits.disk_mb == 50


@pytest.mark.parametrize("field", ["schema", "id", "name", "version", "description", "license", "entry"])
def test_each_required_field_is_missed(field: str) -> None:
    text = "".join(line + "\n" for line in SMALL.splitlines() if not line.startswith(f"{field}:"))
    assert ("missing-field", 1, 1) in problems(text)


def test_a_tool_or_a_command_is_needed() -> None:
    assert problems(SMALL.replace("tools: [{name: stats, handler: run}]\n", "")) == [("invalid-value", 1, 1)]
    assert parse_manifest(SMALL.replace("tools:", "commands:").encode()).commands[0].name == "stats"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMALL + "colour: red\n", ("unknown-field", 9, 1)),
        (SMALL + "limits: {memory: 3}\n", ("unknown-field", 9, 10)),
        (SMALL + "id: other\n", ("duplicate-key", 9, 1)),
        (SMALL + "author: &a Someone\n", ("anchor", 9, 9)),
        (SMALL + "author: *a\n", ("alias", 9, 9)),
        (SMALL + "author: !!str x\n", ("tag", 9, 9)),
        (SMALL + "author: !x y\n", ("tag", 9, 9)),
        (SMALL + "? [a]\n: b\n", ("complex-key", 9, 3)),
        (SMALL + "1: b\n", ("complex-key", 9, 1)),
        (SMALL + "---\na: b\n", ("documents", 9, 1)),
        ("%YAML 1.1\n---\n" + SMALL, ("directive", 1, 1)),
        (SMALL + "keywords: [a\n", ("syntax", 10, 1)),
        ("", ("empty", 1, 1)),
        ("- a\n", ("not-a-mapping", 1, 1)),
        (SMALL + 'author: "a\\u202Eb"\n', ("hidden-character", 9, 10)),
        (SMALL + "author: a\u200bb\n", ("hidden-character", 9, 10)),
        (SMALL + "author: a\u2028b\n", ("hidden-character", 9, 10)),
        (SMALL.replace("0.1.0", "1.0"), ("invalid-value", 4, 1)),
        (SMALL.replace("0.1.0", "01.1.0"), ("invalid-value", 4, 1)),
        (SMALL.replace("MIT", "Mine"), ("invalid-value", 6, 1)),
        (SMALL.replace("MIT", "mit"), ("invalid-value", 6, 1)),
        (SMALL.replace("id: text-stats", "id: Text"), ("invalid-value", 2, 1)),
        (SMALL.replace("plugin.py", "../plugin.py"), ("invalid-value", 7, 1)),
        (SMALL.replace("handler: run", "handler: _run"), ("invalid-value", 8, 23)),
        (SMALL.replace("handler: run", "handler: class"), ("invalid-value", 8, 23)),
        (SMALL.replace("handler: run}", "handler: run}, {name: stats, handler: b}"), ("invalid-value", 1, 1)),
        (SMALL + 'limits: {memory_mb: "64"}\n', ("invalid-value", 9, 10)),
        (SMALL + "limits: {memory_mb: 1e400}\n", ("invalid-value", 9, 10)),
        (SMALL + f"limits: {{memory_mb: {'9' * 9000}}}\n", ("invalid-value", 9, 10)),
        (SMALL + "limits: {processes: 0}\n", ("invalid-value", 9, 10)),
        (SMALL + "effects: [time]\n", ("invalid-value", 9, 11)),
        (SMALL + "effects: [clock, clock]\n", ("invalid-value", 9, 1)),
        (SMALL + 'requires: "about 1"\n', ("invalid-value", 9, 1)),
        (SMALL + 'dependencies: {other: ""}\n', ("invalid-value", 9, 1)),
        (SMALL + "homepage: javascript:alert(1)\n", ("invalid-value", 9, 1)),
        (SMALL + 'capabilities: {network: ["*:443"]}\n', ("invalid-value", 9, 16)),
        (SMALL + 'capabilities: {network: ["a.org"]}\n', ("invalid-value", 9, 16)),
        (SMALL + 'capabilities: {network: ["a.org:99999"]}\n', ("invalid-value", 9, 16)),
        (SMALL + 'capabilities: {network: ["A.org:443"]}\n', ("invalid-value", 9, 16)),
        (SMALL + 'capabilities: {environment: ["A B"]}\n', ("invalid-value", 9, 30)),
    ],
)
def test_each_error_has_its_rule_and_place(text: str, expected: tuple[str, int, int]) -> None:
    assert expected in problems(text)


def test_bytes_that_are_not_text_are_refused() -> None:
    assert problems(SMALL.encode() + b"author: \xff\n") == [("not-utf8", 9, 1)]
    assert problems(SMALL.encode() + b"author: a\x00b\n") == [("hidden-character", 9, 10)]
    assert problems(SMALL.encode().replace(b"\n", b"\r\n"))[0][0] == "hidden-character"


@pytest.mark.parametrize(
    ("path", "granted"),
    [
        ("~/notes", True),
        ("/srv/data", True),
        ("notes", False),
        ("/", False),
        ("~", False),
        ("~/", False),
        ("~/a/../b", False),
        ("/srv//x", False),
        ("/srv/", False),
        ("/proc/self", False),
        ("/sys", False),
        ("/run/docker.sock", False),
        ("/var", False),
        ("~/project/.git/hooks", False),
        ("~/project/.GIT", False),
        ("~/.local/state/ratchet", False),
        ("~/.local", False),
        ("~other/x", False),
    ],
)
def test_paths_that_can_be_granted(path: str, granted: bool) -> None:
    assert (path_problem(path) == "") is granted


@pytest.mark.parametrize(
    "bomb",
    [
        "a: " + "[" * 16_000,
        "a: " + "{" * 16_000,
        "- " * 8_000,
        "? " * 8_000,
        "".join(" " * depth + "a:\n" for depth in range(170)),
        "a: [" + "1," * 8_000 + "]",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
        "x" * 20_000_000,
        "&a " * 5_000,
    ],
    ids=lambda bomb: bomb[:6],
)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    started = time.perf_counter()
    assert problems(bomb)
    assert time.perf_counter() - started < 2


def test_messages_name_the_field_and_what_to_do() -> None:
    with pytest.raises(ManifestError, match=r"line 3, column 1: name: .*put quotes around it"):
        parse_manifest(SMALL.replace("name: Text stats", "name: 1.0", 1).encode())
    with pytest.raises(ManifestError, match="'colour' is not a field"):
        parse_manifest((SMALL + "colour: red\n").encode())


@pytest.mark.parametrize("version", ["1", "1.0", '"1"', '"1.0"', "true", '"0.1.0.0"', "v0.1.0"])
def test_of_a_version_its_form_is_said(version: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(SMALL.replace("0.1.0", version).encode())
    assert [one.message for one in caught.value.problems] == ["version: write three numbers, such as 0.1.0"]


def test_no_pattern_is_shown_to_a_person() -> None:
    def patterns(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from [node["pattern"]] if isinstance(node.get("pattern"), str) else []
            yield from (name for name in node if name.startswith("^"))
        for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from patterns(part)

    found = set(patterns(json_schema()))
    assert len(found) > 5
    for pattern in found:
        error = {"type": "string_pattern_mismatch", "msg": f"String should match pattern '{pattern}'"}
        assert said_of(error | {"ctx": {"pattern": pattern}}).startswith("write ")


def test_data_from_elsewhere_meets_the_same_checks() -> None:
    data = parse_manifest(SMALL.encode()).to_data()
    assert manifest_from_data(data) == parse_manifest(SMALL.encode())
    wrong: tuple[object, ...] = (
        None,
        [],
        "x",
        {},
        data | {"colour": 1},
        data | {"id": 3},
        data | {"limits": {"wall_s": float("nan")}},
    )
    for broken in wrong:
        with pytest.raises(ManifestError):
            manifest_from_data(broken)


@pytest.mark.parametrize("value", [float("nan"), b"1", {1}])
def test_data_from_elsewhere_must_be_plain(value: object) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest_from_data({"schema": value})
    assert [problem.rule for problem in caught.value.problems] == ["not-data"]


def test_the_schema_is_json_and_closed() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"schema", "id", "name", "version", "description", "license", "entry"}
    assert schema["$defs"]["Capabilities"]["additionalProperties"] is False


lines = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), min_size=1, max_size=40)
manifests = st.builds(
    lambda **fields: manifest_from_data(
        {"schema": 1, "entry": "plugin.py", "license": "MIT", "version": "1.2.3"} | fields
    ),
    id=st.from_regex(r"[a-z][a-z0-9-]{1,63}", fullmatch=True),
    name=lines,
    description=lines,
    author=lines,
    tools=st.just([{"name": "on", "handler": "null"}]),
    keywords=st.lists(lines, max_size=4),
    effects=st.sampled_from([[], ["clock"], ["random", "clock"]]),
    config=st.dictionaries(lines, st.none() | st.booleans() | st.integers(-(10**17), 10**17) | lines, max_size=4),
    capabilities=st.just({"network": ["api.example.org:443"], "filesystem": {"write": ["~/a b"]}, "storage": True}),
    limits=st.builds(lambda wall: {"wall_s": wall}, st.floats(0.01, 600)),
)


@given(manifests)
def test_what_is_written_reads_back_the_same(manifest: Manifest) -> None:
    assert parse_manifest(render_manifest(manifest)) == manifest


def test_it_is_written_in_the_documented_order_without_defaults() -> None:
    assert render_manifest(parse_manifest(SMALL.encode())).decode() == SMALL


@pytest.mark.parametrize("name", ["a-", "a--b", "a1", "ab\n", "A", "1a", "a b", "", "a" * 64, "a" * 65])
def test_an_id_alone_is_judged_as_the_manifest_judges_it(name):
    data = {**parse_manifest(SMALL.encode()).model_dump(mode="json", by_alias=True, exclude_defaults=True), "id": name}
    try:
        manifest_from_data(data)
    except ManifestError:
        assert id_problem(name)
    else:
        assert not id_problem(name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SMALL + "author: Note: me\n", True),
        (SMALL.replace("handler: run}", "handler: run, description: Note: this}"), True),
        (SMALL + "keywords: [a\n", False),
    ],
)
def test_a_colon_in_a_value_is_told_to_stand_in_quotes(text, told):
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text.encode())
    assert ("stands in quotes" in str(caught.value)) == told
