"""What the Tab key offers: verbs, commands of plugins, ids, names of plugins and tools, options, paths."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from plugins.errors import RatchetError
from repl import names, verbs
from repl.verb import Argument, Verb
from repl.verbs import COMMON
from sandbox.text import visible

if TYPE_CHECKING:
    from repl.session import Session

_PATHS = 200  # entries of one folder that are offered


class VerbCompleter(Completer):
    """Completes a line from the table of verbs and from what the session knows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        """Yield what could stand at the cursor."""
        text = document.text_before_cursor
        if not text.startswith("/") or "\n" in text:
            return
        try:
            yield from self._candidates(text[1:])
        except RatchetError:
            return  # a workspace that cannot be read has nothing to offer

    def _candidates(self, text: str) -> Iterator[Completion]:
        words = text.split(" ")
        found = verbs.find(words[:2]) if len(words) > 1 else None
        if found is None or len(words) <= found[1]:
            yield from self._names(text)
            return
        verb, count = found
        yield from self._arguments(verb, words[count:])

    def _names(self, text: str) -> Iterator[Completion]:
        for verb in verbs.VERBS:
            if verb.name.startswith(text):
                yield Completion(verb.name, -len(text), display_meta=verb.help)
        if " " in text:
            return
        for name, plugin in sorted(self._session.commands().items()):
            if name.startswith(text):
                yield Completion(name, -len(text), display_meta=f"of {visible(plugin)}")
        for word, meaning in (("exit", "leave"), ("quit", "leave")):
            if word.startswith(text):
                yield Completion(word, -len(text), display_meta=meaning)

    def _arguments(self, verb: Verb, words: list[str]) -> Iterator[Completion]:
        *before, word = words
        options = {argument.name: argument for argument in (*verb.arguments, *COMMON) if argument.option}
        if word.startswith("--"):
            yield from (Completion(name, -len(word), display_meta=option.help)
                        for name, option in options.items() if name.startswith(word))  # fmt: skip
            return
        previous = options.get(before[-1]) if before else None
        if previous is not None and previous.kind != "flag":
            yield from self._values(previous, word, before)
            return
        position = len([part for part in before if part and not part.startswith("--")])
        if position < len(verb.positionals):
            yield from self._values(verb.positionals[position], word, before)

    def _values(self, argument: Argument, word: str, before: list[str]) -> Iterator[Completion]:
        if argument.complete == "path":
            yield from _paths(word)
            return
        for value, meaning in self._known(argument, before):
            if value.startswith(word):
                yield Completion(
                    shlex.quote(value) if " " in value else value,
                    -len(word),
                    display=visible(value),
                    display_meta=visible(meaning),
                )

    def _known(self, argument: Argument, before: list[str]) -> Iterable[tuple[str, str]]:
        session = self._session
        match argument.complete:
            case "proposal":
                return names.proposals(session)
            case "pending":
                return names.proposals(session, names.PENDING)
            case "plugin":
                return names.plugins(session)
            case "tool":
                return names.tools(session, before[0]) if before else ()
            case "verb":
                return ((verb.name, verb.help) for verb in verbs.VERBS)
            case "model":
                return names.models(session)
            case "finding":
                return names.findings(session, before[0]) if before else ()
            case "module":
                return names.modules()
            case _:
                return ((choice, "") for choice in argument.choices)


def _paths(word: str) -> Iterator[Completion]:
    folder, name = os.path.split(word)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)[:_PATHS]
    except OSError:
        return
    for entry, is_folder in found:
        if entry.startswith(name) and (name.startswith(".") or not entry.startswith(".")):
            shown = entry + ("/" if is_folder else "")
            yield Completion(shown, -len(name), display=visible(shown))
