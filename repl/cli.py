"""Words into an `Invocation`: argparse made from the table of verbs, for the shell and the lines of the REPL alike."""

from __future__ import annotations

import argparse
import itertools
import re
from dataclasses import dataclass, field
from typing import Literal, NoReturn, cast

from plugins.errors import UsageError
from repl import verbs
from repl.verb import Argument, Verb
from repl.verbs import COMMON

Format = Literal["text", "json", "stream-json"]
_PREVIEW = 24  # characters of a mistyped word that a message repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that every verb takes."""

    workspace: str = ""
    output: Format = "text"
    model: str = ""
    quiet: bool = False
    yes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command: a verb with its arguments, or a prompt (`-p`), or neither (the REPL).

    `help` asks for the help of the verb, of the `parts` of a word that begins several, or of everything.
    """

    options: Options = field(default_factory=Options)
    verb: Verb | None = None
    arguments: argparse.Namespace = field(default_factory=argparse.Namespace)
    prompt: str | None = None
    version: bool = False
    help: bool = False
    parts: tuple[Verb, ...] = ()


class _Parser(argparse.ArgumentParser):
    """Raises in place of printing and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"Try: {self.prog} --help")


def parse(argv: list[str]) -> Invocation:
    """Parse the words after `ratchet`."""
    leading, words = _leading(argv)
    if not words:
        return _without_verb(leading)
    found = verbs.find(words)
    if found is None:
        return parts_of(words[0], [*leading, *words[1:]])
    verb, count = found
    return parse_verb(verb, [*leading, *words[count:]])


def parts_of(word: str, tokens: list[str], *, slash: str = "") -> Invocation:
    """Return what asks for help about the verbs that begin with `word`; there is nothing else that it says alone."""
    parts = verbs.family(word)
    if not parts or not {"-h", "--help"} & set(tokens):
        raise unknown_verb([word, *tokens], slash=slash)
    return Invocation(help=True, parts=parts)


def parse_verb(verb: Verb, tokens: list[str], *, line: str | None = None) -> Invocation:
    """Parse the words after a verb's name. `line` is the unsplit text of a `rest` argument, where there is one."""
    tokens, rest = _take_rest(verb, tokens)
    spoken = parser_of(verb).parse_args(tokens)
    if spoken.help:
        return Invocation(verb=verb, help=True, options=_options(spoken))
    _require(verb, spoken, rest)
    last = verb.positionals[-1] if verb.positionals else None
    if last is not None and last.kind == "text":
        setattr(spoken, last.field, " ".join(rest))
    elif last is not None and last.kind == "rest":
        setattr(spoken, last.field, tuple(rest))
        spoken.line = line
    return Invocation(verb=verb, arguments=spoken, options=_options(spoken))


def unknown_verb(words: list[str], *, slash: str = "") -> UsageError:
    """Return the error for words that name no verb, with what was perhaps meant."""
    members = verbs.family(words[0])
    if members:
        names = ", ".join(f"{slash}{verb.name}" for verb in members)
        return UsageError(f"{slash}{words[0]} needs one of its parts", hint=f"One of: {names}")
    near = verbs.near(" ".join(words[:2])) or verbs.near(words[0])
    hint = f"Did you mean {slash}{near}?" if near else f"{slash or 'ratchet '}help lists what there is."
    return UsageError(f"there is no verb {slash}{words[0][:_PREVIEW]!s}", hint=hint)


def help_of(verb: Verb, *, at_prompt: bool = False) -> str:
    """Return the help of one verb, with examples as they are typed there."""
    return parser_of(verb, whole=True, at_prompt=at_prompt).format_help()


