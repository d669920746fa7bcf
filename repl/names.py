"""What the prompt knows by name: for completion and the status bar. Nothing here may fail or start anything heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.errors import RatchetError
from repl.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from repl.session import Session
    from selfmod.models.runtime import Progress

PENDING = frozenset({"awaiting-approval"})


def proposals(session: Session, states: frozenset[str] = frozenset()) -> Iterable[tuple[str, str]]:
    """Proposals in one of `states`, the newest first; where none is named, those that can still be worked with."""
    found = reversed(session.store.all())
    return [(p.id, f"{p.state} {p.plugin}") for p in found if (p.state in states if states else p.state != "rejected")]


def plugins(session: Session) -> Iterable[tuple[str, str]]:
    """The plugins of the workspace."""
    return [(entry.id, f"{entry.version} {entry.status}") for entry in session.registry.plugins()]


def tools(session: Session, plugin: str) -> Iterable[tuple[str, str]]:
    """The tools and commands of a loaded plugin."""
    found = next((entry for entry in session.registry.plugins() if entry.id == plugin), None)
    if found is None or found.manifest is None:
        return ()
    return {one.name: one.description for one in (*found.manifest.tools, *found.manifest.commands)}.items()


def models(session: Session) -> Iterable[tuple[str, str]]:
    """The models that can be asked."""
    return [(model.name, model.why) for model in session.models()]


def findings(session: Session, proposal: str) -> Iterable[tuple[str, str]]:
    """The findings of a proposal that can be waived, and the tests of the approved version that can be retired."""
    from selfmod.gate.base import retired_test

    report = session.store.report(proposal) or {"stages": []}
    found = [finding for stage in report["stages"] for finding in stage["findings"]]
    open_ones = [finding for finding in found if not finding["waived"]]
    return [(f["id"], f["message"]) for f in open_ones if f["waivable"] or retired_test(f["id"])]


def modules() -> Iterable[tuple[str, str]]:
    """The modules that plugins may import, and the parts of the SDK."""
    from plugins.sdk_reference import parts
    from sandbox.language.modules import SDK, importable

    return [(name, "") for name in (*importable(), *(f"{SDK}.{part}" for part in parts()))]


def status(session: Session) -> Status:
    """What the status bar shows."""
    model = _model(session)
    workspace = session.here
    if workspace is None:
        return Status(notice="no workspace: /init DIR makes one", model=model, building=building())
    return Status(
        notice="" if session.trusted else "not trusted: /trust",
        model=model,
        pending=sum(proposal.state in PENDING for proposal in session.store.all()),
        sandbox=_sandbox(session),
        building=building(),
        branch=_branch(workspace.root),
    )


def _model(session: Session) -> str:
    from selfmod.models.registry import DEFAULT

    return session.settings.text("model.name") or DEFAULT


def _sandbox(session: Session) -> str:
    """The level that plugins run at, from the kept result of the probe; it is made where there is none yet."""
    process = session.sandbox.probe().levels.get("process")
    return "sandbox: process" if process is not None and process.available else "no sandbox"


def building() -> str:
    """How far the embedded model's runtime is while it is built; "" where it is not being built."""
    from selfmod.models.runtime import Runtime

    now = Runtime().progress()
    return f"building the embedded model {now.done:.0%}" if now.state == "building" else ""


def greeted(now: Progress, *, builds: bool) -> list[str]:
    """What a greeting says of the embedded model's runtime: nothing once it is there."""
    if now.state == "failed":
        return [f"There is no embedded model: {now.detail}. Everything else works; /model list shows other models."]
    if now.state == "ready" or not builds:
        return []
    return ["The embedded model is built behind the prompt, once, in some minutes; everything else works meanwhile."]


def _branch(root: Path) -> str:
    """The branch, read from the file that names it: git itself would take longer than a key press may."""
    for folder in (root, *root.parents):
        git = folder / ".git"
        try:
            if git.is_file():
                git = (folder / git.read_text("utf-8").removeprefix("gitdir:").strip()).resolve()
            if git.is_dir():
                head = (git / "HEAD").read_text("utf-8").strip()
                return head.removeprefix("ref: refs/heads/") if head.startswith("ref:") else head[:9]
        except (OSError, UnicodeDecodeError):
            return ""
    return ""


def safe(session: Session) -> Status:
    """The status, or the reason why there is none."""
    try:
        return status(session)
    except RatchetError as error:
        return Status(notice=str(error))
