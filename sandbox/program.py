"""What is put into a sandbox: the files of a program, and how its modules are compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# "dialect": the language policy compiles every module (plugins, always).
# "plain": ordinary Python, so that the operating-system boundary can be tested alone (`sandbox run --boundary-only`).
Language = Literal["dialect", "plain"]
Level = Literal["process", "wasm", "container"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Files by relative path (bytes, never re-read from a disk) and the module whose functions can be called."""

    files: Mapping[str, bytes]
    entry: str = "plugin.py"
    language: Language = "dialect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A call of one of OUR functions ("package.module:function") inside a fresh worker, on hostile data.

    The function must be importable from a module that the fork server preloaded, takes one JSON value (`argument`), and
    returns one. `files` are written under the worker's private `/work` first. What it returns is evidence.
    """

    function: str
    argument: object = None
    files: Mapping[str, bytes] | None = None
