from __future__ import annotations

from pathlib import Path

import pytest

from selfmod.analysis import excerpt, index
from selfmod.analysis.edit import skeleton

ROOT = Path(__file__).resolve().parents[3]

SOURCE = '''"""Doc."""

import os  # kept

LIMIT = 3  # why three


class Pot(dict):  # round
    """A pot."""

    size: int = 1

    # before boil
    @property
    def boil(self, *, hot: bool = True) -> int:
        """Boils."""
        x = 1
        return x

    def _hide(self): return 1


def short(): return 2


def outer():
    def inner(): return 3
    return inner


class _Hidden:
    def keep(self):
        return 1


class Only:
    def _hide(self): return 1
'''


def test_a_skeleton_keeps_comments_docstrings_and_signatures() -> None:
    assert (
        skeleton(SOURCE)
        == '''"""Doc."""

import os  # kept

LIMIT = 3  # why three


class Pot(dict):  # round
    """A pot."""

    size: int = 1

    # before boil
    @property
    def boil(self, *, hot: bool = True) -> int:
        """Boils."""
        ...


def short(): ...


def outer():
    ...


class Only:
    ...
'''
    )


def test_names_can_be_left_out_and_private_ones_kept() -> None:
    text = skeleton(SOURCE, without={"Pot.boil", "short"})
    assert "boil(" not in text
    assert "short" not in text
    assert "class Pot(dict):  # round" in text
    assert "def _hide(self): ..." in skeleton(SOURCE, private=True)


def test_a_skeleton_of_a_skeleton_is_the_same() -> None:
    for path in ("selfmod/analysis/read.py", "selfmod/analysis/index.py", "selfmod/analysis/edit.py"):
        once = skeleton((ROOT / path).read_text("utf-8"))
        compile(once, path, "exec")
        assert skeleton(once) == once


@pytest.mark.parametrize(
    "source", ["def (", "x = " + "(" * 3000 + ")" * 3000, "x = a" + ".b" * 9999, "x = " + "+".join("a" * 300)]
)
def test_what_cannot_be_parsed_is_said(source: str) -> None:
    with pytest.raises(ValueError, match="cannot be parsed"):
        skeleton(source)


@pytest.fixture
def found(tmp_path: Path) -> index.Index:
    (tmp_path / "kitchen.py").write_text(
        'class Kettle:\n    """Heats water."""\n'
        '    def boil_water(self, litres: float) -> float:\n        """Boil it."""\n'
        "def wash_dishes(count: int) -> None: pass\ndef _secret(): pass\n"
    )
    (tmp_path / "garden.py").write_text("# soil first\ndef rake(): pass\ndef wash_spade(): return rake()\n")
    return index.build(tmp_path)


def test_the_names_that_share_words_with_the_request_come_first(found: index.Index) -> None:
    cut = excerpt.cut(found, "Please boil some water", 10_000)
    assert cut.shown[0] == "kitchen.Kettle.boil_water"
    assert set(cut.shown) == {
        "kitchen.Kettle", "kitchen.Kettle.boil_water", "kitchen.wash_dishes", "garden.rake", "garden.wash_spade",
    }  # fmt: skip
    assert 'def Kettle.boil_water(self, litres: float) -> float:\n    """Boil it."""' in cut.text
    assert cut.left_out == ()
    assert "left out" not in cut.text


def test_the_budget_holds_and_what_is_left_out_is_said(found: index.Index) -> None:
    for budget in range(0, 200, 7):
        cut = excerpt.cut(found, ["wash"], budget)
        assert cut.tokens == excerpt.reckon(cut.text) <= budget
        assert len(cut.shown) + len(cut.left_out) == 5
        if cut.text and cut.left_out:
            assert f"# left out: {len(cut.left_out)} of 5 names: {cut.left_out[0]}" in cut.text
    assert {excerpt.cut(found, ["wash"], b).shown[:1] for b in range(0, 200, 7)} == {(), ("garden.wash_spade",)}


def test_one_module_can_be_asked_for(found: index.Index) -> None:
    assert {name.split(".")[0] for name in excerpt.cut(found, "water", 1000, below="garden").shown} == {"garden"}


def test_a_module_wanted_whole_comes_first_with_its_comments(found: index.Index) -> None:
    cut = excerpt.cut(found, "water", 1000, whole=("garden",))
    assert cut.shown[0] == "garden"
    assert "# soil first\ndef rake(): ...\ndef wash_spade(): ...\n" in cut.text
    assert "garden.rake" not in cut.shown


def test_a_module_wanted_whole_that_is_too_long_loses_what_fits_least(found: index.Index) -> None:
    cut = excerpt.cut(found, "heat water in a kettle", 70, whole=("kitchen",), below="kitchen")
    assert cut.tokens <= 70
    assert "class Kettle:\n" in cut.text
    assert "    def boil_water(self" in cut.text, "as it is written, within its class"
    assert cut.shown == ("kitchen", "kitchen.wash_dishes")


def test_a_module_that_changed_since_is_not_shown_whole(found: index.Index) -> None:
    (found.root / "garden.py").write_text("def other(): pass\n")
    assert "garden.rake" in excerpt.cut(found, "water", 1000, whole=("garden",)).shown


def test_ratchets_own_api_is_cut_to_a_budget() -> None:
    cut = excerpt.cut(index.build(ROOT), "build the index of a tree of sources", 800)
    assert "selfmod.analysis.index.build" in cut.shown
    assert cut.tokens <= 800
    assert len(cut.left_out) > 100
