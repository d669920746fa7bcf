"""`plugin dialect`: the language of plugins and tests, from the tables by which the policy judges them."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from plugins.errors import NotFoundError
from repl.answer import Answer

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session


def dialect(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """Show the dialect, or what may be used of one module."""
    if arguments.module:
        return _module(arguments.module)
    from sandbox.language import DIALECT, TEST_DIALECT
    from sandbox.language.modules import INSTEAD, importable

    modules = {name: _names(name) for name in importable()}
    payload = {"plugins": DIALECT, "tests": TEST_DIALECT, "modules": modules, "instead": dict(INSTEAD)}
    return Answer(payload=payload, show=lambda screen: _show(screen, DIALECT, TEST_DIALECT, modules))


def _module(asked: str) -> Answer:
    from plugins.sdk_reference import parts as sdk_parts
    from sandbox.language.modules import INSTEAD, SDK, importable

    name = f"plugins.{asked}" if asked.partition(".")[0] == "sdk" else asked
    part = name.removeprefix(f"{SDK}.")
    if name == SDK or part in sdk_parts():
        return _of_sdk(name, sdk_parts() if name == SDK else (part,))
    if name not in importable():
        see = f" {SDK}" if name.startswith(SDK) else ""
        hint = INSTEAD.get(name, f"see: ratchet plugin dialect{see}")
        raise NotFoundError(f"plugins cannot import {name}", hint=hint, id=name)
    names = _names(name)
    return Answer(
        payload={"modules": {name: names}}, show=lambda screen: screen.row((f"{name}: ", "bold"), values=names)
    )


def _of_sdk(name: str, parts: tuple[str, ...]) -> Answer:
    from plugins.sdk_reference import entries, text

    functions = {entry.written: entry.says for part in parts for entry in entries(part)}
    names = _names(name) if len(parts) > 1 else list(functions)

    def show(screen: Screen) -> None:
        for part in parts:
            for line in text(part).splitlines():
                screen.line(line)

    return Answer(payload={"modules": {name: names}, "functions": functions}, show=show)


def _names(module: str) -> list[str]:
    from sandbox.language.modules import public_names

    return sorted(public_names(module))


def _show(screen: Screen, plugins: str, tests: str, modules: dict[str, list[str]]) -> None:
    for title, text in (("Plugins", plugins), ("Tests", tests)):
        screen.heading(title)
        for line in text.splitlines():
            screen.line(line)
    screen.heading("What may be used of each module")
    for name, names in modules.items():
        screen.row((f"{name}: ", "bold"), values=names)
