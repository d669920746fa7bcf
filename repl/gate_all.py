"""`gate --all`: everything that is in force, judged again by the gate as it is now. Nothing is changed by it: what was
approved under another version of the gate stays in force, and the answer names both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.errors import NotFoundError
from repl.answer import REFUSED, Answer
from repl.report_screen import draw_report

if TYPE_CHECKING:
    from plugins.decision import Decision
    from repl.render import Screen
    from repl.session import Session
    from selfmod.candidate import Candidate
    from selfmod.gate.report import GateReport
    from selfmod.spec import Spec


def judge_all(session: Session) -> Answer:
    """Judge the approved version of every plugin in force."""
    from plugins import trust
    from selfmod.review import read_ledger
    from selfmod.rollback import versions

    reports: dict[str, dict[str, Any]] = {}
    workspace = session.workspace
    trust.require(workspace, session.state)
    for plugin in workspace.plugin_ids():
        found = versions(read_ledger(workspace, plugin))
        if found.current is None:
            continue
        session.progress.say(f"{plugin} {found.current.version}")
        before = found.approved[found.position - 1] if found.position else None
        report = _judge(session, plugin, found.current, before).to_json()
        reports[plugin] = {**report, "approved_by_gate": found.current.gate}
    passed = all(report["verdict"] == "pass" for report in reports.values())
    return Answer(
        payload={"verdict": "pass" if passed else "refuse", "plugins": reports},
        show=lambda screen: _show(screen, reports),
        exit_code=0 if passed else REFUSED,
    )


def _judge(session: Session, plugin: str, decision: Decision, before: Decision | None) -> GateReport:
    from selfmod.gate.subject import Waiver

    waivers = tuple(
        Waiver(finding=waived.finding, reason=waived.reason, digest=decision.digest) for waived in decision.waivers
    )
    return session.gate.judge(
        _files(session, plugin, decision),
        spec=_spec(session, decision),
        previous=_files(session, plugin, before) if before is not None else None,
        installed=session.installed(without=plugin),
        candidates_tried=decision.tried,
        waivers=waivers,
        on_stage=session.progress.stage,
    )


def _files(session: Session, plugin: str, decision: Decision) -> Candidate:
    from selfmod.rollback import files_of

    return files_of(session.workspace, plugin, decision.digest)


def _spec(session: Session, decision: Decision) -> Spec | None:
    """What was asked for, with its examples, where the proposal was made on this machine."""
    try:
        proposal = session.store.load(decision.proposal)
    except NotFoundError:
        return None
    return proposal.spec if proposal.digest == decision.digest else None


def _show(screen: Screen, reports: dict[str, dict[str, Any]]) -> None:
    if not reports:
        screen.line("No plugin is in force here.")
    for plugin, report in reports.items():
        screen.heading(f"{plugin} {report['version']}, approved under gate {report['approved_by_gate']}")
        draw_report(screen, report)
