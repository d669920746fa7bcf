"""Grants: which capabilities the person gave to which plugin of a workspace. Kept in user state only."""

from __future__ import annotations

from collections.abc import Iterable

from plugins.state import UserState, workspace_key
from plugins.workspace import Workspace

_FILE = "grants.json"


def of(workspace: Workspace, state: UserState, plugin: str) -> frozenset[str]:
    """What the person granted to a plugin."""
    names = _read(workspace, state).get(plugin, [])
    return frozenset(names)


def every(workspace: Workspace, state: UserState) -> dict[str, frozenset[str]]:
    """What the person granted, by plugin."""
    return {plugin: frozenset(names) for plugin, names in _read(workspace, state).items()}


def put(workspace: Workspace, state: UserState, plugin: str, names: Iterable[str]) -> None:
    """Grant exactly `names` to a plugin, in place of what it was granted before."""
    held, wanted = _read(workspace, state), sorted(set(names))
    if held.get(plugin, []) == wanted:
        return
    held[plugin] = wanted
    state.write_json(
        state.path("workspaces", workspace_key(workspace.root), _FILE),
        {name: found for name, found in held.items() if found},
    )


def _read(workspace: Workspace, state: UserState) -> dict[str, list[str]]:
    held = state.read_json("workspaces", workspace_key(workspace.root), _FILE)
    return {str(name): names for name, names in held.items()} if isinstance(held, dict) else {}
