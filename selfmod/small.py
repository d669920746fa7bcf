"""What a small model is asked for: one function, begun for it. Manifest, README and tests are made here, by the host.

Which words, which examples and which temperatures work was measured with SmolLM2-135M: two solved functions before the
question, and an answer that is begun up to the colon, solve most simple requests within a few samples.
"""

from __future__ import annotations

from typing import Final

from plugins.errors import UsageError
from plugins.manifest import manifest_from_data, render_manifest
from sandbox.limits import Limits
from sandbox.outcome import Completed, describe
from sandbox.program import Job
from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate
from selfmod.examples import TEST_PATH, example_tests
from selfmod.extract import MAX_REPLY
from selfmod.models.base import Message, Request
from selfmod.models.errors import InvalidAnswer, ModelUnavailable, shortened
from selfmod.prompt import Round
from selfmod.signature import Signature, read_signature
from selfmod.spec import Example, Spec

ATTEMPTS: Final = 20
FIRST_VERSION: Final = "0.1.0"
MAX_TOKENS: Final = 160
MAX_DOC: Final = 400
JOB: Final = "selfmod.extract:extract"
_LIMITS: Final = Limits(memory_mb=256, wall_s=10.0, cpu_s=10)
_STOP: Final = ("\n```\n", "\n\n\n", "\ndef ", "\nclass ", "\nprint", "\nassert")
# Sampling begins careful and grows bolder: what is right is often the first thought, and otherwise a rare one.
_TEMPERATURES: Final = (0.3, 0.5, 0.7, 0.8, 0.9)

_Solved = tuple[str, str, tuple[str, ...], str]
_DOUBLE: Final[_Solved] = (
    "double(x: int) -> int",
    "two times x",
    ("double(2) == 4", "double(0) == 0"),
    "    return x * 2\n",
)
_VOWELS: Final[_Solved] = (
    "count_vowels(s: str) -> int",
    "the number of vowels in s",
    ("count_vowels('abe') == 2",),
    "    return len([c for c in s if c in 'aeiou'])\n",
)
_LARGER: Final[_Solved] = (
    "larger(a: int, b: int) -> int",
    "the larger of a and b",
    ("larger(2, 5) == 5",),
    "    if a > b:\n        return a\n    return b\n",
)
_LAST: Final[_Solved] = (
    "last_word(text: str) -> str",
    "the last word of text",
    ("last_word('a b') == 'b'",),
    "    words = text.split()\n    return words[-1] if words else ''\n",
)
# Different solved functions before the question lead to different answers, so they take turns.
_SHOTS: Final[tuple[tuple[_Solved, ...], ...]] = ((_DOUBLE,), (_VOWELS, _LARGER), (_LAST, _LARGER, _DOUBLE))


def require_function(spec: Spec) -> None:
    """Say at once what a small model cannot do, before a proposal is made of it."""
    if spec.change:
        raise ModelUnavailable(
            "a small model writes one new function at a time and cannot change a plugin",
            hint="use a larger model (see: ratchet model list), or send files of your own with --from",
        )
    if read_signature(spec) is None:
        raise UsageError(
            "a small model needs to know the function: begin with its signature, or give examples of one function",
            hint='such as "is_even(n: int) -> bool: True if n is even"',
        )
    if not spec.shown:
        raise UsageError(
            "a small model writes no tests: they are made from examples, so give some",
            hint="--example 'is_even(4) == True' --example 'is_even(3) == False'; three or more serve best",
        )


class OneFunction:
    """Asks for one function, again and again, and makes a plugin around each that comes back."""

    mode: Final = "function"

    def __init__(self, spec: Spec, signature: Signature, *, sandbox: Sandbox, author: str, seed: int) -> None:
        self._spec, self._signature = spec, signature
        self._sandbox, self._author, self._seed = sandbox, author, seed

    def request(self, attempt: int, last: Round | None) -> Request:  # noqa: ARG002 - it learns nothing from findings
        """The question of one attempt."""
        return question(self._signature, self._spec.shown, attempt, self._seed)

    def read(self, reply: str, *, cut: bool) -> Candidate:  # noqa: ARG002 - what was cut may still hold the function
        """The plugin around the function in a reply."""
        source = read_function(self._sandbox, self._signature, reply)
        return plugin_files(self._signature, self._spec, source, author=self._author)


