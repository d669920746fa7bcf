"""Lines of a pipe."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("given", ["", "\n \n"])
def test_a_program_is_answered_also_where_there_was_no_line(person, given):
    done = person.run("--json", given=given)
    assert (done.returncode, json.loads(done.stdout)["error"]["kind"]) == (2, "usage")
    assert (person.run(given=given).returncode, person.run(given=given).stdout) == (0, "")
