"""What a worker does with one request: load, call, or run a job, and say in plain data how that ended.

Nothing here needs a channel, so that the same code answers inside WebAssembly. Nothing here is a defence either: the
program shares this memory and may change all of it.
"""

from __future__ import annotations

import builtins
import errno
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.machinery import SourceFileLoader
from itertools import islice
from types import ModuleType, TracebackType
from typing import Any, Final

from sandbox import places, values
from sandbox.outcome import Violation

_MAX_TEXT: Final = 4096
_MAX_FRAMES: Final = 20
_MAX_BASES: Final = 20
_MAX_VIOLATIONS: Final = 200
MAX_ITEMS: Final = 100_000
_OWN: Final = os.path.dirname(__file__) + os.sep
# What is certainly no coroutine and no generator; anything else is looked at.
_FINISHED: Final = frozenset({bool, int, float, str, bytes, list, tuple, dict, set, type(None)})
LIMIT_OF_ERRNO: Final = {
    errno.EDQUOT: "disk_mb",
    errno.EMFILE: "open_files",
    errno.EFBIG: "file_mb",
    errno.EAGAIN: "processes",
    errno.ENOMEM: "memory_mb",
}
# A kind, and the plain data that goes with it: so are requests and replies alike.
Message = tuple[str, object]


class CapabilityDenied(Exception):
    """The host refused something of the outside; whatever the program does now, its call ends as denied."""


class LimitReached(Exception):
    """The host refused an ask that would go over a ceiling; the call ends as limit-exceeded."""


class _Loaded:
    """The program of this worker; module state, since there is one for its whole life."""

    program: ModuleType | None = None


def answer(kind: str, body: list[Any]) -> Message:
    """Do what a request asks for and return how it ended; raises nothing."""
    try:
        result = _ACTIONS[kind](*body)
        return "completed", values.encode(result if type(result) in _FINISHED else _finished(result))
    except BaseException as problem:  # noqa: BLE001 (whatever the program raises is its answer; no Ctrl-C comes here)
        return describe(problem)


def begin(kind: str, body: Any) -> object:
    """Do what a request asks for; a coroutine or generator comes back as it is."""
    return _ACTIONS[kind](*body)


def completed(value: object) -> Message:
    """Return the reply for a value; raises ValueError when it cannot cross."""
    return "completed", values.encode(value)


def too_large() -> Message:
    """Return the reply in place of one that is larger than a worker may send."""
    return "limit", {"limit": "output_kb", "message": "the result is too large"}


async def settled(result: object) -> object:
    """Return what comes of a result inside a running loop, as `begin` gave it."""
    if inspect.iscoroutine(result):
        return await settled(await result)
    if inspect.isasyncgen(result):
        return await _gather(result)
    return list(islice(result, MAX_ITEMS)) if inspect.isgenerator(result) else result


def _load(entry: str, language: str) -> None:
    name = os.path.basename(entry).removesuffix(".py")
    _Loaded.program = _loader(language)(name, f"{places.PLUGIN}/{entry}")


def _loader(language: str) -> Callable[[str, str], ModuleType]:
    if language == "plain":
        return _load_plain
    return _load_dialect


def _load_plain(name: str, path: str) -> ModuleType:
    sys.path.insert(0, places.PLUGIN)
    loader = SourceFileLoader(name, path)  # it is Python whatever the file is called
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _load_dialect(name: str, path: str) -> ModuleType:
    from sandbox import language

    with open(path, "rb") as stream:
        source = stream.read()
    return language.new_module(name, language.compile_module(source, path), file=path)


def _call(function: str, args: list[object], kwargs: dict[str, object]) -> object:
    called = getattr(_Loaded.program, function, None)
    if not callable(called):
        raise AttributeError(f"the program has no function {function!r}")  # noqa: TRY004 (a missing name)
    if not kwargs:
        return called(*map(values.decode, args))
    return called(*map(values.decode, args), **{name: values.decode(item) for name, item in kwargs.items()})


def _finished(result: object) -> object:
    """Run a coroutine to its end and list what a generator gives."""
    if inspect.iscoroutine(result) or inspect.isasyncgen(result):
        import asyncio

        return asyncio.run(settled(result))
    return list(islice(result, MAX_ITEMS)) if inspect.isgenerator(result) else result


async def _gather(results: object) -> list[object]:
    gathered: list[object] = []
    async for item in results:  # type: ignore[attr-defined]
        gathered.append(item)
        if len(gathered) >= MAX_ITEMS:
            break
    return gathered


def _job(function: str, argument: object) -> object:
    module, _, name = function.partition(":")
    return getattr(sys.modules[module], name)(values.decode(argument))


_ACTIONS: Final[dict[str, Callable[..., object]]] = {"load": _load, "call": _call, "job": _job}


def describe(problem: BaseException) -> Message:
    """Return the reply for what a program raised."""
    violations = getattr(problem, "violations", None)
    if isinstance(violations, tuple) and type(problem).__module__.startswith("sandbox.language"):
        return "refused", [_violation(one) for one in violations[:_MAX_VIOLATIONS]]
    limit = _limit_of(problem)
    if limit:
        return "limit", {"limit": limit, "message": _text(problem)}
    kind, frames = type(problem).__name__, _frames(problem.__traceback__)
    return "raised", {"type": kind[:200], "message": _text(problem), "frames": frames, "bases": _bases(type(problem))}


def _bases(kind: type) -> list[str]:
    """The names of what an exception also is, nearest first; a built-in one's only where it is that one."""
    try:
        known = [(base.__name__, base) for base in type.mro(kind)[1:-1]]
        return [name[:200] for name, base in known if getattr(builtins, name, base) is base][:_MAX_BASES]
    except BaseException:  # noqa: BLE001 (a class of the program may refuse to be asked)
        return []


def _violation(violation: Violation) -> dict[str, object]:
    """Name the file as the program does: its folder here is nobody's business."""
    return {**asdict(violation), "path": violation.path.removeprefix(f"{places.PLUGIN}/")}


def _limit_of(problem: BaseException) -> str:
    if isinstance(problem, MemoryError):
        return "memory_mb"
    if isinstance(problem, OSError):
        if problem.errno == errno.ENOSPC:
            return "disk_mb" if _may_make_another() else "inodes"
        return LIMIT_OF_ERRNO.get(problem.errno or 0, "")
    if isinstance(problem, RuntimeError) and problem.args == ("can't start new thread",):
        return "processes"
    return ""


def _may_make_another() -> bool:
    """Tell whether a folder can be made: it takes an inode, and nothing of the disk."""
    folder = os.path.join(places.WORK, f".{os.urandom(8).hex()}")
    try:
        os.mkdir(folder)
        os.rmdir(folder)
    except OSError:
        return False
    return True


def _text(problem: BaseException) -> str:
    try:
        text = str(problem)[:_MAX_TEXT]
    except BaseException:  # noqa: BLE001 (an exception of the program may refuse to be printed)
        return "(it cannot be shown)"
    return text.encode(errors="backslashreplace").decode()


def _frames(trace: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        folder = next((one for one in (places.PLUGIN, places.WORK) if code.co_filename.startswith(f"{one}/")), "")
        if folder and not code.co_filename.startswith(_OWN):  # a checkout may itself lie under a /work of the host
            frames.append(f"{code.co_filename[len(folder) + 1 :]}:{trace.tb_lineno} in {code.co_name}"[:300])
        trace = trace.tb_next
    return frames[-_MAX_FRAMES:]
