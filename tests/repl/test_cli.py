from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.errors import UsageError
from repl import verbs
from repl.cli import help_of, parse, wanted_output
from repl.lines import parse_line


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


def test_what_only_begins_with_a_dash_is_text():
    for words in (["-1"], ["- an item"], ["-q is a flag"]):
        assert parse(["propose", *words]).arguments.spec == words[0]
    assert parse(["propose", "--", "-q"]).arguments.spec == "-q"


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
        (["reject", "P-1", "--reason", " "], "--reason"),
        (["propose", "-q", "--from", "d"], "-q"),
        (["propose", "-vv"], "-vv"),
        (["revise", "P-1", "-x"], "-x"),
        (["-q", "propose", "x"], "-q"),
        (["review", "P-1", "-q"], "-q"),
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
    text = help_of(verb)
    assert verb.help in text
    assert text.index("arguments:") < text.index("options:") if verb.arguments else True
    at = [text.index(f"  {argument.name.upper() if not argument.option else argument.name}")
          for argument in (*verb.positionals, *verb.options)]  # fmt: skip
    assert at == sorted(at)
    for argument in verb.arguments:
        assert (argument.name if argument.option else argument.name.upper()) in text
    for example in verb.examples:
        assert example in text
        assert example.startswith(verb.name)


@pytest.mark.parametrize("verb", verbs.VERBS, ids=lambda verb: verb.name)
def test_examples_at_the_prompt_say_there_what_those_of_a_shell_say(verb):
    shown = verb.typed_examples(at_prompt=True)
    told = [words for words in map(shlex.split, verb.examples) if "<" not in words]
    assert all(f"  {example}\n" in help_of(verb, at_prompt=True) for example in shown)
    for line, words in zip(shown, told, strict=True):
        there, here = vars(parse_line(line).arguments), vars(parse(words).arguments)
        lines = ({**found, "line": None, "arguments": " ".join(found.get("arguments", ()))} for found in (there, here))
        assert next(lines) == next(lines)


@pytest.mark.parametrize("word", ["plugin", "model", "sandbox", "audit"])
def test_a_word_that_begins_several_verbs_has_help(word):
    for asked in (parse([word, "--help"]), parse(["--help", word]), parse([word, "-h"]), parse_line(f"/{word} --help")):
        assert (asked.help, asked.parts, asked.verb) == (True, verbs.family(word), None)
    for words in ([word], [word, "nonsense"]):
        with pytest.raises(UsageError, match="needs one of its parts"):
            parse(words)
    with pytest.raises(UsageError, match="no verb"):
        parse(["nonsense", "--help"])


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
