"""The guards, each shown refusing and shown letting through."""

from __future__ import annotations

import asyncio
import builtins
import enum
import re
import sys

import pytest
from RestrictedPython.transformer import INSPECT_ATTRIBUTES

from sandbox.language import check, compile_module, guards, new_module
from sandbox.language.guards import (
    BUILTINS,
    OneValueType,
    disown,
    get_attribute,
    get_private,
    matched,
    module_builtins,
    write,
)
from sandbox.language.names import MISSING_BUILTINS, RUNTIME_ATTRIBUTES


@pytest.fixture
def load():
    def run(source: str):
        return new_module("plugin", compile_module(source, "plugin.py"))

    yield run
    sys.modules.pop("plugin", None)
    disown("plugin")


def test_a_missing_attribute_raises():
    with pytest.raises(AttributeError):
        get_attribute(1, "nothing")


def test_a_module_does_not_come_out():
    holder = type("Holder", (), {"inside": sys})
    with pytest.raises(AttributeError, match="is a module"):
        get_attribute(holder, "inside")


def test_libraries_cannot_be_written():
    for subject in (enum.Enum, len, sys, enum.unique, [].append):
        with pytest.raises(AttributeError):
            write(subject)
    assert write([]) == []


def test_what_libraries_show_to_all_cannot_be_written_and_what_a_plugin_makes_can(load):
    source = "from dataclasses import MISSING\nimport enum\nimport re\nimport types\n"
    source += "class Own(enum.Enum):\n    A = 1\n"
    module = load(f"{source}def note(what):\n    what.seen = 1\n    return what.seen\n")
    for subject in (re.IGNORECASE, module.MISSING, enum.FlagBoundary.STRICT):
        with pytest.raises(AttributeError, match="belongs to a library"):
            module.note(subject)
    assert [module.note(subject) for subject in (module.Own.A, module.types.SimpleNamespace())] == [1, 1]


def test_positions_of_patterns_read_ordinary_attributes():
    for names in (("x", "gi_frame"), ("_x",), ["x"], (1,), ("obj",), ("now",)):
        with pytest.raises(AttributeError, match="positions"):
            matched(1, type("Kind", (), {"__match_args__": names}))
    assert matched(1, int, type("Kind", (), {"__match_args__": ("x", "y")})) == 1


def test_the_guard_of_patterns_stands_also_where_the_names_are_made_while_running(load):
    module = load(
        "class Kind:\n    for __match_args__ in [('gi' + '_frame',)]:\n        pass\n"
        "def run(value):\n    match value:\n        case Kind(x):\n            return x\n"
    )
    with pytest.raises(AttributeError, match="positions"):
        module.run(1)


def test_functions_are_registered_by_their_hints_and_by_classes(load):
    module = load(
        "from functools import singledispatch, singledispatchmethod\n"
        "@singledispatch\ndef told(value): return 'any'\n"
        "@told.register\ndef _(value: int): return 'int'\n"
        "@told.register\ndef _(value: 'str'): return 'str'\n"
        "@told.register(list)\ndef _(value): return 'list'\n"
        "class Teller:\n    @singledispatchmethod\n    def told(self, value): return 'any'\n"
        "    @told.register\n    def _(self, value: int): return 'int'\n"
    )
    assert [module.told(value) for value in (1, "a", [], None)] == ["int", "str", "list", "any"]
    assert [module.Teller().told(value) for value in (1, "a")] == ["int", "any"]


def test_own_things_can_be_written(load):
    module = load("class A:\n    limit = 1\ndef f(): pass\nA.limit = 5\nf.calls = 3\nA().x = 1\n")
    assert module.A.limit == 5 and module.f.calls == 3


def test_own_private_attributes_are_open_and_those_of_libraries_are_not(load):
    module = load(
        "import random\nclass A:\n    def __init__(self): self._x = 1\n"
        "def own(): return A()._x\ndef other(): return random.Random()._randbelow\n"
    )
    assert module.own() == 1
    with pytest.raises(AttributeError, match="private"):
        module.other()


