"""Reads candidate material with real parsers, inside a limited worker, for the stages that judge without running it.

`facts` runs every section it is asked for and sends each one's facts to the host as soon as it has them, so that a
parser that dies on one file leaves the facts found before. Sections are plain functions from files to JSON; none of
them imports, evaluates or runs anything of the candidate.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

Found = dict[
    str, Any
]  # {"rule", "message", "path", "line", "hint", "key", "advisory"}, all but the first three optional

MAX_NESTING: Final = 100
MAX_FOUND: Final = 100  # of one section; the verdict is the same with more
_SAID: Final = 400
_SUSPECTED: Final = "Possible hardcoded password: "  # with the text in quotes
_SHORTEST: Final = 4  # signs of anything that is kept secret, such as the number of a card
_CALLED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, kw_only=True)
class Material:
    """The files a section looks at: of the candidate, and of the approved version (empty when there is none)."""

    files: Mapping[str, bytes]
    previous: Mapping[str, bytes]
    entry: str
    tests: tuple[str, ...]

    @cached_property
    def trees(self) -> Mapping[str, ast.Module | str]:
        """Each Python file parsed, or the reason why it could not be."""
        return {path: parsed(data) for path, data in self.files.items() if path.endswith(".py")}

    @property
    def module(self) -> ast.Module | None:
        """The parsed entry module, or None when it is not Python."""
        tree = self.trees.get(self.entry)
        return tree if isinstance(tree, ast.Module) else None


def facts(argument: Any) -> int:
    """The job: send the facts of each section as a note; return how many sections there were."""
    from sandbox.worker import note

    material = Material(
        files={path: Path("candidate", path).read_bytes() for path in argument["files"]},
        previous={path: Path("previous", path).read_bytes() for path in argument["previous"]},
        entry=argument["entry"],
        tests=tuple(argument["tests"]),
    )
    sections = table()
    for name in argument["sections"]:
        note({"section": name, "facts": _section(sections[name], material)})
    return len(argument["sections"])


def _section(function: Callable[[Material], Any], material: Material) -> Any:
    try:
        return function(material)
    except (ValueError, SyntaxError, RecursionError, MemoryError, LookupError, TypeError, AttributeError) as error:
        # Facts that cannot be had are a refusal of the stage that wanted them, with the reason.
        return {"failed": f"{type(error).__name__}: {error}"[:_SAID]}


def table() -> Mapping[str, Callable[[Material], Any]]:
    """Return the sections by name."""
    from selfmod.gate.reading import api, conditions, docs, secrets, uses

    return {
        "text": shape,
        "manifest": manifest,
        "previous_manifest": previous_manifest,
        "handlers": handlers,
        "policy": policy,
        "secrets": secrets.secrets,
        "bandit": bandit,
        "uses": uses.uses,
        "conditions": conditions.facts,
        "api": api.api,
        "docs": docs.docs,
    }


def parsed(data: bytes) -> ast.Module | str:
    """Parse one module; return the reason when it is not Python or is nested too deeply to be looked at."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data.decode("utf-8"))
    except SyntaxError as error:
        return f"line {error.lineno or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"line 1: {type(error).__name__}: {error}"
    line = _too_deep(tree)
    return f"line {line}: nested deeper than {MAX_NESTING}" if line else tree


def _too_deep(tree: ast.AST) -> int:
    """Return the line where nesting passes the limit, or 0; without recursion, which is what a bomb aims at."""
    waiting: list[tuple[ast.AST, int, int]] = [(tree, 0, 1)]
    while waiting:
        node, depth, line = waiting.pop()
        line = getattr(node, "lineno", line)
        if depth > MAX_NESTING:
            return line
        waiting += [(child, depth + 1, line) for child in ast.iter_child_nodes(node)]
    return 0


def found(rule: str, message: str, path: str = "", line: int = 0, *, hint: str = "", key: str = "") -> Found:
    """Make one finding in the form that travels to the host."""
    return {
        "rule": rule,
        "message": message[:_SAID],
        "path": path,
        "line": line,
        "hint": hint[:_SAID],
        "key": key[:_SAID],
    }


def shape(material: Material) -> list[Found]:
    """Section "text": files that cannot be parsed, nesting bombs, identifiers that look like others."""
    problems: list[Found] = []
    for path, tree in material.trees.items():
        if isinstance(tree, str):
            where, _, said = tree.partition(": ")
            line = int(where.removeprefix("line "))
            rule = (
                "text.nesting"
                if "nested" in said or "RecursionError" in said or "MemoryError" in said
                else "text.syntax"
            )
            problems.append(found(rule, f"not readable as Python: {said}", path, line))
        else:
            problems += _identifiers(path, tree)
    return problems[:MAX_FOUND]


