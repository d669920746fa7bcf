from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.errors import UsageError
from repl import verbs
from repl.cli import looks_like_option
from repl.lines import parse_line, unquoted


def arguments(line: str):
    return parse_line(line).arguments


def test_the_rest_of_the_line_is_the_text_without_any_quoting():
    found = arguments("""/propose it's a "tool" for $HOME & `ls`; isn't it?""")
    assert found.spec == """it's a "tool" for $HOME & `ls`; isn't it?"""


def test_an_option_of_text_reaches_to_the_next_option():
    line = '/propose is_palindrome(s: str) -> bool --example is_palindrome("a b") == True --example f(1) == 2 --id pal'
    found = arguments(line)
    assert found.spec == "is_palindrome(s: str) -> bool"
    assert found.example == ['is_palindrome("a b") == True', "f(1) == 2"]
    assert found.id == "pal"


def test_quotes_around_the_whole_of_a_text_are_those_of_the_shell():
    found = arguments("""/propose "f(n: int) -> int: twice 'n'" --example 'f(2) == 4'""")
    assert (found.spec, found.example) == ("f(n: int) -> int: twice 'n'", ["f(2) == 4"])
    assert arguments('/propose "a" or "b"').spec == '"a" or "b"'


def test_an_option_of_one_word_leaves_the_rest_to_the_text():
    found = arguments("/propose --id pal-2 --allow storage words that follow --attempts=3")
    assert (found.id, found.allow, found.attempts, found.spec) == ("pal-2", ["storage"], 3, "words that follow")


def test_words_that_are_no_option_of_the_verb_are_text():
    assert (
        arguments("/propose a filter like grep --invert or --from-to").spec
        == "a filter like grep --invert or --from-to"
    )


def test_a_lone_double_dash_ends_the_options():
    found = arguments("/propose --id x -- say --example and --id freely")
    assert (found.id, found.spec, found.example) == ("x", "say --example and --id freely", [])


def test_lines_after_the_first_belong_to_the_text():
    assert arguments("/revise P-1 first\n  second --attempts 2").text == "first\n  second"


def test_the_words_of_a_tool_keep_their_own_options_and_the_line_as_it_was_typed():
    found = arguments("/call fx convert 100   USD --to EUR --json")
    assert found.arguments == ("100", "USD", "--to", "EUR")
    assert found.line == "100   USD --to EUR"
    assert parse_line("/call fx convert 1 --json").options.output == "json"


def test_a_tool_can_be_given_what_looks_like_an_option_of_ours():
    found = arguments("/call fx convert -- --json x")
    assert found.arguments == ("--json", "x")
    assert parse_line("/call fx convert -- --json x").options.output == "text"


def test_two_words_name_one_verb():
    invocation = parse_line("/audit verify")
    assert invocation.verb is not None
    assert invocation.verb.name == "audit verify"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/propsoe x", "/propose"),
        ("/audit", "/audit log, /audit show, /audit verify"),
        ("/", "a verb is missing after / /help"),
        ("//", "there is no verb //"),
        ("/review", "review ID"),
        ("/waive P-1 docs.x", "--reason"),
    ],
)
def test_mistakes_name_what_was_meant(line, said):
    with pytest.raises(UsageError) as caught:
        parse_line(line)
    assert said in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("'f(1) == 2'", "f(1) == 2"),
        ('"two words"', "two words"),
        ("'a' == 'a'", "'a' == 'a'"),
        ("'unclosed", "'unclosed"),
        ("f('x')", "f('x')"),
        ("", ""),
    ],
)
def test_quotes_around_a_whole_value_are_dropped(value, plain):
    assert unquoted(value) == plain


PARTS = st.sampled_from(
    [*(verb.name for verb in verbs.VERBS), "--example", "--json", "--", "-", "--from=x", "--args", "'", "P-1", "\n"]
)


@given(st.lists(st.one_of(PARTS, st.text(max_size=8)), max_size=8))
def test_any_line_is_a_command_or_a_usage_error(parts):
    with contextlib.suppress(UsageError):
        parse_line("/" + " ".join(parts))


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda t: t.strip() and "--" not in t)
)
def test_no_text_is_changed_on_its_way(text):
    before = "-- " if looks_like_option(text.split()[0]) else ""
    assert parse_line(f"/propose {before}{text}").arguments.spec == text.strip()


@pytest.mark.parametrize("line", ["/propose -q --from d", "/propose -vv", "/revise P-1 -q", "/revise P-1 --qiuet"])
def test_a_text_that_begins_like_an_option_is_a_mistake(line):
    with pytest.raises(UsageError, match="there is no option -"):
        parse_line(line)
    assert parse_line("/propose -- -q").arguments.spec == "-q"
    assert parse_line('/propose "-q is a flag"').arguments.spec == "-q is a flag"
    assert parse_line("/propose -1 is a number").arguments.spec == "-1 is a number"


RETIRED = "oracle.previous:tests/test_plugin.py::test_a[it's -61--1 minute 1 second]"


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (f"/waive P-1 {shlex.quote(RETIRED)} --reason it was wrong", "finding", RETIRED),
        ('/waive P-1 "docs.x:a b" --reason x', "finding", "docs.x:a b"),
        ('/gate "/tmp/sp ace/x" --json', "path", "/tmp/sp ace/x"),
        ("/gate '/tmp/--all/a --all b'", "path", "/tmp/--all/a --all b"),
        ("/export P-17 '/tmp/sp ace'", "dir", "/tmp/sp ace"),
        ("/propose --from '/tmp/sp ace'", "from_", "/tmp/sp ace"),
        ('/propose --from="/tmp/sp ace" words', "from_", "/tmp/sp ace"),
        ("/analyze it's", "path", "it's"),
        ("/call fx t 'a b' \"c d\"", "line", "'a b' \"c d\""),
    ],
)
def test_a_word_in_quotes_is_one_word(line, name, value):
    assert getattr(arguments(line), name) == value