def test_private_names_are_mangled_as_python_does(load):
    source = "class _A:\n    def __init__(self): self.__x = 1\n    def x(self): return self.__x\n"
    assert load(source)._A().x() == 1
    assert vars(load(source)._A()) == {"_A__x": 1}


def test_getattr_with_a_default_does_not_hide_a_refusal(load):
    module = load("def f(name): return getattr((), name, 'default')\ndef g(name): return hasattr((), name)\n")
    assert module.f("nothing") == "default"
    assert module.g("count") is True and module.g("__class__") is False
    with pytest.raises(AttributeError):
        module.f("__class__")
    with pytest.raises(TypeError):
        module.f(b"count")


def test_the_clock_is_read_by_a_name_in_the_source_only(load):
    module = load(
        "from datetime import date, datetime\nfrom operator import attrgetter, methodcaller\n"
        "class Own:\n    now = 5\n"
        "def f(name): return [getattr(kind, name) for kind in (date, datetime, date(2024, 1, 1))]\n"
        "def g(name): return attrgetter(name)\n"
        "def h(name): return methodcaller(name)\n"
        "def own(name): return getattr(Own(), name)\n"
    )
    for name in ("today", "now", "utcnow"):
        for function in (module.f, module.g, module.h):
            with pytest.raises(AttributeError):
                function(name)
    assert module.own("now") == 5 and len(module.f("year")) == 3


def test_setattr_takes_ordinary_names_only(load):
    module = load("class A: pass\ndef f(name):\n    a = A()\n    setattr(a, name, 1)\n    return a\n")
    assert module.f("x").x == 1
    for name in ("__class__", "__dict__", "gi_frame"):
        with pytest.raises(AttributeError):
            module.f(name)


LIAR = """
class Liar(str):
    def startswith(self, *_):
        return False
    def endswith(self, *_):
        return False
    def __eq__(self, other):
        return False
    def __hash__(self):
        return 0
"""


@pytest.mark.parametrize(
    "body",
    [
        "operator.attrgetter(Liar('__class__'))(())",
        "getattr((), Liar('__class__'))",
        "hasattr((), Liar('__class__'))",
        "setattr(Liar(), Liar('__class__'), int)",
    ],
)
def test_a_name_that_lies_about_itself_is_no_name(load, body):
    module = load(f"import operator\n{LIAR}\ndef attack():\n    return {body}\n")
    with pytest.raises(TypeError, match="attribute names must be strings"):
        module.attack()


def test_the_formatting_of_a_parent_is_not_reached(load):
    module = load("class A(str):\n    def f(self, x):\n        return super().format(x)\n")
    with pytest.raises(AttributeError, match="use an f-string"):
        module.A("{0.__class__}").f(1)


def test_type_of_a_class_is_refused():
    kind = OneValueType()
    assert kind(1) is int and kind[int] == type[int] and isinstance(int, kind) and not isinstance(1, kind)
    assert (kind | None) == (type | None) and (None | kind) == (None | type) and repr(kind) == repr(type)
    for arguments in ((int,), ("X", (), {}), ()):
        with pytest.raises(TypeError):
            kind(*arguments)


def test_a_parameter_called_type_opens_nothing(load):
    module = load("def f(type): return type\ndef attack(): return type('X', (), {})\n")
    assert module.f(1) == 1
    with pytest.raises(TypeError):
        module.attack()


def test_a_method_on_a_foreign_self_reads_no_private_name(load):
    module = load(
        "import random\nclass A:\n    def look(self): return self._randbelow\nx = A.look\nr = random.Random()\n"
    )
    with pytest.raises(AttributeError, match="private"):
        module.x(module.r)


def test_own_classes_are_remembered_and_those_over_libraries_are_not(load):
    module = load("import random\nclass A:\n    _x = 1\nclass B(random.Random):\n    _x = 1\na, b = A(), B()\n")
    assert get_private(module.a, "_x") == get_private(module.b, "_x") == 1
    assert type(module.a) in guards._OWN_TYPES and type(module.b) not in guards._OWN_TYPES
    module.B._library = sys
    with pytest.raises(AttributeError, match="is a module"):
        get_private(module.b, "_library")


