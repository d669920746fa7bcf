"""`init`, `trust` and `config`: making a workspace, vouching for one, and what is set."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.errors import ApprovalError, StaleError
from repl.answer import Answer
from repl.ask import confirmed
from repl.errors import NotAtTerminal

if TYPE_CHECKING:
    from plugins.keys import Signer
    from plugins.settings import Settings
    from plugins.workspace import Workspace
    from repl.render import Screen
    from repl.session import Session


def init(session: Session, arguments: Namespace) -> Answer:
    """Make a workspace and trust it."""
    from plugins.workspace import init as make

    workspace = make(Path(arguments.dir or "."), session.state)
    commit = workspace.repository.head()
    return Answer(
        payload={"workspace": str(workspace.root), "id": workspace.id, "commit": commit, "trusted": True},
        show=lambda screen: _show_made(screen, workspace, commit),
    )


def _show_made(screen: Screen, workspace: Workspace, commit: str) -> None:
    screen.line(("Made the workspace ", "green"), str(workspace.root))
    screen.fields((("commit", commit), ("trusted", "yes: you made it")))
    screen.line("Next: ratchet propose SPEC, in this folder. `ratchet doctor` says what works on this machine.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What trusting a workspace would enable: exactly this, named by its digest."""

    workspace: Workspace
    plugins: tuple[str, ...]
    keys: tuple[Signer, ...]
    trusted: bool

    @property
    def digest(self) -> str:
        """One value that names what was shown."""
        lines = [self.workspace.id, str(self.workspace.root), *self.plugins, *map(str, self.keys)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def payload(self, *, trusted: bool) -> dict[str, object]:
        """The offer for programs."""
        return {
            "workspace": str(self.workspace.root),
            "trusted": trusted,
            "plugins": list(self.plugins),
            "keys": [{"principal": s.principal, "fingerprint": s.key.fingerprint} for s in self.keys],
            "digest": f"sha256:{self.digest}",
        }


def trust(session: Session, arguments: Namespace) -> Answer:
    """Show what trusting would enable, and ask; a script names the digest of what it was shown."""
    from plugins import trust as vouch
    from plugins.workspace import find

    workspace = find(explicit=Path(arguments.dir)) if arguments.dir else session.workspace
    offer = Offer(
        workspace=workspace,
        plugins=workspace.plugin_ids(),
        keys=vouch.offered(workspace, session.state),
        trusted=vouch.is_trusted(workspace, session.state),
    )
    if offer.trusted and not offer.keys:
        return Answer(payload=offer.payload(trusted=True), show=lambda screen: screen.line("It is trusted already."))
    keys = _scripted(offer, arguments.digest) if arguments.digest else _asked(session, offer)
    vouch.trust(workspace, session.state, keys=[signer.key for signer in keys])
    workspace.events(session.state).append("trust", keys=[signer.key.fingerprint for signer in keys])
    session.forget()
    return Answer(payload=offer.payload(trusted=True), show=lambda screen: _show_trusted(screen, offer, keys))


def _scripted(offer: Offer, digest: str) -> tuple[Signer, ...]:
    if digest.removeprefix("sha256:") != offer.digest:
        raise StaleError(
            "this is not the digest of what trusting would enable now",
            hint="look again: ratchet trust",
            id=str(offer.workspace.root),
        )
    return offer.keys


def _asked(session: Session, offer: Offer) -> tuple[Signer, ...]:
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
    return tuple(
        signer
        for signer in offer.keys
        if confirmed(screen, f"Let approvals with the key {signer.key.fingerprint} count here?")
    )


def _summary(offer: Offer) -> str:
    keys = ", ".join(signer.key.fingerprint for signer in offer.keys) or "no new key"
    return f"{len(offer.plugins)} plugins ({', '.join(offer.plugins) or 'none'}) and {keys}"


def _show_offer(screen: Screen, offer: Offer) -> None:
    screen.line(("Trusting ", "bold"), str(offer.workspace.root), (" would enable:", "bold"))
    screen.line("  its plugins that were approved with a key you trust, once they are looked at one by one:")
    screen.foreign("\n".join(offer.plugins) or "(it has none)")
    screen.line("  its settings, which can only make yours stricter")
    if offer.keys:
        screen.line("  and these keys want their approvals to count:")
        for signer in offer.keys:
            screen.line(f"    {signer.key.fingerprint}  which says it is", (" ", ""))
            screen.foreign(signer.principal)


def _show_trusted(screen: Screen, offer: Offer, keys: tuple[Signer, ...]) -> None:
    screen.line(("Trusted: ", "green"), str(offer.workspace.root))
    for signer in keys:
        screen.line(f"  approvals with {signer.key.fingerprint} count here")


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
