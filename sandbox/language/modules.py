"""What a plugin may import: an allow-list of modules, seen through read-only views that show no other module."""

from __future__ import annotations

import builtins
import functools
import importlib
import operator
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from sandbox.language.names import FORMATTERS, NOW, WATCHED

#: The module that plugins may import as `plugins.sdk` or, shorter, as `sdk`.
SDK: Final = "plugins.sdk"
_SDK_NAMES: Final = ("http", "files", "environment", "storage", "clock", "random", "log", "progress", "tcp")
_SDK_TYPES: Final = ("Connection", "HttpError", "Reply")

# None: the names of `__all__`, or every public name that is not a module. A tuple: exactly these names.
_MODULES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "__future__": ("annotations",),
    "abc": ("ABC", "abstractmethod"),
    "array": ("array", "typecodes"),
    "asyncio": (
        *("gather", "wait", "wait_for", "sleep", "timeout", "TaskGroup", "create_task", "as_completed", "shield"),
        "Future",
        *("Queue", "LifoQueue", "PriorityQueue", "QueueEmpty", "QueueFull", "Lock", "Event", "Condition", "Semaphore"),
        *("BoundedSemaphore", "CancelledError", "TimeoutError", "FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"),
    ),
    "base64": None,
    "binascii": None,
    "bz2": ("compress", "decompress"),
    "bisect": ("bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right"),
    "calendar": None,
    "cmath": None,
    "codecs": ("encode", "decode"),
    "collections": None,
    "collections.abc": None,
    "colorsys": None,
    "contextlib": (
        *("contextmanager", "asynccontextmanager", "AbstractContextManager", "AbstractAsyncContextManager", "closing"),
        *("aclosing", "suppress", "nullcontext", "ExitStack", "AsyncExitStack", "ContextDecorator"),
    ),
    "copy": ("copy", "deepcopy", "Error"),
    "csv": None,
    "dataclasses": (
        *("dataclass", "field", "fields", "asdict", "astuple", "replace", "is_dataclass", "Field", "InitVar"),
        *("KW_ONLY", "MISSING", "FrozenInstanceError"),
    ),
    "datetime": None,
    "decimal": None,
    "difflib": None,
    "enum": (
        *("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "auto", "unique", "verify", "member"),
        "nonmember",
        *("property", "FlagBoundary", "EnumCheck", "CONTINUOUS", "NAMED_FLAGS", "UNIQUE", "STRICT", "CONFORM", "EJECT"),
        "KEEP",
    ),
    "fnmatch": None,
    "fractions": ("Fraction",),
    "functools": (
        *("cache", "cached_property", "cmp_to_key", "lru_cache", "partial", "partialmethod", "reduce"),
        *("singledispatch", "singledispatchmethod", "total_ordering", "update_wrapper", "wraps"),
    ),
    "graphlib": None,
    "gzip": ("compress", "decompress"),
    "hashlib": (
        *("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_224", "sha3_256"),
        *("sha3_384", "sha3_512", "shake_128", "shake_256", "new", "algorithms_guaranteed", "pbkdf2_hmac", "scrypt"),
    ),
    "heapq": None,
    "hmac": ("new", "digest", "compare_digest"),
    "html": ("escape", "unescape"),
    "html.parser": ("HTMLParser",),
    "io": ("StringIO", "BytesIO"),
    "ipaddress": None,
    "itertools": None,
    "json": None,
    "json.decoder": ("JSONDecodeError", "JSONDecoder"),
    "lzma": ("compress", "decompress", "LZMAError"),
    "keyword": ("iskeyword", "issoftkeyword", "kwlist"),
    "math": None,
    "numbers": None,
    "operator": None,
    "pathlib": ("PurePath", "PurePosixPath", "PureWindowsPath"),
    "pprint": ("pformat", "pprint"),
    "random": None,
    "re": None,
    "shlex": ("split", "quote", "join"),
    "statistics": None,
    "string": None,
    "struct": None,
    "textwrap": None,
    "time": None,
    "tomllib": ("loads", "TOMLDecodeError"),
    "types": (
        "SimpleNamespace",
        "MappingProxyType",
        "NoneType",
        "EllipsisType",
        "GenericAlias",
        "UnionType",
        "TracebackType",
    ),
    "typing": None,
    "unicodedata": None,
    "urllib.parse": None,
    "uuid": ("UUID", "uuid3", "uuid4", "uuid5", "NAMESPACE_DNS", "NAMESPACE_URL", "NAMESPACE_OID", "NAMESPACE_X500"),
    "xml.etree.ElementTree": ("fromstring", "tostring", "Element", "SubElement", "ParseError", "indent", "QName"),
    "zlib": None,
    "zoneinfo": ("ZoneInfo", "ZoneInfoNotFoundError"),
    SDK: (*_SDK_NAMES, *_SDK_TYPES),
    "sdk": (*_SDK_NAMES, *_SDK_TYPES),
}

