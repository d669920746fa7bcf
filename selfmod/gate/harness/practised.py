"""Tests for practice (see `practice.py`): what tests of plugins mostly do, some that pass and some that fail."""

from __future__ import annotations

import pytest


@pytest.fixture
def numbers() -> list[int]:
    """Some numbers."""
    return [1, 2, 3]


@pytest.mark.parametrize("number", [1, 2])
def test_a_case(number: int) -> None:
    """Fails for the second."""
    assert number == 1


def test_a_fixture(numbers: list[int]) -> None:
    """Passes."""
    assert sum(numbers) == 6


def test_an_exception() -> None:
    """Passes."""
    with pytest.raises(ValueError, match="invalid literal"):
        int("x")


def test_a_text() -> None:
    """Fails."""
    assert "a b".partition(" ") == ("a", " ", "c")
