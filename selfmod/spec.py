"""What a person asked for: a text, examples of results, and the most it may touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example as the person wrote it (`source`), taken apart.

    `kind` "equals": `call` must equal the literal `expected`; "raises": `call` must raise the exception that `expected`
    names; "truth": `call` must be true. `call` is a call of one function with literal arguments. `held_back` examples
    are never shown to the author of a candidate: not in the prompt, the tests or the findings.
    """

    source: str
    kind: Literal["equals", "raises", "truth"]
    function: str
    call: str
    expected: str = ""
    held_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A request. `allow` is the ceiling of capabilities ("network:api.example.org:443", "storage", "effect:clock").

    `plugin` is the id asked for ("" lets one be derived); `change` says that the plugin exists and is to be changed.
    """

    text: str
    examples: tuple[Example, ...] = ()
    allow: tuple[str, ...] = ()
    plugin: str = ""
    change: bool = False

    @property
    def shown(self) -> tuple[Example, ...]:
        """The examples that the author of a candidate may see."""
        return tuple(example for example in self.examples if not example.held_back)
