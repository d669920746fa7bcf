"""What is said without a slash goes to the model, as a conversation; its answer streams in behind a border."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repl.cli import Format
from repl.errors import problem_of
from repl.payloads import cost_payload
from repl.progress import print_json
from repl.run import print_problem

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session
    from selfmod.models.base import Completion, Message, Request

_ANSWER_TOKENS = 2048
_SMALL_TOKENS = 200  # a small model loses its thread, and does not stop by itself
_HISTORY_CHARS = 24_000  # what of the conversation is sent again; the oldest turns are left out first
_SYSTEM = (
    "You are the assistant in Ratchet, a REPL that grows itself. You can only talk here: you run nothing and change "
    "nothing. A new ability is made with /propose and a description of it; /help lists what there is. Be brief."
)
_SMALL = (
    "This model is small: it writes one function from its signature and examples (/propose), and is no good at talk. "
    "/model list names others."
)


@dataclass(slots=True)
class Chat:
    """The conversation so far."""

    turns: list[Message] = field(default_factory=list)

    def request(self, text: str, *, small: bool = False) -> Request:
        """The question with as much of the conversation before it as fits."""
        from selfmod.models.base import Message, Request

        kept: list[Message] = []
        room = _HISTORY_CHARS
        for turn in reversed(self.turns):
            room -= len(turn.content)
            if room < 0:
                break
            kept.append(turn)
        messages = (Message(role="system", content=_SYSTEM), *reversed(kept), Message(role="user", content=text))
        if small:
            return Request(messages=messages[1:], max_tokens=_SMALL_TOKENS, temperature=0.2)
        return Request(messages=messages, max_tokens=_ANSWER_TOKENS, temperature=0.7)

    def remember(self, text: str, answer: str) -> None:
        """Keep a question that was answered."""
        from selfmod.models.base import Message

        self.turns += [Message(role="user", content=text), Message(role="assistant", content=answer)]


def say(session: Session, chat: Chat, text: str, output: Format, *, screen: Screen | None) -> int:
    """Ask the model and print its answer as it comes; return the exit code."""
    try:
        completion, small = _ask(session, chat, text, output, screen)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - as for verbs: nothing may end the REPL
        if screen is not None:
            screen.end_foreign()
        session.progress.done()
        problem = problem_of(error, traceback_folder=session.traceback_folder)
        return print_problem(problem, output, at_prompt=screen is not None and screen.at_prompt)
    session.progress.done()
    chat.remember(text, completion.text)
    _finish(completion, output, screen)
    if small and len(chat.turns) == 2 and output == "text" and screen is not None and screen.at_prompt:
        screen.line((_SMALL, "dim"))
    return 0


def _ask(session: Session, chat: Chat, text: str, output: Format, screen: Screen | None) -> tuple[Completion, bool]:
    model = session.open_model()
    try:
        session.progress.passing(f"{model.name} ...")
        request = chat.request(text, small=model.small)

        def piece(part: str) -> None:
            if output == "stream-json":
                session.progress.text(part)
            elif output == "text" and screen is not None:
                session.progress.wipe()
                screen.foreign_piece(part)

        return session.complete(model, request, piece), model.small
    finally:
        model.close()


def _finish(completion: Completion, output: Format, screen: Screen | None) -> None:
    if output == "text":
        if screen is not None:
            screen.end_foreign()
            screen.flush()
        return
    result = {"text": completion.text, "model": completion.model, "finish": completion.finish,
              "cost": cost_payload(completion.cost)}  # fmt: skip
    print_json({"type": "result", **result} if output == "stream-json" else result, sys.stdout)
