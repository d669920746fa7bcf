"""What stands in a plugin module's globals: the guards that compiled code calls, and the builtins it may use."""

from __future__ import annotations

import builtins
import functools
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any, Final

from sandbox.language.classes import is_unmatched
from sandbox.language.formats import GuardedFormatter
from sandbox.language.modules import SDK, SHOWN, View, guarded_import
from sandbox.language.names import FORMATTERS, NOW, UNDERSCORE_API, WATCHED, attribute_problem, is_dunder

#: Names of the modules that were loaded through the policy; their classes are the plugin's own.
OWN_MODULES: Final[set[str]] = set()

_getattr = getattr
#: Classes whose instances are the plugin's own, remembered because asking takes longer than reading.
_OWN_TYPES: Final[set[type]] = set()
_MAX_OWN_TYPES: Final = 1000
_PLAIN_BASES: Final = frozenset({"builtins", "abc", "typing", "enum", "collections.abc"})
_MISSING: Final = object()


def get_attribute(subject: Any, name: str) -> Any:
    """Read an ordinary attribute: the compiler has checked its name, this checks that no module comes out."""
    value = _getattr(subject, name)
    if isinstance(value, types.ModuleType):
        raise AttributeError(f"{name!r} is a module, which a plugin cannot reach this way")  # noqa: TRY004 - hasattr
    return value


def get_own(subject: Any, name: str) -> Any:
    """Read an attribute whose name needs a look at the object: underscore names, `format`, interpreter internals."""
    problem = attribute_problem(name)
    if problem:
        raise AttributeError(problem[0])
    if name in FORMATTERS and _formats_text(subject, name):
        return _formatter(subject, name)
    if name == "__setattr__":
        return _setter(subject)
    if name.startswith("_") and not is_dunder(name) and name not in UNDERSCORE_API:
        _check_private(subject, name)
    return get_attribute(subject, name)


def get_private(subject: Any, name: str) -> Any:
    """Read a name with one underscore, which the compiler has checked: only of what the plugin defined itself."""
    if type(subject) in _OWN_TYPES:
        return _getattr(subject, name)
    _check_private(subject, name)
    plain = not isinstance(subject, (type, types.FunctionType, super)) and not _library_bases(type(subject))
    if plain and len(_OWN_TYPES) < _MAX_OWN_TYPES:
        _OWN_TYPES.add(type(subject))
    return get_attribute(subject, name)


def _check_private(subject: object, name: str) -> None:
    """Refuse private names of others, also those that a library class keeps for itself in a subclass of the plugin."""
    kind = subject if isinstance(subject, type) else type(subject)
    theirs = not is_own(subject) or any(name in _private_names(base) for base in _library_bases(kind))
    if theirs:
        raise AttributeError(f"{name!r} is private to {kind.__name__}")


def _library_bases(kind: type) -> list[type]:
    return [base for base in type.mro(kind) if _module_of(base) not in OWN_MODULES | _PLAIN_BASES]


@functools.cache
def _private_names(kind: type) -> frozenset[str]:
    """Return the names with an underscore that a class defines or that its methods mention."""
    codes = (getattr(member, "__code__", None) for member in vars(kind).values())
    mentioned = (name for code in codes if code is not None for name in code.co_names)
    return frozenset(name for name in (*vars(kind), *mentioned) if name.startswith("_"))


def _formats_text(subject: object, name: str) -> bool:
    """Return whether this is the `format` of str, also behind a subclass or `super()`."""
    if isinstance(subject, super):
        return True
    kind = subject if isinstance(subject, type) else type(subject)
    return issubclass(kind, str) and _getattr(kind, name) is _getattr(str, name)


