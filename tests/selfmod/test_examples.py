from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.outcome import Completed, Raised, TimedOut
from selfmod.examples import (
    MAX_EXAMPLES,
    ExampleError,
    align_with_return,
    arguments,
    choose_held_back,
    example_tests,
    expected_value,
    mismatch,
    parse_example,
    parse_examples,
    same_value,
)


def test_equals():
    example = parse_example("  clamp(5, 0, hi=3) == 3 ")
    assert (example.kind, example.function, example.call, example.expected) == (
        "equals",
        "clamp",
        "clamp(5, 0, hi=3)",
        "3",
    )
    assert arguments(example) == ([5, 0], {"hi": 3})
    assert expected_value(example) == 3


@pytest.mark.parametrize(
    ("source", "call", "expected"),
    [
        ("3 == f()", "f()", "3"),
        ("f() is None", "f()", "None"),
        ("f(-1.5) == (1, [2], {'a': {3}})", "f(-1.5)", "(1, [2], {'a': {3}})"),
        ("f(b'x') == -2", "f(b'x')", "-2"),
        ("f(' raises ValueError') == 1", "f(' raises ValueError')", "1"),
        (r"f('\d') == 1", r"f('\\d')", "1"),
    ],
)
def test_equals_forms(source, call, expected):
    example = parse_example(source)
    assert (example.kind, example.call, example.expected) == ("equals", call, expected)


def test_raises():
    example = parse_example('f("a raises b", x=[1])   raises   ValueError')
    assert (example.kind, example.call, example.expected) == ("raises", "f('a raises b', x=[1])", "ValueError")


def test_truth():
    example = parse_example("is_even(4)")
    assert (example.kind, example.call, expected_value(example)) == ("truth", "is_even(4)", True)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "   ",
        "f",
        "3",
        "3 == 3",
        "f(x) == 3",
        "f(g(1)) == 3",
        "f(1) == g(1)",
        "f(1) != 3",
        "f(1) == 2 == 2",
        "f(1) < 3",
        "o.f(1) == 3",
        "f(*[1]) == 3",
        "f(**{'a': 1}) == 3",
        "f(1)(2) == 3",
        "_f(1) == 3",
        "__import__('os') == 1",
        "f(open('/etc/passwd')) == 1",
        "f(1 + 1) == 2",
        "f(1j) == 2",
        "f(...) == 2",
        "f(f'{x}') == 2",
        "f(1) raises",
        "f(1) raises os.error",
        "f raises ValueError",
        "f(1) == 3; import os",
        "f(1) = 3",
        "lambda: f(1)",
        "f(" * 500,
        "f(" + "-" * 1500 + "1) == 1",
        "f(" + "[" * 90 + "]" * 90 + ") == 1",
        "f(1) == " + "9" * 2001,
        "f('\0') == 1",
        "f(a=1, a=2) == 1",
        r"f('\ud800') == 1",
        r"f(1) == ['\ud800']",
        r"f({'\ud800': 1})",
        r"f('\ud800') raises ValueError",
    ],
)
def test_everything_else_is_refused(source):
    with pytest.raises(ExampleError) as caught:
        parse_example(source)
    assert caught.value.exit_code == 2
    assert caught.value.hint


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        example = parse_example(text)
    except ExampleError:
        return
    assert isinstance(ast.parse(example.call, mode="eval").body, ast.Call)


NUMBERS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | NUMBERS | st.text() | st.binary(),
    lambda part: st.lists(part, max_size=3) | st.tuples(part) | st.dictionaries(st.text(max_size=3), part, max_size=3),
    max_leaves=8,
)


@given(PLAIN, PLAIN)
def test_what_is_written_is_read_back(argument, result):
    source = f"f({argument!r}) == {result!r}"
    if len(source) > 2000:
        return
    example = parse_example(source)
    assert same_value(arguments(example)[0][0], argument)
    assert mismatch(example, Completed(value=result)) == ""


def test_repeats_count_once_and_contradictions_are_refused():
    assert len(parse_examples(["f(1)==2", "f( 1 ) == 2", "f(2) == 2"])) == 2
    with pytest.raises(ExampleError, match="contradict"):
        parse_examples(["f(1) == 2", "f(1) == 3"])
    with pytest.raises(ExampleError, match="contradict"):
        parse_examples(["f(1) == 1", "f(1) raises ValueError"])
    with pytest.raises(ExampleError, match="contradict"):
        parse_examples(["f(1)", "f(1) == False"])
    with pytest.raises(ExampleError, match=f"at most {MAX_EXAMPLES}"):
        parse_examples(f"f({number}) == 1" for number in range(MAX_EXAMPLES + 1))


@pytest.mark.parametrize(("count", "held"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (6, 2), (7, 3), (10, 4)])
def test_at_least_a_third_is_held_back(count, held):
    examples = choose_held_back(parse_examples(f"f({number}) == {number % 2}" for number in range(count)), b"secret")
    assert sum(example.held_back for example in examples) == held
    assert [example.source for example in examples] == [f"f({number}) == {number % 2}" for number in range(count)]


