"""The dialect in words: the same text for the model that writes plugins and for the person who reads about them."""

from __future__ import annotations

from typing import Final

from sandbox.language.modules import SDK, importable

_MODULES: Final = ", ".join(name for name in importable() if name != SDK)

DIALECT: Final = f"""\
A plugin is one ordinary Python module, plugin.py, with type hints and docstrings (Python 3.11 syntax).

Allowed: functions, async functions, generators, lambdas, decorators, classes, dataclasses, enums, named tuples,
TypedDict, match, with, try/except/finally, walrus, comprehensions, f-strings, type hints, nonlocal and global, names
and own attributes that start with one underscore (_helper, self._count), ordinary special methods (__init__,
__post_init__, __repr__, __eq__, __len__, __iter__, __enter__, ...), module-level constants such as re.compile(...).

Imports: only these modules, and only their public names: {_MODULES}.
For the outside: `from plugins.sdk import` http, files, environment, storage, clock, random, log, progress, tcp; each
declared in plugin.yaml. No other module, no relative import, no star import.

Tools and commands return plain data: None, bool, int, float, str, bytes, and list, tuple, dict, set of these; no
subclass of them. Make it of other values: dict(counter), asdict(item), str(amount), day.isoformat(), level.value.

Not allowed, and what to write instead:
- open, input, exec, eval, compile, globals, locals, vars, dir, __import__: use parameters, json, and plugins.sdk.
- x.__class__, x.__dict__, __subclasses__, __globals__, __code__ and the like: use type(x), isinstance, asdict.
  type takes exactly one value, which is not a class.
- frame, code, traceback and generator internals (tb_frame, gi_frame, f_globals, ...), also as fields of a class;
  positions in a class pattern (`case Point(x, y)`) but for builtin classes and classes that the module itself writes
  as dataclass, NamedTuple or with __match_args__: elsewhere write `case Point(x=x)`.
- functools.singledispatch with hints that are more than one class: write @name.register(int).
- metaclass=...: inherit from abc.ABC or enum.Enum. except*: use except. Template strings: use f-strings.
- BaseException (outside type hints), SystemExit, KeyboardInterrupt: use Exception or an exception of your own.
- setting attributes of modules and of classes from libraries; private attributes (x._y) of objects whose class is not
  the plugin's own.
- operator.attrgetter and operator.methodcaller with names that start with an underscore.
- what nobody can read: packed or encoded constants, a fixed digest to compare with, getattr(module, name) with a name
  that is not literal. Write the data out, take it as a parameter, or keep a table of functions. No use of __name__.
- two statements on one line (`if x: return 1`, `a = 1; b = 2`); a body of `...` or `pass` may stand there.
- what a call leaves for the next one: changing a value at the top or of a class in a function, global, iterators and
  objects that count at the top; use parameters, storage of the SDK or functools.cache.
- id() and hash() outside __hash__.
- type hints that are more than names, attributes, subscripts, unions and constants.
- time, random, datetime.now and uuid4 make results differ, and so do what None stands for (time.gmtime(None)), the zone
  of the machine (astimezone(), fromtimestamp(x), time.timezone: name a zone) and samples without a seed: declare them
  under `effects`, or take the value as a parameter.
"""

#: The same for test files.
TEST_DIALECT: Final = """\
Tests are plain pytest in tests/test_plugin.py: `from plugin import ...`, functions named test_..., at most 200 of them.
Every test asserts something that depends on what the plugin returns or raises, and can fail.

Allowed: pytest.raises, approx, fixture, param, and mark.parametrize with its names and ids written out as literals,
and cases that can be counted by reading (a list, a text, range; not a comprehension); fixtures of the same file, and
capsys and capfd; the modules a plugin may import, by their public names, and asyncio.run for async handlers. For the
outside: `from plugins.sdk import testing`, then
`with testing.outside(http={"https://host/path": testing.reply(json={...})}, files={"~/notes/a.txt": "text"},
environment={"NAME": "value"}, storage={...}, tcp={"host:7": b"what it says"}, now=..., seed=...) as seen:`, and
seen.urls, seen.requests, seen.sent, seen.files, seen.storage, seen.messages, seen.operations after. In place of a reply
or a file stands testing.failure("timed out"), of a reply also a list of them, given in order.
Recorded inputs lie in tests/data; read them with testing.data("name").

Not allowed: skip, xfail, exit, monkeypatch, mock, tmp_path, changing or rebinding what is tested; os, sys, inspect,
importlib; open, exec, eval, setattr, globals; the plugin's source, code objects or __doc__; async test functions;
calls of the plugin outside tests and functions (at the top, in cases, decorators and defaults; classes of the plugin
may be made there), in a fixture with a scope and behind a cache; state that tests change and share (a list at the top,
an iterator, global, attributes of functions and classes, also those of the plugin): make it in the test;
setting by __setattr__ or __setitem__, private attributes of others (x._y), type with more than one value;
assertions that are always true, come after a return, are caught by an except, or are never reached when the tests run;
in `with` anything but pytest.raises, testing.outside, decimal.localcontext, nullcontext and the plugin's own context
managers.
"""
