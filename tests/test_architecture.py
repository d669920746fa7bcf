"""The rules of ARCHITECTURE.md that a machine can hold. Each rule is shown catching a planted breach."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
OURS = ("repl", "selfmod", "plugins", "sandbox")
MAY_IMPORT = {
    "sandbox": {"sandbox"},
    "plugins": {"plugins", "sandbox"},
    "selfmod": {"selfmod", "plugins", "sandbox"},
    "repl": set(OURS),
}
# The one module of ours that a plugin imports; the sandbox loads it for the plugin, inside the worker, by this name.
BY_NAME = {"plugins.sdk"}
HOMES = {
    "ctypes": {"sandbox/syscalls.py"},
    "git": set[str](),  # GitPython; the command is started by plugins/git_process.py
    "openai": {"selfmod/models/openai_client.py"},
}
HEAVY = {
    "bandit",
    "cffi",
    "coverage",
    "cryptography",
    "ctypes",
    "git",
    "griffe",
    "libcst",
    "llama_cpp",
    "numpy",
    "openai",
    "prompt_toolkit",
    "pydantic",
    "pytest",
    "RestrictedPython",
    "rich",
    "ruamel",
    "sqlite3",
    "asyncio",
}
TOP_LEVEL = {
    *("repl", "selfmod", "plugins", "sandbox", "tests", "audit_logs", "docs", "benchmarks", "requirements", ".ci"),
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"),
    *(".gitignore", ".gitattributes", "ratchet.toml"),
}
MAX_MODULE, MAX_FUNCTION = 400, 60
BROAD = re.compile(r"except\b.*\b(?:Base)?Exception\b|suppress\((?:Base)?Exception\b|except:")
# One letter of each word is in brackets, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    r"TOD[O]|FIXM[E]|# XX[X]|/work/(?:mai[n]|share[d]|[.])|/root/[.]pyen[v]|/opt/pyp[i]|pypi[.]or[g]|pythonhoste[d]"
)


def modules(root: Path, packages: tuple[str, ...] = OURS) -> Iterator[tuple[str, Path]]:
    """The modules of our packages; a folder with a manifest is a plugin, which is not ours."""
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            if not any((parent / "plugin.yaml").exists() for parent in path.parents if parent != root):
                yield path.relative_to(root).as_posix(), path


def imports(tree: ast.AST) -> Iterator[str]:
    """Every absolute name that is imported, also inside functions and by a literal for the import system."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom():
                yield "(relative)"
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ) if name not in BY_NAME:
                yield name


def crossings(root: Path) -> list[str]:
    found = []
    for name, path in modules(root):
        package = name.split("/")[0]
        for target in imports(ast.parse(path.read_bytes())):
            first = target.split(".")[0]
            if first in {"(relative)", "tests"} or (first in OURS and first not in MAY_IMPORT[package]):
                found.append(f"{name} imports {target}")
    return found


def strays(root: Path) -> list[str]:
    return [
        f"{name} imports {target}"
        for name, path in modules(root)
        for target in imports(ast.parse(path.read_bytes()))
        if name not in HOMES.get(target.split(".")[0], {name})
    ]


def long_ones(root: Path) -> list[str]:
    found = []
    for name, path in modules(root, (*OURS, "benchmarks")):
        text = path.read_text("utf-8")
        if (lines := len(text.splitlines())) > MAX_MODULE:
            found.append(f"{name}: {lines} lines")
        found += [
            f"{name}:{node.lineno} {node.name}: {size} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (size := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
        ]
    return found


def forbidden(root: Path) -> list[str]:
    found = []
    for base, folders, files in os.walk(root):
        folders[:] = [
            f for f in folders if f not in {".git", "__pycache__", "build"} and not f.startswith((".venv", "."))
        ]
        for path in (Path(base, file) for file in files):
            if path.suffix in {".py", ".md", ".toml", ".txt", ".in", ".json", ".yaml", ""} or path.name == "Makefile":
                text = path.read_text("utf-8", errors="replace")
                found += [f"{path.relative_to(root)}: {hit[0]}" for hit in FORBIDDEN.finditer(text)]
    return found


def unexplained(root: Path) -> list[str]:
    """Where everything is caught and no comment beside it says why."""
    found = []
    for name, path in modules(root):
        lines = path.read_text("utf-8").splitlines()
        for number, (line, following) in enumerate(pairwise([*lines, ""]), 1):
            said = [text.partition("#")[2] for text in (line, following)]
            if BROAD.search(line) and not any(re.sub(r"noqa: [A-Z0-9, ]*", "", one).strip(" #") for one in said):
                found.append(f"{name}:{number}")
    return found


def sleeps(root: Path, *folders: str) -> set[str]:
    """The modules that wait for time to pass, and not for what they wait for."""
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    return {
        path.relative_to(root).as_posix()
        for path in paths
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "sleep"
        if [ast.unparse(one) for one in node.args] != ["0"]  # gives way, and waits for nothing
    }


