"""What to write in place of an import, or of a name of a module, that the dialect does not have."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.language.modules import ALLOWED_IMPORTS, INSTEAD, public_names


def of_member(module: str, name: str) -> str:
    """What to write for a name that a module has for others and not for plugins."""
    return INSTEAD.get(f"{module}.{name}") or f"see: ratchet plugin dialect {module}"


def of_module(name: str, names: Sequence[str] = ()) -> str:
    """What to write for `import name`, or for `from name import names`; "" where there is nothing like it."""
    parent, _, child = name.rpartition(".")
    if parent in ALLOWED_IMPORTS and child in public_names(parent):  # no module, but a name of one
        there = names if names and public_names(parent).issuperset(names) else [child]
        return f"write: from {parent} import {', '.join(there)}"
    return INSTEAD.get(name) or INSTEAD.get(name.partition(".")[0], "")
