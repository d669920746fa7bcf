"""The id that a request names, looked at before anything is made for it or asked of a model."""

from __future__ import annotations

from plugins.errors import NotFoundError, UsageError
from plugins.workspace import Workspace
from selfmod.candidate import Candidate
from selfmod.gate.stages.manifest import confused, taken
from selfmod.gate.subject import Installed
from selfmod.review import committed
from selfmod.spec import Spec


def require_free(workspace: Workspace, installed: Installed, spec: Spec) -> None:
    """Refuse an id that no new plugin can have, as the gate would at the end."""
    name = spec.plugin
    if not name or spec.change:
        return
    there = dict(installed.plugins)
    if committed(workspace, name) is not None:
        there[name] = ""  # be it loaded or not
    now = Installed(plugins=there, commands=installed.commands)
    for found in (*taken(now, name), *confused(now, name, what="id", owner=name)):
        raise UsageError(found.message, hint=found.hint, id=name)


def approved(workspace: Workspace, spec: Spec) -> Candidate | None:
    """The version that a change begins with, None for a new plugin; NotFoundError where there is no such plugin."""
    if not spec.change:
        return None
    found = committed(workspace, spec.plugin)
    if found is None:
        raise NotFoundError(f"there is no plugin {spec.plugin!r}", hint="see: ratchet plugin list", id=spec.plugin)
    return found
