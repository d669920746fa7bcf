"""`gate`: every stage on a folder or a candidate file, without a proposal; and on everything that was approved."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.errors import UsageError
from repl.answer import REFUSED, Answer
from repl.files import read_files
from repl.report_screen import draw_report

if TYPE_CHECKING:
    from repl.session import Session


def gate(session: Session, arguments: Namespace) -> Answer:
    """Judge what lies at a path, or everything that is in force."""
    if arguments.all:
        if arguments.path:
            raise UsageError("gate takes a path or --all, not both")
        if arguments.example or arguments.allow:
            raise UsageError("--example and --allow belong to a path; with --all each plugin has its own")
        from repl.gate_all import judge_all

        return judge_all(session)
    if not arguments.path:
        raise UsageError("gate needs PATH: a folder or a candidate file", hint="or --all, or gate bench")
    return _judge(session, Path(arguments.path), arguments.example, arguments.allow)


def _judge(session: Session, path: Path, examples: list[str], allow: list[str]) -> Answer:
    from selfmod.examples import parse_examples
    from selfmod.gate.subject import Installed
    from selfmod.request import ceiling
    from selfmod.spec import Spec

    asked = Spec(text="", examples=parse_examples(examples), allow=ceiling(allow))
    spec = asked if examples or allow else None
    candidate = read_files(path)
    installed = Installed(commands=session.own_commands())
    report = session.gate.judge(candidate, spec=spec, installed=installed, on_stage=session.progress.stage)
    payload = report.to_json()
    return Answer(
        payload=payload,
        show=lambda screen: draw_report(screen, payload),
        exit_code=0 if report.verdict == "pass" else REFUSED,
    )
