"""The plugins of a workspace: which there are, which run, and the way to call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from plugins import trust
from plugins.arguments import Typed
from plugins.errors import NotFoundError, UntrustedError
from plugins.host import Host, Message, signature_of, unheard
from plugins.loader import Loader, Standing
from plugins.signature import Signature
from plugins.state import UserState
from plugins.workspace import Workspace
from sandbox.outcome import Outcome

if TYPE_CHECKING:
    from plugins.manifest import Manifest
    from sandbox.sandbox import Sandbox

Status = Literal["loaded", "rolled-back", "not-loaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One plugin as it is listed. `reason` says why one that is not loaded does not run."""

    id: str
    version: str
    status: Status
    reason: str = ""
    digest: str = ""
    capabilities: tuple[str, ...] = ()
    manifest: Manifest | None = None
    commands: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As `plugin list --json` prints it."""
        tools = [one.name for one in self.manifest.tools] if self.manifest else []
        return {
            "id": self.id,
            "version": self.version,
            "status": self.status,
            "reason": self.reason,
            "digest": self.digest,
            "capabilities": list(self.capabilities),
            "tools": tools,
            "commands": list(self.commands),
        }


class Registry:
    """Every plugin of one workspace. What runs is judged again at each call: a rollback or an edit counts at once."""

    def __init__(
        self,
        workspace: Workspace,
        state: UserState,
        sandbox: Sandbox,
        *,
        secrets: Mapping[str, str] | None = None,
        on_message: Message = unheard,
        record: bool = True,
    ) -> None:
        self._workspace, self._state = workspace, state
        self._loader = Loader(workspace, state)
        log = workspace.events(state) if record else None
        self._host = Host(workspace, state, sandbox, events=log, secrets=secrets, on_message=on_message)

    def plugins(self) -> tuple[Entry, ...]:
        """Every plugin, also those that do not run, with the reason."""
        taken: dict[str, str] = {}
        found = []
        for standing in self._loader.standings():
            if not standing.runnable:
                self._host.drop(standing.id)
            found.append(_entry(standing, taken))
        return tuple(found)

    def commands(self) -> Mapping[str, str]:
        """The plugin behind each command of the plugins that run."""
        return {command: entry.id for entry in self.plugins() for command in entry.commands}

    def signature(self, plugin: str, tool: str) -> Signature:
        """The parameters of a tool of a plugin that runs."""
        standing = self._runnable(plugin)
        assert standing.manifest is not None
        return signature_of(standing.manifest, standing.files, tool)

    def call(self, plugin: str, tool: str, typed: Typed | None = None) -> Outcome:
        """Call a tool. Raises NotFoundError, UntrustedError or ArgumentError before anything runs."""
        return self._host.call(self._runnable(plugin), tool, typed or Typed())

    def close(self) -> None:
        """End what runs."""
        self._host.close()

    def _runnable(self, plugin: str) -> Standing:
        """A plugin that may run, judged now."""
        hint = "ratchet plugin list shows them all"
        standing = next(one for one in self._loader.standings(plugin) if one.id == plugin)
        if standing.runnable:
            return standing
        self._host.drop(plugin)
        if not standing.present:
            raise NotFoundError(f"there is no plugin {plugin}", hint=hint, id=plugin)
        error = UntrustedError if not trust.is_trusted(self._workspace, self._state) else NotFoundError
        raise error(f"{plugin} is not loaded: {standing.reason}", hint=hint, id=plugin)


def _entry(standing: Standing, taken: dict[str, str]) -> Entry:
    """A line of the list. Of two plugins with the same command the first by id has it."""
    decision, manifest = standing.decision, standing.manifest
    commands: tuple[str, ...] = ()
    if standing.runnable and manifest is not None:
        commands = tuple(
            one.name for one in manifest.commands if taken.setdefault(one.name, standing.id) == standing.id
        )
    status: Status = "loaded" if standing.runnable else "not-loaded"
    if decision is not None and not decision.digest and standing.reason == "it is rolled back":
        status = "rolled-back"
    return Entry(
        id=standing.id,
        version=standing.version,
        status=status,
        reason=standing.reason,
        digest=decision.digest if decision else "",
        capabilities=decision.capabilities if decision else (),
        manifest=manifest,
        commands=commands,
    )
