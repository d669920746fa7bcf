"""Help texts, made from the table of verbs; the README's list is the same text."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from plugins.errors import UsageError
from repl import verbs
from repl.answer import Answer
from repl.cli import Invocation, help_of, unknown_verb
from repl.verb import Verb
from repl.verbs import COMMON

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session

_INTRO = "Ratchet is a REPL that grows itself: a model writes a plugin, a gate proves it, you approve exact bytes."


def print_help(asked: Invocation, *, at_prompt: bool = False) -> None:
    """Print what `--help` asks for: the help of a verb, of the verbs that begin with a word, or of everything."""
    from repl.render import Screen

    screen = Screen(sys.stdout, at_prompt=at_prompt)
    if asked.verb is not None:
        _text(screen, help_of(asked.verb, at_prompt=at_prompt))
    elif asked.parts:
        _parts(screen, asked.parts)
    else:
        _everything(screen, prefix="", commands={})


def help_verb(session: Session, arguments: Namespace) -> Answer:
    """`help [VERB]`: what there is, with the commands of the loaded plugins."""
    words = (arguments.verb or "").removeprefix("/").split()
    if not words:
        commands = session.commands()
        prefix = "/" if session.at_prompt else ""
        return Answer(
            payload={"verbs": [verb_payload(verb) for verb in verbs.VERBS], "commands": dict(commands)},
            show=lambda screen: _everything(screen, prefix=prefix, commands=commands),
        )
    found = verbs.find(words)
    if found is None or found[1] != len(words):
        return _family_or_command(session, words)
    text = help_of(found[0], at_prompt=session.at_prompt)
    return Answer(payload=verb_payload(found[0]), show=lambda screen: _text(screen, text))


def _family_or_command(session: Session, words: list[str]) -> Answer:
    members = verbs.family(words[0])
    if len(words) == 1 and members:
        return Answer(
            payload={"verbs": [verb_payload(verb) for verb in members]}, show=lambda screen: _parts(screen, members)
        )
    owner = session.commands().get(words[0]) if len(words) == 1 else None
    if owner is None:
        error = unknown_verb(words)
        raise UsageError(str(error), hint=error.hint)
    return Answer(
        payload={"command": words[0], "plugin": owner},
        show=lambda screen: screen.line(
            screen.typed(f"/{words[0]} is a command of the plugin {owner}; see: ratchet plugin info {owner}")
        ),
    )


def _text(screen: Screen, text: str) -> None:
    for line in text.splitlines():
        screen.line(screen.typed(line))


def _parts(screen: Screen, members: Iterable[Verb]) -> None:
    """List the verbs that begin with one word."""
    _list(screen, members, "/" if screen.at_prompt else "ratchet ")
    screen.line()
    screen.line(screen.typed("More about one, with examples: ratchet help VERB"))


def verb_payload(verb: Verb) -> dict[str, object]:
    """Return a verb for programs."""
    return {
        "name": verb.name,
        "usage": verb.usage,
        "help": verb.help,
        "arguments": [{"name": a.name, "help": a.help, "required": a.required, "many": a.many} for a in verb.arguments],
        "examples": list(verb.examples),
    }


def _everything(screen: Screen, *, prefix: str, commands: Mapping[str, str]) -> None:
    screen.line(_INTRO)
    if not prefix:
        screen.line()
        screen.line("Usage: ratchet [options] [verb ...]    without a verb: the REPL; -p TEXT: one prompt, no REPL")
    for group, members in verbs.by_group():
        screen.heading(group)
        _list(screen, members, prefix)
    if commands:
        screen.heading("Commands of plugins")
        screen.fields((f"/{name}", f"of {plugin}") for name, plugin in sorted(commands.items()))
    screen.heading("Options of every verb")
    screen.fields((argument.usage.strip("[]"), argument.help) for argument in COMMON)
    screen.line()
    more = f"{prefix}help VERB" if prefix else "ratchet VERB --help"
    screen.line(f"More about a verb, with examples: {more}")
    if prefix:
        screen.line(
            "Anything that does not begin with / is said to the model. Alt-Enter makes a new line, Ctrl-D leaves."
        )


def _list(screen: Screen, members: Iterable[Verb], prefix: str) -> None:
    screen.fields((f"{prefix}{verb.name}", verb.help) for verb in members)


def markdown() -> str:
    """Return the README's list of verbs."""
    lines = ["| verb | does |", "|---|---|"]
    for verb in verbs.VERBS:
        usage = verb.usage.replace("|", "\\|")
        lines.append(f"| `{usage}` | {verb.help} |")
    return "\n".join(lines) + "\n"
