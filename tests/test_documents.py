"""What the documents say is true: examples run, maps and lists equal the tree, promises have tests.

A fenced block marked `console` is run: lines after `$ ` in one shell per document, in a fresh folder with a home of its
own; `…` stands for any text, alone on a line for any lines. `<!-- file: NAME -->` before a block, in any document,
makes that file first.
"""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")] if p.name not in {"reference.md", "LICENSE"}
)
BLOCK = re.compile(
    r"^(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
END = "\x1e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    kind: str
    text: str
    line: int
    file: str


def blocks(document: Path) -> list[Block]:
    text = document.read_text("utf-8")
    return [
        Block(kind=m["kind"], text=m["text"], line=text.count("\n", 0, m.start()) + 1, file=m["file"] or "")
        for m in BLOCK.finditer(text)
    ]


def steps(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that is written below it."""
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", "")
        else:
            assert found, f"line {block.line}: output without a command"
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def pattern(expected: str) -> re.Pattern[str]:
    parts = [
        "(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.rstrip().split("…"))) + "[ \t]*\n"
        for line in expected.splitlines()
    ]
    return re.compile("".join(parts))


class Shell:
    """One bash for a document; every command's output ends in a mark of ours."""

    def __init__(self, folder: Path) -> None:
        home = folder / "home"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = A Person\n\temail = a@example.org\n")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "COLUMNS": "120"}
        self.process = subprocess.Popen(
            ["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=folder, env=environment,
        )  # fmt: skip

    def run(self, command: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{{ {command}\n}} </dev/null\necho; echo '{END}'\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) not in {f"{END}\n", ""}:
            lines.append(line)
        return "".join(lines).removesuffix("\n")

    def close(self) -> None:
        self.process.communicate("exit\n", timeout=10)


def differences(document: Path, folder: Path) -> list[str]:
    every = blocks(document)
    for block in [block for other in {*DOCUMENTS, document} for block in blocks(other)]:
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, "utf-8")
    shell = Shell(folder)
    found = []
    try:
        for block in every:
            for command, expected in steps(block) if block.kind == "console" else []:
                shown = shell.run(command)
                if not pattern(expected).fullmatch(shown):
                    found.append(f"{document.name}:{block.line}: $ {command}\nexpected:\n{expected}\nshown:\n{shown}")
    finally:
        shell.close()
    return found


@pytest.mark.parametrize(
    "document", [d for d in DOCUMENTS if "```console" in d.read_text("utf-8")], ids=lambda d: d.name
)
def test_the_examples_of_the_document_run(document: Path, tmp_path: Path) -> None:
    if found := differences(document, tmp_path):
        pytest.fail("\n".join(found))


def test_an_example_that_is_not_true_is_found(tmp_path: Path) -> None:
    document = tmp_path / "d.md"
    document.write_text(
        "<!-- file: a/b.txt -->\n```text\nhello\n```\n\n```console\n$ cat a/b.txt; x=3\nhe…o\n"
        "$ echo $x; echo y\n…\ny\n$ false\nno\n$ printf 'a\\nb\\n'\na\n```\n"
    )
    folder = tmp_path / "run"
    folder.mkdir()
    assert [d.split("\n")[0] for d in differences(document, folder)] == [
        "d.md:6: $ false",
        "d.md:6: $ printf 'a\\nb\\n'",
    ]


def test_every_block_of_data_can_be_parsed() -> None:
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.kind == "json":
                json.loads(block.text)
            if block.kind == "toml":
                tomllib.loads(block.text)
            if block.kind == "python":
                ast.parse(block.text)


def test_links_between_documents_lead_somewhere() -> None:
    dead = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text("utf-8"))
        if not (document.parent / target).exists()
    ]
    assert dead == []


def rows(head: str) -> list[list[str]]:
    """The cells of a table of the plugin guide, by its first line."""
    below = (ROOT / "docs/plugin-guide.md").read_text("utf-8").partition(f"\n{head}\n")[2].splitlines()[1:]
    table = itertools.takewhile(lambda line: line.startswith("|"), below)
    return [line.strip("| ").replace("`", "").split(" | ") for line in table]


def test_the_names_of_capabilities_are_those_that_the_code_takes() -> None:
    from plugins.capability import FORMS

    assert dict(rows("| name | declared under |")) == FORMS


def test_the_failures_of_doubles_are_those_that_the_code_makes() -> None:
    from sandbox.outside.failures import FILES, NETWORK

    made = [["http, tcp", f'"{how}"', kind.__name__] for how, (kind, _) in NETWORK.items()]
    made += [["files", f'"{how}"', kind.__name__] for how, (kind, _) in FILES.items()]
    assert rows("| for | `testing.failure(...)` | raises |") == made


def test_what_a_test_can_see_of_the_doubles_is_told_whole() -> None:
    from plugins.sdk_testing import Seen

    told = {name for row in rows("| `seen` | holds |") for name in row[0].split(", ")}
    assert told == {name for name in vars(Seen) if not name.startswith("_")}


def test_the_keys_of_a_request_that_a_test_sees_are_those_of_the_code() -> None:
    from plugins.sdk import http, testing

    with testing.outside() as seen:
        http.get("https://api.example.org/")
    told = dict(rows("| `seen` | holds |"))["requests"]
    assert re.findall(r'"(\w+)"', told) == list(seen.requests[0])


VERBS = re.compile(r"(?<=<!-- verbs -->\n).*?(?=<!-- end of verbs -->)", re.DOTALL)


def test_the_readme_lists_every_verb_and_no_other() -> None:
    from repl.help import markdown

    (listed,) = VERBS.findall((ROOT / "README.md").read_text("utf-8"))
    assert listed == markdown(), "write it again with: make map"


