"""`call`, `plugin list` and `plugin info`: using what is loaded."""

from __future__ import annotations

import contextlib
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plugins.errors import ArgumentError, NotFoundError, UsageError
from repl.answer import Answer
from repl.outcomes import outcome_answer

if TYPE_CHECKING:
    from plugins.arguments import Typed
    from plugins.registry import Entry
    from repl.render import Screen
    from repl.session import Session


def call(session: Session, arguments: Namespace) -> Answer:
    """Call a tool or command of a loaded plugin."""
    said = getattr(arguments, "said", f"call {arguments.plugin} {arguments.tool}")  # a command of the plugin's
    with usage_as(said, arguments.tool):
        return outcome_answer(session.registry.call(arguments.plugin, arguments.tool, typed(session, arguments)))


@contextlib.contextmanager
def usage_as(said: str, tool: str) -> Iterator[None]:
    """Tell how a tool is used in the words in which it was called."""
    try:
        yield
    except ArgumentError as error:
        error.hint = error.hint.replace(f"usage: {tool}", f"usage: ratchet {said}", 1)
        raise


def typed(session: Session, arguments: Namespace) -> Typed:
    """What was typed after a tool's name: a line of the REPL, the words of a shell, or JSON."""
    from plugins.arguments import Typed

    read = None if session.interactive or sys.stdin is None else sys.stdin.read
    if arguments.args is not None:
        if arguments.arguments:
            raise UsageError("arguments are words or --args, not both", hint="give all of them one way")
        if not arguments.args.strip():
            raise UsageError("--args is empty", hint="give a JSON object or list, or leave it out")
        return Typed(json=arguments.args, input=read)
    if arguments.line is not None:
        return Typed.of_line(arguments.line, input=read)
    return Typed(words=arguments.arguments, input=read)


def plugin_list(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """List every plugin, also those that do not run."""
    found = session.registry.plugins()
    return Answer(
        payload={"plugins": [entry.to_json() for entry in found]}, show=lambda screen: _show_list(screen, found)
    )


def _show_list(screen: Screen, found: tuple[Entry, ...]) -> None:
    if not found:
        screen.line(screen.typed("There are no plugins here yet. Make one: ratchet propose SPEC"))
        return
    rows = [[e.id, e.version, e.status, e.reason or " ".join(f"/{name}" for name in e.commands)] for e in found]
    screen.table(["plugin", "version", "status", "commands, or why not"], rows)


def plugin_info(session: Session, arguments: Namespace) -> Answer:
    """Show one plugin."""
    from selfmod.review import read_ledger

    entry = next((entry for entry in session.registry.plugins() if entry.id == arguments.plugin), None)
    if entry is None:
        raise NotFoundError(
            f"there is no plugin {arguments.plugin}", hint="see: ratchet plugin list", id=arguments.plugin
        )
    usages = _usages(session, entry)
    decisions = [{**one.to_json(), "hash": one.hash} for one in read_ledger(session.workspace, entry.id).decisions]
    manifest = entry.manifest.to_data() if entry.manifest is not None else None
    payload = {**entry.to_json(), "manifest": manifest, "usage": usages, "decisions": decisions}
    return Answer(payload=payload, show=lambda screen: _show_info(screen, entry, usages, decisions))


def _usages(session: Session, entry: Entry) -> dict[str, str]:
    """How each tool and command of a plugin that runs is called."""
    if entry.status != "loaded" or entry.manifest is None:
        return {}
    names = dict.fromkeys(one.name for one in (*entry.manifest.tools, *entry.manifest.commands))
    return {name: session.registry.signature(entry.id, name).usage(name) for name in names}


def _show_info(screen: Screen, entry: Entry, usages: dict[str, str], decisions: list[dict[str, object]]) -> None:
    screen.line((f"{entry.id} {entry.version}", "bold"), f"  {entry.status}")
    screen.fields(row for row in (("why", entry.reason), ("digest", entry.digest)) if row[1])
    if entry.manifest is not None:
        screen.foreign(entry.manifest.description)
        told = {one.name: one.description for one in (*entry.manifest.commands, *entry.manifest.tools)}
        for name, usage in usages.items():
            screen.foreign(f"{usage}    {told.get(name, '')}")
    screen.heading("It may touch")
    for name in entry.capabilities or ("nothing outside its sandbox",):
        screen.line(f"  {name}")
    screen.heading("Decisions")
    rows = [
        [str(d["time"]), str(d["operation"]), str(d["version"]), str(d["channel"]), str(d["approver"])]
        for d in decisions
    ]
    if rows:
        screen.table(["time", "what", "version", "from", "by"], rows)
