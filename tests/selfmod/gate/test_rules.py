"""Every rule that can refuse stands in the code as a word, and every such word stands in a test of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfmod.gate.gate import all_stages

ROOT = Path(__file__).resolve().parents[3]
STAGES = (*(stage.name for stage in all_stages()), "gate")
_RULE = re.compile(rf"({'|'.join(STAGES)})\.[a-z][a-z0-9-]*")
# Where rules are written down, and where their tests are.
CODE = (
    *sorted(path for path in (ROOT / "selfmod/gate").rglob("*.py") if path.name != "workers.py"),  # it names modules
    *sorted((ROOT / "sandbox/language").glob("*.py")),
)
MANIFEST = (ROOT / "plugins/manifest.py", ROOT / "plugins/yaml_subset.py", ROOT / "selfmod/gate/stages/manifest.py")
TESTS = (
    *(path for path in (ROOT / "tests/selfmod/gate").rglob("test_*.py") if path != Path(__file__)),
    *(ROOT / "tests/sandbox/language").glob("test_*.py"),
    ROOT / "tests/plugins/test_manifest.py",
)


def texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def of_manifests(source: str) -> Iterator[str]:
    """Rules of the manifest are named without their stage: `_found("entry", ...)`, `Problem(rule="not-data", ...)`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ("_found", "YamlError", "Problem"):
            said = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "rule")]
            names = (name.value for name in said if isinstance(name, ast.Constant))
            yield from (f"manifest.{name}" for name in names if isinstance(name, str))


def rules() -> list[str]:
    found = {text for path in CODE for text in texts(path) if _RULE.fullmatch(text)}
    found |= {rule for path in MANIFEST for rule in of_manifests(path.read_text("utf-8"))}
    return sorted(found | {"manifest.missing-field", "manifest.unknown-field", "manifest.invalid-value"})


NAMED = "\n".join(text for path in TESTS for text in texts(path))


def is_named(rule: str, text: str = "") -> bool:
    """Whether a test names a rule: whole, or one of the manifest's readers without its stage."""
    names = [rule, *([rule.removeprefix("manifest.")] if rule.startswith("manifest.") else [])]
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text or NAMED) for name in names)


def test_the_rules_are_found_in_the_code() -> None:
    found = rules()
    assert {rule.partition(".")[0] for rule in found} == set(STAGES)
    assert {"layout.link", "text.bidi", "manifest.entry", "manifest.alias", "policy.import", "tests.forged"} <= {*found}
    assert list(of_manifests('_found("one")\nProblem(rule="two", message="x")\nYamlError("three", "x")\n')) == [
        "manifest.one",
        "manifest.two",
        "manifest.three",
    ]


@pytest.mark.parametrize("rule", rules())
def test_each_rule_is_named_by_a_test_of_it(rule: str) -> None:
    assert is_named(rule)


def test_a_rule_that_no_test_names_is_noticed() -> None:
    text = "layout.pathology is no layout.path-form; manifest.tagged"
    assert not any(is_named(rule, text) for rule in ("layout.path", "manifest.tag", "tests.forged"))
    assert is_named("layout.path-form", text)
