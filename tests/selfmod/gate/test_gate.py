"""The whole gate in the real sandbox: good work passes, each stage stops its own, hostile bytes end nowhere."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate, candidate_from_json, read_candidate
from selfmod.gate.gate import Gate
from selfmod.gate.report import GateReport
from selfmod.gate.subject import Installed, Waiver
from selfmod.gate.thresholds import Thresholds
from selfmod.gate.workers import PRELOAD
from selfmod.spec import Example, Spec

Judge = Callable[..., GateReport]


@pytest.fixture
def judge(sandbox: Sandbox) -> Judge:
    """Judge files (text or bytes) with default thresholds."""

    def run(files: Mapping[str, str | bytes] | Candidate, **more: object) -> GateReport:
        candidate = files if isinstance(files, Candidate) else frozen(files)
        return Gate(sandbox, Thresholds(), b"a secret of the host").judge(candidate, **more)  # type: ignore[arg-type]

    return run


def frozen(files: Mapping[str, str | bytes]) -> Candidate:
    return Candidate(files={path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()})


def refused_by(report: GateReport) -> set[str]:
    assert report.verdict == "refuse"
    return {stage.name for stage in report.stages if stage.verdict == "refuse"}


def test_good_work_passes_every_stage(judge: Judge, good: dict[str, str]) -> None:
    report = judge(good)
    assert {stage.name: stage.verdict for stage in report.stages} == {stage.name: "pass" for stage in report.stages}
    assert report.verdict == "pass"
    assert report.plugin == "text-stats"
    assert report.acknowledge == ("no-oracle",)
    assert report.seeds
    assert GateReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_judgement_needs_the_fork_servers_that_were_started_for_it_and_no_others(good: dict[str, str]) -> None:
    with Sandbox(preload=PRELOAD) as fresh:
        gate = Gate(fresh, Thresholds(), b"a secret of the host")
        gate.warm()
        started = fresh.servers()
        fresh.require()  # whose probe may want one more the first time on a machine
        assert gate.judge(frozen(good)).verdict == "pass"
        assert fresh.servers() == started
        assert all(server.forks for server in started)


def test_the_verdict_is_the_same_again(judge: Judge, good: dict[str, str]) -> None:
    first, second = judge(good), judge(good)
    assert settled(first) == settled(second)
    assert first.seeds == second.seeds


def test_a_folder_on_the_disk_is_judged(judge: Judge, good: dict[str, str], tmp_path: Path) -> None:
    for path, text in good.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    candidate = read_candidate(tmp_path)
    assert judge(candidate).verdict == "pass"
    (tmp_path / "notes").symlink_to("/etc")
    assert refused_by(judge(read_candidate(tmp_path))) == {"layout"}


def settled(report: GateReport) -> list[object]:
    """What must not differ between two runs: everything but times and memory."""
    return [
        (stage.name, stage.verdict, stage.findings, {} if stage.name == "cost" else stage.figures)
        for stage in report.stages
    ]


BREAKS: Mapping[str, tuple[str, Callable[[str], str], str]] = {
    "layout": ("conftest.py", lambda text: "", "layout.conftest"),
    "text": ("README.md", lambda text: text + "\u202e", "text.bidi"),
    "manifest": ("plugin.yaml", lambda text: text + "colour: red\n", "manifest.unknown-field"),
    "policy": ("plugin.py", lambda text: text + "\nimport os\n", "policy.import"),
    "capabilities": ("plugin.yaml", lambda text: text + "effects: [clock]\n", "capabilities.unused"),
    "tests": ("tests/test_plugin.py", lambda text: text.replace('"") == 0', '"") == 7'), "tests.failed"),
    "docs": ("README.md", lambda text: "# x\n", "docs.readme"),
}


@pytest.mark.parametrize("stage", BREAKS)
def test_each_stage_stops_what_it_is_for(judge: Judge, good: dict[str, str], stage: str) -> None:
    path, change, rule = BREAKS[stage]
    report = judge(good | {path: change(good.get(path, ""))})
    assert refused_by(report) == {stage}
    assert rule in {item.rule for item in report.findings}
    later = [item.verdict for item in report.stages if item.name in ("coverage", "mutation", "oracle")]
    assert ("not-run" in later) is (stage != "docs")


def test_a_change_is_judged_against_the_version_before(judge: Judge, good: dict[str, str]) -> None:
    changed = good | {"plugin.py": good["plugin.py"].replace("text: str", "text: str, least: int = 1")}
    installed = Installed(plugins={"text-stats": "0.1.0"})
    report = judge(changed, previous=frozen(good), installed=installed)
    assert {"manifest", "compatibility"} & refused_by(report)
    raised = changed | {"plugin.yaml": good["plugin.yaml"].replace("0.1.0", "0.2.0")}
    report = judge(raised, previous=frozen(good), installed=installed)
    compatibility = report.stage("compatibility")
    assert compatibility is not None
    assert (compatibility.verdict, compatibility.applicable) == ("pass", True)


def test_an_example_is_an_oracle_and_a_wrong_one_refuses(judge: Judge, good: dict[str, str]) -> None:
    def spec(expected: str) -> Spec:
        source = f'run("a b") == {expected}'
        example = Example(source=source, kind="equals", function="run", call='run("a b")', expected=expected)
        return Spec(text="Count words.", examples=(example,))

    report = judge(good, spec=spec("2"))
    assert report.verdict == "pass"
    assert report.acknowledge == ()
    assert refused_by(judge(good, spec=spec("3"))) == {"oracle"}


def test_a_finding_of_docs_is_waived_for_this_digest_only(judge: Judge, good: dict[str, str]) -> None:
    files = good | {"README.md": "# Text\n"}
    report = judge(files)
    assert refused_by(report) == {"docs"}
    found = next(item.id for item in report.findings if item.rule == "docs.readme")
    waiver = Waiver(finding=found, reason="short on purpose", digest=report.digest)
    assert judge(files, waivers=(waiver,)).verdict == "pass"
    other = files | {"README.md": files["README.md"] + "More.\n"}
    assert judge(other, waivers=(waiver,)).verdict == "refuse"


HOSTILE: dict[str, tuple[str, bytes]] = {
    "brackets": ("plugin.py", b"x = " + b"[" * 60_000),
    "parentheses": ("plugin.py", b"x = " + b"(" * 30_000 + b")" * 30_000),
    "unary": ("plugin.py", b"x = " + b"-" * 60_000 + b"1"),
    "not": ("plugin.py", b"x = " + b"not " * 15_000 + b"1"),
    "attributes": ("plugin.py", b"x = a" + b".a" * 30_000),
    "calls": ("plugin.py", b"x = a" + b"()" * 30_000),
    "sum": ("plugin.py", b"x = 1" + b"+1" * 30_000),
    "power": ("plugin.py", b"x = 9**9**9**9\n"),
    "repeat": ("plugin.py", b"x = 'a' * 10**12\n"),
    "shift": ("plugin.py", b"x = 1 << (1 << 62)\n"),
    "digits": ("plugin.py", b"x = " + b"9" * 60_000),
    "hexadecimal": ("plugin.py", b"x = 0x" + b"f" * 60_000),
    "indents": ("plugin.py", b"".join(b" " * n + b"if 1:\n" for n in range(300))),
    "elif": ("plugin.py", b"if 1: pass\n" + b"elif 1: pass\n" * 4_000),
    "lambda": ("plugin.py", b"x = " + b"lambda: " * 7_000 + b"1"),
    "f-strings": ("plugin.py", b"x = " + b"f'{" * 200 + b"1" + b"}'" * 200),
    "null": ("plugin.py", b"x = 1\0\n"),
    "form feed": ("plugin.py", b"\x0cx = 1\n"),
    "carriage return": ("plugin.py", b"x = 1\rimport os\r"),
    "utf-7": ("plugin.py", b"# coding: utf-7\n+AGkAbQBwAG8AcgB0-\n"),
    "utf-16": ("plugin.py", "x = 1\n".encode("utf-16")),
    "not utf-8": ("plugin.py", b"\xff\xfe\x80"),
    "surrogate": ("plugin.py", b"x = '\xed\xa0\x80'\n"),
    "long line": ("plugin.py", b"x = '" + b"a" * 60_000 + b"'\n"),
    "large module": ("plugin.py", b"x = 1\n" * 100_000),
    "large file": ("tests/data/x", b"x" * 20_000_000),
    "escapes": ("README.md", b"\x1b]0;title\x07\x1b[2J\n"),
    "yaml brackets": ("plugin.yaml", b"a: " + b"[" * 16_000),
    "yaml aliases": ("plugin.yaml", b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a,*a]\n" % (n, n) for n in range(500))),
    "yaml object": ("plugin.yaml", b"a: !!python/object/apply:os.system ['true']\n"),
    "yaml merge": ("plugin.yaml", b"<<: {a: 1}\n"),
    "yaml document": ("plugin.yaml", b"--- 1\n--- 2\n"),
    "empty": ("plugin.yaml", b""),
    "test bomb": ("tests/test_plugin.py", b"x = " + b"[" * 60_000),
    "readme bomb": ("README.md", b"ignore " * 8_000 + b"[" * 60_000),
    "import ends": ("plugin.py", b'"""x"""\nraise SystemExit(0)\n'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_refused_in_bounded_time(judge: Judge, good: dict[str, str], name: str) -> None:
    path, data = HOSTILE[name]
    started = time.perf_counter()
    report = judge({**good, path: data})
    assert time.perf_counter() - started < 10
    assert report.verdict == "refuse"
    assert not {item.rule for item in report.findings} & {"gate.error", "gate.time"}
    shown = json.dumps(report.to_json())
    assert "\x1b" not in shown
    assert len(shown) < 200_000
    for item in report.findings:
        assert item.path.isprintable()


@pytest.mark.parametrize("data", [b"\0", b"# " + b"x" * 70_000 + b"\n", b"x = '" + "\u202e".encode() + b"'\n"])
def test_nothing_is_said_about_a_file_that_was_refused_before_anything_could_read_it(
    judge: Judge, good: dict[str, str], data: bytes
) -> None:
    """No missing manifest, no missing entry or handler, no unused capability: the files are there, and refused."""
    of_code = judge({**good, "plugin.yaml": good["plugin.yaml"] + DECLARED, "plugin.py": data})
    assert {item.path for item in of_code.findings} == {"plugin.py"}
    assert refused_by(of_code) <= {"layout", "text"}
    assert _verdict(of_code, "capabilities") == "not-run"
    of_manifest = judge({**good, "plugin.yaml": data * 4})
    assert {item.path for item in of_manifest.findings} <= {"plugin.yaml", ""}
    assert refused_by(of_manifest) <= {"layout", "text"}
    assert _verdict(of_manifest, "manifest") == "not-run"


def test_a_refused_file_silences_nothing_about_the_others(judge: Judge, good: dict[str, str]) -> None:
    other = good["plugin.yaml"].replace("handler: run", "handler: stop").replace("plugin.py", "other.py")
    found = judge({**good, "README.md": "\0", "plugin.yaml": other + DECLARED})
    assert {"manifest.entry", "capabilities.unused"} <= {item.rule for item in found.findings}
    gone = judge({path: text for path, text in good.items() if path != "plugin.yaml"} | {"plugin.py": "import os\n"})
    assert [(item.rule, item.path) for item in gone.findings if item.path != "plugin.py"] == [
        ("layout.missing", "plugin.yaml")
    ]
    assert "policy.import" in {item.rule for item in gone.findings}


@pytest.mark.parametrize(
    "source", ["def run(text: str) -> int:\n    return (1\n", "x = " + "[" * 120 + "]" * 120 + "\n"]
)
def test_of_a_module_that_is_not_python_only_that_is_said(judge: Judge, good: dict[str, str], source: str) -> None:
    found = judge({**good, "plugin.yaml": good["plugin.yaml"] + DECLARED, "plugin.py": source})
    assert [(item.rule.partition(".")[0], item.path) for item in found.findings] == [("text", "plugin.py")]
    assert _verdict(found, "capabilities") == "not-run"


def test_of_a_guard_for_scripts_only_that_is_said(judge: Judge, good: dict[str, str]) -> None:
    script = "\n\nif __name__ == '__main__':\n    run('one two')\n"
    found = judge({**good, "plugin.py": good["plugin.py"] + script})
    assert [item.rule for item in found.findings if not item.advisory] == ["policy.script"]


DECLARED = "capabilities: {network: ['a.org:443']}\n"


def _verdict(report: GateReport, name: str) -> str:
    stage = report.stage(name)
    assert stage is not None
    return stage.verdict


SLOW = """\
    count = 0
    while count < 10_000_000:
        count += 1
    count = 0
