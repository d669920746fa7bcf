"""One row for every node class of every supported Python: what the policy says to it."""

from __future__ import annotations

import ast
import sys
import warnings

import pytest

from sandbox.language import check
from sandbox.language.transformer import Policy

YES, NO = True, False

# name -> (allowed, a source that contains the node and nothing else that is refused)
NODES: dict[str, tuple[bool, str]] = {
    "Add": (YES, "x = 1 + 2"),
    "And": (YES, "x = 1 and 2"),
    "AnnAssign": (YES, "x: int = 1"),
    "Assert": (YES, "assert 1, 'm'"),
    "Assign": (YES, "x = y = 1"),
    "AsyncFor": (YES, "async def f(a):\n    async for x in a:\n        pass"),
    "AsyncFunctionDef": (YES, "async def f(): pass"),
    "AsyncWith": (YES, "async def f(a):\n    async with a as b:\n        pass"),
    "Attribute": (YES, "x = (1).real"),
    "AugAssign": (YES, "x = 1\nx += 1"),
    "Await": (YES, "async def f(a): await a"),
    "BinOp": (YES, "x = 1 - 1"),
    "BitAnd": (YES, "x = 1 & 1"),
    "BitOr": (YES, "x = 1 | 1"),
    "BitXor": (YES, "x = 1 ^ 1"),
    "BoolOp": (YES, "x = 1 or 2"),
    "Break": (YES, "while 1: break"),
    "Call": (YES, "len([])"),
    "ClassDef": (YES, "class A: pass"),
    "Compare": (YES, "x = 1 < 2 < 3"),
    "Constant": (YES, "x = 1.5"),
    "Continue": (YES, "while 0: continue"),
    "Del": (YES, "x = 1\ndel x"),
    "Delete": (YES, "x = {1: 2}\ndel x[1]"),
    "Dict": (YES, "x = {1: 2, **{}}"),
    "DictComp": (YES, "x = {a: a for a in []}"),
    "Div": (YES, "x = 1 / 1"),
    "Eq": (YES, "x = 1 == 1"),
    "ExceptHandler": (YES, "try: pass\nexcept ValueError as e: pass"),
    "Expr": (YES, "1"),
    "FloorDiv": (YES, "x = 1 // 1"),
    "For": (YES, "for a, (b, *c) in []: pass\nelse: pass"),
    "FormattedValue": (YES, "x = f'{1!r:>{3}}'"),
    "FunctionDef": (YES, "def f(a, /, b=1, *c, d, **e): return 1"),
    "GeneratorExp": (YES, "x = (a for a in [])"),
    "Global": (YES, "x = 1\ndef f():\n    global x\n    x = 2"),
    "Gt": (YES, "x = 1 > 1"),
    "GtE": (YES, "x = 1 >= 1"),
    "If": (YES, "if 1: pass\nelif 2: pass\nelse: pass"),
    "IfExp": (YES, "x = 1 if 1 else 2"),
    "Import": (YES, "import math as m"),
    "ImportFrom": (YES, "from math import pi as p"),
    "In": (YES, "x = 1 in [1]"),
    "Interpolation": (NO, "x = t'{1}'"),
    "Invert": (YES, "x = ~1"),
    "Is": (YES, "x = 1 is None"),
    "IsNot": (YES, "x = 1 is not None"),
    "JoinedStr": (YES, "x = f'a{1}b'"),
    "LShift": (YES, "x = 1 << 1"),
    "Lambda": (YES, "x = lambda a, *b, c=1, **d: a"),
    "List": (YES, "x = [1, *[2]]"),
    "ListComp": (YES, "x = [a for b in [] if b for a in b]"),
    "Load": (YES, "x = len"),
    "Lt": (YES, "x = 1 < 1"),
    "LtE": (YES, "x = 1 <= 1"),
    "MatMult": (YES, "def f(a, b): return a @ b"),
    "Match": (YES, "match 1:\n    case 1: pass"),
    "MatchAs": (YES, "match 1:\n    case 1 as x: pass"),
    "MatchClass": (YES, "match 1:\n    case int(real=1): pass"),
    "MatchMapping": (YES, "match 1:\n    case {'a': 1, **rest}: pass"),
    "MatchOr": (YES, "match 1:\n    case 1 | 2: pass"),
    "MatchSequence": (YES, "match 1:\n    case [1, 2]: pass"),
    "MatchSingleton": (YES, "match 1:\n    case None: pass"),
    "MatchStar": (YES, "match 1:\n    case [1, *x]: pass"),
    "MatchValue": (YES, "match 1:\n    case -1: pass"),
    "Mod": (YES, "x = 1 % 1"),
    "Module": (YES, ""),
    "Mult": (YES, "x = 1 * 1"),
    "Name": (YES, "x = len"),
    "NamedExpr": (YES, "(x := 1)"),
    "Nonlocal": (YES, "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2"),
    "Not": (YES, "x = not 1"),
    "NotEq": (YES, "x = 1 != 1"),
    "NotIn": (YES, "x = 1 not in []"),
    "Or": (YES, "x = 1 or 2"),
    "ParamSpec": (YES, "def f[**P](): pass"),
    "Pass": (YES, "pass"),
    "Pow": (YES, "x = 1 ** 1"),
    "RShift": (YES, "x = 1 >> 1"),
    "Raise": (YES, "def f(): raise ValueError from None"),
    "Return": (YES, "def f(): return 1"),
    "Set": (YES, "x = {1}"),
    "SetComp": (YES, "x = {a for a in []}"),
    "Slice": (YES, "x = [1][0:1:1]"),
    "Starred": (YES, "x = [*[1]]"),
    "Store": (YES, "x = 1"),
    "Sub": (YES, "x = 1 - 1"),
    "Subscript": (YES, "x = [1]\nx[0] = 1\nx[0] += 1"),
    "TemplateStr": (NO, "x = t'a'"),
    "Try": (YES, "try: pass\nexcept ValueError: pass\nelse: pass\nfinally: pass"),
    "TryStar": (NO, "try: pass\nexcept* ValueError: pass"),
    "Tuple": (YES, "x = (1, 2)"),
    "TypeAlias": (YES, "type X = int"),
    "TypeVar": (YES, "class A[T: int]: pass"),
    "TypeVarTuple": (YES, "def f[*T](): pass"),
    "UAdd": (YES, "x = +1"),
    "USub": (YES, "x = -1"),
    "UnaryOp": (YES, "x = -1"),
    "While": (YES, "while 0: pass\nelse: pass"),
    "With": (YES, "def f(a):\n    with a as (b, c), a: pass"),
    "Yield": (YES, "def f(): x = yield 1"),
    "YieldFrom": (YES, "def f(): yield from []"),
    "alias": (YES, "import math as m"),
    "arg": (YES, "def f(a: int): pass"),
    "arguments": (YES, "def f(): pass"),
    "comprehension": (YES, "x = [a for a in []]"),
    "keyword": (YES, "dict(a=1)"),
    "match_case": (YES, "match 1:\n    case _ if 1: pass"),
    "withitem": (YES, "def f(a):\n    with a: pass"),
}
# Classes that parsing a module never makes: other modes, comments on types, and names kept for older code.
NEVER_PARSED = {
    *("Expression", "Interactive", "FunctionType", "TypeIgnore"),
    *("AugLoad", "AugStore", "Param", "Suite", "Index", "ExtSlice", "Num", "Str", "Bytes", "NameConstant", "Ellipsis"),
}


