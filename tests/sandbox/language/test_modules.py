"""Views of allowed modules show public names, and no module behind any of them."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from types import ModuleType

import pytest

from sandbox.language import ALLOWED_IMPORTS, check
from sandbox.language.guards import write
from sandbox.language.modules import INSTEAD, View, guarded_import, is_package, public_names, view
from sandbox.language.names import HOLDING_MODULES

MODULES = sorted(ALLOWED_IMPORTS)


@pytest.mark.parametrize("name", MODULES)
def test_no_view_shows_a_module_or_an_underscore_name(name):
    members = {key: value for key, value in vars(view(name)).items() if key != "_view_name"}
    assert members
    assert not [key for key, value in members.items() if isinstance(value, ModuleType) or key.startswith("_")]


def test_the_real_modules_do():
    assert isinstance(importlib.import_module("json").codecs, ModuleType)


@pytest.mark.parametrize("name", MODULES)
def test_every_listed_name_exists_in_some_supported_python(name):
    late = {"StrEnum", "ReprEnum", "timeout", "TaskGroup", "member", "nonmember", "verify", "property"}
    module = importlib.import_module("plugins.sdk" if name == "sdk" else name)
    assert {key for key in public_names(name) if not hasattr(module, key)} <= late


def test_nothing_that_reaches_out_is_listed():
    reaching = {
        *(
            "os",
            "sys",
            "io.open",
            "subprocess",
            "socket",
            "ctypes",
            "importlib",
            "builtins",
            "inspect",
            "gc",
            "threading",
        ),
        *(
            "pickle",
            "marshal",
            "code",
            "codeop",
            "pathlib.Path",
            "shutil",
            "tempfile",
            "signal",
            "weakref",
            "ast",
            "dis",
        ),
    }
    assert not reaching & ALLOWED_IMPORTS
    assert "open" not in public_names("io") and "Path" not in public_names("pathlib")
    assert not set(INSTEAD) - {"pathlib"} & ALLOWED_IMPORTS


@pytest.mark.parametrize(
    "name", ["os", "sys", "json.scanner", "plugins", "plugins.registry", "", "urllib.request", "sandbox"]
)
def test_other_modules_cannot_be_imported(name):
    if is_package(name):
        assert set(vars(guarded_import(name))) <= {"_view_name", "sdk"}
        return
    with pytest.raises(ImportError):
        guarded_import(name)


def test_relative_imports_cannot():
    with pytest.raises(ImportError):
        guarded_import("math", None, None, ("pi",), 1)


def test_the_from_list_cannot_fall_back_to_loaded_modules():
    importlib.import_module("xml.sax")
    assert "xml.sax" in sys.modules
    with pytest.raises(ImportError):
        guarded_import("xml", None, None, ("sax",))
    with pytest.raises(ImportError):
        guarded_import("json", None, None, ("scanner",))


def test_submodules_show_where_real_imports_show_them():
    assert guarded_import("urllib.parse").parse.quote(" ") == "%20"
    assert guarded_import("xml.etree.ElementTree").etree.ElementTree.fromstring("<a/>").tag == "a"
    assert isinstance(guarded_import("xml", None, None, ("etree",)), View)
    assert guarded_import("collections", None, None, ("abc",)).abc.Sequence


def test_what_a_view_hides_is_told_in_the_text():
    for source in (
        "import json\nx = json.codecs",
        "import json\nx = json.decoder.scanner",
        "import json\njson.loads = 1",
    ):
        assert [violation.line for violation in check(source, "plugin.py")] == [2]
    assert check("import json\nx = json.decoder.JSONDecodeError", "plugin.py") == ()


def test_views_are_read_only():
    shown = view("math")
    for change in (lambda: setattr(shown, "pi", 3), lambda: delattr(shown, "pi")):
        with pytest.raises(AttributeError):
            change()
    assert shown.pi == importlib.import_module("math").pi
    assert repr(shown) == "<module 'math'>"


@pytest.mark.parametrize("name", MODULES)
def test_no_class_of_a_view_holds_a_module(name):
    """Calls and what a method reads of itself are compiled without a guard, so this must hold for every class.

    The names in `HOLDING_MODULES` are the exception, and keep their guard.
    """
    classes = [value for value in vars(view(name)).values() if isinstance(value, type)]
    held = [
        f"{kind.__name__}.{attribute}"
        for kind in classes
        for attribute in dir(kind)
        if not attribute.startswith("_") and attribute not in HOLDING_MODULES
        if isinstance(getattr(kind, attribute, None), ModuleType)
    ]
    assert held == []


CHANGING = {
    "calendar": {"setfirstweekday"},
    "csv": {"register_dialect", "unregister_dialect", "list_dialects", "field_size_limit"},
    "decimal": {"setcontext", "DefaultContext", "BasicContext", "ExtendedContext"},
    "random": {"seed", "setstate"},
    "re": {"purge"},
    "time": {"tzset", "clock_settime"},
    "typing": {"get_overloads", "clear_overloads"},
}
SOUNDS = re.compile(r"(un)?(set|register|add|clear|purge|reset|seed|install|init|enable|disable|filter|simple)_?[a-z]*")


def test_nothing_that_changes_what_a_module_keeps_is_shown():
    assert not [name for name, names in CHANGING.items() if names & public_names(name)]
    assert all(hasattr(importlib.import_module(name), key) for name, names in CHANGING.items() for key in names)


@pytest.mark.parametrize("name", sorted(ALLOWED_IMPORTS - {"sdk", "plugins.sdk"}))
def test_no_other_function_sounds_as_if_it_changed_a_module(name):
    members = {key for key, value in vars(view(name)).items() if callable(value) and not isinstance(value, type)}
    assert {key for key in members if SOUNDS.fullmatch(key)} <= {"setitem", "add", "filter", "filterfalse"}


@pytest.mark.parametrize("name", MODULES)
def test_what_a_view_shows_cannot_be_changed(name):
    """All calls are shown the same values: one that can be changed would be a memory that no rule sees."""
    shown = [value for key, value in vars(view(name)).items() if key != "_view_name"]
    for value in shown:
        with pytest.raises(AttributeError):
            write(value)
    classes = [value for value in shown if isinstance(value, type)]
    tables = [getattr(kind, key) for kind in classes for key in dir(kind) if not key.startswith("_")]
    assert not [value for value in (*shown, *tables) if isinstance(value, (list, set, dict, bytearray))]


def test_tables_of_modules_are_shown_and_are_those_of_the_module():
    real = importlib.import_module("calendar").HTMLCalendar
    calendar = view("calendar").HTMLCalendar
    assert issubclass(calendar, real) and calendar().formatmonth(2026, 2) == real().formatmonth(2026, 2)
    assert calendar.cssclasses == tuple(real.cssclasses) and calendar.__module__ == "calendar"
    assert view("keyword").kwlist == tuple(importlib.import_module("keyword").kwlist)
    assert "sha256" in view("hashlib").algorithms_guaranteed
    assert view("textwrap").TextWrapper(width=5).fill("ab\tcd ef") == "ab\ncd ef"


STRPTIME = """\
import time
from datetime import datetime

def parse(text: str) -> list[int]:
    return [datetime.strptime(text, "%Y-%m-%d").day, time.strptime(text, "%Y-%m-%d").tm_mon]
"""


def test_what_built_in_code_imports_for_its_caller_is_there_and_shows_nothing():
    """A fresh process, since the first call of strptime in a process is the one that imports."""
    program = (
        "from sandbox.language import compile_module, new_module\n"
        f"module = new_module('plugin', compile_module({STRPTIME!r}, 'plugin.py'))\n"
        "assert module.parse('2024-05-17') == [17, 5]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = guarded_import("_strptime", fromlist=[])
    assert not isinstance(shown, ModuleType) and set(vars(shown)) == {"_view_name"}
    assert check("import _strptime\n", "plugin.py")
    with pytest.raises(AttributeError):
        _ = shown.locale_time
