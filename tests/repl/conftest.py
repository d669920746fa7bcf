from __future__ import annotations

from pathlib import Path

import pytest

from .person import Person, write_plugin


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person.at(tmp_path / "home")


@pytest.fixture
def maker(person: Person) -> Person:
    """A person in a workspace of their own."""
    person.json("init", "tools")
    person.folder = person.home / "tools"
    return person


@pytest.fixture
def proposed(maker: Person) -> Person:
    """A maker with a proposal P-1 that waits for approval."""
    folder = write_plugin(maker.home / "text-stats")
    assert maker.json("propose", "--from", str(folder))["state"] == "awaiting-approval"
    return maker