#: Modules that built-in code imports in the name of whoever calls it: datetime.strptime, the division of huge numbers.
#: The interpreter takes them from `sys.modules` itself; whoever asked is shown nothing of them.
_BEHIND: Final = frozenset({"_strptime", "_pylong"})

# Names left out of a view, because they format by template, evaluate text, open files, make metaclasses or change what
# the module itself keeps: one call would see what another one left there.
_HIDDEN: Final[Mapping[str, frozenset[str]]] = {
    "calendar": frozenset({"setfirstweekday"}),
    "collections": frozenset({"UserString"}),
    "csv": frozenset({"register_dialect", "unregister_dialect", "list_dialects", "field_size_limit"}),
    "decimal": frozenset({"setcontext", "DefaultContext", "BasicContext", "ExtendedContext"}),
    "random": frozenset({"SystemRandom", "seed", "setstate"}),
    "re": frozenset({"purge"}),
    "string": frozenset({"Formatter", "templatelib"}),
    "time": frozenset({"tzset", "clock_settime", "clock_settime_ns", "pthread_getcpuclockid"}),
    "typing": frozenset(
        {"get_type_hints", "ForwardRef", "evaluate_forward_ref", "get_annotations", "get_overloads", "clear_overloads"}
    ),
}

#: Every module name that may stand in an import statement of a plugin.
ALLOWED_IMPORTS: Final = frozenset(_MODULES)
#: Packages that may be named only as the way to an allowed module (`import urllib.parse`).
_PACKAGES: Final = frozenset(name.rsplit(".", depth)[0] for name in _MODULES for depth in range(1, name.count(".") + 1))

#: What to write instead of the modules people reach for first.
INSTEAD: Final[Mapping[str, str]] = {
    "os": "use plugins.sdk: environment for variables, files for files",
    "sys": "return values and raise exceptions instead",
    "pathlib": "use PurePath for names, and plugins.sdk files for contents",
    "socket": "use `from plugins.sdk import http`",
    "requests": "use `from plugins.sdk import http`",
    "httpx": "use `from plugins.sdk import http`",
    "urllib.request": "use `from plugins.sdk import http`",
    "http": "use `from plugins.sdk import http`",
    "http.client": "use `from plugins.sdk import http`",
    "logging": "use `from plugins.sdk import log`",
    "secrets": "use `from plugins.sdk import random`",
    "subprocess": "programs cannot start programs; compute the result in Python",
    "threading": "use async functions and asyncio.gather",
    "concurrent.futures": "use async functions and asyncio.gather",
    "multiprocessing": "use async functions and asyncio.gather",
    "inspect": "use type hints and dataclasses.fields",
    "sqlite3": "use `from plugins.sdk import storage`",
    "pickle": "use json",
    "shelve": "use `from plugins.sdk import storage`",
    "tempfile": "use io.BytesIO or io.StringIO",
    "yaml": "use json or tomllib",
    "asyncio.run": "make the handler async; the host runs it to its end",
    "asyncio.get_event_loop": "use asyncio.create_task and asyncio.Future()",
    "asyncio.get_running_loop": "use asyncio.create_task and asyncio.Future()",
    "asyncio.new_event_loop": "use asyncio.create_task and asyncio.Future()",
    "calendar.setfirstweekday": "use calendar.Calendar(firstweekday)",
    "collections.UserString": "keep the text in an attribute",
    "csv.register_dialect": "give the reader or writer the parameters themselves, or a class of csv.Dialect",
    "dataclasses.make_dataclass": "write the class",
    "decimal.setcontext": "use decimal.localcontext",
    "io.open": "use `from plugins.sdk import files`",
    "pathlib.Path": "use PurePath for names, and plugins.sdk files for contents",
    "random.seed": "use random.Random(seed)",
    "random.SystemRandom": "use `from plugins.sdk import random`",
    "string.Formatter": "use an f-string",
    "typing.get_type_hints": "use dataclasses.fields",
    "numpy": "use lists, math and statistics",
    "pandas": "use lists, csv and statistics",
}


