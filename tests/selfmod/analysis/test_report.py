from __future__ import annotations

import json
import subprocess
from pathlib import Path

from selfmod.analysis import docs, index, report

ROOT = Path(__file__).resolve().parents[3]


def build(root: Path, **files: str) -> index.Index:
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return index.build(root)


def kinds(found: index.Index) -> dict[str, str]:
    return {f"{i.kind} {i.name}": i.reason for i in report.improvements(found)}


def test_each_kind_of_trouble_is_found(tmp_path: Path) -> None:
    branches = "".join(f"    if x == {n}: return {n}\n" for n in range(11))
    found = build(
        tmp_path,
        m='"""Doc."""\ndef f(x: int) -> int:\n    """Doc."""\n'
        + branches
        + "    return 0\ndef g(a): pass\ndef _h() -> None: pass\n",
        long='"""Doc."""\ndef f() -> None:\n    """Doc."""\n' + "    x = 1\n" * 400,
        bad="def (",
        a="import b\n",
        b="import a\nclass K: pass\n",
    )
    assert kinds(found) == {
        "complex m.f": "12 ways through it",
        "undocumented m.g": "a public function without a docstring",
        "untyped m.g": "no type for a, return",
        "unused m._h": "private, and nothing in its module names it",
        "long module long": "403 lines; it does more than one thing",
        "long function long.f": "402 lines",
        "unreadable bad.py": "line 1: invalid syntax",
        "circular import a b": "2 modules need each other to be imported",
        "undocumented b": "the module does not say what it is for",
        "undocumented b.K": "a public class without a docstring",
    }


def test_what_is_in_order_is_not_listed(tmp_path: Path) -> None:
    found = build(
        tmp_path,
        m='"""Doc."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import n\n'
        'def f(x: int) -> int:\n    """Doc."""\n    return _g(x)\ndef _g(x): return x\n',
        n='"""Doc."""\nimport m\n',
        tests__test_m="def test_f(x): pass\n",
    )
    assert report.improvements(found) == ()


def test_what_never_ran_is_ranked_by_what_depends_on_it(tmp_path: Path) -> None:
    body = ' -> None:\n    """Doc."""\n    x = 1\n    y = 2\n'
    found = build(
        tmp_path,
        m=f'"""Doc."""\ndef one(){body}def two(){body}def three(){body}    two()\n    two()\n'
        f"def four(){body}    two()\n",
    )
    everything = list(range(10, 25))
    (tmp_path / "coverage.json").write_text(json.dumps({"files": {"m.py": {"executed_lines": everything}}}))
    found = index.build(tmp_path)
    assert [(i.kind, i.name, i.reason) for i in report.improvements(found)] == [
        ("uncovered", "m.two", "2 of 2 statements never ran in the tests, and 2 others call it"),
        ("uncovered", "m.one", "2 of 2 statements never ran in the tests"),
    ]
    assert report.totals(found)["coverage"] == 7 / 11


def test_the_command_shows_the_place(tmp_path: Path) -> None:
    found = build(tmp_path / "a b", **{"it's": '"""Doc."""\n\n\ndef wanted(x):\n    """Doc."""\n'})
    (improvement,) = report.improvements(found)
    shown = subprocess.run(  # noqa: S602 -- the command is for a shell
        improvement.command, shell=True, cwd=tmp_path / "a b", capture_output=True, text=True, check=True
    )
    assert shown.stdout == 'def wanted(x):\n    """Doc."""\n'


def test_circles_are_found_without_recursion() -> None:
    chain = {str(n): (str(n + 1),) for n in range(5000)} | {"5000": ("0",)}
    assert [len(c) for c in report.circles(chain)] == [5001]
    assert report.circles({"a": ("b", "c"), "b": (), "c": ("a",), "d": ("a",)}) == [("a", "c")]


def test_documentation_shows_sources_as_text_never_as_markup(tmp_path: Path) -> None:
    found = build(
        tmp_path,
        m='"""See <script>alert(1)</script> ![x](http://x) \u202e."""\n'
        'def f(a="`"):\n    """*Bold*."""\ndef _no(): pass\n'
        "class K(dict):\n    def go(self) -> int: ...\n    def __len__(self): ...\n",
    )
    text = docs.render(found)
    assert r"See \<script\>alert(1)\</script\> \!\[x\](http://x) \\u\{202E\}." in text
    assert "### `` f(a='`') ``\n" in text
    assert r"\*Bold\*." in text
    assert "### class `K" in text
    assert "#### `go(self) -> int`\n" in text
    assert "_no" not in text
    assert "__len__" not in text


def test_ratchets_own_reference_names_its_public_functions() -> None:
    text = docs.render(index.build(ROOT))
    assert "### `cut(index: Index, words: Iterable[str] | str, token_budget: int, *, " in text


def test_the_figures_of_a_tree_add_up(tmp_path: Path) -> None:
    found = build(tmp_path, m="def f():\n    if g(): h.x()\ndef g(): pass\nclass K: pass\n")
    assert report.totals(found) == {
        "modules": 1, "classes": 1, "functions": 2, "lines": 4, "calls": 1, "calls_unresolved": 1,
        "highest_complexity": 2, "coverage": None, "skipped": 0,
    }  # fmt: skip
