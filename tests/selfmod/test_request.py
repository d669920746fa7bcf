"""What a person typed, made into a request, and what they add to it later."""

from __future__ import annotations

import pytest

from plugins.errors import UsageError
from selfmod.request import make_spec, with_more

SECRET = b"a secret of the host, 32 bytes.."
EXAMPLES = ("double(1) == 2", "double(2) == 4", "double(3) == 6", "double(4) == 8")


def held(spec):
    return {example.source for example in spec.examples if example.held_back}


def test_an_example_that_is_given_again_is_shown_from_then_on():
    before = make_spec("double a number", examples=EXAMPLES, secret=SECRET)
    (first, *others) = sorted(held(before))
    after = with_more(before, examples=[first.replace(" == ", "  ==  ")], secret=SECRET)
    assert held(after) == set(others)
    assert [example.source for example in after.examples] == [example.source for example in before.examples]


def test_an_answer_to_a_question_is_shown_and_of_the_other_new_ones_a_part_is_held_back():
    before = make_spec("double a number", examples=(), secret=SECRET)
    asked = "What should double('ab', n=2) give? This code says 'abab', the mutant 'ab'."
    answer, *others = 'double("ab", n=2) == "abab"', *EXAMPLES
    for secret in (bytes([number]) * 32 for number in range(20)):
        after = with_more(before, examples=[answer, *others], asked=asked, secret=secret)
        assert len(held(after)) == 2
        assert answer not in held(after)
    unasked = [with_more(before, examples=[answer, *others], secret=bytes([number]) * 32) for number in range(20)]
    assert any(answer in held(spec) for spec in unasked)


@pytest.mark.parametrize("name", ["Bad Id", "X", "../x"])
def test_an_id_that_no_plugin_can_have_makes_no_request(name):
    with pytest.raises(UsageError, match="no id of a plugin"):
        make_spec("double a number", plugin=name, secret=SECRET)