def question(signature: Signature, examples: tuple[Example, ...], attempt: int, seed: int = 0) -> Request:
    """The request of one attempt (counted from 1): the same question, asked differently each time."""
    messages: list[Message] = []
    for header, text, shown, body in _SHOTS[attempt % len(_SHOTS)]:
        messages.append(Message(role="user", content=_asked(header, text, shown)))
        messages.append(Message(role="assistant", content=f"```python\ndef {header}:\n{body}```"))
    shown = tuple(example.source for example in examples[:6])
    messages.append(Message(role="user", content=_asked(signature.header, signature.text or signature.name, shown)))
    messages.append(Message(role="assistant", content=_begun(signature)))
    temperature = _TEMPERATURES[min((attempt - 1) // len(_SHOTS), len(_TEMPERATURES) - 1)]
    return Request(
        messages=tuple(messages), max_tokens=MAX_TOKENS, temperature=temperature, seed=seed + attempt, stop=_STOP
    )


def _asked(header: str, text: str, examples: tuple[str, ...]) -> str:
    said = f"Write a Python function `{header}`: {text}."
    return said + ("\nExamples:\n" + "\n".join(examples) if examples else "")


def _begun(signature: Signature) -> str:
    return f"```python\ndef {signature.header}:"


def read_function(sandbox: Sandbox, signature: Signature, reply: str) -> str:
    """The function out of a reply, cleaned, found in a limited worker; `InvalidAnswer` where there is none."""
    argument = {
        "reply": reply[:MAX_REPLY].encode("utf-8", "replace").decode(),
        "begun": _begun(signature),
        "header": signature.header,
        "doc": docstring(signature),
    }
    outcome = sandbox.run(Job(function=JOB, argument=argument), limits=_LIMITS, kind="parse")
    if not isinstance(outcome, Completed):
        raise InvalidAnswer(f"the answer cannot be read: {describe(outcome)}", hint="it is asked again")
    found = outcome.value if isinstance(outcome.value, dict) else {}
    source = found.get("source")
    if not isinstance(source, str):
        raise InvalidAnswer(shortened(found.get("problem", "there is no function in the answer")), hint="asked again")
    return source


def docstring(signature: Signature) -> str:
    """The person's words as the docstring of the function."""
    said = "".join(sign if sign.isprintable() else " " for sign in signature.text)
    text = " ".join(said.split())[:MAX_DOC] or signature.name.replace("_", " ")
    sentence = text[0].upper() + text[1:]
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def plugin_files(signature: Signature, spec: Spec, source: str, *, author: str) -> Candidate:
    """The whole plugin around one function."""
    files = {
        "plugin.yaml": _manifest(signature, spec, author),
        "plugin.py": _module(signature, source),
        "README.md": _readme(signature, spec),
        TEST_PATH: example_tests(spec.shown),
    }
    return Candidate(files={path: data for path, data in files.items() if data})


def plugin_id(spec: Spec, signature: Signature) -> str:
    """The id that was asked for, or one from the function's name."""
    name = _dashed(signature)
    return spec.plugin or (name if len(name) > 1 else f"plugin-{name}")


def _dashed(signature: Signature) -> str:
    return signature.name.strip("_").replace("_", "-").lower()[:64]


def _manifest(signature: Signature, spec: Spec, author: str) -> bytes:
    name = signature.name.replace("_", " ").strip()
    tool = {"name": signature.name.lower(), "handler": signature.name, "description": docstring(signature)[:200]}
    command = {**tool, "name": _dashed(signature)}
    data = {
        "schema": 1,
        "id": plugin_id(spec, signature),
        "name": name[0].upper() + name[1:],
        "version": FIRST_VERSION,
        "description": docstring(signature),
        "author": author,
        "license": "MIT",
        "entry": "plugin.py",
        "tools": [tool],
        "commands": [command],
    }
    return render_manifest(manifest_from_data(data))


def _readme(signature: Signature, spec: Spec) -> bytes:
    name = _dashed(signature)
    shown = "".join(f"    {example.source}\n" for example in spec.shown[:6])
    call = spec.shown[0].call if spec.shown else f"{signature.name}(...)"
    lines = [
        f"# {name}",
        "",
        docstring(signature),
        "",
        f"The command `/{name}` and the tool `{signature.name}` call `{signature.header}`:",
        "",
        shown or f"    {call}\n",
    ]
    return "\n".join(lines).rstrip("\n").encode() + b"\n"


def _module(signature: Signature, source: str) -> bytes:
    space = "\n\n" if source.startswith(("import ", "from ")) else "\n\n\n"
    return f'"""{_inside(docstring(signature))}"""{space}{source}'.encode()


def _inside(text: str) -> str:
    """A text as it stands between three quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
