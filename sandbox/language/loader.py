"""Run a module compiled by the policy, also when test code says `import plugin`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from sandbox.language.compiler import compile_module
from sandbox.language.guards import OWN_MODULES, disown, module_globals, spare_builtins
from sandbox.language.modules import ALLOWED_IMPORTS, SDK, guarded_import

#: Allowed modules that are slow to import and seldom used; `warm` leaves them out.
_SELDOM = frozenset({"asyncio", "plugins.sdk", "sdk"})
_REHEARSED = "rehearsed"
_REHEARSAL = b"import math\n\n\ndef run(a: int) -> int:\n    return a + math.floor(a)\n"
_REHEARSALS = 16


def new_module(
    name: str,
    code: CodeType,
    *,
    import_: Callable[..., Any] = guarded_import,
    file: str | None = None,
    names: Mapping[str, object] | None = None,
) -> ModuleType:
    """Run `code` as the module `name` and return it, registered in `sys.modules` as an import would.

    `names` stand in its globals from the start. What the code raises comes out as it is; the module is then not
    registered.
    """
    module = ModuleType(name)
    vars(module).update(names or {})
    _run(module, code, file or code.co_filename, import_)
    return module


def _run(module: ModuleType, code: CodeType, file: str, import_: Callable[..., Any]) -> None:
    name = module.__name__
    vars(module).update(module_globals(name, file, import_))
    OWN_MODULES.add(name)
    before = sys.modules.get(name)
    # dataclasses look their module up by name while it is still running.
    sys.modules[name] = module
    try:
        exec(code, vars(module))  # noqa: S102 - the policy compiled it, the operating system bounds it
    except BaseException:  # whatever it raises, what did not load is not found as loaded
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
        raise


class PolicyFinder(MetaPathFinder, Loader):
    """Finds one plugin module by name and loads it through the policy, from bytes in memory."""

    def __init__(self, name: str, source: bytes, path: str, import_: Callable[..., Any] = guarded_import) -> None:
        self.name, self._source, self._path, self._import = name, source, path, import_

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the plugin's name only."""
        del path, target
        return ModuleSpec(fullname, self, origin=self._path) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        """Compile by the policy and run."""
        _run(module, compile_module(self._source, self._path), self._path, self._import)

    def get_source(self, fullname: str) -> str:
        """Return the text, for tracebacks and coverage."""
        del fullname
        return self._source.decode("utf-8")


def install(name: str, source: bytes, path: str, *, import_: Callable[..., Any] = guarded_import) -> PolicyFinder:
    """Make `import name` load `source` through the policy; `path` is what tracebacks and coverage show."""
    finder = PolicyFinder(name, source, path, import_)
    sys.meta_path.insert(0, finder)
    sys.modules.pop(name, None)
    if SDK in sys.modules:
        sys.modules.setdefault("sdk", sys.modules[SDK])  # test code is compiled plainly: it imports for itself
    return finder


def uninstall(finder: PolicyFinder) -> None:
    """Undo `install`."""
    sys.meta_path.remove(finder)
    sys.modules.pop(finder.name, None)
    disown(finder.name)


def warm() -> None:
    """Import what plugins usually import, and run a program and forget it, so that forked workers share all that.

    What the interpreter writes into its own code on the first runs is then written once, and not in every worker.
    """
    for name in sorted(ALLOWED_IMPORTS - _SELDOM):
        importlib.import_module(name)
    for _ in range(_REHEARSALS):
        new_module(_REHEARSED, compile_module(_REHEARSAL, f"/plugin/{_REHEARSED}.py"))
        sys.modules.pop(_REHEARSED)
        disown(_REHEARSED)
    spare_builtins()
