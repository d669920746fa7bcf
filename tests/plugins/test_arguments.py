from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.arguments import Typed, fill
from plugins.errors import ArgumentError, NotFoundError
from plugins.signature import read_signature

CONVERT = "def run(amount: float, unit: str, to: str = 'EUR', *, exact: bool = False, digits: int | None = None): ..."


def _call(source: str, line: str, **fields: object) -> tuple[tuple[object, ...], dict[str, object]]:
    found = fill(read_signature(source.encode(), "run"), Typed.of_line(line, **fields), tool="t")
    return found.args, dict(found.kwargs)


def _shell(source: str, *words: str) -> tuple[object, ...]:
    return fill(read_signature(source.encode(), "run"), Typed(words=words), tool="t").args


def test_words_by_position_and_by_name() -> None:
    assert _call(CONVERT, "100 USD") == ((100.0, "USD"), {})
    assert _call(CONVERT, "100 USD --to CHF") == ((100.0, "USD", "CHF"), {})
    assert _call(CONVERT, "--to=CHF 100 USD --exact --digits 3") == (
        (100.0, "USD", "CHF"),
        {"exact": True, "digits": 3},
    )
    assert _call(CONVERT, "--amount 1 USD") == ((1.0, "USD"), {})
    assert _call(CONVERT, "--no-exact -5 USD") == ((-5.0, "USD"), {"exact": False})
    assert _call(CONVERT, "1 -- --to") == ((1.0, "--to"), {})


@pytest.mark.parametrize(
    ("hint", "word", "value"),
    [
        ("int", "-3", -3),
        ("float", "2.5", 2.5),
        ("bool", "no", False),
        ("bytes", "é", "é".encode()),
        ("int | str", "3", 3),
        ("str | int", "3", 3),
        ("int | str", "x", "x"),
        ("Optional[int]", "none", None),
        ("'int'", "3", 3),
        ("typing.Optional[int]", "3", 3),
        ("Literal['a', 2]", "2", 2),
        ("list[int]", "[1, 2]", [1, 2]),
        ("tuple[int, ...]", "1", (1,)),
        ("dict[str, int]", '{"a":1}', {"a": 1}),
        ("Annotated[int, 'x']", "3", 3),
        ("Decimal", "3.0", "3.0"),
        ("object", "x", "x"),
    ],
)
def test_a_word_becomes_what_the_hint_says(hint: str, word: str, value: object) -> None:
    args = _shell(f"def run(x: {hint}, y: int = 0): ...", word)
    assert args == (value,)
    assert type(args[0]) is type(value)