def concrete(kind: type = ast.AST) -> set[str]:
    found: set[str] = set()
    for child in kind.__subclasses__():
        found |= concrete(child) | ({child.__name__} if child.__module__ in ("ast", "_ast") else set())
    return found


def abstract() -> set[str]:
    """The sums of the grammar (expr, stmt, ...): never instances themselves."""
    return {
        kind.__name__ for kind in ast.AST.__subclasses__() if kind.__subclasses__() and kind.__name__[0].islower()
    } | {"type_param", "type_ignore", "mod", "_const_node_type_names"}


def test_the_table_covers_every_node_class_of_this_python():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = concrete() - abstract() - NEVER_PARSED - set(NODES)
    assert missing == set()


def parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


@pytest.mark.parametrize("name", NODES)
def test_the_policy_says_what_the_table_says(name):
    allowed, source = NODES[name]
    tree = parsed(source)
    violations = check(source, "plugin.py")
    if tree is None or not hasattr(ast, name):
        newer = {"TypeAlias", "TypeVar", "TypeVarTuple", "ParamSpec", "TemplateStr", "Interpolation"}
        assert name in newer and [found.rule for found in violations] == ["policy.syntax"]
        return
    assert any(type(node).__name__ == name for node in ast.walk(tree))
    assert (violations == ()) is allowed
    if not allowed:
        assert violations[0].line >= 1 and violations[0].hint


