"""Stage 0: which files there are, by name and size alone."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from selfmod.candidate import Candidate, Unread
from selfmod.gate.base import Finding, StageResult, finding, result
from selfmod.gate.subject import Subject
from selfmod.gate.thresholds import Thresholds

MANIFEST: Final = "plugin.yaml"
_MODULE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\.py")
_TEST: Final = re.compile(r"tests/test_[a-z0-9_]{1,60}\.py")
_DATA: Final = re.compile(r"tests/data(/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){1,4}")
_PLAIN: Final = (MANIFEST, "README.md", "LICENSE")

# Names that some tool reads by itself, or that a start of Python runs: each could change what the checks see.
_CONFIG: Final = frozenset(
    [
        "pyproject.toml",
        "pytest.ini",
        "pytest.toml",
        "tox.ini",
        "setup.cfg",
        "setup.py",
        "mypy.ini",
        "ruff.toml",
        "noxfile.py",
        "conda.yaml",
        "requirements.txt",
        "makefile",
        "dockerfile",
    ]
)
_STARTUP: Final = frozenset({"sitecustomize.py", "usercustomize.py"})
_COMPILED: Final = (".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib", ".whl", ".egg", ".zip")
# A module of one of these names would stand in front of something that the checks or the plugin import.
_TAKEN: Final = frozenset({"sdk", "plugins", "sandbox", "selfmod", "repl", "pytest", "coverage", "tests"})

_UNREAD_RULES: Final = {
    "link": "layout.link",
    "not-a-file": "layout.not-a-file",
    "too-large": "layout.too-large",
    "too-many": "layout.too-many",
    "too-deep": "layout.path",
    "name": "layout.path-form",
    "twice": "layout.case-clash",
    "unreadable": "layout.unreadable",
    "candidate-file": "layout.candidate-file",
}


class Layout:
    """The stage "layout"."""

    name = "layout"

    def run(self, subject: Subject) -> StageResult:
        """Judge the names and sizes of the candidate's files."""
        files = subject.candidate.files
        figures = {"files": len(files), "bytes": sum(map(len, files.values()))}
        return result(self.name, check(subject.candidate, subject.thresholds), figures=figures)


def check(candidate: Candidate, thresholds: Thresholds) -> list[Finding]:
    """Return every finding over the names and sizes of the files."""
    return [
        *map(_unread, candidate.unread),
        *(item for path in candidate.files if (item := _path(path))),
        *_clashes(candidate.files),
        *_sizes(candidate.files, thresholds),
        *(_missing({*candidate.files, *(item.path for item in candidate.unread)}) if _was_read(candidate) else ()),
    ]


def module_of(candidate: Candidate) -> str | None:
    """Return the path of the one module, or None when there is none or more than one."""
    modules = [path for path in candidate.files if _MODULE.fullmatch(path)]
    return modules[0] if len(modules) == 1 else None


def tests_of(candidate: Candidate) -> tuple[str, ...]:
    """Return the paths of the test files."""
    return tuple(sorted(path for path in candidate.files if _TEST.fullmatch(path)))


def is_admitted(path: str) -> bool:
    """Return whether a path is one that a plugin may have (and so a safe name for a file in a worker)."""
    return _path(path) is None


def is_data(path: str) -> bool:
    """Return whether a path is recorded input of the tests, whose bytes may be anything."""
    return _DATA.fullmatch(path) is not None


def _unread(item: Unread) -> Finding:
    return finding(_UNREAD_RULES.get(item.kind, "layout.unreadable"), item.message, path=item.path, key=item.kind)


