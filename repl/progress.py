"""What is going on, as it happens: on standard error, or as lines of JSON for `--output-format stream-json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

from repl.echo import echo

if TYPE_CHECKING:
    from repl.render import Screen
    from selfmod.gate.base import StageResult
    from selfmod.generation import Watch

_MARKS = {"pass": ("ok", "green"), "refuse": ("refused", "red"), "not-run": ("not run", "yellow")}


class Progress:
    """The news of one command. Quiet ones say nothing; nothing here is ever needed to read the result."""

    def __init__(self, *, quiet: bool = False, emit: Callable[[Mapping[str, object]], None] | None = None,
                 stream: TextIO | None = None) -> None:  # fmt: skip
        self.quiet = quiet
        self._emit = emit
        self._stream = stream
        self._screen: Screen | None = None
        self._passing = ""
        self._written = 0

    @property
    def screen(self) -> Screen:
        """The screen of standard error."""
        if self._screen is None:
            from repl.render import Screen, tolerant

            self._screen = Screen(tolerant(self._stream or sys.stderr))
        return self._screen

    def stage(self, result: StageResult) -> None:
        """A stage of the gate has ended."""
        if self._emit is not None:
            self._emit({"type": "stage", **result.to_json()})
            return
        if self.quiet:
            return
        if result.verdict != "refuse" and self.screen.terminal:
            self.passing(f"  {result.name} {_MARKS[result.verdict][0]}")  # the report that follows has them all
            return
        self._clear()
        mark, style = _MARKS[result.verdict]
        if not result.applicable:
            mark, style = "does not apply", "dim"
        self.screen.line(f"  {result.name:<14}", (f"{mark:<14}", style), (f"{result.seconds * 1000:7.0f} ms", "dim"))

    def say(self, text: str) -> None:
        """A line worth keeping."""
        if self._emit is not None:
            self._emit({"type": "progress", "message": text})
        elif not self.quiet:
            self._clear()
            self.screen.line((text, "dim"))

    def passing(self, text: str) -> None:
        """A line that the next one replaces; only where a terminal shows it."""
        if self._emit is not None or self.quiet or not self.screen.terminal:
            return
        from sandbox.text import visible

        shown = visible(text, keep_newlines=False)[: self.screen.width - 1]
        if self._stream is None:
            echo().off()
        self._clear()
        self._passing = shown  # before it is written: an interrupt in the middle of that leaves nothing behind
        self.screen.stream.write(shown)
        self.screen.flush()

    def text(self, piece: str) -> None:
        """A piece of a model's answer: whole for programs that follow it, its length for a person who waits."""
        if self._emit is not None:
            self._emit({"type": "text", "text": piece})
            return
        self._written += len(piece)
        self.passing(f"  writing: {self._written} characters")

    def attempt(self, number: int, allowed: int) -> None:
        """A candidate is about to be asked for."""
        self._written = 0
        if self._emit is not None:
            self._emit({"type": "attempt", "attempt": number, "allowed": allowed})
        else:
            self.say(f"candidate {number} of at most {allowed}")

    def watch(self) -> Watch:
        """What the making of a proposal tells its news to."""
        from selfmod.generation import Watch

        return Watch(on_text=self.text, on_stage=self.stage, on_attempt=self.attempt, on_note=self.say)

    def message(self, plugin: str, kind: str, content: dict[str, object]) -> None:
        """What a plugin says while it runs: a line of its log, or how far it is."""
        if self._emit is not None:
            self._emit({"type": "message", "plugin": plugin, "kind": kind, "content": content})
        elif not self.quiet:
            self._clear()
            words = " ".join(str(value) for value in content.values())
            self.screen.foreign(f"{plugin} {kind}: {words}", style="dim")

    def wipe(self) -> None:
        """Leave no passing line behind; what is typed is still for whoever reads next."""
        if self._screen is not None:
            self._clear()
            self.screen.end_foreign()
            self.screen.flush()

    def done(self) -> None:
        """End the news: no passing line is left behind, and what is typed is shown again."""
        self.wipe()
        echo().on()

    def _clear(self) -> None:
        if self._passing:
            self.screen.stream.write("\r" + " " * len(self._passing) + "\r")
            self._passing = ""


def print_json(value: Mapping[str, object], stream: TextIO) -> None:
    """Print one line of JSON. ASCII only, so that no terminal and no lone surrogate can be hurt by it."""
    stream.write(json.dumps(value, ensure_ascii=True, allow_nan=False) + "\n")
    stream.flush()
