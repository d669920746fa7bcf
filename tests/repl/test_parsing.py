"""Before a person approves it, the host's own process parses nothing of a candidate: workers do.

Ratchet runs here with a watch on it that writes down each parser that is started in that very process: the compiler
(`compile`, `exec`, `ast.parse`) by what it is given, and readers of other forms by the modules that they need.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.repl.person import ROOT, SOURCE, TESTS, Person, write_plugin

CANARY = "c4nary"
# Each line says what was started, and whether a person had approved the plugin by then.
WATCH = """\
import os, sys
seen = os.open(os.environ.pop("SEEN"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def write(what):
    when = "approved" if os.path.exists("plugins/text-stats") else "candidate"
    os.write(seen, f"{when}: {what}\\n".encode())
def watch(event, arguments):
    if event == "compile":
        source, path = arguments
        said = source.decode("latin-1") if isinstance(source, bytes) else str(source)
        if "c4nary" in said or str(path) in ("plugin.py", "tests/test_plugin.py"):
            write(f"compile {path}")
    if event == "import" and arguments[0] in ("ruamel.yaml", "griffe", "bandit", "libcst", "pygments"):
        write(f"import {arguments[0]}")
sys.addaudithook(watch)
"""
LAUNCH = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from repl.__main__ import main; sys.exit(main())"


class Watched:
    """Ratchet as a process of a person, with the watch on it."""

    def __init__(self, person: Person) -> None:
        self.person, self.log = person, person.home / "seen"

    def run(self, *words: str, first: str = "", given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command line; `first` is what a careless host would do before."""
        environment = {**self.person.environment, "SEEN": str(self.log)}
        program = [sys.executable, "-P", "-c", WATCH + first + LAUNCH]
        return subprocess.run(
            [*program, *words], input=given, capture_output=True, text=True, timeout=120, cwd=self.person.folder,
            env=environment,
        )  # fmt: skip

    @property
    def seen(self) -> list[str]:
        """What was parsed so far."""
        return self.log.read_text().splitlines()


@pytest.fixture
def watched(maker: Person) -> Watched:
    return Watched(maker)


@pytest.fixture
def folder(maker: Person) -> Path:
    """A plugin that passes, with the canary in its manifest, its module, its tests and its readme."""
    source = SOURCE.replace("words = text.split()", f'words = text.replace("{CANARY}", "").split()')
    tests = f'{TESTS}\n\ndef test_canary():\n    assert run("{CANARY} a{CANARY}b") == {{"words": 1, "longest": "ab"}}\n'
    folder = write_plugin(maker.home / "text-stats", source=source, tests=tests)
    manifest, readme = folder / "plugin.yaml", folder / "README.md"
    manifest.write_text(manifest.read_text() + f"author: {CANARY}\n")
    readme.write_text(readme.read_text() + f"\nIt leaves {CANARY} out.\n")
    return folder


def test_the_host_parses_nothing_of_a_candidate_up_to_its_approval(watched: Watched, folder: Path) -> None:
    assert watched.run("propose", "--from", str(folder)).returncode == 0
    shown = watched.run("review", "P-1")
    assert CANARY in shown.stdout
    assert watched.run("diff", "P-1").returncode == 0
    tried = watched.run("try", "P-1", "stats", f"{CANARY} a b")
    assert (tried.returncode, "2" in tried.stdout) == (0, True)
    assert watched.run("replay", "P-1").returncode == 0
    assert watched.run("revise", "P-1", "--example", 'run("a") == {"words": 1, "longest": "a"}').returncode == 0
    digest = watched.person.json("review", "P-1")["digest"]
    assert watched.run("approve", "P-1", "--digest", digest, "--accept", "no-oracle").returncode == 0
    # Once it is committed the host reads what a person approved, and the watch sees that.
    assert set(watched.seen) == {"approved: import ruamel.yaml"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("plugin.yaml", f"a: &a [{CANARY}]\nb: [*a, *a]\n"),
        ("plugin.yaml", f"!!python/object/apply:{CANARY} []\n"),
        ("plugin.py", f"{CANARY} = ("),
        ("plugin.py", f"import {CANARY}\n\n\ndef run(text: str) -> '{CANARY}[':\n    return eval(text)\n"),
        ("tests/test_plugin.py", f"{CANARY} = " + "(" * 500),
    ],
)
def test_the_host_parses_nothing_of_what_is_refused(watched: Watched, folder: Path, path: str, text: str) -> None:
    (folder / path).write_text(text)
    assert watched.run("propose", "--from", str(folder)).returncode == 10
    assert watched.run("gate", str(folder)).returncode == 10
    for words in (
        ["review", "P-1"],
        ["diff", "P-1"],
        ["try", "P-1", "stats", "a"],
        ["revise", "P-1", "--from", folder],
    ):
        watched.run(*map(str, words))
    assert watched.seen == []


@pytest.mark.parametrize(
    ("careless", "noticed"),
    [
        ("import ast; ast.parse(open({path!r}).read())\n", "candidate: compile <unknown>"),
        ("compile(open({path!r}, 'rb').read(), 'x', 'exec')\n", "candidate: compile x"),
        (
            "sys.path.insert(0, {root!r}); from plugins.yaml_subset import read; read(b'a: 1')\n",
            "candidate: import ruamel.yaml",
        ),
    ],
)
def test_the_watch_notices_a_host_that_parses(watched: Watched, folder: Path, careless: str, noticed: str) -> None:
    watched.run("--version", first=careless.format(path=str(folder / "plugin.py"), root=str(ROOT)))
    assert noticed in watched.seen
