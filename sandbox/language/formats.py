"""Templates of `str.format`, which walk attributes: a literal one is checked when it is compiled and used as it is, any
other goes through a formatter that reads attributes by the same guards as code does.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_FIELD = re.compile(r"[.\[]\s*_|[.](?:gi|cr|ag|tb|co|f)_\w+|[.](?:format|format_map|mro)\b")


def template_problem(template: str) -> str | None:
    """Return why a literal template may not be used, or None."""
    try:
        for _, field, specification, _ in string.Formatter().parse(template):
            if field and _FIELD.search(field):
                return f"the field {{{field}}} walks attributes"
            if specification and "{" in specification:
                problem = template_problem(specification)
                if problem:
                    return problem
    except ValueError as error:
        return f"not a template: {error}"
    return None


class GuardedFormatter(string.Formatter):
    """`str.format`, with `read(subject, name)` in place of plain attribute access."""

    def __init__(self, read: Callable[[Any, str], Any]) -> None:
        self._read = read

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str | int]:
        """Return the value of a field, and the argument it starts from."""
        first, rest = _split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, name in rest:
            value = self._read(value, str(name)) if is_attribute else value[name]
        return value, first


def _split(field: str) -> tuple[int | str, list[tuple[bool, int | str]]]:
    import _string  # type: ignore[import-not-found]  # the parser behind string.Formatter itself

    first, rest = _string.formatter_field_name_split(field)
    return first, list(rest)