@pytest.mark.parametrize(
    ("before", "more", "held"), [(1, 1, 1), (2, 1, 0), (3, 1, 1), (3, 3, 1), (6, 3, 1), (4, 1, 0), (0, 3, 1)]
)
def test_more_examples_keep_a_third_held_back_and_show_what_was_shown(before, more, held):
    examples = parse_examples(f"f({number}) == {number}" for number in range(before + more))
    known = choose_held_back(examples[:before], b"secret")
    every = choose_held_back(examples[before:], b"secret", known=known)
    assert every[:before] == known
    assert [example.source for example in every] == [example.source for example in examples]
    assert sum(example.held_back for example in every[before:]) == held
    assert sum(example.held_back for example in every) * 3 >= len(every)


def test_the_secret_decides_which_and_always_the_same():
    examples = parse_examples(f"f({number}) == {number}" for number in range(9))
    choices = {tuple(e.held_back for e in choose_held_back(examples, bytes([secret]))) for secret in range(20)}
    assert len(choices) > 5
    assert choose_held_back(choose_held_back(examples, b"a"), b"b") == choose_held_back(examples, b"b")


@given(st.binary(min_size=1, max_size=8))
def test_the_only_example_of_a_result_stays_shown(secret):
    examples = parse_examples(["p('a') == True", "p('aa') == True", "p('ab') == False"])
    shown = [example for example in choose_held_back(examples, secret) if not example.held_back]
    assert {example.expected for example in shown} == {"True", "False"}


def test_the_written_tests_pass_for_what_the_examples_say_and_fail_otherwise():
    source = example_tests(
        parse_examples(["f(1) == 2", "f(-1) raises ValueError", "g('x')", "g('') == False", "f(9) raises TooBig"])
    ).decode()
    tests = source.replace("from plugin import TooBig, f, g", "")

    class TooBig(Exception):
        pass

    def right(number):
        if number == 9:
            raise TooBig
        if number < 0:
            raise ValueError
        return number + 1

    assert run(tests, f=right, g=bool, TooBig=TooBig) == []
    assert run(tests, f=lambda number: number, g=lambda text: 1 if text else 0, TooBig=TooBig) == [
        "test_example_1",
        "test_example_2",
        "test_example_3",
        "test_example_4",
        "test_example_5",
    ]


def run(source, **names):
    space = dict(names)
    exec(source, space)
    failed = []
    for name, test in list(space.items()):
        if name.startswith("test_"):
            try:
                test()
            except (AssertionError, pytest.fail.Exception):
                failed.append(name)
    return failed


def test_no_example_no_test_file():
    assert example_tests(()) == b""


def test_mismatch_is_about_type_and_value():
    example = parse_example("f(1) == 1")
    assert mismatch(example, Completed(value=1)) == ""
    for wrong in (True, 1.0, "1", 2, None, [1]):
        assert "should give 1" in mismatch(example, Completed(value=wrong))
    assert "stopped after" in mismatch(example, TimedOut(limit_s=1.0))
    assert mismatch(parse_example("f(1)"), Completed(value=1)) != ""
    assert mismatch(parse_example("f(1)"), Completed(value=True)) == ""


def test_mismatch_of_an_expected_error():
    example = parse_example("f('') raises ValueError")
    assert mismatch(example, Raised(kind="ValueError", message="")) == ""
    assert mismatch(example, Raised(kind="UnicodeDecodeError", message="")) == ""  # a ValueError too
    assert "should raise ValueError" in mismatch(example, Raised(kind="KeyError", message=""))
    assert "should raise ValueError" in mismatch(example, Completed(value=None))
    own = parse_example("f('') raises TooBig")
    assert mismatch(own, Raised(kind="TooBig", message="")) == ""
    assert mismatch(own, Raised(kind="Exception", message="")) != ""


@pytest.mark.parametrize(
    ("bases", "error", "alike"),
    [
        (("ValueError", "Exception"), "ValueError", True),
        (("UnicodeError", "ValueError"), "ValueError", True),
        (("UnicodeError",), "ValueError", True),  # a ValueError too
        (("Wrong", "Exception"), "Wrong", True),
        (("Exception",), "ValueError", False),
        (("KeyError", "LookupError"), "ValueError", False),
        ((), "ValueError", False),
    ],
)
def test_an_expected_error_may_be_what_the_raised_one_also_is(bases, error, alike):
    outcome = Raised(kind="CycleError", message="", bases=bases)
    assert (mismatch(parse_example(f"f('') raises {error}"), outcome) == "") is alike


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ({1}, {True}, False),
        ([1, (2,)], [1, [2]], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1.0}, False),
        ({1, 2, 3}, {3, 2, 1}, True),
        (math.nan, math.nan, True),
        (0.0, -0.0, True),
        ("1", b"1", False),
        ({1: 0}, {True: 0}, False),
    ],
)
def test_same_value(left, right, alike):
    assert same_value(left, right) is alike


def test_a_float_signature_reads_whole_numbers_as_floats():
    examples = align_with_return(parse_examples(["c(100) == 212", "d(1) == 2", "c(1) raises ValueError"]), "c", "float")
    assert [example.expected for example in examples] == ["212.0", "2", "ValueError"]
    assert align_with_return(examples, "c", "int") == examples
