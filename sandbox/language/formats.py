"""Templates of `str.format`: a literal one is checked when it is compiled, others are refused at run time."""

from __future__ import annotations

import re
import string

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