def _path(path: str) -> Finding | None:
    """Return why a path is outside the allow-list, by the most telling rule, or None."""
    parts = path.split("/")
    name = parts[-1].casefold()
    if path.startswith("/") or "\\" in path or {"", ".", ".."} & set(parts) or not path.isprintable():
        return finding("layout.path-form", "not a plain relative path", path=path, hint="write it as folder/file")
    if unicodedata.normalize("NFC", path) != path or not path.isascii():
        return finding("layout.path-form", "a path is written in ASCII", path=path, hint="rename the file")
    if any(part.startswith(".") for part in parts):
        return finding("layout.dot-file", "hidden files are not part of a plugin", path=path, hint="remove it")
    if name == "conftest.py":
        message = "pytest would run a conftest before the tests"
        return finding("layout.conftest", message, path=path, hint="put fixtures into the test file")
    if name.endswith(".pth") or name in _STARTUP:
        return finding("layout.startup-file", "Python would run this by itself", path=path, hint="remove it")
    if name in _CONFIG:
        return finding(
            "layout.config-file", "configuration of tools is not part of a plugin", path=path, hint="remove it"
        )
    if name.endswith(_COMPILED) or "__pycache__" in parts:
        return finding("layout.compiled", "only source text is part of a plugin", path=path, hint="remove it")
    return _listed(path, name)


def _listed(path: str, name: str) -> Finding | None:
    if _MODULE.fullmatch(path):
        stem = name.removesuffix(".py")
        if stem in _TAKEN or stem in sys.stdlib_module_names or stem.startswith("test_"):
            message = f"a module named {stem!r} would hide another one"
            return finding("layout.module-name", message, path=path, hint="name it plugin.py")
        return None
    if path in _PLAIN or _TEST.fullmatch(path) or (_DATA.fullmatch(path) and not name.endswith(".py")):
        return None
    return finding(
        "layout.path",
        "this path is not part of a plugin",
        path=path,
        hint="a plugin has plugin.yaml, one module, tests/test_*.py, tests/data/*, README.md and LICENSE",
    )


def _clashes(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Two names that are one on some file systems, or a name that is both a file and a folder."""
    seen: dict[str, str] = {}
    for path in sorted(files):
        folded = path.casefold()
        if folded in seen:
            yield finding("layout.case-clash", f"differs only in case from {seen[folded]!r}", path=path)
        seen[folded] = path
    for path in sorted(files):
        parents = path.casefold().split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            if (folder := "/".join(parents[:depth])) in seen:
                yield finding("layout.case-clash", f"{seen[folder]!r} is both a file and a folder", path=path)


def _sizes(files: Mapping[str, bytes], thresholds: Thresholds) -> Iterator[Finding]:
    for path, data in files.items():
        limit = thresholds.module_kb * 1024
        if path.endswith(".py") and len(data) > limit:
            yield finding("layout.too-large", f"{len(data)} bytes; a module has at most {limit}", path=path)
    total, limit = sum(map(len, files.values())), thresholds.total_kb * 1024
    if total > limit:
        yield finding("layout.too-large", f"{total} bytes in all; a plugin has at most {limit}", key="total")
    if len(files) > thresholds.files:
        yield finding("layout.too-many", f"{len(files)} files; a plugin has at most {thresholds.files}", key="total")


def _was_read(candidate: Candidate) -> bool:
    """Return whether anything could be read: of what could not be as a whole, nothing is known to be missing."""
    return bool(candidate.files) or not any(item.path == "" for item in candidate.unread)


def _missing(files: AbstractSet[str]) -> Iterator[Finding]:
    """What a plugin cannot do without; what is there and could not be taken in is not missing."""
    if MANIFEST not in files:
        yield finding("layout.missing", "there is no plugin.yaml", path=MANIFEST, hint="write the manifest")
    modules = sorted(path for path in files if _MODULE.fullmatch(path) and _path(path) is None)
    if not modules:
        yield finding("layout.missing", "there is no module", path="plugin.py", hint="put the code into plugin.py")
    first = "plugin.py" if "plugin.py" in modules else modules[0] if modules else ""
    for path in modules:
        if path != first:
            message = f"a plugin is one module, and {first} is there"
            hint = f"put what it does into {first}; nothing could import it"
            yield finding("layout.second-module", message, path=path, hint=hint)
    if not any(_TEST.fullmatch(path) for path in files):
        yield finding("layout.missing", "there are no tests", path="tests", hint="write tests/test_plugin.py")
