"""`model list`, `model use` and `model test`."""

from __future__ import annotations

import json
import re
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from plugins.errors import ConfigError, StateError
from repl.answer import Answer
from repl.payloads import cost_payload

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session
    from selfmod.models.base import Completion, Price
    from selfmod.models.registry import Listed

_FILE = "ratchet.toml"
_VARIABLE = "RATCHET_MODEL"


def list_models(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """List what can be asked; nothing is contacted."""
    found = session.models()
    payload = [
        {"name": m.name, "available": m.available, "chosen": m.chosen, "why": m.why, "price": _price_payload(m.price)}
        for m in found
    ]
    return Answer(payload={"models": payload}, show=lambda screen: _show(screen, found))


def _price_payload(price: Price | None) -> dict[str, object] | None:
    if price is None:
        return None
    return {"prompt": price.prompt, "completion": price.completion, "currency": price.currency}


def _show(screen: Screen, found: tuple[Listed, ...]) -> None:
    rows = [
        ["*" if m.chosen else "", m.name, "yes" if m.available else "no", _price(m.price), screen.typed(m.why)]
        for m in found
    ]
    screen.table(["in use", "model", "usable", "price of a million tokens", "note"], rows)
    screen.line(
        "Others: openai:NAME with OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own; volcengine:NAME with "
        "ARK_API_KEY; local:PATH for other weights."
    )
    screen.line(screen.typed("Choose with: ratchet model use NAME; for one command: --model NAME"))


def _price(price: Price | None) -> str:
    if price is None:
        return "unknown: tokens are counted"
    if not price.prompt and not price.completion:
        return "free"
    return f"{price.prompt:g} in, {price.completion:g} out, {price.currency}"


def use(session: Session, arguments: Namespace) -> Answer:
    """Set the model in the person's own settings. Naming the embedded one is also how its build is tried again."""
    from selfmod.models.registry import DEFAULT, check_name, full_name
    from selfmod.models.runtime import Runtime

    name = str(arguments.name)
    check_name(name, session.settings)
    path = session.state.path(_FILE)
    with session.state.lock("settings"):
        text = (session.state.read(_FILE) or b"").decode("utf-8", "strict")
        session.state.write(_FILE, with_model(text, name, str(path)).encode())
    if name == DEFAULT and session.environment.get("RATCHET_BUILD") != "no":
        Runtime().start(again=True)
    listed = next((model for model in session.models() if model.name == full_name(name)), None)
    notes = []
    if listed is not None and listed.name != name:
        notes.append(f"without a provider it is a name of an OpenAI-compatible server: {listed.name}")
    if session.environment.get(_VARIABLE):
        notes.append(f"{_VARIABLE} in the environment still decides: {session.environment[_VARIABLE]}")
    if listed is not None and not listed.available:
        notes.append(f"it cannot be asked yet: {listed.why}")
    return Answer(
        payload={"model": name, "file": str(path), "notes": notes}, show=lambda screen: _show_used(screen, name, notes)
    )


def _show_used(screen: Screen, name: str, notes: list[str]) -> None:
    screen.line("From now on: ", (name, "bold"))
    for note in notes:
        screen.line(("note: ", "yellow"), note)


def with_model(text: str, name: str, where: str) -> str:
    """Set `model.name` in the text of a settings file, leaving everything else of it as it is."""
    from plugins.settings import parse

    parse(text, where)  # a file that is wrong already is the person's to mend
    line = f"name = {json.dumps(name)}"
    own = re.compile(r"^(\s*)(model\s*\.\s*name)\s*=.*$", re.MULTILINE)
    table = re.compile(r"^\s*\[\s*model\s*\][ \t]*(#.*)?$", re.MULTILINE)
    if own.search(text):
        changed = own.sub(lambda match: f"{match[1]}model.{line}", text, count=1)
    elif (head := table.search(text)) is not None:
        changed = _in_table(text, head.end(), line)
    else:
        changed = f"{text.rstrip()}\n\n[model]\n{line}\n".lstrip()
    try:
        if parse(changed, where).get("model.name") == name:
            return changed
    except ConfigError:
        pass
    raise StateError(f"{where} is written in a way that is not changed safely", hint=f"set there: [model] {line}")


def _in_table(text: str, start: int, line: str) -> str:
    """Set `name` in the table that begins at `start`."""
    following = re.search(r"^\s*\[", text[start:], re.MULTILINE)
    end = start + following.start() if following else len(text)
    inside = text[start:end]
    name = re.compile(r"^(\s*)name\s*=.*$", re.MULTILINE)
    if name.search(inside):
        return text[:start] + name.sub(lambda match: match[1] + line, inside, count=1) + text[end:]
    return f"{text[:start]}\n{line}{inside}{text[end:]}"


def test(session: Session, arguments: Namespace) -> Answer:
    """Ask a model one short thing."""
    from selfmod.models.base import Message, Request
    from selfmod.models.registry import full_name

    asked = arguments.name or session.options.model
    if asked and full_name(asked) != asked:
        session.progress.say(f"{asked} is read as {full_name(asked)}: a name without a provider is one of your server")
    model = session.open_model(asked)
    try:
        session.progress.passing(f"asking {model.name} ...")
        question = Request(messages=(Message(role="user", content="Answer with one word: hello"),), max_tokens=16)
        started = time.monotonic()
        completion = session.complete(model, question)
        seconds = time.monotonic() - started
        name = model.name
    finally:
        model.close()
    payload = {
        "model": name,
        "text": completion.text,
        "seconds": round(seconds, 3),
        "cost": cost_payload(completion.cost),
    }
    return Answer(payload=payload, show=lambda screen: _show_test(screen, name, completion, seconds))


def _show_test(screen: Screen, name: str, completion: Completion, seconds: float) -> None:
    tokens = completion.cost.prompt_tokens + completion.cost.completion_tokens
    screen.line((name, "bold"), f" answered in {seconds:.1f} s with {tokens} tokens:")
    screen.foreign(completion.text)
