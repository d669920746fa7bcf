"""The commands of loaded plugins: `/name words` is a call of the plugin that has it. Ratchet's own verbs come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repl import verbs
from repl.cli import Invocation, parse_verb
from repl.lines import split_text

if TYPE_CHECKING:
    from repl.session import Session


def command_invocation(session: Session, line: str) -> Invocation | None:
    """Return the call that a line means, or None where it begins with no command of a plugin."""
    name, _, text = line[1:].partition(" ")
    if verbs.find([name]) is not None or verbs.family(name):
        return None
    plugin = session.commands().get(name)
    found = verbs.find(["call"])
    if plugin is None or found is None:
        return None
    tokens, rest = split_text(found[0], f"{plugin} {name} {text}")
    invocation = parse_verb(found[0], tokens, line=rest)
    invocation.arguments.said = name
    return invocation
