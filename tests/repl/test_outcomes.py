"""How arguments are read from a command line."""

from __future__ import annotations

import pytest

from plugins.errors import UsageError
from repl.outcomes import json_arguments


@pytest.mark.parametrize(
    "text", ["{", "3", '["\\ud800"]', '{"\\ud800": 1}', '{"a": "\\ud800"}', '[{"$set": [[]]}]', "[" * 100_000]
)
def test_arguments_that_cannot_be_passed_on_are_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--args"):
        json_arguments(text)


def test_arguments_go_by_position_or_by_name_with_the_tags_of_outcomes() -> None:
    assert json_arguments('[1, {"$tuple": [2]}]') == ([1, (2,)], {})
    assert json_arguments('{"a": {"$set": [1]}}') == ([], {"a": {1}})
