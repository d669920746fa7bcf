"""Anchors of event logs in git: one ref, which holds the head of the log of each workspace of its repository."""

from __future__ import annotations

import json
import os

from plugins import objects
from plugins.errors import RatchetError
from plugins.events import Anchor
from plugins.objects import GitObject
from plugins.repository import EVENTS
from plugins.workspace import Workspace


def read(workspace: Workspace) -> Anchor | None:
    """The anchor of this workspace, None where there is none; ValueError where the ref holds something else."""
    held = _held(workspace).get(_place(workspace))
    return None if held is None else Anchor(count=int(str(held["count"])), head=str(held["head"]))


def with_anchor(workspace: Workspace, tip: Anchor) -> GitObject:
    """What the ref has to hold so that this workspace's log is anchored at `tip`, and those of others where they are.

    A ref that holds something else is written anew: `audit verify` has said so.
    """
    try:
        held = _held(workspace)
    except ValueError:
        held = {}
    content = json.dumps({**held, _place(workspace): tip.to_json()}, sort_keys=True).encode() + b"\n"
    return objects.make("blob", content, workspace.repository.algorithm)


def _held(workspace: Workspace) -> dict[str, dict[str, object]]:
    repository = workspace.repository
    id_ = repository.resolve(EVENTS)
    if not id_:
        return {}
    try:
        held = json.loads(repository.blob(id_))
        if all({"count": int(one["count"]), "head": str(one["head"])} == one for one in held.values()):
            return dict(held)
    except (RatchetError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{EVENTS} holds no anchors") from error
    raise ValueError(f"{EVENTS} holds no anchors")


def _place(workspace: Workspace) -> str:
    """Which workspace of the repository it is, also after the repository was moved: its work tree and its folder."""
    repository = workspace.repository
    return f"{os.path.relpath(os.path.realpath(repository.git_dir), repository.common_dir)}:{workspace.prefix}"