SDK = re.compile(r"(?<=<!-- sdk -->\n).*?(?=<!-- end of sdk -->)", re.DOTALL)


def the_sdk() -> str:
    """Every function of the SDK for plugins, as it is in the code; what is for tests has tables of its own."""
    from plugins.sdk_reference import parts, text

    return "".join(f"```text\n{text(part)}\n```\n\n" for part in parts() if part != "testing")


def test_the_guide_lists_every_function_of_the_sdk_with_its_parameters_and_no_other() -> None:
    (listed,) = SDK.findall((ROOT / "docs/plugin-guide.md").read_text("utf-8"))
    assert listed == the_sdk(), "write it again with: make map"


def test_nothing_of_the_sdk_is_left_out_of_its_reference() -> None:
    from plugins import sdk
    from plugins.sdk_reference import entries

    for part in sdk.__all__:
        public = {name for name in dir(getattr(sdk, part)) if not name.startswith("_")}
        written = {re.split(r"[(:\[]", entry.written.removeprefix(f"{part}."))[0] for entry in entries(part)}
        assert written - {"key in storage -> bool", "environment"} == public


def test_what_the_guide_declares_is_what_each_part_of_the_sdk_needs() -> None:
    from plugins import sdk
    from plugins.manifest import parse_manifest
    from sandbox.outside.base import Ask, Refused
    from sandbox.outside.doubles import Doubles
    from sandbox.policy import Policy

    declared = {part: form for part, _, form in rows("| import | gives | declare in `plugin.yaml` |")}
    assert declared.keys() == {row[0] for row in rows("| part | raises | a double answers |")} == set(sdk.__all__)
    for part, form in declared.items():
        lines = [*MANIFEST, *([] if form == "nothing" else [form])]
        policy = parse_manifest("\n".join(lines).encode()).to_policy()
        for op, argument in ASKS[part]:
            given, refused = (Doubles(p).answer(Ask(op=op, argument=argument)) for p in (policy, Policy()))
            assert not isinstance(given, Refused)
            assert isinstance(refused, Refused) == (form != "nothing")


MANIFEST = [
    *("schema: 1", "id: an-id", "name: A name", "version: 0.1.0", "description: Words.", "author: A Person"),
    *("license: MIT", "entry: plugin.py", "tools: [{name: a, handler: a, description: Words}]"),
]
URL = "https://api.example.org/"
ASKS: dict[str, list[tuple[str, dict[str, object]]]] = {
    "http": [("http.request", {"method": "GET", "url": URL, "headers": {}, "body": None, "upload": 0, "timeout_s": 1})],
    "tcp": [("tcp.open", {"host": "api.example.org", "port": 443})],
    "files": [
        ("files.list", {"path": "~/notes"}),
        ("files.write", {"path": "~/out/a", "data": b"", "append": False}),
    ],
    "environment": [("environment.get", {"name": "EXAMPLE_TOKEN"})],
    "storage": [("storage.keys", {})],
    "clock": [("clock.now", {})],
    "random": [("random.seed", {})],
    "log": [("log", {"level": "info", "message": ""})],
    "progress": [("progress", {"fraction": 0, "message": ""})],
}


def the_map() -> str:
    """The map as it should be: every module of ours with the first sentence of what it says about itself."""
    lines = []
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    for folder in (package.replace(".", "/") for package in packages):
        lines.append(f"\n### {folder}\n")
        for path in sorted((ROOT / folder).glob("*.py")):
            doc = (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n\n")[0].replace("\n", " ")
            if doc:
                sentence = re.split(r"(?<=[^.][.!?]) ", doc)[0].rstrip(".")
                lines.append(f"- `{path.relative_to(ROOT).as_posix()}`: {sentence}")
    return "\n".join(lines) + "\n"


def test_the_map_is_that_of_the_tree() -> None:
    _, title, section = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Map\n")
    assert title
    assert "## " not in section.replace("###", "")
    assert section == the_map(), "write it again with: make map"


def test_every_module_of_ours_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for package in ("repl", "selfmod", "plugins", "sandbox")
        for path in (ROOT / package).rglob("*.py")
        if not any((p / "plugin.yaml").exists() for p in path.parents)
        and path.read_bytes().strip()
        and not ast.get_docstring(ast.parse(path.read_bytes()))
    ]
    assert silent == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    section = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Dependencies\n")[2].partition("\n## ")[0]
    with_reason = {name.lower() for name in re.findall(r"^\| `([\w.-]+)` \| [^|\s]", section, re.MULTILINE)}
    assert {re.split(r"[><=;\[ ]", d)[0].lower() for d in wanted} == with_reason


def test_every_promise_of_the_security_document_names_tests_that_exist() -> None:
    text = (ROOT / "docs/security.md").read_text("utf-8")
    section = text.partition("## Promises\n")[2].partition("\n## ")[0]
    promises = re.findall(r"^- (.+?)(?=^- |^$|\Z)", section, re.MULTILINE | re.DOTALL)
    assert len(promises) > 20
    for promise in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", promise)
        assert named, f"no test for: {promise}"
        for file, function in named:
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            names = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert function in names, f"{file} has no {function}"


if __name__ == "__main__":
    from repl.help import markdown

    architecture, readme, guide = ROOT / "ARCHITECTURE.md", ROOT / "README.md", ROOT / "docs/plugin-guide.md"
    text = architecture.read_text("utf-8").partition("## Map\n")[0]
    architecture.write_text(f"{text}## Map\n{the_map()}", "utf-8")
    readme.write_text(VERBS.sub(lambda _: markdown(), readme.read_text("utf-8")), "utf-8")
    guide.write_text(SDK.sub(lambda _: the_sdk(), guide.read_text("utf-8")), "utf-8")
