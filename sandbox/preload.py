"""What the fork server imports before it forks, and which folders of the host Python may still need afterwards."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Final

from sandbox.layers import LayerFailed
from sandbox.mounts import ZONES
from sandbox.places import inside

# Extension modules that need a shared library of the host: loaded now, since that library is not visible later.
_EXTENSIONS: Final = (
    *("_asyncio", "_bz2", "_ctypes", "_decimal", "_hashlib", "_json", "_lzma", "_sqlite3", "_ssl", "_uuid"),
    *("_zoneinfo", "pyexpat", "unicodedata", "zlib"),
)
# Needed by nearly every call, or slow to import.
_COMMON: Final = (
    *("asyncio", "base64", "collections", "contextlib", "csv", "ctypes", "dataclasses", "datetime", "decimal", "enum"),
    *("fractions", "functools", "gzip", "hashlib", "heapq", "hmac", "inspect", "io", "itertools", "json", "linecache"),
    *("math", "operator", "random", "re", "statistics", "string", "tempfile", "textwrap", "threading", "traceback"),
    *("typing", "unicodedata", "uuid", "zoneinfo", "_strptime"),
    *("encodings.idna", "encodings.ascii", "encodings.latin_1", "encodings.utf_16"),
)


def preload(names: Iterable[str]) -> None:
    """Import the common part of the standard library and then `names`; a name that fails stops the fork server.

    A module of `names` that has a function `warm` has that called at the end.
    """
    names = list(names)
    for name in _EXTENSIONS:
        with suppress(ImportError):  # a Python built without that library
            importlib.import_module(name)
    for name in (*_COMMON, *names):
        with _blamed(name):
            importlib.import_module(name)
    for name, warm in (("plugins.sdk", _name_sdk), ("pytest", _warm_pytest), ("coverage", _warm_coverage)):
        if name in sys.modules:
            with _blamed(name):
                warm()
    for name in names:
        with _blamed(name):
            getattr(sys.modules[name], "warm", _nothing)()


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Say by name what cannot be loaded; parts of a module are loaded only where it is used."""
    try:
        yield
    except Exception as problem:  # a library may raise anything while it loads
        raise LayerFailed("preload", 0, f"{name}: {type(problem).__name__}: {problem}") from problem


def _nothing() -> None:
    """Most modules have nothing to warm."""


def _name_sdk() -> None:
    """Give the SDK its second name."""
    sys.modules["sdk"] = sys.modules["plugins.sdk"]


def _warm_pytest() -> None:
    """Load the parts of pytest that it imports only when it starts, which here is in every worker."""
    for name in ("pdb", "unittest", *(f"_pytest.{name}" for name in sys.modules["_pytest.config"].default_plugins)):
        with suppress(ImportError):  # one of them, `pytester_assertions`, is only a name in some versions
            importlib.import_module(name)


def _warm_coverage() -> None:
    """Measure nothing once: what coverage asks of the loaded modules and of the installation is found only once."""
    from coverage import Coverage

    measure = Coverage(data_file=None, config_file=False, messages=False)
    measure.start()
    measure.stop()


def visible_paths(root: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (visible, hidden): the paths a worker may read, and folders beneath them to cover.

    `root` is the folder that holds our own packages. In a checkout it holds other things too (plugins, a repository),
    so nothing of it is shown: what a worker needs of ours is loaded already.
    """
    library = os.path.dirname(os.path.abspath(os.__file__))
    extensions = os.path.dirname(os.path.abspath(getattr(sys.modules.get("_decimal"), "__file__", "") or os.__file__))
    hidden = [os.path.join(library, name) for name in ("site-packages", "dist-packages")]
    checkout = os.path.basename(root) not in ("site-packages", "dist-packages")
    packages = {path for module in list(sys.modules.values()) for path in _own_paths(module)}
    wanted = {
        path
        for path in packages
        if not _beneath(path, library, hidden) and not (checkout and os.path.dirname(path) == root)
    }
    return (library, extensions, ZONES, *sorted(wanted)), tuple(path for path in hidden if os.path.isdir(path))


def follow_moved_paths() -> None:
    """Have later imports look where the new root shows the folders that could not keep their place."""
    sys.path[:] = [inside(path) for path in sys.path]
    sys.path_importer_cache.clear()
    for module in list(sys.modules.values()):
        folders = getattr(module, "__path__", None)
        if isinstance(folders, list):
            folders[:] = [inside(folder) for folder in folders]


def _own_paths(module: ModuleType) -> Iterator[str]:
    """Return the folder of a top-level package, or the file of a top-level module."""
    name = getattr(module, "__name__", "")
    if not isinstance(name, str) or "." in name or name == "__main__":
        return
    folders = getattr(module, "__path__", None)
    if folders is not None:
        yield from (os.path.abspath(folder) for folder in folders)
    elif isinstance(getattr(module, "__file__", None), str):
        yield os.path.abspath(str(module.__file__))


def _beneath(path: str, library: str, hidden: list[str]) -> bool:
    inside = path.startswith(library + os.sep)
    return inside and not any(path.startswith(folder + os.sep) for folder in hidden)
