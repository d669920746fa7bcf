"""What trusting a workspace would enable: looked at without running anything and without trusting anything."""

from __future__ import annotations

from dataclasses import dataclass

from plugins import trust
from plugins.keys import Signer
from plugins.loader import Loader
from plugins.state import UserState
from plugins.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Enabled:
    """A plugin that would run, what it could then touch, the key of its decision, and those it was approved with."""

    id: str
    version: str
    capabilities: tuple[str, ...]
    key: str
    approvers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enabling:
    """What is behind the question: keys that want to count, plugins that would run, and those that would not."""

    keys: tuple[Signer, ...]
    plugins: tuple[Enabled, ...]
    others: tuple[tuple[str, str], ...]

    def granted(self) -> dict[str, tuple[str, ...]]:
        """The capabilities by plugin, as `trust.trust` takes them once the person agreed."""
        return {plugin.id: plugin.capabilities for plugin in self.plugins if plugin.capabilities}


def what_it_would_enable(workspace: Workspace, state: UserState) -> Enabling:
    """What would run if the workspace and every key that it offers were trusted."""
    keys = trust.offered(workspace, state)
    fingerprints = {signer.key.fingerprint for signer in workspace.signers()}
    standings = Loader(workspace, state, keys=fingerprints | trust.fingerprints(workspace, state)).standings()
    plugins = tuple(
        Enabled(
            id=one.id,
            version=one.version,
            capabilities=one.decision.capabilities,
            key=one.decision.key,
            approvers=one.approvers,
        )
        for one in standings
        if one.runnable and one.decision is not None
    )
    others = tuple((one.id, one.reason) for one in standings if not one.runnable)
    return Enabling(keys=keys, plugins=plugins, others=others)
