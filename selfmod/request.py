"""What a person typed, made into a request: its text, its examples, and which of them the author does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from plugins.errors import UsageError
from selfmod.examples import align_with_return, call_of, choose_held_back, parse_example, parse_examples
from selfmod.signature import read_signature
from selfmod.spec import Example, Spec

MAX_SPEC: Final = 20_000


def make_spec(
    text: str,
    *,
    examples: Sequence[str] = (),
    allow: Sequence[str] = (),
    plugin: str = "",
    change: str = "",
    secret: bytes,
) -> Spec:
    """Make the request from what a person typed; `UsageError` where it is not one."""
    if len(text) > MAX_SPEC:
        raise UsageError(f"a request has at most {MAX_SPEC} characters, not {len(text)}", hint="say it shorter")
    if plugin and change and plugin != change:
        raise UsageError("a plugin that is changed keeps its id", hint="leave out --id")
    if plugin:
        from plugins.manifest import id_problem

        if problem := id_problem(plugin):
            raise UsageError(f"--id {plugin}: it is no id of a plugin", hint=problem, id=plugin)
    return Spec(
        text=text.strip(),
        examples=choose_held_back(_parsed(text, examples), secret),
        allow=ceiling(allow),
        plugin=change or plugin,
        change=bool(change),
    )


def ceiling(names: Sequence[str]) -> tuple[str, ...]:
    """The capabilities that a request allows, by name; `UsageError` where one is no name of a capability."""
    for name in names:
        from plugins.capability import name_problem

        if problem := name_problem(name):
            raise UsageError(f"--allow {name}: {problem}", hint="names: ratchet help propose")
    return tuple(dict.fromkeys(names))


def with_more(
    spec: Spec, *, examples: Sequence[str] = (), allow: Sequence[str] = (), asked: str = "", secret: bytes
) -> Spec:
    """The request with more examples, and with more that it allows: a person widens their own, nobody narrows it.

    Examples that were shown stay shown, and of the new ones a part is held back. What is given again, and what answers
    one of the questions that were `asked`, is meant to be a test: it is shown from then on.
    """
    spec = replace(spec, allow=ceiling((*spec.allow, *allow)))
    if not examples:
        return spec
    both = _parsed(spec.text, [*(example.source for example in spec.examples), *examples])
    known = {example.call for example in spec.examples}
    again = {parse_example(source).call for source in examples} & known
    there = [replace(example, held_back=example.held_back and example.call not in again) for example in spec.examples]
    fresh = [example for example in both if example.call not in known]
    answers = [example for example in fresh if call_of(example) in asked]
    others = [example for example in fresh if example not in answers]
    return replace(spec, examples=choose_held_back(others, secret, known=[*there, *answers]))


def _parsed(text: str, examples: Sequence[str]) -> tuple[Example, ...]:
    parsed = parse_examples(examples)
    signature = read_signature(Spec(text=text, examples=parsed))
    return parsed if signature is None else align_with_return(parsed, signature.name, signature.returns)
