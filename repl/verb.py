"""What a verb and its arguments are. The table of them is in `repl.verbs`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

# How an argument takes its value:
#   word    one word by position            text   the rest of the line by position, spaces kept
#   rest    the words of a called tool      value  `--name WORD`
#   line    `--name TEXT`, up to the next option on a REPL line, one shell word otherwise
#   flag    `--name`
Kind = Literal["word", "text", "rest", "value", "line", "flag"]
# What completes it in the REPL.
Source = Literal["", "proposal", "pending", "plugin", "tool", "path", "verb", "model", "finding", "module"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a verb. `name` is "id" for a positional one, "--allow" for an option."""

    name: str
    help: str
    kind: Kind = "word"
    required: bool = True
    many: bool = False
    number: Literal["", "int", "float"] = ""
    choices: tuple[str, ...] = ()
    complete: Source = ""

    @property
    def option(self) -> bool:
        """Whether it is given by name."""
        return self.name.startswith("--")

    @property
    def field(self) -> str:
        """The attribute that holds its value ("--from" is `from_`, since `from` is a keyword)."""
        plain = self.name.lstrip("-").replace("-", "_")
        return "from_" if plain == "from" else plain

    @property
    def usage(self) -> str:
        """How it is written in a usage line."""
        shown = self.name.upper() if not self.option else self.name
        if self.option and self.kind != "flag":
            shown = f"{self.name} {_PLACEHOLDER[self.name]}"
        if self.kind == "rest":
            shown = f"{shown}..."
        if not self.required:
            shown = f"[{shown}]"
        return f"{shown}..." if self.many else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing Ratchet can do. `name` may be two words ("audit verify")."""

    name: str
    help: str
    handler: str
    group: str
    arguments: tuple[Argument, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """The line after the program's name: "approve ID [--digest HEX] ..."."""
        return " ".join((self.name, *(argument.usage for argument in (*self.positionals, *self.options))))

    @property
    def options(self) -> tuple[Argument, ...]:
        """The arguments that are given by name."""
        return tuple(argument for argument in self.arguments if argument.option)

    @property
    def positionals(self) -> tuple[Argument, ...]:
        """The arguments that are given by position, in order."""
        return tuple(argument for argument in self.arguments if not argument.option)

    def typed_examples(self, *, at_prompt: bool) -> tuple[str, ...]:
        """The examples as they are typed in a shell, or at the prompt: no quotes there, and no files for input."""
        if not at_prompt:
            return tuple(f"ratchet {example}" for example in self.examples)
        split = (shlex.split(example) for example in self.examples)
        return tuple(f"/{' '.join(words)}" for words in split if "<" not in words)


_PLACEHOLDER = {
    "--example": "EXPR", "--allow": "CAPABILITY", "--id": "ID", "--change": "PLUGIN", "--from": "PATH",
    "--attempts": "N", "--digest": "HEX", "--accept": "NAME", "--to": "VERSION",
    "--args": "JSON", "--call": "NAME", "--level": "LEVEL",
    "--wall": "S", "--memory": "MB", "--limit": "N", "--plugin": "ID", "--workspace": "DIR", "--model": "NAME",
    "--output-format": "FORMAT", "--docs": "DIR", "--reason": "TEXT",
}  # fmt: skip
