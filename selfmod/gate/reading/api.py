"""The public interface of a module against that of its approved version, compared without importing either."""

from __future__ import annotations

import logging
from typing import Any

from selfmod.gate.reading.parse import MAX_FOUND, Material


def api(material: Material) -> dict[str, Any]:
    """Section "api": what breaks callers of the approved version, and what is new."""
    if material.entry not in material.previous:
        return {"breaking": [], "added": []}
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    old, new = (_visited(source[material.entry]) for source in (material.previous, material.files))
    breaking = [
        {
            "kind": breakage.kind.name.lower().replace("_", "-"),
            "name": f"{breakage.obj.path.partition('.')[2] or breakage.obj.path}",
            "what": breakage.kind.value,
            "line": breakage.obj.lineno or 0,
        }
        for breakage in griffe.find_breaking_changes(old, new)
    ]
    breaking += _bases_lost(old, new)
    return {"breaking": breaking[:MAX_FOUND], "added": _added(old, new)[:MAX_FOUND]}


def _bases_lost(old: Any, new: Any) -> list[dict[str, Any]]:
    """Public classes that are no longer what they were: whoever catches or asks for the base misses them now.

    griffe sees only that a class has fewer bases than before.
    """
    before, now = _classes(old), _classes(new)
    return [
        {"kind": "class-lost-base", "name": name, "what": f"It is no {lost} any more", "line": now[name].lineno or 0}
        for name in sorted(before.keys() & now.keys())
        if not name.startswith("_") and len(now[name].bases) >= len(before[name].bases)
        for lost in sorted(_bases(name, before) - _bases(name, now))
    ]


def _classes(module: Any) -> dict[str, Any]:
    return {name: member for name, member in module.members.items() if not member.is_alias and member.is_class}


def _bases(name: str, classes: dict[str, Any]) -> set[str]:
    """All that a class is by the names of its bases, those within the module followed."""
    found, left = set[str](), [name]
    while left:
        bases = {str(base) for base in classes[known].bases} if (known := left.pop()) in classes else set()
        left += bases - found
        found |= bases
    return {base for base in found if not base.startswith("_")}


def _visited(data: bytes) -> Any:
    from pathlib import Path

    import griffe

    return griffe.visit("plugin", filepath=Path("plugin.py"), code=data.decode("utf-8"))


def _added(old: Any, new: Any) -> list[str]:
    """Public names, and parameters of public functions, that were not there before."""
    added = []
    for name, member in new.members.items():
        if name.startswith("_") or member.is_alias:
            continue
        if name not in old.members:
            added.append(name)
        elif member.is_function and old.members[name].is_function:
            before = {parameter.name for parameter in old.members[name].parameters}
            added += [f"{name}({p.name})" for p in member.parameters if p.name not in before]
    return added