#: The addresses of all that views show, which belongs to everybody.
SHOWN: Final[set[int]] = set()


class View:
    """A read-only picture of a module: its public names, and no other module behind any of them."""

    _view_name: str

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self._view_name} has no {name!r} that a plugin may use")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"modules are read-only; {self._view_name}.{name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"modules are read-only; {self._view_name}.{name} cannot be deleted")

    def __repr__(self) -> str:
        return f"<module {self._view_name!r}>"


def is_package(name: str) -> bool:
    """Return whether `name` is only a way to an allowed module."""
    return name in _PACKAGES and name not in _MODULES


def importable() -> tuple[str, ...]:
    """Return the modules that a plugin may import, sorted, each by one name."""
    return tuple(sorted(ALLOWED_IMPORTS - {"sdk", "__future__"}))


@functools.cache
def view(name: str) -> View:
    """Return the view of an allowed module or of a package on the way to one, importing it on first use."""
    members: dict[str, object] = {}
    if name in _MODULES:
        module = importlib.import_module(SDK if name == "sdk" else name)
        members = {key: getattr(module, key) for key in _public_names(name, module) if hasattr(module, key)}
    members = {key: _lasting(value) for key, value in members.items() if not isinstance(value, types.ModuleType)}
    members.update({key: value for (owner, key), value in _REPLACED.items() if owner == name})
    prefix = f"{name}."
    for child in (*_MODULES, *_PACKAGES):
        if child.startswith(prefix) and "." not in child[len(prefix) :] and child in sys.modules:
            members.setdefault(child[len(prefix) :], view(child))
    # Filled from here and not by the class, which a plugin can get by `type(json)`.
    shown = View()
    vars(shown).update(members, _view_name=name)
    SHOWN.update(map(id, members.values()))  # views are kept, and with them what they show
    return shown


def _lasting(value: Any) -> Any:
    """Return a value, or a class, that nobody can change who is shown it: all calls are shown the same one."""
    if isinstance(value, type):
        tables = {key: _lasting(item) for key, item in _public(value) if isinstance(item, (list, set, dict))}
        return type(value)(value.__name__, (value,), {"__module__": value.__module__, **tables}) if tables else value
    return _LASTING.get(type(value), _itself)(value)


def _itself(value: Any) -> Any:
    return value


_LASTING: Final[Mapping[type, Callable[[Any], Any]]] = {
    list: tuple,
    set: frozenset,
    dict: types.MappingProxyType,
}


def _public(kind: type) -> list[tuple[str, object]]:
    return [(key, getattr(kind, key)) for key in dir(kind) if not key.startswith("_")]


def _public_names(name: str, module: types.ModuleType) -> tuple[str, ...]:
    listed = _MODULES[name]
    if listed is not None:
        return listed
    names = getattr(module, "__all__", None) or list(vars(module))
    return tuple(key for key in names if not key.startswith("_") and key not in _HIDDEN.get(name, frozenset()))


def public_names(name: str) -> frozenset[str]:
    """Return the names `from name import ...` may take."""
    if name in (SDK, "sdk"):
        return frozenset((*_SDK_NAMES, *_SDK_TYPES))
    return frozenset(key for key in vars(view(name)) if key != "_view_name")


