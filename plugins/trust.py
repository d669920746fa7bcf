"""Trust: which workspaces and keys the person vouches for. It is kept in user state, never in a workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugins import grants
from plugins.errors import UntrustedError
from plugins.keys import COMMIT, DECISION, PublicKey, Signer, host_key, required_key
from plugins.state import UserState, workspace_key
from plugins.workspace import Workspace, check_settings, set_refspecs

_FILE = "trust.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the person said about one workspace: that it is trusted, and whose approvals count in it."""

    trusted: bool = False
    keys: tuple[str, ...] = ()


def read(workspace: Workspace, state: UserState) -> Trust:
    """What the person said about this workspace: at this path, with this id."""
    held = state.read_json("workspaces", workspace_key(workspace.root), _FILE)
    if not isinstance(held, dict) or held.get("id") != workspace.id or not workspace.id:
        return Trust()
    keys = held.get("keys", [])
    return Trust(trusted=True, keys=tuple(key for key in keys if isinstance(key, str)))


def is_trusted(workspace: Workspace, state: UserState) -> bool:
    """Whether the person trusts this workspace."""
    return read(workspace, state).trusted


def require(workspace: Workspace, state: UserState) -> None:
    """Raise UntrustedError when the workspace is not trusted."""
    if not is_trusted(workspace, state):
        raise UntrustedError(
            f"{workspace.root} is not trusted; nothing in it runs",
            hint="look at it, then run: ratchet trust",
            id=str(workspace.root),
        )


def fingerprints(workspace: Workspace, state: UserState) -> frozenset[str]:
    """The keys whose decisions count here: the person's own, and those the person trusted for this workspace."""
    found = read(workspace, state)
    if not found.trusted:
        return frozenset()
    own = host_key(state, create=False)
    return frozenset(found.keys) | ({own.public.fingerprint} if own else set())


def trust(
    workspace: Workspace,
    state: UserState,
    *,
    keys: Iterable[PublicKey],
    granted: Mapping[str, Iterable[str]] | None = None,
) -> Trust:
    """Trust a workspace and the approvals made with `keys`; those trusted before stay trusted.

    `granted` are the capabilities by plugin that the person was shown and agreed to (`plugins.enabling`).
    """
    check_settings(workspace)
    before = read(workspace, state)
    required_key(state)
    found = sorted({*before.keys, *(key.fingerprint for key in keys)})
    state.write_json(
        state.path("workspaces", workspace_key(workspace.root), _FILE),
        {
            "id": workspace.id,
            "root": str(workspace.root),
            "keys": found,
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        },
    )
    for plugin, names in (granted or {}).items():
        grants.put(workspace, state, plugin, names)
    set_refspecs(workspace.repository)
    return Trust(trusted=True, keys=tuple(found))


def revoke(workspace: Workspace, state: UserState) -> None:
    """Stop trusting a workspace."""
    state.disk.remove(state.path("workspaces", workspace_key(workspace.root), _FILE))


def offered(workspace: Workspace, state: UserState) -> tuple[Signer, ...]:
    """The keys in the workspace that the person does not trust yet."""
    known = fingerprints(workspace, state)
    own = host_key(state, create=False)
    mine = {own.public.fingerprint} if own else set()
    return tuple(signer for signer in workspace.signers() if signer.key.fingerprint not in known | mine)


def unlisted(workspace: Workspace, state: UserState) -> Signer | None:
    """The person's own key as a line for `allowed_signers`, None when it is there: others trust only what they see.

    Adding it is the person's own commit; an approval holds nothing but the plugin and its ledger.
    """
    own = host_key(state, create=False)
    if own is None or any(signer.key == own.public for signer in workspace.signers()):
        return None
    return Signer(principal=workspace.repository.identity().email, key=own.public, namespaces=(COMMIT, DECISION))
