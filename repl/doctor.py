"""`doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from plugins.errors import NotFoundError, RatchetError
from repl.answer import Answer

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session

Level = Literal["ok", "off", "warning", "failed"]
_STYLES = {"ok": "green", "off": "dim", "warning": "yellow", "failed": "bold red"}
_UNAVAILABLE, _STATE = 12, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `exit_code` is what a failure means for the program."""

    name: str
    level: Level
    message: str
    hint: str = ""
    exit_code: int = _STATE

    def to_json(self) -> dict[str, str]:
        """The check for programs."""
        return {"name": self.name, "level": self.level, "message": self.message, "hint": self.hint}


def doctor(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """Look at everything; the exit code is that of the first failure."""
    checks = list(_checks(session))
    failed = [check for check in checks if check.level == "failed"]
    return Answer(
        payload={"ok": not failed, "checks": [check.to_json() for check in checks]},
        show=lambda screen: _show(screen, checks),
        exit_code=failed[0].exit_code if failed else 0,
    )


def _show(screen: Screen, checks: list[Check]) -> None:
    for check in checks:
        screen.line(
            (f"{check.level:<8} ", _STYLES[check.level]), (f"{check.name}: ", "bold"), screen.typed(check.message)
        )
        if check.hint:
            screen.hint("         hint: ", check.hint)


def _checks(session: Session) -> Iterator[Check]:
    looks: tuple[Callable[[Session], Iterator[Check]], ...] = (
        _python, _git, _identity, _state, _key, _workspace, _sandbox, _models, _settings,
    )  # fmt: skip
    for look in looks:
        try:
            yield from look(session)
        except RatchetError as error:
            yield Check(name=look.__name__.strip("_"), level="failed", message=str(error), hint=error.hint,
                        exit_code=error.exit_code)  # fmt: skip


def _python(session: Session) -> Iterator[Check]:  # noqa: ARG001
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Check(name="python", level="ok" if good else "failed", message=f"{version}, {sys.executable}",
                hint="" if good else "Ratchet needs 3.11 or later")  # fmt: skip


def _git(session: Session) -> Iterator[Check]:  # noqa: ARG001
    import subprocess

    from plugins.git_process import git_program

    program = git_program()
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
    yield Check(name="git", level="ok", message=f"{done.stdout.strip().removeprefix('git version ')}, {program}")


def _identity(session: Session) -> Iterator[Check]:
    from plugins.git_process import environment
    from plugins.repository import identity

    workspace = session.here
    person = workspace.repository.identity() if workspace is not None else identity(environment(), Path("/"))
    yield Check(name="identity", level="ok", message=str(person))


def _state(session: Session) -> Iterator[Check]:
    root = session.state.folder()
    mode = stat.S_IMODE(root.stat().st_mode)
    free = os.statvfs(root)
    space = free.f_bavail * free.f_frsize // 2**20
    if mode & 0o077:
        yield Check(name="user state", level="warning", message=f"{root} can be read by others ({mode:o})",
                    hint=f"chmod 700 {root}")  # fmt: skip
    elif space < 100:  # MB
        yield Check(name="user state", level="warning", message=f"only {space} MB are free at {root}")
    else:
        yield Check(name="user state", level="ok", message=str(root))


def _key(session: Session) -> Iterator[Check]:
    from plugins.keys import host_key

    key = host_key(session.state, create=False)
    if key is None:
        yield Check(name="host key", level="ok", message="none yet; it is made with the first decision")
        return
    mode = stat.S_IMODE(session.state.path("host_key").stat().st_mode)
    if mode & 0o077:
        path = session.state.path("host_key")
        yield Check(name="host key", level="failed", message=f"{path} can be read by others ({mode:o})",
                    hint=f"chmod 600 {path}, and think about who may have read it")  # fmt: skip
        return
    yield Check(name="host key", level="ok", message=key.public.fingerprint)


def _workspace(session: Session) -> Iterator[Check]:
    try:
        workspace = session.workspace
    except NotFoundError as error:
        yield Check(name="workspace", level="warning", message=str(error), hint=error.hint)
        return
    repository = workspace.repository
    branch = repository.branch().removeprefix("refs/heads/")
    yield Check(
        name="workspace", level="ok", message=f"{workspace.root}, {f'branch {branch}' if branch else 'detached'}"
    )
    if not session.trusted:
        yield Check(name="trust", level="warning", message="not trusted: nothing of it runs", hint="run: ratchet trust")
    if (repository.git_dir / "index.lock").exists():
        yield Check(name="index.lock", level="warning", message="another git is changing this repository",
                    hint=f"if none is running, remove {repository.git_dir / 'index.lock'}")  # fmt: skip
    if session.trusted and session.journal.pending():
        yield Check(name="journal", level="warning", message="a change was interrupted",
                    hint="the next command that changes something finishes or undoes it")  # fmt: skip


def _sandbox(session: Session) -> Iterator[Check]:
    """The levels with the layers of the kernel that they stand on; only `process` has to work."""
    for name, level in session.sandbox.probe().levels.items():
        layers = ", ".join(f"{layer}: {text}" for layer, text in level.layers.items() if "canary" not in layer)
        if level.available:
            yield Check(name=f"sandbox {name}", level="ok", message=layers or "available")
        elif name == "process":
            yield Check(name=f"sandbox {name}", level="failed", message=level.why, hint=level.cure,
                        exit_code=_UNAVAILABLE)  # fmt: skip
        else:
            why = level.why.removeprefix(f"the sandbox level {name!r} is unavailable: ")
            yield Check(name=f"sandbox {name}", level="off", message=f"not available, and not needed: {why}")


def _models(session: Session) -> Iterator[Check]:
    for found in session.models():
        chosen = "chosen" if found.chosen else ""
        message = ", ".join(filter(None, (chosen, found.why))) or "can be asked"
        yield Check(name=f"model {found.name}", level="ok" if found.available else "warning", message=message)


def _settings(session: Session) -> Iterator[Check]:
    settings = session.settings
    yield Check(name="settings", level="ok", message="valid; ratchet config shows them")
    for note in settings.notes:
        yield Check(name="settings", level="warning", message=note)
