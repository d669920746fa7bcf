"""`propose`, `revise`, `edit`, `resume`, `replay` and `try`: making a proposal and working on it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.errors import StateError, UsageError
from repl.answer import AUDIT_BROKEN, Answer
from repl.ask import at_terminal
from repl.files import read_files, write_new
from repl.outcomes import outcome_answer
from repl.proposing import proposal_answer
from repl.report_screen import draw_report

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session
    from selfmod.candidate import Candidate
    from selfmod.pipeline import Replayed

_EDITORS = ("sensible-editor", "nano", "vim", "vi")


def propose(session: Session, arguments: Namespace) -> Answer:
    """Make a proposal from a description, or from files."""
    from selfmod.request import make_spec

    text = _text(session, arguments.spec)
    candidate = read_files(Path(arguments.from_)) if arguments.from_ else None
    if not text.strip() and candidate is None:
        raise UsageError("propose needs SPEC, what is wanted, or --from PATH", hint="see: ratchet help propose")
    spec = make_spec(
        text,
        examples=arguments.example,
        allow=arguments.allow,
        plugin=arguments.id or "",
        change=arguments.change or "",
        secret=session.secret,
    )
    _check_attempts(arguments)
    proposal = session.pipeline.propose(
        spec, candidate=candidate, attempts=arguments.attempts, model=session.options.model
    )
    return proposal_answer(session, proposal)


def _text(session: Session, given: str) -> str:
    """The request; `-` stands for standard input."""
    if given.strip() != "-":
        return given
    if session.interactive or sys.stdin is None:
        raise UsageError("there is no standard input here", hint="type the request after /propose")
    return sys.stdin.read()


def _check_attempts(arguments: Namespace) -> None:
    if arguments.attempts is not None and not 1 <= arguments.attempts <= 100:
        raise UsageError(f"--attempts is 1 to 100, not {arguments.attempts}")


def revise(session: Session, arguments: Namespace) -> Answer:
    """Go on with what should be different, or with other files."""
    _check_attempts(arguments)
    session.working_on = arguments.id
    proposal = session.pipeline.revise(
        arguments.id,
        _text(session, arguments.text),
        candidate=read_files(Path(arguments.from_)) if arguments.from_ else None,
        examples=arguments.example,
        allow=arguments.allow,
        attempts=arguments.attempts,
        model=session.options.model,
    )
    return proposal_answer(session, proposal)


def resume(session: Session, arguments: Namespace) -> Answer:
    """Go on where something stopped it."""
    _check_attempts(arguments)
    session.working_on = arguments.id
    proposal = session.pipeline.resume(arguments.id, attempts=arguments.attempts, model=session.options.model)
    return proposal_answer(session, proposal)


def edit(session: Session, arguments: Namespace) -> Answer:
    """Open a private copy in the person's editor, and judge what comes back."""
    from repl.deciding import load

    session.working_on = arguments.id
    loaded = load(session, arguments.id)
    if loaded.proposal.state != "drafting":
        loaded.proposal.moved("drafting")  # refused here, before anybody works for nothing
    pipeline = session.pipeline
    changed = _edited(session, loaded.candidate, arguments.id)
    if changed.digest == loaded.candidate.digest and not changed.unread:
        session.progress.say("nothing was changed")
        return proposal_answer(session, loaded.proposal)
    return proposal_answer(session, pipeline.edit(arguments.id, changed))


def _edited(session: Session, candidate: Candidate, proposal: str) -> Candidate:
    private = tempfile.mkdtemp(prefix=f"{proposal}-", dir=session.state.folder("edit"))
    try:
        copy = Path(private) / "files"
        write_new(copy, candidate, proposal)
        names = sorted(candidate.files, key=lambda path: (path != "plugin.py", path))
        _run_editor(session, copy, names, proposal)
        return read_files(copy)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _run_editor(session: Session, folder: Path, names: list[str], proposal: str) -> None:
    command = _editor(session)
    quiet = None if session.can_ask else sys.stderr  # an editor must not write into the one JSON object
    try:
        done = subprocess.run([*command, *(f"./{name}" for name in names)], cwd=folder, stdout=quiet)
    except OSError as error:
        raise StateError(
            f"cannot run {command[0]}: {error.strerror}", hint="set VISUAL or EDITOR", id=proposal
        ) from error
    if done.returncode != 0:
        raise StateError(f"{command[0]} ended with {done.returncode}; nothing was changed", id=proposal)


def _editor(session: Session) -> list[str]:
    named = session.environment.get("VISUAL") or session.environment.get("EDITOR")
    if named:
        try:
            command = shlex.split(named)
        except ValueError:
            command = []
        if not command:
            raise UsageError(f"VISUAL or EDITOR is no command: {named!r}", hint="name a program, with its arguments")
        # It runs in the folder of the copy, so a path from here has to be whole.
        if "/" in command[0]:
            command[0] = os.path.abspath(os.path.expanduser(command[0]))
        return command
    if not at_terminal():
        raise UsageError(
            "there is no terminal to edit at", hint="set EDITOR to a program, or send files: ratchet revise --from"
        )
    found = next((name for name in _EDITORS if shutil.which(name)), None)
    if found is None:
        raise StateError("there is no editor", hint="set VISUAL or EDITOR")
    return [found]


def replay(session: Session, arguments: Namespace) -> Answer:
    """Run everything after the model again, and compare."""
    session.working_on = arguments.id
    found = session.pipeline.replay(arguments.id)
    payload = {
        "id": found.id,
        "digest": found.digest,
        "verdict": found.verdict,
        "same": found.same,
        "recorded": {"digest": found.recorded_digest, "verdict": found.recorded_verdict},
        "gate": found.report.to_json(),
    }
    return Answer(
        payload=payload,
        show=lambda screen: _show_replay(screen, found),
        exit_code=0 if found.same else AUDIT_BROKEN,
    )


def _show_replay(screen: Screen, found: Replayed) -> None:
    draw_report(screen, found.report.to_json())
    if found.same:
        screen.line(("The same digest and verdict as recorded.", "green"))
        return
    screen.line(("Not what was recorded: ", "bold red"), f"{found.recorded_verdict} {found.recorded_digest}")


def try_tool(session: Session, arguments: Namespace) -> Answer:
    """Call a tool of a proposal; nothing of the outside is real."""
    from repl.verbs_use import typed, usage_as

    session.working_on = arguments.id
    with usage_as(f"try {arguments.id} {arguments.tool}", arguments.tool):
        return outcome_answer(session.pipeline.try_tool(arguments.id, arguments.tool, typed(session, arguments)))
