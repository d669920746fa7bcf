"""The REPL at a terminal. Input and output are parameters, so that tests can be the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.styles import Style

from repl.cli import Invocation, Options
from repl.completion import VerbCompleter
from repl.loop import Leave, Loop
from repl.render import Screen, tolerant
from repl.status import StatusBar

if TYPE_CHECKING:
    from pathlib import Path

    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

    from repl.session import Session

_STYLE = Style.from_dict({"prompt": "bold", "bottom-toolbar": "noreverse dim", "bottom-toolbar.text": ""})


def run_app(options: Options) -> int:
    """Run the REPL until the person leaves; return 0."""
    from repl.run import opened

    with opened(Invocation(options=options)) as session:
        threading.Thread(target=_build_model, args=(session,), name="build", daemon=True).start()
        return App(session).run()


def _build_model(session: Session) -> None:
    """Have the embedded model's runtime built behind the prompt where it is missing; the status bar shows how far."""
    if session.environment.get("RATCHET_BUILD") == "no":
        return
    from selfmod.models.runtime import Runtime

    with contextlib.suppress(OSError):
        Runtime().start()


class App:
    """One REPL at a terminal."""

    def __init__(self, session: Session, *, keys: Input | None = None, output: Output | None = None,
                 screen: Screen | None = None) -> None:  # fmt: skip
        session.interactive = True
        self.session = session
        self.looker = session.twin()
        self.screen = screen or Screen(tolerant(sys.stdout))
        self.screen.at_prompt = True
        self.loop = Loop(session, self.screen)
        self.bar = StatusBar(session, self._redraw)
        self.prompts: PromptSession[str] = PromptSession(
            message=FormattedText([("class:prompt", "ratchet> ")]),
            completer=VerbCompleter(self.looker),
            complete_while_typing=True,
            complete_in_thread=True,
            history=_history(session),
            multiline=True,
            key_bindings=_bindings(),
            # What the terminal wraps is one line: marks in it would be copied along, into the middle of words.
            prompt_continuation=lambda width, number, wrapped: "" if wrapped else "... ".rjust(width),  # noqa: ARG005
            bottom_toolbar=self._toolbar,
            style=None if os.environ.get("NO_COLOR") else _STYLE,
            reserve_space_for_menu=4,
            enable_open_in_editor=False,
            input=keys,
            output=output,
        )

        # A terminal that does not say where its cursor is still works; a warning on the screen helps nobody.
        self.prompts.app.renderer.cpr_not_supported_callback = None

    def run(self) -> int:
        """Read and carry out lines until the person leaves."""
        try:
            return self._run()
        finally:
            self.bar.close()
            self.looker.close()

    def _run(self) -> int:
        for line in self.session.greeting():
            self.screen.line(line)
        self.bar.look()
        while True:
            try:
                line = self.prompts.prompt()
            except KeyboardInterrupt:
                self.screen.line(("Ctrl-D or /exit leaves.", "dim"))
                continue
            except EOFError:
                return 0
            try:
                self.loop.handle(line)
            except Leave:
                return 0
            self.looker.enter(self.session.root)
            self.bar.look()

    def _redraw(self) -> None:
        self.prompts.app.invalidate()

    def _toolbar(self) -> FormattedText:
        width = self.prompts.app.output.get_size().columns
        return FormattedText([("", self.bar.status.text(width - 1))])


def _bindings() -> KeyBindings:
    """Enter sends the line, Alt-Enter and a backslash before Enter begin another; Ctrl-C empties the line first."""
    bindings = KeyBindings()

    # A terminal that is not raw yet sends what was typed ahead with "\n", which is Ctrl-J.
    @bindings.add("enter")
    @bindings.add("c-j")
    def _send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
            return
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
            return
        buffer.validate_and_handle()

    @bindings.add("escape", "enter")
    @bindings.add("escape", "c-j")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @bindings.add("c-c")
    def _clear(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
            return
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    return bindings


def _history(session: Session) -> History:
    """What was typed, in a file of user state that only the person can read."""
    path = session.history_path()
    if path is None:
        return InMemoryHistory()
    return _PrivateHistory(path)


class _PrivateHistory(FileHistory):
    """A history whose file is private, and which a full or read-only disk turns off rather than breaks."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))

    def store_string(self, string: str) -> None:
        """Append one line."""
        try:
            descriptor = os.open(self.filename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            os.close(descriptor)
            super().store_string(string)
        except OSError:
            return