def plant(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        capture_output=True, text=True, timeout=60, env={}, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_imports_go_one_way() -> None:
    assert crossings(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "import repl",
        "def f():\n    from selfmod.spec import Spec",
        "import importlib; importlib.import_module('repl.app')",
        "from . import x",
        "import tests.conftest",
        "import plugins.sdk",
    ],
)
def test_an_upward_import_is_found(tmp_path: Path, text: str) -> None:
    assert len(crossings(plant(tmp_path, sandbox__worker=text))) >= 1


def test_a_plugin_is_not_read_as_ours(tmp_path: Path) -> None:
    plant(tmp_path, plugins__mine__plugin="import repl")
    (tmp_path / "plugins/mine/plugin.yaml").write_text("schema: 1")
    assert crossings(tmp_path) == []


def test_openai_git_and_ctypes_have_one_home_each() -> None:
    assert strays(ROOT) == []


def test_a_second_home_is_found(tmp_path: Path) -> None:
    plant(tmp_path, repl__app="def f():\n    import openai.types", sandbox__syscalls="import ctypes")
    assert strays(tmp_path) == ["repl/app.py imports openai.types"]


def test_modules_and_functions_are_short() -> None:
    assert long_ones(ROOT) == []


def test_a_long_module_and_a_long_function_are_found(tmp_path: Path) -> None:
    plant(tmp_path, repl__loop="def f():\n" + "    x = 1\n" * 61, benchmarks__gate="x = 1\n" * 401)
    plant(tmp_path, repl__app="x = 1\n" * 401)
    assert long_ones(tmp_path) == [
        "repl/app.py: 401 lines",
        "repl/loop.py:1 f: 62 lines",
        "benchmarks/gate.py: 401 lines",
    ]


def test_no_file_holds_a_path_of_one_machine_a_registry_or_a_loose_end() -> None:
    assert forbidden(ROOT) == []


def test_a_loose_end_is_found(tmp_path: Path) -> None:
    plant(tmp_path, repl__app="# TO" + "DO later", repl__lock="x = 'https://pypi" + ".org/simple'")
    assert len(forbidden(tmp_path)) == 2


def test_a_catch_of_everything_says_why() -> None:
    assert unexplained(ROOT) == []


@pytest.mark.parametrize(
    "catch",
    ["except Exception:  # noqa: BLE001", "except (ValueError, BaseException) as error:", "except:  # noqa: E722"],
)
def test_a_catch_that_does_not_say_why_is_found(tmp_path: Path, catch: str) -> None:
    plant(tmp_path, repl__app=f"try:\n    x = 1\n{catch}\n    x = 2\n")
    assert unexplained(tmp_path) == ["repl/app.py:3"]


def test_what_waits_is_not_left_to_time() -> None:
    assert sleeps(ROOT, *OURS) == {"plugins/lock.py"}  # the kernel waits for a lock without a deadline only
    assert sleeps(ROOT, "tests") == {"tests/attacks/programs/eat_time.py"}  # slow on purpose, to be ended


def test_a_sleep_is_found(tmp_path: Path) -> None:
    plant(tmp_path, repl__app="import time\ntime.sleep(1)", repl__loop="import asyncio\nasyncio.sleep(0)")
    assert sleeps(tmp_path, "repl") == {"repl/app.py"}


def test_the_top_level_is_what_the_design_says() -> None:
    there = {p.name for p in ROOT.iterdir()}
    assert {"repl", "selfmod", "plugins", "sandbox", "tests", "audit_logs", "pyproject.toml"} <= there
    ignored = {line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    unknown = {
        n
        for n in there - TOP_LEVEL - ignored - {".git"}
        if not n.endswith(".egg-info") and not n.startswith(".coverage")
    }
    assert unknown == set()


def test_every_package_is_listed_for_the_distribution() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    there = {Path(name).parent.as_posix().replace("/", ".") for name, _ in modules(ROOT)}
    assert listed == there


def test_the_start_imports_nothing_heavy() -> None:
    loaded = set(run("import repl.__main__; print(*{m.split('.')[0] for m in sys.modules})").split())
    assert loaded & HEAVY == set()


def test_importing_any_module_writes_and_starts_nothing() -> None:
    names = [name[:-3].replace("/", ".").removesuffix(".__init__") for name, _ in modules(ROOT)]
    code = f"""
import importlib, os
SEEN = []
ACTS = "subprocess.Popen os.system os.fork os.mkdir os.remove os.rename socket.connect socket.bind".split()
def hook(event, args):
    if event in ACTS:
        SEEN.append((event, repr(args)[:200]))
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        SEEN.append((event, repr(args)[:200]))
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import threading
for name in {[n for n in names if not n.startswith("sandbox.worker")]!r}:
    before = len(SEEN)
    importlib.import_module(name)
    if len(SEEN) > before:
        print(name, SEEN[before:])
print(*[t.name for t in threading.enumerate() if t is not threading.main_thread()])
"""
    assert run(code).strip() == ""