def _identifiers(path: str, tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        for name in _names(node):
            if not name.isascii():
                yield found("text.identifier", f"the name {name!a} is not ASCII", path, line, hint="use ASCII letters")


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the identifiers that stand in one node."""
    for field in ("id", "attr", "arg", "name", "asname", "module", "rest"):
        value = getattr(node, field, None)
        if isinstance(value, str):
            yield value
    for field in ("names", "kwd_attrs"):
        yield from (value for value in getattr(node, field, ()) if isinstance(value, str))


def manifest(material: Material) -> Any:
    """Section "manifest": the manifest as data, or its problems."""
    return _manifest(material.files.get("plugin.yaml"))


def previous_manifest(material: Material) -> Any:
    """Section "previous_manifest": the same of the approved version."""
    return _manifest(material.previous.get("plugin.yaml"))


def _manifest(data: bytes | None) -> Any:
    from plugins.manifest import ManifestError, parse_manifest

    if data is None:
        return {"data": None, "problems": []}
    try:
        return {"data": parse_manifest(data).to_data(), "problems": []}
    except ManifestError as error:
        problems = [
            found(f"manifest.{item.rule}", item.message, "plugin.yaml", item.line, key=f"{item.column}")
            for item in error.problems[:MAX_FOUND]
        ]
        return {"data": None, "problems": problems}


def handlers(material: Material) -> list[str]:
    """Section "handlers": the functions that can be called from outside, whose names stay theirs."""
    module = material.module
    if module is None:
        return []
    functions = (node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    again = set(_bound_again(module))
    return sorted({node.name for node in functions if not node.name.startswith("_")} - again)


def _bound_again(node: ast.AST) -> Iterator[str]:
    """Yield what is bound in a module other than by `def`: at its top level, or from a function through `global`."""
    from sandbox.language.trees import names_bound_by

    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (name for part in ast.walk(inner) if isinstance(part, ast.Global) for name in part.names)
        elif isinstance(inner, ast.ClassDef):
            yield inner.name
        else:
            yield from names_bound_by(inner)
            yield from _bound_again(inner)


def policy(material: Material) -> list[Found]:
    """Section "policy": what the language policy refuses in the module and in the tests."""
    from sandbox.language import check
    from selfmod.gate.reading.answers import answers
    from selfmod.gate.reading.concealed import concealed
    from selfmod.gate.reading.credentials import credentials
    from selfmod.gate.reading.forms import forms

    problems: list[Found] = []
    defined = ast.walk(material.module) if material.module else ()
    classes = frozenset(node.name for node in defined if isinstance(node, ast.ClassDef))
    own = {node.name for node in material.module.body if isinstance(node, _CALLED)} if material.module else set[str]()
    for path, tree in material.trees.items():
        if isinstance(tree, ast.Module):  # what is not Python is refused by the stage before
            role = "test" if path in material.tests else "module"
            for item in check(material.files[path], path, role=role, classes=classes):  # type: ignore[arg-type]
                # The policy for tests names its rules "tests.skip"; a stage's rules begin with the stage.
                rule = "policy." + item.rule.removeprefix("policy.").replace("tests.", "test-")
                problems.append(found(rule, item.message, path, item.line, hint=item.hint, key=str(item.column)))
            if role == "test":
                problems += answers(path, tree, Path(material.entry).stem, own)
    if material.module:
        problems += concealed(material.module, material.entry)
        problems += credentials(material.module, material.entry)
        problems += forms(material.module, material.files[material.entry], material.entry)
    return problems[:MAX_FOUND]


def bandit(material: Material) -> list[Found]:
    """Section "bandit": what that linter says. `# nosec` does not silence it; what it says never refuses."""
    import io
    import logging

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its loader of checks warns about itself
        from bandit.core import config, manager

    logging.getLogger("bandit").setLevel(logging.CRITICAL)
    said: list[Found] = []
    for path in (material.entry, *material.tests):
        if path in material.files and not isinstance(material.trees.get(path), str):
            scan = manager.BanditManager(config.BanditConfig(), "file", profile={}, ignore_nosec=True)
            # The public way reads from a disk; these bytes must not be read again.
            scan._parse_file(path, io.BytesIO(material.files[path]), [path])  # noqa: SLF001
            said += [
                found(f"policy.bandit-{issue.test_id.lower()}", issue.text, path, issue.lineno)
                for issue in scan.get_issue_list()
                if path not in material.tests or issue.test_id != "B101"  # tests are made of asserts
                if not _is_no_password(issue.text)
            ]
    return said[:MAX_FOUND]


def _is_no_password(said: str) -> bool:
    """Return whether bandit takes a text for a password that is too short to be one, such as a sign of a language."""
    return said.startswith(_SUSPECTED) and len(said.removeprefix(_SUSPECTED)[1:-1]) < _SHORTEST
