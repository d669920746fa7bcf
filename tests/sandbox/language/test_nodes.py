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


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
def test_bounds_of_type_parameters_are_hints():
    assert [v.rule for v in check("class A[T: (1).__class__]: pass", "p")] == ["policy.annotation"]