@pytest.mark.parametrize(
    ("hint", "word", "said"),
    [
        ("int", "3.5", "x: '3.5' is not a whole number"),
        ("int", "1_000", "whole number"),
        ("int", "9" * 5000, "whole number"),
        ("float", "much", "x: 'much' is not a number"),
        ("bool", "maybe", "true or false"),
        ("dict[str, int]", "[1]", "a JSON object"),
        ("Literal['a', 'b']", "c", "one of its values"),
        ("list[int]", "[1", "is not list"),
        ("set[object]", "[[1]]", "is not set"),
    ],
)
def test_a_word_that_does_not_fit_is_said(hint: str, word: str, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        _shell(f"def run(x: {hint}, y: int = 0): ...", word)
    assert said in caught.value.message
    assert caught.value.exit_code == 2
    assert caught.value.hint.startswith("usage: t x")


def test_a_single_text_gets_the_rest_of_the_line() -> None:
    source = "def run(text: str): ..."
    assert _call(source, '  all --of it, "as" typed') == (('all --of it, "as" typed',), {})
    assert _call(source, "--text one") == (("one",), {})
    assert _shell(source, "two words", "three") == ("two words three",)
    assert _shell(source, "") == ("",)
    with pytest.raises(ArgumentError, match="text is missing"):
        _call(source, "")
    assert _call("def run(text: str = 'x'): ...", "") == ((), {})


def test_a_list_takes_the_words_that_are_left() -> None:
    source = "def run(by: int, words: list[str]): ..."
    assert _call(source, "3 a b c") == ((3, ["a", "b", "c"]), {})
    assert _call(source, '3 "a b" c') == ((3, ["a b", "c"]), {})
    assert _call("def run(*numbers: int, top: int = 0): ...", "1 2 --top 3") == ((1, 2), {"top": 3})
    assert _call("def run(x: list[int] = []): ...", "--x 1 --x 2") == (([1, 2],), {})
    assert _call("def run(a: int, **rest: int): ...", "1 --b 2") == ((1,), {"b": 2})
    assert _call("def run(a: int, /, b: int = 0): ...", "1 2") == ((1, 2), {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1", "unit is missing"),
        ("1 USD EUR more", "one word too many: 'more'"),
        ("1 USD --no-such 2", "no parameter no_such"),
        ("1 USD --to", "--to needs a value"),
        ("x USD", "amount: 'x' is not a number"),
        ("- USD", "no standard input"),
    ],
)
def test_what_does_not_fit_is_said_with_the_usage(line: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=said) as caught:
        _call(CONVERT, line)
    assert caught.value.hint == "usage: t amount unit [to] [--exact VALUE] [--digits VALUE]"


def test_standard_input_and_files_that_the_person_names(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("from a file\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    source = "def run(text: str): ..."
    assert _call(source, "-", input=lambda: "from input") == (("from input",), {})
    assert _call(source, "@note.txt", folder=tmp_path) == (("from a file\n",), {})
    assert _call(source, "@ada said so", folder=tmp_path) == (("@ada said so",), {})
    with pytest.raises(ArgumentError, match="binary is no text: invalid start byte at byte 0") as caught:
        _call(source, "@binary", folder=tmp_path)
    assert caught.value.hint == "usage: t text"
    for name, said in {"missing": "No such file or directory", ".": "Is a directory"}.items():
        with pytest.raises(NotFoundError, match=f"^cannot read {tmp_path}.*: {said}$"):
            _call(source, f"@{name}", folder=tmp_path)


def _json(source: str, text: str) -> tuple[tuple[object, ...], dict[str, object]]:
    found = fill(read_signature(source.encode(), "run"), Typed(json=text))
    return found.args, dict(found.kwargs)


def test_arguments_as_json() -> None:
    assert _json(CONVERT, '[1, "USD"]') == ((1, "USD"), {})
    assert _json(CONVERT, '{"amount": 1, "unit": "USD"}') == ((), {"amount": 1, "unit": "USD"})
    assert _json("def run(x): ...", '{"x": {"$tuple": [1, 2]}}') == ((), {"x": (1, 2)})
    for text, said in {
        "{": "not JSON",
        "3": "JSON object",
        "[1]": "unit is missing",
        "[1, 2, 3, 4]": "it takes 3 arguments, not 4",
        '{"amount": 1, "unit": "x", "z": 1}': "no parameter z",
        '{"amount": {"$float": "x"}, "unit": "x"}': "--args",
        "[" * 5000: "not JSON",
    }.items():
        with pytest.raises(ArgumentError, match=said):
            _json(CONVERT, text)


@given(st.text(max_size=60))
def test_no_line_breaks_the_reader(line: str) -> None:
    for source in (CONVERT, "def run(text: str): ...", "def run(*rest: int, **named: float): ..."):
        try:
            args, kwargs = _call(source, line)
        except (ArgumentError, NotFoundError):
            continue
        assert isinstance(args, tuple)
        assert isinstance(kwargs, dict)


def test_the_schema_follows_the_hints() -> None:
    head = 'async def run(a: int, b: list[str] | None = None, *, c: Literal["x", "y"], d=1):'
    source = f'{head}\n    """First line.\n\n    More."""'
    signature = read_signature(source.encode(), "run")
    assert signature.summary == "First line."
    assert signature.to_schema() == {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "b": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
            "c": {"enum": ["x", "y"]},
            "d": {},
        },
        "required": ["a", "c"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "source", ["def other(): ...", "run = 1", "def run(", "class A:\n    def run(self): ...", "\0"]
)
def test_a_handler_that_is_not_there_is_said(source: str) -> None:
    with pytest.raises(ArgumentError):
        read_signature(source.encode(), "run")


def test_reading_a_signature_runs_nothing(tmp_path: Path) -> None:
    source = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\ndef run(x: int = print('ran')): ...\n"
    assert read_signature(source.encode(), "run").parameters[0].default == "print('ran')"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("hint", "json", "fits"),
    [
        ("Literal['a', 2]", '"a"', True),
        ("Literal['a', 2]", "2", True),
        ("Literal['a', 2]", '"X"', False),
        ("Literal[1]", "true", False),
        ("Literal[-1, 1]", "-1", True),
        ("Literal[Color.RED]", '"X"', True),
        ("float", "3", True),
        ("float", '"X"', False),
        ("float", "true", False),
        ("int", "3.0", False),
        ("str", "3", False),
        ("bool", "0", False),
        ("bytes", '{"$bytes": "YQ=="}', True),
        ("bytes", '"a"', False),
        ("int | None", "null", True),
        ("int | None", '"x"', False),
        ("list[int]", "[1, 2]", True),
        ("list[int]", '[1, "2"]', False),
        ("list[int]", "1", False),
        ("tuple[int, str]", '[1, "a"]', True),
        ("tuple[int, str]", "[1]", False),
        ("tuple[float, ...]", "[1, 2.5, 3]", True),
        ("dict[str, int]", '{"a": 1}', True),
        ("dict[str, int]", '{"a": "b"}', False),
        ("dict", "[]", False),
        ("object", '{"a": [1]}', True),
        ("Decimal", '"1.5"', True),
        ("Annotated[int, 'x']", '"1"', False),
    ],
)
def test_json_is_held_against_the_hints(hint: str, json: str, fits: bool) -> None:
    for source, text in (
        (f"def run(x: {hint}): ...", f"[{json}]"),
        (f"def run(x: {hint}): ...", f'{{"x": {json}}}'),
        (f"def run(*x: {hint}): ...", f"[{json}]"),
        (f"def run(y=1, *, x: {hint}): ...", f'{{"x": {json}}}'),
        (f"def run(**others: {hint}): ...", f'{{"x": {json}}}'),
    ):
        signature = read_signature(source.encode(), "run")
        if fits:
            fill(signature, Typed(json=text))
            continue
        with pytest.raises(ArgumentError, match=r"^x: .* is not "):
            fill(signature, Typed(json=text))


def test_json_may_leave_out_what_is_none_by_default_by_saying_so() -> None:
    text = fill(read_signature(b"def run(x: int = None): ...", "run"), Typed(json='{"x": null}'))
    assert text.kwargs == {"x": None}