def guarded_import(
    name: str,
    globals_: Mapping[str, object] | None = None,
    locals_: Mapping[str, object] | None = None,
    fromlist: tuple[str, ...] | None = (),
    level: int = 0,
) -> View:
    """`__import__` of a plugin: only what is allowed, only as views.

    The names in `fromlist` are checked here, because the interpreter looks a missing one up in `sys.modules`.
    """
    del globals_, locals_
    if type(name) is str and is_behind(name):
        return load_behind(name)
    if type(name) is not str or level or not (name in ALLOWED_IMPORTS or is_package(name)):
        raise ImportError(f"a plugin cannot import {name!r}")
    _load(name)
    for wanted in fromlist or ():
        if wanted not in vars(view(name)) and f"{name}.{wanted}" in ALLOWED_IMPORTS:
            _load(f"{name}.{wanted}")
        if wanted not in vars(view(name)):
            raise ImportError(f"a plugin cannot import {wanted!r} from {name!r}")
    return view(name) if fromlist else view(name.partition(".")[0])


def is_behind(name: str) -> bool:
    """Return whether built-in code imports a module in the name of its caller."""
    return name in _BEHIND


def load_behind(name: str) -> View:
    """Load such a module, and return a view that shows nothing."""
    importlib.import_module(name)
    shown = View()
    vars(shown).update(_view_name=name)
    return shown


def _load(name: str) -> None:
    """Import a module and make `import a.b` show `b` in the view of `a`, as the real import does."""
    importlib.import_module(SDK if name == "sdk" else name)
    while "." in name:
        parent, _, child = name.rpartition(".")
        vars(view(parent))[child] = view(name)
        name = parent


# ---- replacements of functions that would take attribute names past the guards -------------------------------------


def _checked(name: object) -> str:
    if type(name) is not str:
        raise TypeError("attribute names must be strings")
    for part in name.split("."):
        if part.startswith("_") or part in WATCHED or part in FORMATTERS | NOW:
            raise AttributeError(f"the attribute {part!r} is not part of the dialect")
    return name


def _attrgetter(*names: str) -> Callable[[Any], Any]:
    return operator.attrgetter(*(_checked(name) for name in names))


def _methodcaller(name: str, /, *args: object, **kwargs: object) -> Callable[[Any], Any]:
    return operator.methodcaller(_checked(name), *args, **kwargs)


def _update_wrapper(wrapper: Any, wrapped: Any) -> Any:
    from sandbox.language.guards import write  # the guards import this module

    return functools.update_wrapper(write(wrapper), wrapped)


def _wraps(wrapped: Any) -> Callable[[Any], Any]:
    return lambda wrapper: _update_wrapper(wrapper, wrapped)


def _hinted_class(function: Any) -> type:
    """Return the class in the first type hint of a function, which is looked up and never evaluated."""
    hint = next(iter(getattr(function, "__annotations__", {}).values()), None)
    if isinstance(hint, str):
        hint = function.__globals__.get(hint, getattr(builtins, hint, None))
    if not isinstance(hint, type):
        raise TypeError("a function is registered by a class: @name.register(int)")
    return hint


def _singledispatch(function: Any) -> Any:
    """`functools.singledispatch`, which would evaluate the type hints of what is registered, past the compiler."""
    dispatcher = functools.singledispatch(function)
    plain = dispatcher.register

    def register(cls: Any, func: Any = None) -> Any:
        named = isinstance(cls, (type, types.UnionType))
        return plain(cls, func) if named or func is not None else plain(_hinted_class(cls), cls)

    setattr(dispatcher, "register", register)  # noqa: B010 - the type says that it is fixed
    return dispatcher


def _singledispatchmethod(function: Any) -> Any:
    """The same for methods."""
    made = functools.singledispatchmethod(function)
    made.dispatcher = _singledispatch(function)
    return made


_REPLACED: Final[Mapping[tuple[str, str], object]] = {
    ("functools", "singledispatch"): _singledispatch,
    ("functools", "singledispatchmethod"): _singledispatchmethod,
    ("operator", "attrgetter"): _attrgetter,
    ("operator", "methodcaller"): _methodcaller,
    ("functools", "update_wrapper"): _update_wrapper,
    ("functools", "wraps"): _wraps,
}
