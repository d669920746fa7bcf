"""`sandbox probe` and `sandbox run`: the sandbox by itself."""

from __future__ import annotations

import math
import os
import stat
from argparse import Namespace
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from plugins.errors import NotFoundError, UsageError
from repl.answer import Answer
from repl.outcomes import json_arguments, outcome_answer

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session
    from sandbox.limits import Limits
    from sandbox.probe import Probe
    from sandbox.program import Level

_LARGEST = 8 * 2**20  # bytes of a module that is read


def run(session: Session, arguments: Namespace) -> Answer:
    """Load a file in the sandbox and call one of its functions."""
    from sandbox.policy import Policy
    from sandbox.program import Program

    path = Path(arguments.file).expanduser()
    entry = path.name if path.name.isprintable() else "program.py"  # what no message could hold has another name
    program = Program(
        files={entry: _read(path)}, entry=entry, language="plain" if arguments.boundary_only else "dialect"
    )
    args, kwargs = json_arguments(arguments.args) if arguments.args else ([], {})
    level = cast("Level", arguments.level or "process")
    limits = _limits(arguments)
    with session.sandbox.open(program, policy=Policy(), limits=limits, level=level) as opened:
        return outcome_answer(opened.call(arguments.call, args, kwargs))


def _read(path: Path) -> bytes:
    """Read a file of a size that a module may have, and nothing else: a pipe without a writer would never end."""
    hint = "name a file of Python source"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UsageError(f"{path} is not a regular file", hint=hint, id=str(path))
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(_LARGEST + 1) or b""  # nothing, where the kernel would have to be waited for
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror}", hint=hint, id=str(path)) from error
    if len(data) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST // 2**20} MB", hint=hint, id=str(path))
    return data


def _limits(arguments: Namespace) -> Limits:
    from sandbox.limits import Limits

    limits = Limits()
    if arguments.wall is not None:
        if not 0 < arguments.wall <= 3600:  # also refuses nan
            raise UsageError("--wall is more than 0 and at most 3600 seconds")
        limits = replace(limits, wall_s=arguments.wall, cpu_s=max(limits.cpu_s, math.ceil(arguments.wall)))
    if arguments.memory is not None:
        if not 1 <= arguments.memory <= 65536:
            raise UsageError("--memory is 1 to 65536 MB")
        limits = replace(limits, memory_mb=arguments.memory)
    return limits


def probe(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """Run the canaries of every level and say which layer stopped what."""
    found = session.sandbox.probe()
    return Answer(payload=asdict(found), show=lambda screen: _show_probe(screen, found))


def _show_probe(screen: Screen, found: Probe) -> None:
    for name, level in found.levels.items():
        screen.line((f"{name}: ", "bold"), ("available", "green") if level.available else ("not available", "yellow"))
        if level.cure:  # it could not be started: the layer and what it did are the reason
            why = level.why.removeprefix(f"the sandbox level {name!r} is unavailable: ").removesuffix(level.cure)
            screen.fields((("why", why.strip()), ("cure", level.cure)))
            continue
        if level.why:
            screen.fields((("why", level.why),))
        screen.fields(level.layers.items())
        for note in level.notes:
            screen.line(("  note: ", "yellow"), note)