def test_a_node_that_nobody_wrote_a_rule_for_is_refused():
    kind = type("Unheard", (ast.stmt,), {"_fields": ()})
    node = kind(lineno=3, col_offset=4)
    policy = Policy("plugin.py", ast.Module(body=[], type_ignores=[]))
    policy.visit(node)
    assert [(v.rule, v.line, v.column) for v in policy.violations] == [("policy.syntax", 3, 5)]
    assert "Unheard" in policy.violations[0].message


@pytest.mark.parametrize("name", [name for name, (allowed, _) in NODES.items() if not allowed])
def test_refused_syntax_is_refused_also_where_this_python_does_not_know_it(name):
    """The library underneath lets some of it through."""
    kind = getattr(ast, name, None) or type(name, (ast.expr,), {"_fields": ()})
    policy = Policy("plugin.py", ast.Module(body=[], type_ignores=[]))
    policy.visit(kind(lineno=2, col_offset=4))
    assert [(found.rule, found.line, found.column) for found in policy.violations] == [("policy.syntax", 2, 5)]
    assert name in policy.violations[0].message and policy.violations[0].hint


def test_there_is_no_rule_for_a_node_that_is_not_in_the_table():
    """Rules are inherited, too: a later version of the library that knows more syntax allows nothing by itself."""
    ruled = {name.removeprefix("visit_") for name in dir(Policy) if name.startswith("visit_")}
    inherited = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice", "AugLoad", "AugStore", "Param"}
    assert ruled - inherited - {"Constant"} <= set(NODES) | NEVER_PARSED


REFUSED = {
    # what is written there -> (rule, line, column, a word of the hint)
    "class A: pass\n\nA.__len__ = len": ("policy.attribute", 3, 1, "ordinary attribute"),
    "x = []\nx.__dict__ = 1": ("policy.attribute", 2, 1, "asdict"),
    "def f(g):\n    g.gi_frame = 1": ("policy.attribute", 2, 5, "values"),
    "import json\njson.dumps = 1": ("policy.attribute", 2, 1, "variable of your own"),
    "import json\nx = json.codecs": ("policy.import", 2, 5, "plugin dialect json"),
    "import os": ("policy.import", 1, 1, "plugins.sdk"),
    "from . import a": ("policy.import", 1, 1, "one module"),
    "from math import *": ("policy.import", 1, 1, "name what you need"),
    "from math import _x": ("policy.import", 1, 1, "plugin dialect math"),
    "x = open('a')": ("policy.builtin", 1, 5, "files"),
    "x = type('A', (), {})": ("policy.builtin", 1, 5, "class statement"),
    "x = getattr(1, '__class__')": ("policy.attribute", 1, 16, "type(x)"),
    "x = (1).__class__": ("policy.attribute", 1, 5, "type(x)"),
    "x = '{0.__class__}'.format(1)": ("policy.format", 1, 5, "f-string"),
    "x = b''.format": ("policy.format", 1, 5, "f-string"),
    "dict(__class__=1)": ("policy.name", 1, 6, "rename"),
    "class A(metaclass=type): pass": ("policy.class", 1, 19, "abc.ABC"),
    "class A(**{}): pass": ("policy.class", 1, 11, "abc.ABC"),
    "def __build__(): pass": ("policy.name", 1, 1, "ordinary name"),
    "def f(__x__): pass": ("policy.name", 1, 7, "ordinary name"),
    "class A:\n    def f(self, __len__): pass": ("policy.name", 2, 17, "ordinary name"),
    "import math as _getattr_": ("policy.name", 1, 1, "another name"),
    "from math import pi as _write_": ("policy.name", 1, 1, "another name"),
    "match {}:\n    case {**_write_}: pass": ("policy.name", 2, 10, "another name"),
    "import math\nmatch 1:\n    case math._x: pass": ("policy.attribute", 3, 10, "use an if"),
    "match []:\n    case [*_write_]: pass": ("policy.name", 2, 11, "another name"),
    "_getattr_ = 1": ("policy.name", 1, 1, "another name"),
    "x = __spec__": ("policy.name", 1, 5, "ordinary names"),
    "def f():\n    global __builtins__": ("policy.name", 2, 5, "ordinary name"),
    "x: 1 + 1 = 2": ("policy.annotation", 1, 4, ""),
    "import typing\nclass A:\n    x: 'typing.ClassVar[int]' = 1": ("policy.annotation", 3, 5, "import ClassVar"),
    "class A:\n    __slots__: tuple = ()": ("policy.attribute", 2, 5, "plainly"),
    "class A:\n    __match_args__ = ('_x',)": ("policy.attribute", 2, 23, "literal"),
    "match 1:\n    case int(__class__=1): pass": ("policy.attribute", 2, 10, ""),
    "try: pass\nexcept* ValueError: pass": ("policy.syntax", 1, 1, "except"),
}


