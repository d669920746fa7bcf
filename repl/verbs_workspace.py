"""`init`, `trust` and `config`: making a workspace, vouching for one, and what is set."""

from __future__ import annotations

import hashlib
import json
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.errors import ApprovalError, StaleError
from repl.answer import Answer
from repl.ask import confirmed
from repl.errors import NotAtTerminal

if TYPE_CHECKING:
    from plugins.enabling import Enabling
    from plugins.keys import Signer
    from plugins.settings import Settings
    from plugins.workspace import Workspace
    from repl.render import Screen
    from repl.session import Session


def init(session: Session, arguments: Namespace) -> Answer:
    """Make a workspace and trust it."""
    from plugins.workspace import init as make

    workspace = make(Path(arguments.dir or ".").expanduser(), session.state)
    session.enter(workspace.root)  # the REPL goes on in what was just made
    commit = workspace.repository.head()
    return Answer(
        payload={"workspace": str(workspace.root), "id": workspace.id, "commit": commit, "trusted": True},
        show=lambda screen: _show_made(screen, workspace, commit),
    )


def _show_made(screen: Screen, workspace: Workspace, commit: str) -> None:
    screen.line(("Made the workspace ", "green"), str(workspace.root))
    screen.fields((("commit", commit), ("trusted", "yes: you made it")))
    there = "" if screen.at_prompt or Path.cwd().is_relative_to(workspace.root) else f"cd {workspace.root}, then: "
    screen.next_steps(f"{there}ratchet propose SPEC", "ratchet doctor (it says what works on this machine)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What trusting a workspace would enable: exactly this, named by its digest.

    `grants` are the capabilities that plugins which somebody else approved would be given, and do not have yet.
    """

    workspace: Workspace
    trusted: bool
    enabling: Enabling
    grants: Mapping[str, tuple[str, ...]]

    @property
    def keys(self) -> tuple[Signer, ...]:
        """Those whose approvals would count."""
        return self.enabling.keys

    @property
    def nothing_new(self) -> bool:
        """Whether there is nothing to ask about."""
        return self.trusted and not self.keys and not self.grants

    @property
    def digest(self) -> str:
        """One value that names what was shown."""
        plugins = [f"{one.id} {one.version} {one.key} {', '.join(one.capabilities)}" for one in self.enabling.plugins]
        grants = [f"{name}: {', '.join(names)}" for name, names in self.grants.items()]
        lines = [self.workspace.id, str(self.workspace.root), *plugins, *map(str, self.keys), *grants]
        return hashlib.sha256(json.dumps(lines).encode()).hexdigest()  # a path can hold any line, and any byte

    def payload(self, *, trusted: bool) -> dict[str, object]:
        """The offer for programs."""
        plugins = self.enabling.plugins
        return {
            "workspace": str(self.workspace.root),
            "trusted": trusted,
            "plugins": [{"id": p.id, "version": p.version, "capabilities": list(p.capabilities)} for p in plugins],
            "others": [{"id": name, "reason": reason} for name, reason in self.enabling.others],
            "keys": [{"principal": s.principal, "fingerprint": s.key.fingerprint} for s in self.keys],
            "grants": {name: list(names) for name, names in self.grants.items()},
            "digest": f"sha256:{self.digest}",
        }


def trust(session: Session, arguments: Namespace) -> Answer:
    """Show what trusting would enable, and ask; a script names the digest of what it was shown."""
    from plugins import trust as vouch
    from plugins.workspace import find

    workspace = find(explicit=Path(arguments.dir).expanduser()) if arguments.dir else session.workspace
    offer = _offer(session, workspace)
    if offer.nothing_new:
        return Answer(payload=offer.payload(trusted=True), show=lambda screen: screen.line("It is trusted already."))
    keys, granted = _scripted(offer, arguments.digest) if arguments.digest else _asked(session, offer)
    vouch.trust(workspace, session.state, keys=[signer.key for signer in keys], granted=granted)
    fingerprints = [signer.key.fingerprint for signer in keys]
    told = {name: list(names) for name, names in granted.items()}
    workspace.events(session.state).append("trust", keys=fingerprints, granted=told)
    session.forget()
    return Answer(payload=offer.payload(trusted=True), show=lambda screen: _show_trusted(screen, offer, keys, granted))


def _offer(session: Session, workspace: Workspace) -> Offer:
    from plugins import grants
    from plugins import trust as vouch
    from plugins.enabling import what_it_would_enable
    from plugins.keys import host_key

    state = session.state
    enabling = what_it_would_enable(workspace, state)
    own = host_key(state, create=False)
    mine = own.public.fingerprint if own is not None else ""
    wanted = {
        one.id: one.capabilities
        for one in enabling.plugins
        if mine not in one.approvers and set(one.capabilities) - grants.of(workspace, state, one.id)
    }
    return Offer(workspace=workspace, trusted=vouch.is_trusted(workspace, state), enabling=enabling, grants=wanted)


_Given = tuple[tuple["Signer", ...], Mapping[str, tuple[str, ...]]]


def _scripted(offer: Offer, digest: str) -> _Given:
    if digest.removeprefix("sha256:") != offer.digest:
        raise StaleError(
            "this is not the digest of what trusting would enable now",
            hint="look again: ratchet trust",
            id=str(offer.workspace.root),
        )
    return offer.keys, offer.grants


def _asked(session: Session, offer: Offer) -> _Given:
    if not session.can_ask:
        raise NotAtTerminal(
            f"trusting {offer.workspace.root} takes a person at a terminal, or the digest of what was shown",
            hint=f"it would enable {_summary(offer)}; to accept exactly that: --digest {offer.digest}",
            id=str(offer.workspace.root),
        )
    screen = session.screen
    _show_offer(screen, offer)
    if not offer.trusted and not confirmed(screen, "Trust this workspace?"):
        raise ApprovalError("the workspace stays untrusted; nothing of it runs", id=str(offer.workspace.root))
    keys = tuple(
        signer
        for signer in offer.keys
        if confirmed(screen, f"Let approvals with the key {signer.key.fingerprint} count here?")
    )
    names = [name for name in offer.grants if confirmed(screen, f"Give {name} the capabilities shown above?")]
    return keys, {name: offer.grants[name] for name in names}


def _summary(offer: Offer) -> str:
    plugins = ", ".join(one.id for one in offer.enabling.plugins) or "no plugin"
    keys = ", ".join(signer.key.fingerprint for signer in offer.keys) or "none"
    granted = "; ".join(f"{name} may use {', '.join(names)}" for name, names in offer.grants.items())
    return f"plugins: {plugins}; keys: {keys}" + (f"; {granted}" if granted else "")


def _show_offer(screen: Screen, offer: Offer) -> None:
    screen.line(("Trusting ", "bold"), str(offer.workspace.root), (" would enable:", "bold"))
    screen.line("  its settings, which can only make yours stricter")
    enabled = offer.enabling.plugins
    screen.line("  these plugins, in their sandbox:" if enabled else "  no plugin: none is approved here")
    for one in enabled:
        screen.foreign(f"{one.id} {one.version}")
        for name in one.capabilities:
            screen.line("      it may use ", (name, "yellow"))
    for name, reason in offer.enabling.others:
        screen.line((f"  not {name}: {reason}", "dim"))
    for signer in offer.keys:
        screen.line("  approvals with the key ", (signer.key.fingerprint, "bold"), ", which says that it belongs to:")
        screen.foreign(signer.principal)


def _show_trusted(
    screen: Screen, offer: Offer, keys: tuple[Signer, ...], granted: Mapping[str, tuple[str, ...]]
) -> None:
    screen.line(("Trusted: ", "green"), str(offer.workspace.root))
    for signer in keys:
        screen.line(f"  approvals with {signer.key.fingerprint} count here")
    for name, names in granted.items():
        screen.line(f"  {name} may use {', '.join(names)}")


def config(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """Show every setting in force with its origin."""
    settings = session.settings
    return Answer(payload=settings.to_json(), show=lambda screen: _show_settings(screen, session, settings))


def _show_settings(screen: Screen, session: Session, settings: Settings) -> None:
    from plugins.settings import SECRETS, SETTINGS

    screen.line("Strongest first: command line, environment, your ratchet.toml, defaults; a workspace only tightens.")
    screen.fields((("yours", str(session.state.path("ratchet.toml"))),))
    helps = {setting.name: setting.help for setting in SETTINGS}
    rows = [[name, _shown(held.value), held.origin, helps[name]] for name, held in settings.values.items()]
    screen.line()
    screen.table(["setting", "value", "from", "what it is"], rows)
    screen.heading("Secrets, from the environment only")
    screen.fields((name, "set" if settings.secret(name) else "not set") for name in SECRETS)
    for note in settings.notes:
        screen.line(("note: ", "yellow"), note)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
