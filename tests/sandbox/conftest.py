from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import Limits, Policy, Program, Sandbox

SOURCE = Path(__file__).with_name("programs.py").read_bytes()


@pytest.fixture(scope="session")
def box():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def opened(box):
    """Open the programs of `programs.py`, or a given source, under given limits."""
    sessions = []

    def open_program(source=SOURCE, *, outside=None, seed=None, language="plain", files=None, **limits):
        program = Program(files={"plugin.py": source, **(files or {})}, language=language)
        session = box.open(program, policy=Policy(), limits=Limits(**limits), outside=outside, seed=seed)
        sessions.append(session)
        return session

    yield open_program
    for session in sessions:
        session.close()