def test_names_that_a_library_keeps_for_itself_stay_closed_in_a_subclass(load):
    module = load(
        "import asyncio\nclass A(asyncio.Lock):\n"
        "    def __init__(self):\n        super().__init__()\n        self._mine = 1\n"
        "    def mine(self): return self._mine\n    def theirs(self): return self._waiters\n"
    )
    assert module.A().mine() == 1
    with pytest.raises(AttributeError, match="private to A"):
        module.A().theirs()


def test_a_future_is_made_without_its_loop_and_does_not_hand_it_out(load):
    module = load(
        "import asyncio\nclass A(asyncio.Future):\n    def theirs(self): return self._loop\n"
        "async def run():\n    made = asyncio.Future()\n    made.set_result(2)\n    return await made\n"
        "async def own(): return A().theirs()\n"
    )
    assert asyncio.run(module.run()) == 2
    with pytest.raises(AttributeError, match="private to A"):
        asyncio.run(module.own())
    for way in ("asyncio.get_running_loop()", "asyncio.Future().get_loop()"):
        (refused,) = check(f"import asyncio\nasync def run():\n    return {way}\n", "plugin.py")
        assert refused.hint
    assert "asyncio.Future()" in check("import asyncio\nx = asyncio.get_running_loop\n", "plugin.py")[0].hint


def test_private_names_are_closed_again_when_the_module_is_gone(load):
    subject = load("class A:\n    _x = 1\na = A()\n").a
    assert get_private(subject, "_x") == 1
    disown("plugin")
    with pytest.raises(AttributeError):
        get_private(subject, "_x")


@pytest.mark.parametrize(
    "body",
    [
        "self = other\n        return self.thing",
        "for self in [other]: return self.thing",
        "with other as self: return self.thing",
        "return [self.thing for self in [other]][0]",
        "return (lambda self: self.thing)(other)",
        "def inner(self): return self.thing\n        return inner(other)",
        "match other:\n            case self: return self.thing",
    ],
)
def test_self_that_is_given_another_value_is_guarded(load, body):
    holder = type("Holder", (), {"thing": sys, "__enter__": lambda self: self, "__exit__": lambda *_: None})
    module = load(f"class A:\n    def f(self, other):\n        {body}\n")
    with pytest.raises(AttributeError, match="is a module"):
        module.A().f(holder())


def test_no_missing_builtin_is_there():
    there = module_builtins()
    assert not set(there) & set(MISSING_BUILTINS) - {"__import__", "BaseException"}
    assert set(there) - {"__build_class__", "__import__", "__name__", "BaseException"} == BUILTINS
    assert there["__import__"] is not builtins.__import__ and there["getattr"] is not builtins.getattr


def test_every_inspect_attribute_of_the_library_is_refused():
    assert INSPECT_ATTRIBUTES <= RUNTIME_ATTRIBUTES


def test_parameters_may_be_named_like_missing_builtins(load):
    assert load("def f(input, dir=1):\n    return input + dir\n").f(2) == 3


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("def f(): return '{0:>{1}}|{name}'.format(1, 3, name='x')", "  1|x"),
        ("T = '{0:>{1}}|{name}'\ndef f(): return T.format(1, 3, name='x')", "  1|x"),
        ("class S(str):\n    def format(self, x): return self + x\ndef f(): return S('a').format('b')", "ab"),
        ("T = '{a.real}'\ndef f(): return T.format_map({'a': 5})", "5"),
        ("class T:\n    def format(self, x): return x * 2\ndef f(): return T().format(2)", 4),
        ("import datetime\ndef f(): return format(datetime.date(2024, 1, 2), '%d')", "02"),
    ],
)
def test_harmless_formatting_works(load, source, value):
    assert load(source).f() == value


def test_a_module_that_a_library_class_holds_does_not_come_out_of_self(load):
    """`PurePath.parser` is such a module from Python 3.13 on; a class of the plugin stands in for it on the others."""
    plugin = load("class Path:\n    def lead(self):\n        return self.parser\n")
    plugin.Path.parser = re
    with pytest.raises(AttributeError):
        plugin.Path().lead()