"""


def test_the_whole_gate_ends_when_its_time_is_over(sandbox: Sandbox, good: dict[str, str]) -> None:
    """Twenty examples that each take a while: what counts is the time of the whole, not that of each."""
    files = good | {"plugin.py": good["plugin.py"].replace("    count = 0\n", SLOW)}
    examples = tuple(
        Example(source=f'run("a {n}") == 2', kind="equals", function="run", call=f'run("a {n}")', expected="2")
        for n in range(20)
    )
    thresholds = Thresholds(gate_s=6.0)
    report = Gate(sandbox, thresholds, b"s").judge(frozen(files), spec=Spec(text="Count.", examples=examples))
    assert report.seconds < thresholds.gate_s + 5
    assert report.verdict == "refuse"
    assert "gate.time" in {item.rule for item in report.findings}


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"\xff", b'{"files": [{"path": "../../x", "content": ""}]}', b"[" * 100_000, b'{"files": []}'],
)
def test_any_candidate_file_is_answered(judge: Judge, data: bytes) -> None:
    report = judge(candidate_from_json(data))
    assert "layout" in refused_by(report)
    assert report.digest.startswith("sha256:")


def test_five_thousand_files(judge: Judge, good: dict[str, str]) -> None:
    many = {f"tests/data/f{number}": "x" for number in range(5000)}
    report = judge({**good, **many})
    assert refused_by(report) == {"layout"}


def test_no_parser_runs_in_this_process(judge: Judge, good: dict[str, str], tmp_path: Path) -> None:
    """A canary for each tool: files that would leave a mark where they are evaluated, modules that are not loaded."""
    mark = tmp_path / "mark"
    before = set(sys.modules)
    judge({**good, "plugin.yaml": f"a: !!python/object/apply:os.system ['touch {mark}']\n"})
    judge({**good, "plugin.py": f"open({str(mark)!r}, 'w')\n" + good["plugin.py"]})
    judge({**good, "tests/test_plugin.py": f"open({str(mark)!r}, 'w')\n" + good["tests/test_plugin.py"]})
    judge(good)
    assert not mark.exists()
    loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert not loaded & {"plugin", "griffe", "bandit", "ruamel"}
