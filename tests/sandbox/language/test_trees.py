"""What is read off a syntax tree: the names that a module binds, and the values that stay what they are."""

from __future__ import annotations

import ast

import pytest

from sandbox.language.trees import assigned, assigned_alone, bindings, constants_of

BINDING = {
    "a value": "x = 1",
    "a hint": "x: int = 1",
    "a value on the way": "print(x := 1)",
    "taken away": "del x",
    "a loop": "for x in y:\n    pass",
    "a part of a row": "[*x] = y",
    "a parameter": "lambda x: 1",
    "a function": "def x():\n    pass",
    "a class": "class x:\n    pass",
    "an import": "import x.y",
    "an import by another name": "from y import z as x",
    "an exception": "try:\n    pass\nexcept y as x:\n    pass",
    "a pattern": "match y:\n    case {'a': x}:\n        pass",
    "the rest of a row": "match y:\n    case [1, *x]:\n        pass",
    "the rest of a table": "match y:\n    case {'a': 1, **x}:\n        pass",
}


@pytest.mark.parametrize("source", BINDING.values(), ids=BINDING)
def test_a_name_is_bound_once_by_each_way_to_bind_it(source):
    assert bindings(ast.parse(source)) == ["x"]


@pytest.mark.parametrize("source", ["x.y = 1", "x[0] = 1", "x()", "import y as z", "global x"])
def test_a_name_that_is_only_used_is_not_bound(source):
    assert "x" not in bindings(ast.parse(source))


@pytest.mark.parametrize("source", BINDING.values(), ids=BINDING)
def test_a_name_that_is_bound_again_is_no_constant(source):
    assert list(constants_of(ast.parse("x = 1"))) == ["x"]
    assert constants_of(ast.parse(f"x = 1\n{source}")) == {}


@pytest.mark.parametrize(
    "source", ["x = y = []", "x, z = 1, 2", "x: int", "x += 1", "if y:\n    x = 1", "def f():\n    x = 1", "(x := 1)"]
)
def test_what_is_not_given_at_the_top_to_one_name_alone_is_no_constant(source):
    assert constants_of(ast.parse(source)) == {}


@pytest.mark.parametrize(
    ("source", "all_of", "alone"),
    [
        ("x = 1", ["x"], ["x"]),
        ("x: int = 1", ["x"], ["x"]),
        ("x: int", [], []),
        ("x = y = 1", ["x", "y"], []),
        ("x, y = 1, 2", [], []),
        ("x.y = 1", [], []),
    ],
)
def test_a_value_that_several_names_get_is_given_to_none_alone(source, all_of, alone):
    (statement,) = ast.parse(source).body
    assert [name for name, _ in assigned(statement)] == all_of
    assert [name for name, _ in assigned_alone(statement)] == alone
