"""What a test file may import: the views that plugins get, and what only tests need beside them.

Test files are compiled plainly, so a real module would lead on to every other one (`codecs.sys.modules`), to files
(`io.open`) and past the names that the policy reads (`operator.attrgetter`); a view leads nowhere.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping
from typing import Final

from sandbox.language.modules import (
    ALLOWED_IMPORTS,
    View,
    guarded_import,
    is_behind,
    is_package,
    load_behind,
    public_names,
    view,
)

#: What a test file may import besides the modules that plugins may import.
TEST_IMPORTS: Final = frozenset({"pytest", "plugin", "plugins.sdk", "sdk", "asyncio"})
#: What a test file may use of pytest.
PYTEST_NAMES: Final = frozenset({"raises", "approx", "mark", "param", "fixture", "fail", "warns", "deprecated_call"})
#: What a test file may use of the doubles.
_TESTING: Final = ("data", "failure", "outside", "reply")
_ADDED: Final[Mapping[str, frozenset[str]]] = {
    "asyncio": frozenset({"run"}),
    "plugins.sdk": frozenset({"testing"}),
    "sdk": frozenset({"testing"}),
}


def is_importable(name: str) -> bool:
    """Return whether a test file may name a module in an import statement."""
    return name in TEST_IMPORTS or name in ALLOWED_IMPORTS or is_package(name)


def suite_names(name: str) -> frozenset[str]:
    """Return the names a test file may take from an importable module other than the plugin."""
    if name == "pytest":
        return PYTEST_NAMES
    children = {key.removeprefix(f"{name}.") for key in ALLOWED_IMPORTS if key.startswith(f"{name}.")}
    return frozenset({*public_names(name), *_ADDED.get(name, ()), *children})


def suite_import(name: str, fromlist: tuple[str, ...] | None = ()) -> object:
    """`__import__` of a test file. Raises ImportError for what it may not have."""
    if is_behind(name):
        return load_behind(name)
    if name == "plugin":
        return _plugin(fromlist or ())
    if not is_importable(name):
        raise ImportError(f"a test cannot import {name!r}")
    top = name.partition(".")[0]
    if top not in ("pytest", "asyncio", "plugins", "sdk"):
        return guarded_import(name, fromlist=fromlist)
    shown = _suite_view(name)
    for wanted in fromlist or ():
        if wanted not in vars(shown):
            raise ImportError(f"a test cannot import {wanted!r} from {name!r}")
    return shown if fromlist else _suite_view(top)


def _plugin(wanted: tuple[str, ...]) -> object:
    module = sys.modules["plugin"]
    for name in wanted:
        if name not in vars(module):
            raise ImportError(f"the plugin has no {name!r}")
    return module


@functools.cache
def _suite_view(name: str) -> View:
    """Return the view of a module of which tests see something that plugins do not."""
    members: dict[str, object]
    match name:
        case "pytest":
            pytest = importlib.import_module("pytest")
            members = {key: getattr(pytest, key) for key in PYTEST_NAMES}
            members["mark"] = _shown("pytest.mark", {"parametrize": pytest.mark.parametrize})
        case "plugins":
            members = {"sdk": _suite_view("plugins.sdk")}
        case "asyncio":
            members = {**vars(view(name)), "run": importlib.import_module("asyncio").run}
        case _:
            doubles = importlib.import_module("plugins.sdk").testing
            testing = _shown("plugins.sdk.testing", {key: getattr(doubles, key) for key in _TESTING})
            members = {**vars(view(name)), "testing": testing}
    return _shown(name, members)


def _shown(name: str, members: Mapping[str, object]) -> View:
    shown = View()
    vars(shown).update(members, _view_name=name)
    return shown