def _formatter(subject: Any, name: str) -> Callable[..., str]:
    if isinstance(subject, super):
        raise AttributeError(f"super().{name} is not part of the dialect; use an f-string")  # noqa: TRY004 - it is hidden

    def formatted(template: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> str:
        if name == "format_map":
            (named,) = arguments
        return GuardedFormatter(_get).vformat(str.__str__(template), arguments, named)

    if isinstance(subject, type):
        return lambda template, *arguments, **named: formatted(template, arguments, named)
    return lambda *arguments, **named: formatted(subject, arguments, named)


def _setter(subject: Any) -> Callable[..., None]:
    """`object.__setattr__` and `super().__setattr__`, with the same rules as an assignment."""
    raw = _getattr(subject, "__setattr__")
    if isinstance(subject, type):
        return lambda instance, name, value: raw(write(instance), stored_name(name), value)
    return lambda name, value: raw(stored_name(name), value)


def is_own(subject: object) -> bool:
    """Return whether `subject` is a class, function or instance that code of the plugin defined."""
    if isinstance(subject, types.FunctionType):
        return subject.__module__ in OWN_MODULES
    if isinstance(subject, super):
        return True
    kind = subject if isinstance(subject, type) else type(subject)
    return any(_module_of(base) in OWN_MODULES for base in type.mro(kind))


def _module_of(kind: type) -> object:
    return type.__getattribute__(kind, "__module__")  # past any metaclass; also for classes written in C


def disown(name: str) -> None:
    """Forget a module that was loaded through the policy."""
    OWN_MODULES.discard(name)
    _OWN_TYPES.clear()


def write(subject: Any) -> Any:
    """Return `subject` when its attributes may be set: instances, and what the plugin defined itself."""
    if type(subject) in _OWN_TYPES:
        return subject
    if isinstance(subject, (View, types.ModuleType)) or _module_of(type(subject)) == SDK:
        raise AttributeError("modules are read-only")
    shared = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
    if (isinstance(subject, (*shared, Enum)) or id(subject) in SHOWN) and not is_own(subject):
        raise AttributeError(f"{subject!r} belongs to a library and is read-only")
    return subject


def matched(subject: Any, *kinds: Any) -> Any:
    """Return `subject`, when the patterns of classes it is held against read ordinary attributes only."""
    for kind in kinds:
        names = _getattr(kind, "__match_args__", ())
        if type(names) is not tuple or any(is_unmatched(name) for name in names):
            raise AttributeError(f"the positions of {kind!r} read what a pattern cannot; write names")
    return subject


class OneValueType:
    """`type` for plugins: `type(x)`, `type[...]` and `isinstance(x, type)`, but no way to build classes."""

    def __call__(self, subject: object) -> type:
        """Return the class of a value; never a metaclass, since calling one builds classes past the compiler."""
        kind = type(subject)
        if issubclass(kind, type):
            raise TypeError("type() of a class is not part of the dialect; use isinstance or issubclass")
        return kind

    def __instancecheck__(self, subject: object) -> bool:
        return isinstance(subject, type)

    def __getitem__(self, item: Any) -> Any:
        return type[item]

    def __or__(self, other: Any) -> Any:
        return type | other

    def __ror__(self, other: Any) -> Any:
        return other | type

    def __repr__(self) -> str:
        return "<class 'type'>"


def stored_name(name: object) -> str:
    """Return `name` when `setattr` may use it."""
    if type(name) is not str:
        raise TypeError("attribute names must be strings")
    if is_dunder(name) or name in WATCHED:
        raise AttributeError(f"the attribute {name!r} cannot be set")
    return name


def _get(subject: Any, name: str, default: Any = _MISSING) -> Any:
    if type(name) is not str:
        raise TypeError("attribute names must be strings")
    if name in NOW and (isinstance(subject, date) or (isinstance(subject, type) and issubclass(subject, date))):
        raise AttributeError(f"{name!r} reads the clock and is written after a dot")
    read = get_own if name.startswith("_") or name in WATCHED else get_attribute
    try:
        return read(subject, name)
    except AttributeError:
        if default is _MISSING or attribute_problem(name):
            raise
        return default


def _has(subject: Any, name: str) -> bool:
    try:
        _get(subject, name)
    except AttributeError:
        return False
    return True


def _set(subject: Any, name: str, value: object) -> None:
    setattr(write(subject), stored_name(name), value)


def _delete(subject: Any, name: str) -> None:
    delattr(write(subject), stored_name(name))


_FUNCTIONS: Final = (
    *("abs", "aiter", "all", "anext", "any", "ascii", "bin", "bool", "bytearray", "bytes", "callable", "chr"),
    *("classmethod", "complex", "dict", "divmod", "enumerate", "filter", "float", "format", "frozenset"),
    *("hash", "hex", "id", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min"),
    *("next", "object", "oct", "ord", "pow", "print", "property", "range", "repr", "reversed", "round", "set"),
    *("slice", "sorted", "staticmethod", "str", "sum", "super", "tuple", "type", "zip", "None", "True"),
    *("False", "Ellipsis", "NotImplemented"),
)


def _exceptions() -> dict[str, Any]:
    return {key: kind for key, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)}


#: Every builtin name a module may read.
BUILTINS: Final = frozenset(_FUNCTIONS) | frozenset(_exceptions()) | {"getattr", "setattr", "delattr", "hasattr"}


#: Builtins that no module has yet; a fork server puts some there, for each worker to find them made.
_SPARE: Final[list[dict[str, Any]]] = []


def spare_builtins() -> None:
    """Have the builtins of the next module ready."""
    if not _SPARE:
        _SPARE.append(_module_builtins(guarded_import))


def module_builtins(import_: Callable[..., Any] = guarded_import) -> dict[str, Any]:
    """Return the builtins of one module, with `import_` behind its import statements."""
    return _SPARE.pop() if _SPARE and import_ is guarded_import else _module_builtins(import_)


def _module_builtins(import_: Callable[..., Any]) -> dict[str, Any]:
    return _exceptions() | {
        **{key: _getattr(builtins, key) for key in _FUNCTIONS},
        "__build_class__": builtins.__build_class__,
        "BaseException": BaseException,  # for type hints of __exit__; the compiler refuses it elsewhere
        "__import__": import_,
        "__name__": "builtins",
        "getattr": _get,
        "hasattr": _has,
        "setattr": _set,
        "type": OneValueType(),
        "delattr": _delete,
    }


def module_globals(name: str, file: str, import_: Callable[..., Any] = guarded_import) -> dict[str, Any]:
    """Return the globals in which a module compiled by the policy runs."""
    return {
        "__name__": name,
        "__file__": file,
        "__builtins__": module_builtins(import_),
        "_getattr_": get_attribute,
        "_getown_": get_own,
        "_getprivate_": get_private,
        "_matched_": matched,
        "_write_": write,
    }
