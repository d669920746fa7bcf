"""`audit log`, `audit show` and `audit verify`: what happened, and whether the records can be believed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from plugins.errors import NotFoundError, UsageError
from repl.answer import AUDIT_BROKEN, Answer

if TYPE_CHECKING:
    from plugins.events import Event
    from repl.render import Screen
    from repl.session import Session
    from selfmod.audit import AuditReport

_SHOWN = 20


def log(session: Session, arguments: Namespace) -> Answer:
    """List events, the newest last."""
    if arguments.limit is not None and arguments.limit < 1:
        raise UsageError("--limit is 1 or more")
    found = session.events.read()
    if arguments.plugin and arguments.plugin not in _plugins(session, found.events):
        raise NotFoundError(
            f"there is no plugin {arguments.plugin}", hint="see: ratchet plugin list", id=arguments.plugin
        )
    events = [e for e in found.events if not arguments.plugin or e.fields.get("plugin") == arguments.plugin]
    shown = events[-(arguments.limit or (len(events) if session.options.output != "text" else _SHOWN)) :]
    return Answer(
        payload={"events": [asdict(event) for event in shown], "problems": [p.to_json() for p in found.problems]},
        show=lambda screen: _show_log(screen, shown, len(events), len(found.problems)),
    )


def _plugins(session: Session, events: Iterable[Event]) -> set[object]:
    """Every plugin that is here, or that something is recorded about."""
    return {*session.workspace.plugin_ids(), *(event.fields.get("plugin") for event in events)}


def _show_log(screen: Screen, events: list[Event], total: int, problems: int) -> None:
    if not events:
        screen.line("Nothing has happened here yet.")
        return
    rows = [[str(e.n), e.time[:19].replace("T", " "), e.kind, _about(e)] for e in events]
    screen.table(["", "time (UTC)", "what", "about"], rows)
    if total > len(events):
        screen.line((f"and {total - len(events)} before these: --limit {total}", "dim"))
    if problems:
        screen.line((f"{problems} problems in the log: see audit verify", "bold red"))


def _about(event: Event) -> str:
    names = (
        "operation",
        "proposal",
        "proposals",
        "plugin",
        "version",
        "verdict",
        "allow",
        "reason",
        "capability",
        "message",
    )
    parts = []
    for name in names:
        value = event.fields.get(name)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if value:
            parts.append(str(value))
    return "  ".join(parts)


def show(session: Session, arguments: Namespace) -> Answer:
    """Show what is known about a plugin, a proposal, a commit or an event."""
    which = str(arguments.which)
    decisions = [d for d in _decisions(session) if which in (d["plugin"], d["proposal"], d["hash"], d["digest"])]
    found = [
        e
        for e in session.events.read().events
        if which in (str(e.n), e.fields.get("plugin"), e.fields.get("proposal"), e.fields.get("commit"))
        or which in _list(e.fields.get("proposals"))
    ]
    if not decisions and not found:
        raise NotFoundError(f"nothing is recorded about {which}", hint="see: ratchet audit log", id=which)
    payload = {"decisions": decisions, "events": [asdict(event) for event in found]}
    return Answer(payload=payload, show=lambda screen: _show_records(screen, decisions, found))


def _decisions(session: Session) -> list[dict[str, object]]:
    from selfmod.review import read_ledger

    workspace = session.workspace
    return [
        {**decision.to_json(), "hash": decision.hash}
        for plugin in workspace.plugin_ids()
        for decision in read_ledger(workspace, plugin).decisions
    ]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _show_records(screen: Screen, decisions: list[dict[str, object]], events: list[Event]) -> None:
    for decision in decisions:
        screen.heading(f"Decision: {decision['operation']} {decision['plugin']} {decision['version']}")
        screen.fields((name, _text(value)) for name, value in decision.items() if value not in ("", [], None))
    for event in events:
        screen.heading(f"Event {event.n}: {event.kind}")
        screen.fields([("time", event.time), *((k, _text(v)) for k, v in event.fields.items())])


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def verify(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """Check decisions, commits and events against each other."""
    from selfmod import audit

    report = audit.verify(session.workspace, session.state)
    return Answer(
        payload=report.to_json(),
        show=lambda screen: _show_verified(screen, report),
        exit_code=0 if report.ok else AUDIT_BROKEN,
    )


def _show_verified(screen: Screen, report: AuditReport) -> None:
    from selfmod.audit import show as lines

    for line in lines(report):
        screen.line(line)
