"""Plugin modules load through the policy wherever they are imported from."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from sandbox.language import DIALECT, DialectError, check, compile_module, explain, install, new_module, uninstall
from sandbox.language.guards import OWN_MODULES, module_builtins, spare_builtins
from sandbox.language.modules import ALLOWED_IMPORTS, guarded_import

SOURCE = b"import math\n_LIMIT = 3\ndef area(r: float) -> float:\n    return math.floor(r * r)\n"


@pytest.fixture
def plugin():
    finder = install("plugin", SOURCE, "/plugin/plugin.py")
    yield finder
    uninstall(finder)


def test_plain_test_code_imports_it(plugin):
    space: dict[str, object] = {}
    exec("import plugin\nfrom plugin import area\nvalue = area(2), plugin._LIMIT", space)
    assert space["value"] == (4, 3)
    module = sys.modules["plugin"]
    assert "_getattr_" in vars(module) and "open" not in vars(module)["__builtins__"]
    assert module.__spec__.origin == "/plugin/plugin.py" and module.__file__ == "/plugin/plugin.py"
    assert module.area.__code__.co_filename == "/plugin/plugin.py"


def test_uninstall_undoes_it():
    uninstall(install("plugin", SOURCE, "/plugin/plugin.py"))
    assert "plugin" not in sys.modules and "plugin" not in OWN_MODULES
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("plugin")


def test_a_refused_source_raises_with_its_violations():
    finder = install("plugin", b"import os\n", "/plugin/plugin.py")
    try:
        with pytest.raises(DialectError) as caught:
            importlib.import_module("plugin")
    finally:
        uninstall(finder)
    violation = caught.value.violations[0]
    assert (violation.rule, violation.path, violation.line) == ("policy.import", "/plugin/plugin.py", 1)
    assert "environment" in explain(violation) and "/plugin/plugin.py:1:1" in str(caught.value)
    assert "plugin" not in sys.modules


def test_a_module_that_raises_is_not_registered():
    with pytest.raises(ZeroDivisionError):
        new_module("plugin", compile_module("1 / 0", "plugin.py"))
    assert "plugin" not in sys.modules


def test_the_import_behind_import_statements_can_be_given():
    asked = []

    def record(name, *rest):
        asked.append(name)
        return importlib.import_module(name)

    new_module("plugin", compile_module("import math\nx = math.pi\n", "plugin.py"), import_=record)
    del sys.modules["plugin"]
    assert asked == ["math"]


def test_importing_the_package_is_cheap():
    code = (
        "import sys, sandbox.language, sandbox.outside.real, plugins.sdk\n"
        "print(sorted({'RestrictedPython', 'asyncio', 'ctypes', 'pytest', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['ctypes']")


def test_the_dialect_names_every_module_and_is_true():
    assert not [name for name in ALLOWED_IMPORTS - {"sdk", "__future__"} if name not in DIALECT]
    for refused in (
        "open('a')",
        "x = ().__class__",
        "from math import *",
        "x = type(1, 2)",
        "y = '{0._x}'.format_map({})",
    ):
        assert check(refused, "plugin.py")


def test_builtins_made_ahead_are_those_of_one_module_only():
    usual = module_builtins()
    spare_builtins()
    first, second = module_builtins(), module_builtins()
    assert first.keys() == second.keys() == usual.keys() and first["__import__"] is guarded_import
    assert first is not second and len({id(one["type"]) for one in (usual, first, second)}) == 3


def test_builtins_made_ahead_do_not_reach_a_module_with_its_own_import():
    spare_builtins()
    own = object()
    assert module_builtins(own)["__import__"] is own and module_builtins()["__import__"] is guarded_import