def parser_of(verb: Verb, *, whole: bool = False, at_prompt: bool = False) -> argparse.ArgumentParser:
    """Return the argparse parser of one verb, with the common options.

    The open-ended argument is taken out before it parses; a `whole` one has it, too, and is only there for its help.
    """
    examples = verb.typed_examples(at_prompt=at_prompt)
    parser = _Parser(
        prog=f"ratchet {verb.name}",
        usage=f"ratchet {verb.usage} [options]",
        description=verb.help,
        epilog="\n".join(("examples:", *(f"  {one}" for one in examples))) if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    own = parser.add_argument_group("arguments") if verb.arguments else parser
    for argument in (*verb.positionals, *verb.options):
        if whole or argument.kind not in ("text", "rest"):
            _add(own, argument)
    common = parser.add_argument_group("options")
    taken = {argument.name for argument in verb.arguments}
    for argument in COMMON:
        if argument.name not in taken:
            _add(common, argument)
    common.add_argument("-h", "--help", action="store_true", help="this text")
    return parser


def _without_verb(leading: list[str]) -> Invocation:
    parser = _Parser(prog="ratchet", add_help=False, allow_abbrev=False)
    for argument in COMMON:
        _add(parser, argument)
    parser.add_argument("-p", "--prompt", default=None)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("-V", "--version", action="store_true")
    spoken = parser.parse_args(leading)
    return Invocation(options=_options(spoken), prompt=spoken.prompt, version=spoken.version, help=spoken.help)


def _leading(argv: list[str]) -> tuple[list[str], list[str]]:
    """Split off the options that stand before the verb."""
    valued = {argument.name for argument in COMMON if argument.kind != "flag"} | {"-p", "--prompt"}
    index = 0
    while index < len(argv) and argv[index].startswith("-") and argv[index] != "-":
        index += 2 if argv[index] in valued else 1
    return argv[:index], argv[index:]


def _take_rest(verb: Verb, tokens: list[str]) -> tuple[list[str], list[str]]:
    """Take out the words of the last, open-ended argument. Ratchet's own options are found anywhere before a `--`."""
    last = verb.positionals[-1] if verb.positionals else None
    if last is None or last.kind not in ("text", "rest"):
        return tokens, []
    own = {argument.name: argument for argument in (*verb.arguments, *COMMON) if argument.option}
    fixed, seen = len(verb.positionals) - 1, 0
    kept: list[str] = []
    rest: list[str] = []
    index = 0
    while index < len(tokens):
        word = tokens[index]
        name = word.split("=", 1)[0]
        width = 1
        if word == "--":
            words = tokens[index + 1 :]
            kept += words[: fixed - seen]
            return kept, rest + words[max(0, fixed - seen) :]
        if name in own:
            width = 1 if own[name].kind == "flag" or "=" in word else 2
            kept += tokens[index : index + width]
        elif word in ("-h", "--help") or _is_mistake(word, last, seen < fixed):
            kept.append(word)
        elif seen < fixed:
            kept.append(word)
            seen += 1
        else:
            rest.append(word)
        index += width
    return kept, rest


def _is_mistake(word: str, last: Argument, before_rest: bool) -> bool:
    """Whether a word looks like an option that does not exist; in the words of a tool it is the tool's own."""
    return looks_like_option(word) and (last.kind == "text" or before_rest)


def looks_like_option(word: str) -> bool:
    """Whether a word begins as an option does; a number below zero and a text of several words do not."""
    return re.match(r"--|-[^\W\d_]", word) is not None and not any(map(str.isspace, word))


def _require(verb: Verb, spoken: argparse.Namespace, rest: list[str]) -> None:
    for argument in verb.arguments:
        given = rest if argument.kind in ("text", "rest") else getattr(spoken, argument.field)
        empty = given in (None, []) or (argument.kind == "line" and not str(given).strip())
        if argument.required and empty:
            raise UsageError(
                f"{verb.name} needs {argument.usage}: {argument.help}", hint=f"usage: ratchet {verb.usage}"
            )


def _add(parser: argparse._ActionsContainer, argument: Argument) -> None:
    if argument.kind == "flag":
        parser.add_argument(argument.name, dest=argument.field, action="store_true", help=argument.help)
        return
    kind = {"int": int, "float": float}.get(argument.number, str)
    choices = list(argument.choices) or None
    if argument.option:
        action = "append" if argument.many else "store"
        default: object = [] if argument.many else None
        shown = argument.usage.strip("[].").split(" ")[-1]
        parser.add_argument(argument.name, dest=argument.field, action=action, default=default, type=kind,
                            choices=choices, metavar=None if choices else shown, help=argument.help)  # fmt: skip
        return
    parser.add_argument(
        argument.field, nargs="?", type=kind, choices=choices, metavar=argument.name.upper(), help=argument.help
    )


def _options(spoken: argparse.Namespace) -> Options:
    output = spoken.output_format or ("json" if spoken.json else "text")
    return Options(
        workspace=spoken.workspace or "",
        output=cast(Format, output),
        model=spoken.model or "",
        quiet=spoken.quiet,
        yes=spoken.yes,
    )


def wanted_output(argv: list[str]) -> Format:
    """Guess the format of words that could not be parsed, so that the error is printed as the caller reads it."""
    if "stream-json" in argv or "--output-format=stream-json" in argv:
        return "stream-json"
    return (
        "json"
        if {"--json", "--output-format=json"} & set(argv) or _follows(argv, "--output-format", "json")
        else "text"
    )


def _follows(argv: list[str], first: str, second: str) -> bool:
    return any(pair == (first, second) for pair in itertools.pairwise(argv))