def test_lazy_imports_are_refused_also_where_this_python_does_not_know_them():
    policy = Policy("plugin.py", ast.Module(body=[], type_ignores=[]))
    node = ast.Import(names=[ast.alias(name="math")], lineno=1, col_offset=0)
    node.is_lazy = 1
    policy.visit(node)
    assert [found.rule for found in policy.violations] == ["policy.syntax"]


@pytest.mark.parametrize("name", ["TypeVar", "ParamSpec", "TypeVarTuple"])
def test_type_parameters_are_looked_at_also_where_this_python_does_not_know_them(name):
    kind = type(name, (ast.expr,), {"_fields": ("name", "bound", "default_value")})
    odd = ast.parse("(1).__class__", mode="eval").body
    for fields, rule in (
        ({"name": "_write_"}, "policy.name"),
        ({"name": "T", "bound": odd}, "policy.annotation"),
        ({"name": "T", "default_value": odd}, "policy.annotation"),
    ):
        policy = Policy("plugin.py", ast.Module(body=[], type_ignores=[]))
        policy.visit(kind(lineno=1, col_offset=0, **fields))
        assert [found.rule for found in policy.violations] == [rule]


def test_what_a_type_alias_stands_for_is_a_hint():
    kind = type("TypeAlias", (ast.stmt,), {"_fields": ("name", "type_params", "value")})
    name, odd = ast.Name("X", ast.Store(), lineno=1, col_offset=5), ast.parse("(1).__class__", mode="eval").body
    policy = Policy("plugin.py", ast.Module(body=[], type_ignores=[]))
    policy.visit(kind(name=name, type_params=[], value=odd, lineno=1, col_offset=0))
    assert [found.rule for found in policy.violations] == ["policy.annotation"]


def test_what_a_rule_of_the_library_refuses_is_a_violation():
    policy = Policy("plugin.py", ast.Module(body=[], type_ignores=[]))
    policy.error(ast.Pass(lineno=2, col_offset=4), "refused")
    assert [(found.rule, found.message, found.line) for found in policy.violations] == [("policy.syntax", "refused", 2)]


@pytest.mark.parametrize("source", REFUSED)
def test_a_refusal_says_where_and_what_to_write_instead(source):
    rule, line, column, word = REFUSED[source]
    found = check(source, "plugin.py")[0]
    assert (found.rule, found.line, found.column) == (rule, line, column)
    assert found.message and found.hint and word in found.hint and found.path == "plugin.py"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
def test_bounds_of_type_parameters_are_hints():
    assert [v.rule for v in check("class A[T: (1).__class__]: pass", "p")] == ["policy.annotation"]
