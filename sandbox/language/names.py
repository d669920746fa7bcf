"""The names the language policy decides about: which double-underscore names are ordinary, which names are refused."""

from __future__ import annotations

import types
from typing import Final

_ARITHMETIC: Final = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "xor"),
    "or",
)
_ORDINARY: Final = (
    *("init", "new", "post_init", "call", "repr", "str", "bytes", "format", "bool", "hash", "len"),
    *("length_hint", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem", "missing", "lt"),
    *("le", "eq", "ne", "gt", "ge", "enter", "exit", "aenter", "aexit", "aiter", "anext", "await", "neg"),
    *("pos", "abs", "invert", "int", "float", "complex", "index", "round", "trunc", "floor", "ceil", "divmod"),
    *("rdivmod", "get", "set", "set_name", "init_subclass", "class_getitem", "copy", "deepcopy", "fspath"),
    "replace",
)

#: Methods a class of a plugin may define, and that may be named after a dot.
METHODS: Final = frozenset(
    f"__{name}__" for name in (*_ORDINARY, *(prefix + name for name in _ARITHMETIC for prefix in ("", "r", "i")))
)
#: Methods a class may define but nobody may name after a dot, except through the guard for `__setattr__`.
DEFINABLE: Final = METHODS | {"__getattr__", "__setattr__", "__delattr__"}
#: Data that may be read after a dot: it names things, it leads nowhere.
READABLE: Final = frozenset({"__name__", "__qualname__", "__doc__", "__members__", "__cause__", "__notes__"})
#: Module or class level names that may be assigned; `__match_args__` only to a literal.
ASSIGNABLE: Final = frozenset(
    {"__all__", "__version__", "__author__", "__license__", "__slots__", "__match_args__", "__hash__"}
)
#: Bare names that may be read.
NAMES: Final = frozenset({"__name__", "__doc__", "__debug__"}) | ASSIGNABLE

#: Public underscore names of named tuples and enums, on any object.
UNDERSCORE_API: Final = frozenset(
    {
        "_replace",
        "_asdict",
        "_fields",
        "_make",
        "_field_defaults",
        "_value_",
        "_name_",
        "_missing_",
        "_ignore_",
        "_order_",
    }
)

_RUNTIME_TYPES = (
    types.FrameType,
    types.CodeType,
    types.TracebackType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
)
#: Attributes of frames, code objects, tracebacks, generators and coroutines: each leads into the interpreter.
RUNTIME_ATTRIBUTES: Final = {"f_generator"} | {
    name for kind in _RUNTIME_TYPES for name in dir(kind) if name.startswith(("f_", "co_", "tb_", "gi_", "cr_", "ag_"))
}
#: Public methods that hand out the class tree, frames or the event loop.
LEADING_OUT: Final = frozenset(
    {"mro", "get_stack", "print_stack", "get_loop", "get_coro", "get_context", "with_traceback"}
)
#: Text formatting by a run-time template walks attributes past every guard.
FORMATTERS: Final = frozenset({"format", "format_map"})
#: Class methods of dates that read the clock: they are named in the source, where the gate sees them.
NOW: Final = frozenset({"now", "utcnow", "today"})
#: Attribute names the run-time guard looks at twice.
#: Public attributes under which a class of an allowed module keeps a module: `PurePath.parser`, from Python 3.13 on.
HOLDING_MODULES: Final = frozenset({"parser"})
WATCHED: Final = RUNTIME_ATTRIBUTES | LEADING_OUT | FORMATTERS
#: Attribute names that no pattern may read, since no guard stands there; `obj` of an error may be a module.
UNMATCHED: Final = WATCHED | NOW | HOLDING_MODULES | {"obj"}

#: Names of the guards in a module's globals; a program may not use them for anything.
GUARDS: Final = frozenset({"_getattr_", "_getown_", "_getprivate_", "_matched_", "_write_"})

#: Builtins that are not there, and what to write instead.
MISSING_BUILTINS: Final = {
    "exec": "write the code itself; programs cannot build code",
    "eval": "parse the text yourself, or use json.loads",
    "compile": "write the code itself; programs cannot build code",
    "open": "use `from plugins.sdk import files` and declare the path under capabilities.filesystem",
    "input": "take the value as a parameter of the handler",
    "globals": "keep the values in a dict of your own",
    "locals": "keep the values in a dict of your own",
    "vars": "use dataclasses.asdict, or name the attributes",
    "dir": "name the attributes you need",
    "breakpoint": "remove it",
    "help": "remove it",
    "exit": "return from the handler, or raise ValueError",
    "quit": "return from the handler, or raise ValueError",
    "memoryview": "use bytes or bytearray",
    "__import__": "write an import statement at the top of the module",
    "BaseException": "use Exception",
    "SystemExit": "return from the handler, or raise ValueError",
    "KeyboardInterrupt": "use an exception of your own",
    "GeneratorExit": "use try/finally in the generator",
    "copyright": "remove it",
    "credits": "remove it",
    "license": "remove it",
}


def is_dunder(name: str) -> bool:
    """Return whether `name` has the form `__name__`."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def attribute_problem(name: str) -> tuple[str, str] | None:
    """Return why `name` may not stand after a dot (message, hint), or None when it may.

    `format` and `format_map` are not decided here: on text they depend on the template.
    """
    if name in RUNTIME_ATTRIBUTES or name in LEADING_OUT:
        return f"the attribute {name!r} leads into the interpreter", "work with the values themselves"
    if name in GUARDS:
        return f"the name {name!r} belongs to the language policy", "choose another name"
    if is_dunder(name) and name not in METHODS | READABLE | {"__setattr__"}:
        return f"the attribute {name!r} is not part of the dialect", _INSTEAD.get(name, "use an ordinary attribute")
    return None


_INSTEAD: Final = {
    "__class__": "write type(x)",
    "__dict__": "use dataclasses.asdict, or name the attributes",
    "__bases__": "use isinstance or issubclass",
    "__base__": "use isinstance or issubclass",
    "__mro__": "use isinstance or issubclass",
    "__subclasses__": "keep a registry dict of your own",
    "__annotations__": "use dataclasses.fields",
    "__file__": "use `from plugins.sdk import files`",
    "__wrapped__": "keep the inner function in a variable",
    "__traceback__": "use str(error)",
}
