from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path

import pytest

from selfmod.analysis import index, tree
from selfmod.analysis.facts import Module, module_name, pack, unpack
from selfmod.analysis.read import Unreadable, read

ROOT = Path(__file__).resolve().parents[3]

STORE = '''"""Keeps things."""
import json as j
from pkg.base import Base, make
from . import deep


class Store(Base):
    """A store."""

    inner: "Inner"

    def __init__(self, inner: Inner | None) -> None:
        self.inner = inner or Inner()
        self.made = make()

    def get(self, key: str, *, missing=None) -> str:
        """One value."""
        self.check(key)
        self.made.press()
        return j.dumps(self.inner.find(key))

    @property
    def first(self) -> Inner:
        return self.inner

    @classmethod
    def open(cls) -> "Store":
        return cls(None)


class Inner:
    def find(self, key):
        return [k for k in (1, 2) if k and key or k > 1]


def use(store: Store):
    store.get("a")
    Store.open().first.find("b")
    with Store(None) as other:
        other.get("b")
    def nested():
        return store.first.find("x")
    unknown.thing()
    return nested()
'''
BASE = """
class Button:
    def press(self): ...

class Base:
    def check(self, key: str) -> bool:
        if key:
            return True
        elif not key and self:
            return False
        return bool(key)

async def later(): pass

def make() -> Button:
    return Button()
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "pkg/deep").mkdir(parents=True)
    (root / "pkg/__init__.py").write_text("from pkg.store import Store\n")
    (root / "pkg/store.py").write_text(STORE)
    (root / "pkg/base.py").write_text(BASE)
    (root / "pkg/deep/__init__.py").write_text("from ..base import make as produce\nfrom .. import Store\n")
    (root / "pkg/deep/far.py").write_text(
        "import pkg.base\nfrom pkg import Store\nfrom . import produce\n"
        "def go():\n    Store(None).get('x')\n    produce().press()\n    pkg.base.later()\n"
    )
    return root


def function(found: index.Index, full: str):
    return next(f for name, _, f in found.functions() if name == full)


def test_signatures_kinds_and_sizes_are_read(small: Path) -> None:
    found = index.build(small)
    get = function(found, "pkg.store.Store.get")
    assert get.signature == "(self, key: str, *, missing=None) -> str"
    assert (get.kind, get.lines, get.doc, get.untyped) == ("method", 5, "One value.", ("missing",))
    assert function(found, "pkg.store.use.nested").kind == "inner"
    assert function(found, "pkg.base.later").signature == "async ()"
    assert [m.name for m in found.modules] == ["pkg", "pkg.base", "pkg.deep", "pkg.deep.far", "pkg.store"]
    assert found.modules[-1].lines == STORE.count("\n")


@pytest.mark.parametrize(
    ("body", "complexity"),
    [
        ("return 1", 1),
        ("if a: return 1", 2),
        ("if a and b or c: return 1", 4),
        ("return [x for x in a if x if b]", 4),
        ("for x in a:\n        while b: pass", 3),
        ("try: pass\n    except A: pass\n    except B: pass", 3),
        ("match a:\n        case 1: pass\n        case _: pass", 2),
        ("return 1 if a else 2", 2),
        ("def inner():\n        if a: pass", 1),
    ],
)
def test_complexity_counts_the_ways_through_a_function(body: str, complexity: int) -> None:
    module = read("m.py", f"def f(a, b, c):\n    {body}\n".encode())
    assert module.functions[0].complexity == complexity


def test_calls_are_linked_through_imports_self_attributes_instances_and_returns(small: Path) -> None:
    found = index.build(small)
    assert found.callees["pkg.store.Store.get"] == (
        "pkg.base.Base.check",
        "pkg.base.Button.press",
        "pkg.store.Inner.find",
    )
    assert found.callees["pkg.store.use"] == (
        "pkg.store.Inner.find",
        "pkg.store.Store",
        "pkg.store.Store.get",
        "pkg.store.Store.open",
        "pkg.store.use.nested",
    )
    assert found.callees["pkg.store.use.nested"] == ("pkg.store.Inner.find",)
    assert found.callees["pkg.deep.far.go"] == (
        "pkg.base.Button.press",
        "pkg.base.later",
        "pkg.base.make",
        "pkg.store.Store",
        "pkg.store.Store.get",
    )
    assert found.callers["pkg.store.Store.get"] == ("pkg.deep.far.go", "pkg.store.use")


def test_what_cannot_be_known_is_counted_not_guessed() -> None:
    module = read("m.py", b"def f(x):\n    x.get()\n    x[0]()\n    print(1)\n")
    assert (module.functions[0].calls, module.functions[0].unresolved) == ((), 2)


def test_circles_of_names_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from b import x\nclass A(A): pass\ndef f(): x(); A().go()\n")
    (tmp_path / "b.py").write_text("from a import x\nclass B(C): pass\nclass C(B): pass\ndef g(): B().go()\n")
    assert [tuple(e) for e in index.build(tmp_path).edges] == [("a.f", "a.A", 3), ("b.g", "b.B", 4)]


def test_module_names_follow_paths() -> None:
    names = {"a/b.py": "a.b", "a/__init__.py": "a", "src/a/b.py": "a.b", "src.py": "src", "__init__.py": "__init__"}
    assert {path: module_name(path) for path in names} == names


def test_facts_survive_packing(small: Path) -> None:
    for module in index.build(small).modules:
        assert unpack(json.loads(json.dumps(pack(module)))) == module


# --- the cache ---


def test_only_changed_files_are_read_again(small: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = index.build(small, cache)
    again = index.build(small, cache)
    assert (first.reread, again.reread) == (5, 0)
    assert again.modules == first.modules
    assert again.edges == first.edges
    (small / "pkg/base.py").write_text(BASE + "\ndef more(): pass\n")
    assert index.build(small, cache).reread == 1
    (small / "pkg/base.py").unlink()
    assert (index.build(small, cache).reread, len(index.build(small, cache).modules)) == (0, 4)


def test_a_file_that_cannot_be_parsed_is_not_parsed_again(small: Path, tmp_path: Path) -> None:
    (small / "bad.py").write_text("def (")
    first = index.build(small, tmp_path / "cache")
    again = index.build(small, tmp_path / "cache")
    assert again.reread == 0
    assert again.skipped == first.skipped == (tree.Skipped("bad.py", "line 1: invalid syntax"),)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other", "old"])
def test_a_damaged_cache_is_made_anew(small: Path, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "cache"
    expected = index.build(small, cache).modules
    (store,) = cache.iterdir()
    data = store.read_bytes()
    damaged = {
        "cut": data[:-100],
        "flip": data.replace(b"Store", b"Stare", 1),
        "empty": b"",
        "other": b"0" * 64 + b"\n[]",
        "old": data.replace(b"[[1,", b"[[0,", 1),
    }
    store.write_bytes(damaged[damage])
    again = index.build(small, cache)
    assert (again.reread, again.modules) == (5, expected)
    assert index.build(small, cache).reread == 0


def test_a_cache_that_cannot_be_written_only_costs_time(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert len(index.build(small, tmp_path / "file").modules) == 5


def test_a_cache_holds_no_program(small: Path, tmp_path: Path) -> None:
    index.build(small, tmp_path / "cache")
    (store,) = (tmp_path / "cache").iterdir()
    json.loads(store.read_bytes().partition(b"\n")[2])
    assert store.stat().st_mode & 0o077 == 0


# --- hostile trees ---


def test_links_devices_and_huge_files_are_left_out_by_name(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("class Secret: pass")
    root = tmp_path / "tree"
    root.mkdir()
    (root / "ok.py").write_text("x = 1")
    (root / "link.py").symlink_to(tmp_path / "secret.txt")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.py")
    (root / "huge.py").write_bytes(b"#" * (tree.MAX_FILE_BYTES + 1))
    (root / os.fsdecode(b"\xff.py")).write_text("x = 1")
    found = index.build(root)
    assert [m.path for m in found.modules] == ["\\xff.py", "ok.py"]
    assert found.skipped == (
        ("huge.py", "larger than 1000000 bytes"),
        ("link.py", "a link"),
        ("pipe.py", "not a regular file"),
    )
    json.dumps(found.to_json())


def test_a_tree_without_end_is_cut(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(tree.MAX_DEPTH + 2):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "x.py").write_text("x = 1")
    found = index.build(tmp_path)
    assert found.modules == ()
    assert [s.reason for s in found.skipped] == ["too deep"]


@pytest.mark.parametrize(
    "content",
    [
        b"def (",
        b"x = '\xff'",
        b"\0",
        b"# coding: nothing\nx = 1",
        b"x = " + b"(" * 5000 + b")" * 5000,
        b"x = " + b"-" * 60000 + b"1",
        b"x = " + b"+".join([b"a"] * 60000),
        b"x = f" + b"()" * 20000,
        b"x = " + b"1" * 5000,
        b"if 1:\n" + b"".join(b" " * i + b"if 1:\n" for i in range(1, 200)),
        b"def f(x: '" + b"(" * 300 + b"'): pass",
    ],
)
def test_no_content_of_a_file_gets_further_than_a_reason(content: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert read("m.py", content).path == "m.py"


def test_the_file_itself_can_be_asked_for(small: Path) -> None:
    found = index.build(small / "pkg/base.py")
    assert [m.path for m in found.modules] == ["base.py"]


def test_what_does_not_exist_is_said(tmp_path: Path) -> None:
    assert index.build(tmp_path / "nothing").skipped == ((".", "cannot be listed: No such file or directory"),)


# --- coverage ---


def lines_of_get(small: Path) -> list[int]:
    return list(function(index.build(small), "pkg.store.Store.get").statements)


def coverage_of(small: Path, name: str) -> float | None:
    found = index.build(small)
    module = next(m for m in found.modules if m.path == "pkg/store.py")
    return found.coverage(module, next(f for f in module.functions if f.qualname == name))


def test_coverage_is_read_from_its_json(small: Path) -> None:
    assert coverage_of(small, "Store.get") is None
    executed = lines_of_get(small)[:2]
    (small / "coverage.json").write_text(json.dumps({"files": {"pkg/store.py": {"executed_lines": executed}}}))
    assert coverage_of(small, "Store.get") == pytest.approx(2 / 3)
    assert coverage_of(small, "Store.first") == 0


@pytest.mark.parametrize("branch", [True, False])
def test_coverage_is_read_from_real_data(small: Path, branch: bool) -> None:
    import coverage

    run = coverage.Coverage(
        data_file=str(small / ".coverage"), branch=branch, include=[str(small / "*")], config_file=False
    )
    source = small / "pkg/store.py"
    text = "class C:\n    def one(self):\n        a = 1\n        return a\n    def two(self):\n        return 2\n"
    source.write_text(text)
    names: dict[str, object] = {}
    run.start()
    exec(compile(text + "C().one()\n", str(source), "exec"), names)
    run.stop()
    run.save()
    assert coverage_of(small, "C.one") == 1
    assert coverage_of(small, "C.two") == 0


@pytest.mark.parametrize("data", [b"", b"not a database", b"SQLite format 3\0" + b"\0" * 5000])
def test_damaged_coverage_data_are_no_data(small: Path, data: bytes) -> None:
    (small / ".coverage").write_bytes(data)
    (small / "coverage.json").write_bytes(data)
    assert index.build(small).executed is None


def test_a_database_that_computes_without_end_is_left(small: Path) -> None:
    base = sqlite3.connect(small / ".coverage")
    base.executescript(
        "CREATE TABLE file (id, path); CREATE TABLE line_bits (file_id, numbits);"
        "CREATE VIEW arc AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS file_id FROM n;"
    )
    base.close()
    assert index.build(small).executed is None


def test_coverage_data_that_are_a_link_are_not_followed(small: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text(json.dumps({"files": {"pkg/store.py": {"executed_lines": [1]}}}))
    (small / "coverage.json").symlink_to(tmp_path / "elsewhere.json")
    assert index.build(small).executed is None


# --- Ratchet itself ---


def test_ratchet_reads_itself() -> None:
    found = index.build(ROOT)
    assert not [s for s in found.skipped if not s.path.startswith("tests/")]
    names = {name for name, _, _ in found.functions()}
    assert "selfmod.analysis.index.build" in names
    assert (
        "tests.selfmod.analysis.test_index.test_ratchet_reads_itself" in found.callers["selfmod.analysis.index.build"]
    )
    assert "selfmod.analysis.read.read" in found.callees["selfmod.analysis.index._modules"]
    assert all(isinstance(m, Module) for m in found.modules)
