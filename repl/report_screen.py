"""A report of the gate, for a person: what each stage measured, what it found, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repl.render import Screen

Report = Mapping[str, Any]
_BEYOND = "capabilities.beyond-spec"
_SHARES = frozenset({"lines", "branches", "raw", "value", "given"})
_SHOWN = 20  # findings of one stage: more would not be read
_TWICE = frozenset({"killed", "value_killed"})  # said by the shares
_FIRST = ("files", "tools", "collected", "lines", "mutants", "raw", "value", "given", "survivors", "examples")
_LABELS = {
    "mutants": "changes",
    "raw": "noticed",
    "value": "by assertions",
    "given": "of these in results",
    "survivors": "unnoticed",
    "advisory": "advice",
    "independent": "independent oracle",
}
_VERDICTS = {"pass": ("ok", "green"), "refuse": ("refused", "bold red"), "not-run": ("not run", "yellow")}


def draw_report(screen: Screen, report: Report) -> None:
    """Draw a report: its findings, and the verdict last."""
    for stage in report["stages"]:
        for finding in stage["findings"][:_SHOWN]:
            draw_finding(screen, finding)
        if (more := len(stage["findings"]) - _SHOWN) > 0:
            screen.line((f"  and {more} more of the stage {stage['name']}: --json has them all", "yellow"))
    draw_stages(screen, report)
    if report["verdict"] == "pass" and report["acknowledge"]:
        screen.line("Approval would take a typed word for: ", ", ".join(report["acknowledge"]))
    screen.exact(report["digest"])


def draw_questions(screen: Screen, report: Report, proposal: str) -> None:
    """Draw what only a person can answer: inputs on which the code and a change that no test noticed differ."""
    asked = [q for stage in report["stages"] for q in stage["figures"].get("questions") or () if isinstance(q, str)]
    if not asked:
        return
    screen.heading("Questions that the tests leave open")
    for question in asked:
        screen.foreign(question)
    screen.line(screen.typed(f"Answer one with an example: ratchet revise {proposal} --example 'CALL == RESULT'"))


def not_allowed(report: Report) -> tuple[str, ...]:
    """Return the capabilities that are declared and that the request does not allow, as the findings name them."""
    found = [finding for stage in report["stages"] for finding in stage["findings"] if finding["rule"] == _BEYOND]
    return tuple(finding["id"].removeprefix(f"{_BEYOND}:{finding['path']}:") for finding in found)


def draw_stages(screen: Screen, report: Report) -> None:
    """Draw the verdict and one line for each stage."""
    style = "green" if report["verdict"] == "pass" else "bold red"
    screen.line()
    screen.line(
        (f"Gate {report['gate_version']}: ", "bold"),
        (report["verdict"], style),
        (f"  in {report['seconds']:.2f} s", "dim"),
    )
    for stage in report["stages"]:
        mark, mark_style = _mark(stage)
        figures = _figures(stage["figures"])
        screen.row((f"  {stage['name']:<14}", ""), (f"{mark:<10}" if figures else mark, mark_style), values=figures)


def _mark(stage: Mapping[str, Any]) -> tuple[str, str]:
    if not stage["applicable"]:
        return "does not apply", "dim"
    if stage["verdict"] == "pass" and any(finding["waived"] for finding in stage["findings"]):
        return "waived", "yellow"
    return _VERDICTS[stage["verdict"]]


def draw_finding(screen: Screen, finding: Mapping[str, Any]) -> None:
    """Draw one finding: where, what, what to do; its text may quote the candidate."""
    where = f"{finding['path']}:{finding['line']}" if finding["line"] else str(finding["path"])
    notes = [name for name in ("waived", "advisory") if finding.get(name)]
    tail = f" ({', '.join(notes)})" if notes else ""
    screen.line((f"  {finding['rule']}{tail} ", "red" if not notes else "dim"), where)
    screen.foreign(str(finding["message"]))
    if finding.get("hint"):
        screen.foreign(str(finding["hint"]), style="dim")
    draw_id(screen, finding)


def draw_id(screen: Screen, finding: Mapping[str, Any]) -> None:
    """Draw what a finding is called, and how a person can get past it."""
    screen.line(
        ("    id: ", "dim"),
        (str(finding["id"]), "dim"),
        (_way_out(finding), "dim"),
    )


def _way_out(finding: Mapping[str, Any]) -> str:
    from selfmod.gate.base import retired_test

    if finding["waived"]:
        return "  waived"
    return "  can be waived" if finding["waivable"] else "  can be retired" if retired_test(finding["id"]) else ""


def _figures(figures: Mapping[str, Any]) -> list[str]:
    shown = sorted((name for name, value in figures.items() if _short(value) and name not in _TWICE), key=_place)
    return [f"{_label(name)} {_figure(name, figures[name])}" for name in shown]


def _place(name: str) -> tuple[int, str]:
    """Figures that explain others come first, whatever order a report was stored in."""
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _label(name: str) -> str:
    return _LABELS.get(name) or name.removesuffix("_s").removesuffix("_mb").replace("_", " ")


def _short(value: object) -> bool:
    return isinstance(value, int | float | str) and len(str(value)) <= 40


def _figure(name: str, value: object) -> str:
    """A figure with its unit, which its name in the report holds."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if name in _SHARES:
        return f"{100 * value:.3g} %"
    if name.endswith("_s"):
        return f"{1000 * value:.3g} ms"
    return f"{value:.3g} MB" if name.endswith("_mb") else f"{value:.3g}" if isinstance(value, float) else str(value)
