"""How the outside fails to answer: what a plugin may meet and catch.

Doubles raise what the real outside raises, and nothing else can be scripted.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

_T = TypeVar("_T")

#: What requests and connections may meet.
NETWORK: Final[Mapping[str, tuple[type[OSError], str]]] = {
    "timed out": (TimeoutError, "the server did not answer in time"),
    "connection refused": (ConnectionError, "{} cannot be reached: " + os.strerror(errno.ECONNREFUSED)),
    "name not found": (ConnectionError, "{} cannot be resolved"),
}
#: What files and folders may meet.
FILES: Final[Mapping[str, tuple[type[OSError], int]]] = {
    "not found": (FileNotFoundError, errno.ENOENT),
    "not allowed": (PermissionError, errno.EACCES),
    "no space": (OSError, errno.ENOSPC),
}
WHILE_WRITING: Final = frozenset({"no space"})
#: Whoever writes makes what is missing.
WHILE_READING: Final = frozenset({"not found"})
#: Whoever lists a folder sees the name of what fails like that.
IS_THERE: Final = frozenset({"not allowed"})


@dataclass(frozen=True, slots=True)
class ScriptedFailure:
    """What a double does in place of answering: it raises as the real outside would. `how` is a name of the tables."""

    how: str

    def __post_init__(self) -> None:
        if self.how not in (*NETWORK, *FILES):
            raise ValueError(f"a double fails as one of: {', '.join((*NETWORK, *FILES))}")

    def of_host(self, host: str) -> OSError:
        """The exception of a request or connection to a host."""
        kind, text = NETWORK[self.how]
        return kind(text.format(host))

    def of_file(self) -> OSError:
        """The exception of a file or folder."""
        kind, number = FILES[self.how]
        return kind(number, os.strerror(number))


def failing_files(files: Mapping[str, object]) -> Iterator[tuple[str, ScriptedFailure]]:
    """Yield the paths that fail; ValueError where a file cannot fail like that."""
    for path, content in files.items():
        if isinstance(content, ScriptedFailure):
            if content.how not in FILES:
                raise ValueError(f"a file fails as one of: {', '.join(FILES)}")
            yield path, content


class Turns(Generic[_T]):
    """Answers in the order they are given, of which the last one stays."""

    def __init__(self, answers: _T | ScriptedFailure | Sequence[_T | ScriptedFailure]) -> None:
        several = isinstance(answers, list | tuple)
        self._left: list[_T | ScriptedFailure] = list(answers) if several else [answers]  # type: ignore[arg-type,list-item]
        if not self._left:
            raise ValueError("a double needs at least one answer")
        if any(isinstance(one, ScriptedFailure) and one.how not in NETWORK for one in self._left):
            raise ValueError(f"a request or connection fails as one of: {', '.join(NETWORK)}")

    def take(self, host: str) -> _T:
        """Return the next answer of a host, or raise its failure."""
        answer = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if isinstance(answer, ScriptedFailure):
            raise answer.of_host(host)
        return answer
