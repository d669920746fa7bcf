"""One line of the REPL, whoever reads it: a verb, a plugin's command, or something said to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.errors import UsageError
from repl.cli import Format, Options
from repl.errors import problem_of
from repl.lines import parse_line
from repl.run import perform, print_problem

if TYPE_CHECKING:
    from repl.chat import Chat
    from repl.render import Screen
    from repl.session import Session

LEAVING = ("/exit", "/quit")


class Leave(Exception):
    """The person asked to leave the REPL."""


class Loop:
    """The state of one REPL: a session that lasts, and the conversation with the model."""

    def __init__(self, session: Session, screen: Screen | None) -> None:
        self.session = session
        session.at_prompt = True
        self.screen = screen
        self.output: Format = session.options.output
        self._chat: Chat | None = None

    def handle(self, line: str) -> int:
        """Carry out one line and return the exit code it would have had in the shell."""
        text = line.strip()
        if not text:
            return 0
        if text in LEAVING:
            raise Leave
        try:
            return self._slash(text) if text.startswith("/") else self._say(text)
        except UsageError as error:
            return print_problem(problem_of(error), self.output, at_prompt=True)

    def _slash(self, text: str) -> int:
        from repl.commands import command_invocation

        invocation = command_invocation(self.session, text) or parse_line(text)
        if invocation.help:
            from repl.help import print_help

            print_help(invocation, at_prompt=True)
            return 0
        asked = invocation.options
        output = self.output if asked.output == "text" else asked.output
        with self.session.using(_merged(self.session.options, asked)):
            return perform(self.session, invocation, output, screen=self.screen)

    def _say(self, text: str) -> int:
        from repl.chat import Chat, say

        if self._chat is None:
            self._chat = Chat()
        return say(self.session, self._chat, text, self.output, screen=self.screen)


def _merged(own: Options, asked: Options) -> Options:
    """The options of the REPL with those of one line on top; the workspace stays the REPL's."""
    return Options(
        workspace=own.workspace,
        output=own.output,
        model=asked.model or own.model,
        quiet=own.quiet or asked.quiet,
        yes=own.yes or asked.yes,
    )
