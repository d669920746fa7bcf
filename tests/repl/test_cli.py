from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.errors import UsageError
from repl import verbs
from repl.cli import parse, parser_of, wanted_output


def test_common_options_stand_before_between_and_after():
    for words in (
        ["--json", "--workspace", "/w", "review", "P-1"],
        ["review", "--json", "P-1", "--workspace=/w"],
        ["review", "P-1", "--workspace", "/w", "--json"],
    ):
        found = parse(words)
        assert found.verb is not None
        assert (found.verb.name, found.arguments.id) == ("review", "P-1")
        assert (found.options.output, found.options.workspace) == ("json", "/w")


def test_the_words_of_a_specification_are_joined():
    found = parse(["propose", "count", "the words", "--example", "f(1) == 2", "of", "a text"])
    assert found.arguments.spec == "count the words of a text"
    assert found.arguments.example == ["f(1) == 2"]


def test_from_is_kept_under_a_name_that_python_can_say():
    found = parse(["propose", "--from", "dir"])
    assert (found.arguments.from_, found.arguments.spec) == ("dir", "")


def test_a_dash_is_a_word():
    assert parse(["propose", "-"]).arguments.spec == "-"


def test_the_options_of_a_tool_are_its_own_and_ours_are_found_among_them():
    found = parse(["call", "fx", "convert", "100", "USD", "--to", "EUR", "--json", "-1"])
    assert found.arguments.arguments == ("100", "USD", "--to", "EUR", "-1")
    assert found.options.output == "json"
    assert parse(["call", "fx", "convert", "--", "--json"]).arguments.arguments == ("--json",)
    assert parse(["call", "--json", "fx", "convert", "--args", '{"a": 1}']).arguments.args == '{"a": 1}'


def test_no_words_are_the_repl_and_p_is_one_prompt():
    assert parse([]).verb is None
    assert parse(["-p", "hello", "--output-format", "stream-json"]).prompt == "hello"
    assert parse(["--model", "local", "-p", "hi"]).options.model == "local"
    assert parse(["--help"]).help
    assert parse(["review", "--help"]).help


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["revew", "P-1"], "review"),
        (["audit"], "audit verify"),
        (["review"], "review ID"),
        (["review", "P-1", "P-2"], "P-2"),
        (["approve", "P-1", "--diggest", "x"], "--diggest"),
        (["propose", "x", "--attempts", "many"], "attempts"),
        (["propose", "x", "--exmaple", "f(1)"], "--exmaple"),
        (["sandbox", "run", "f.py", "--call", "f", "--level", "none"], "none"),
        (["--output-format", "xml"], "xml"),
        (["--nonsense"], "--nonsense"),
        (["reject", "P-1"], "--reason"),
    ],
)
def test_mistakes_are_usage_errors_that_name_the_word(words, said):
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert said in f"{caught.value} {caught.value.hint}"
    assert caught.value.exit_code == 2


def test_no_option_can_be_abbreviated():
    with pytest.raises(UsageError):
        parse(["approve", "P-1", "--dig", "x"])


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["reveiw", "--json"], "json"),
        (["x", "--output-format", "json"], "json"),
        (["x", "--output-format=stream-json"], "stream-json"),
        (["x"], "text"),
    ],
)
def test_an_error_of_parsing_is_printed_as_the_caller_reads(words, output):
    assert wanted_output(words) == output


@pytest.mark.parametrize("verb", verbs.VERBS, ids=lambda verb: verb.name)
def test_the_help_of_every_verb_names_all_its_arguments_and_an_example(verb):
    text = parser_of(verb).format_help()
    assert verb.help in text
    for argument in verb.arguments:
        assert (argument.name if argument.option else argument.name.upper()) in text
    for example in verb.examples:
        assert example in text
        assert example.startswith(verb.name)


WORDS = st.one_of(
    st.sampled_from(
        [*(word for verb in verbs.VERBS for word in verb.name.split()), "--json", "--", "-", "-p", "--x", "-1"]
    ),
    st.text(max_size=6),
)


@given(st.lists(WORDS, max_size=7))
def test_any_words_are_a_command_or_a_usage_error(words):
    with contextlib.suppress(UsageError):
        parse(words)
