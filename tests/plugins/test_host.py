"""Whatever a plugin does is an outcome with a clear text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plugins.arguments import Arguments, Typed
from plugins.errors import ArgumentError
from plugins.host import Call, run
from plugins.registry import Registry
from sandbox.outcome import (
    Completed,
    Crashed,
    Denied,
    LimitExceeded,
    Outcome,
    Raised,
    TimedOut,
    describe,
)
from sandbox.sandbox import Sandbox
from sandbox.session import Session

CODE = b"""\
from plugins.sdk import environment, log, storage


def run(text: str) -> str:
    return text.upper()


def fail(text: str) -> str:
    raise ValueError("no good: " + text)


def spin(seconds: int) -> int:
    while True:
        seconds += 1


def hoard(count: int) -> int:
    kept = []
    while True:
        kept.append("x" * 10_000_000)


def remember(text: str) -> str:
    before = storage.get("text", "nothing")
    storage.set("text", text)
    return before


def peek(name: str) -> str:
    return environment.get(name)


def say(text: str) -> None:
    log.info(text)
"""
MORE = """\
commands: [{name: shout, handler: run}]
limits: {wall_s: 1, memory_mb: 64}
capabilities: {environment: [RATCHET_TEST], storage: true}
"""


@pytest.fixture
def registry(desk: Any, sandbox: Sandbox) -> Iterator[Registry]:
    tools = ", ".join(
        f"{{name: {name}, handler: {name}}}" for name in ("fail", "spin", "hoard", "remember", "peek", "say")
    )
    candidate = desk.candidate("0.1.0", more=MORE, **{"plugin.py": CODE})
    files = dict(candidate.files)
    files["plugin.yaml"] = files["plugin.yaml"].replace(b"{name: stats, handler: run}", f"{tools}".encode())
    names = ("environment:RATCHET_TEST", "storage")
    review = desk.review("0.1.0", candidate=candidate.__class__(files=files), capabilities=names, acknowledge=names)
    desk.approve(review)
    messages: list[tuple[str, str, dict[str, object]]] = []
    found = Registry(desk.workspace, desk.state, sandbox, on_message=lambda *parts: messages.append(parts))
    found.messages = messages  # type: ignore[attr-defined]
    yield found
    found.close()


def _call(registry: Registry, tool: str, *words: str) -> Outcome:
    return registry.call("text-stats", tool, Typed(words=words))


def test_a_command_and_what_it_returns(registry: Registry) -> None:
    assert registry.commands() == {"shout": "text-stats"}
    outcome = _call(registry, "shout", "hey", "you")
    assert isinstance(outcome, Completed)
    assert outcome.value == "HEY YOU"
    assert registry.signature("text-stats", "shout").usage("shout") == "shout text"


def test_an_exception_is_told_without_a_traceback_of_ours(registry: Registry) -> None:
    outcome = _call(registry, "fail", "x")
    assert isinstance(outcome, Raised)
    assert (outcome.kind, outcome.message) == ("ValueError", "no good: x")
    assert all(frame.startswith("plugin.py:") for frame in outcome.frames)


def test_time_and_memory_end(registry: Registry) -> None:
    outcome = _call(registry, "spin", "1")
    assert isinstance(outcome, (TimedOut, LimitExceeded)), outcome
    outcome = _call(registry, "hoard", "1")
    assert isinstance(outcome, (LimitExceeded, Raised, Crashed)), outcome
    assert "memory" in describe(outcome).lower()
    assert isinstance(_call(registry, "shout", "still", "here"), Completed)


def test_storage_is_its_own_and_stays(registry: Registry, desk: Any, sandbox: Sandbox) -> None:
    assert _call(registry, "remember", "one").value == "nothing"  # type: ignore[union-attr]
    registry.close()
    again = Registry(desk.workspace, desk.state, sandbox)
    assert _call(again, "remember", "two").value == "one"  # type: ignore[union-attr]
    again.close()


def test_only_what_was_granted_is_there_and_a_denial_is_recorded(
    registry: Registry, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_TEST", "granted")
    monkeypatch.setenv("RATCHET_OTHER", "secret")
    assert _call(registry, "peek", "RATCHET_TEST").value == "granted"  # type: ignore[union-attr]
    for _ in range(3):
        outcome = _call(registry, "peek", "RATCHET_OTHER")
        assert isinstance(outcome, Denied)
        assert outcome.capability == "environment:RATCHET_OTHER"
    registry.close()
    events = [event for event in desk.workspace.events(desk.state).read().events if event.kind == "denied"]
    assert [event.fields for event in events] == [
        {"plugin": "text-stats", "capability": "environment:RATCHET_OTHER", "count": 3}
    ]


def test_what_it_says_reaches_the_listener(registry: Registry) -> None:
    _call(registry, "say", "hello")
    ((plugin, kind, content),) = registry.messages  # type: ignore[attr-defined]
    assert (plugin, kind) == ("text-stats", "log")
    assert "hello" in str(content)


def test_bad_arguments_are_said_before_anything_runs(registry: Registry, desk: Any) -> None:
    with pytest.raises(ArgumentError, match="not a whole number") as caught:
        _call(registry, "spin", "x")
    assert (caught.value.exit_code, caught.value.hint) == (2, "usage: spin seconds")
    kinds = [event.kind for event in desk.workspace.events(desk.state).read().events]
    assert kinds == ["committed"], "it was not even loaded"


def test_arguments_that_cannot_cross_are_said(registry: Registry, sandbox: Sandbox) -> None:
    from sandbox.limits import Limits
    from sandbox.policy import Policy
    from sandbox.program import Program

    program = Program(files={"plugin.py": b"def run(x):\n    return x\n"})
    call = Call(handler="run", arguments=Arguments(args=(object(),), kwargs={}))
    with (
        sandbox.open(program, policy=Policy(), limits=Limits()) as session,
        pytest.raises(ArgumentError, match="cannot be given to a plugin"),
    ):
        run(session, call)


def test_a_session_that_is_replaced_is_closed_without_what_all_plugins_wait_for(
    registry: Registry, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(_call(registry, "shout", "hey"), Completed)
    lock, closing, held = registry._host._lock, Session.close, []

    def close(session: Session) -> None:
        held.append(lock.locked())
        closing(session)

    monkeypatch.setattr(Session, "close", close)
    desk.approve(
        desk.review(
            "0.2.0",
            candidate=desk.candidate("0.2.0", **{"plugin.py": b"def run(text: str) -> str:\n    return 'second'\n"}),
        )
    )
    assert registry.call("text-stats", "stats", Typed(words=("a",))).value == "second"  # type: ignore[union-attr]
    assert held == [False]
