from __future__ import annotations

import json
import os
import stat

import pytest

from plugins import errors as known
from plugins.errors import RatchetError
from repl.errors import problem_of
from sandbox.errors import SandboxUnavailable

CODES = {
    known.UsageError: 2,
    known.ConfigError: 2,
    known.GateRefused: 10,
    known.ApprovalError: 11,
    known.StaleError: 11,
    known.ModelError: 13,
    known.BudgetError: 14,
    known.AuditError: 15,
    known.StateError: 16,
    known.UntrustedError: 16,
    known.LockedError: 16,
    known.NotFoundError: 17,
    known.CallFailed: 18,
}


def every(kind: type[RatchetError]) -> list[type[RatchetError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in every(child))]


@pytest.mark.parametrize(("kind", "code"), CODES.items(), ids=lambda value: getattr(value, "__name__", str(value)))
def test_each_kind_of_error_has_its_exit_code(kind, code):
    problem = problem_of(kind("what", hint="how", id="P-1"))
    assert problem.exit_code == code
    assert problem.payload == {"error": {"kind": kind.kind, "message": "what", "hint": "how", "id": "P-1"}}


def test_every_error_there_is_has_a_code_of_the_contract():
    import selfmod.models.errors  # noqa: F401 - defines more of them

    codes = {kind: kind.exit_code for kind in every(RatchetError) if kind is not RatchetError}
    assert set(codes.values()) <= {2, 10, 11, 12, 13, 14, 15, 16, 17, 18}
    assert all(kind.kind != "unexpected" for kind in codes)


def test_a_sandbox_that_cannot_start_is_12_with_its_cure():
    problem = problem_of(SandboxUnavailable("process", "landlock", "Use another kernel.", "ENOSYS"))
    assert (problem.exit_code, problem.hint) == (12, "Use another kernel.")
    assert "landlock failed (ENOSYS)" in problem.message
    assert "Use another kernel" not in problem.message


def test_a_hint_names_the_proposal_that_it_is_about():
    error = known.StateError("x", hint="go on with: ratchet resume ID")
    assert problem_of(error, about="P-3").hint == "go on with: ratchet resume P-3"
    assert problem_of(error).hint == "go on with: ratchet resume ID"


def test_an_interrupt_is_130():
    assert problem_of(KeyboardInterrupt()).exit_code == 130


def raised() -> Exception:
    try:
        {}["gone"]
    except KeyError as error:
        return error
    raise AssertionError


def test_what_nobody_expected_is_1_and_leaves_its_traceback_in_a_private_file(tmp_path):
    problem = problem_of(raised(), traceback_folder=tmp_path / "errors")
    assert problem.exit_code == 1
    assert problem.kind == "unexpected"
    assert "KeyError" in problem.message
    (path,) = (tmp_path / "errors").iterdir()
    assert str(path) in problem.hint
    assert "in raised" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    json.dumps(problem.payload)


def test_a_traceback_that_cannot_be_kept_hides_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    problem = problem_of(raised(), traceback_folder=blocked / "errors")
    assert problem.exit_code == 1
    assert "The details" not in problem.hint
    assert os.listdir(tmp_path) == ["file"]
