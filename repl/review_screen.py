"""The review: every byte that would be committed, what the gate found, what it may touch, and at the end the digest.

What a model or a person proposed stands behind a border on every row (see `Screen`); what stands at the left edge is
Ratchet's own. Nothing is cut: long lines are wrapped, and characters that would not be seen are written as numbers.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repl.ask import ask
from repl.report_screen import Report, draw_finding, draw_id, draw_questions, draw_stages
from selfmod.gate.base import retired_test

if TYPE_CHECKING:
    from repl.render import Screen
    from selfmod.candidate import Candidate
    from selfmod.proposal import Proposal

_COMPARED = 3000  # lines up to which two versions are compared line by line
_SURVIVOR = "mutation.survivor"
_STYLES = {"+": "green", "-": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a review is drawn from. `previous` is the approved version that would be replaced, `report` as stored."""

    proposal: Proposal
    candidate: Candidate
    report: Report | None
    previous: Candidate | None = None

    def stage(self, name: str) -> Mapping[str, Any]:
        """One stage of the report; empty where there is none."""
        stages = self.report["stages"] if self.report is not None else []
        return next((stage for stage in stages if stage["name"] == name), {})


def draw(screen: Screen, view: View) -> None:
    """Draw the whole review."""
    _head(screen, view)
    if view.report is None:
        screen.heading("Gate: it has not judged this yet")
    else:
        draw_stages(screen, view.report)
    _uncovered(screen, view)
    _findings(screen, view)
    _survivors(screen, view)
    _capabilities(screen, view)
    draw_files(screen, view.candidate, view.previous)
    _close(screen, view)


def draw_files(screen: Screen, candidate: Candidate, previous: Candidate | None) -> None:
    """Draw every byte of every file: whole where the file is new, with removed lines beside it where it changes."""
    before = dict(previous.files) if previous is not None else {}
    for path in sorted({*candidate.files, *before}, key=str.encode):
        old, new = before.get(path), candidate.files.get(path)
        screen.line()
        screen.line(
            (f"{_change(old, new)} ", "bold"), (path, "bold"), (f"  {_size(new if new is not None else old)}", "dim")
        )
        screen.source(_rows(old, new))
        if new is not None and new and not new.endswith(b"\n"):
            screen.line(("  (the file has no newline at its end)", "yellow"))


def draw_diff(screen: Screen, candidate: Candidate, previous: Candidate | None) -> None:
    """Draw only what changes, with three lines around it."""
    before = dict(previous.files) if previous is not None else {}
    same = True
    for path in sorted({*candidate.files, *before}, key=str.encode):
        old, new = before.get(path), candidate.files.get(path)
        if old == new:
            continue
        same = False
        screen.line()
        screen.line((f"{_change(old, new)} ", "bold"), (path, "bold"))
        screen.source(
            ("", line, _STYLES.get(line[:1], "dim" if line.startswith("@") else "")) for line in _hunks(old, new)
        )
    if same:
        screen.line("Nothing changes.")


def unified(candidate: Candidate, previous: Candidate | None) -> str:
    """Return the difference as text, for programs."""
    before = dict(previous.files) if previous is not None else {}
    out: list[str] = []
    for path in sorted({*candidate.files, *before}, key=str.encode):
        old, new = before.get(path), candidate.files.get(path)
        if old != new:
            out += [f"--- a/{path}" if old is not None else "--- /dev/null"]
            out += [f"+++ b/{path}" if new is not None else "+++ /dev/null"]
            out += _hunks(old, new)
    return "".join(f"{line}\n" for line in out)


def text_lines(data: bytes) -> list[str]:
    """Lines of a file, cut at line feeds only; bytes that are no UTF-8 are written as numbers."""
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def acknowledge(screen: Screen, view: View) -> tuple[str, ...] | None:
    """Ask for each thing that takes a typed word, then for the approval itself. None is no."""
    accepted: list[str] = []
    for name in view.proposal.acknowledge:
        screen.line()
        screen.line((_meaning(name), "yellow"))
        screen.line("To accept this type ", (name, "bold"), " and anything else to stop.")
        answer = ask(screen, "> ")
        if answer is None or answer.strip() != name:
            return None
        accepted.append(name)
    screen.line()
    screen.line(
        "To commit exactly these bytes type ",
        ("approve", "bold"),
        f"; anything else leaves {view.proposal.id} pending.",
    )
    answer = ask(screen, "> ")
    return tuple(accepted) if answer is not None and answer.strip() == "approve" else None


def _head(screen: Screen, view: View) -> None:
    proposal = view.proposal
    kind = "change of" if view.previous is not None else "new plugin"
    screen.line(
        (f"Review of {proposal.id}", "bold"), f": {kind} {proposal.plugin} {proposal.version}, {proposal.state}"
    )
    author = f"the model {proposal.model}" if proposal.model else "a person"
    screen.fields((("written by", author), ("candidates tried", str(proposal.attempts))))
    if proposal.reason:
        screen.fields((("reason", proposal.reason),))
    if proposal.spec.text:
        screen.line("  asked for")
        screen.foreign(proposal.spec.text)
    if proposal.spec.allow:
        screen.fields((("may use at most", ", ".join(proposal.spec.allow)),))
    if proposal.spec.examples:
        held = sum(example.held_back for example in proposal.spec.examples)
        # From a person's own work nothing is held back: the tests that Ratchet writes there hold every example.
        screen.line(f"  examples ({held} of them never shown to the author)" if proposal.model else "  examples")
        screen.foreign("\n".join(example.source for example in proposal.spec.examples))


def _uncovered(screen: Screen, view: View) -> None:
    """Lines that no test ran come first: they are what nobody has seen working."""
    lines = [(str(f["path"]), int(f["line"])) for f in view.stage("coverage").get("findings", ()) if f["line"]]
    if not lines:
        return
    screen.heading("Lines that no test ran")
    for path, number in sorted(set(lines)):
        source = text_lines(view.candidate.files.get(path, b""))
        shown = source[number - 1] if 0 < number <= len(source) else ""
        screen.source([(f"{path}:{number:<5} ", shown, "yellow")])


def _findings(screen: Screen, view: View) -> None:
    stages = view.report["stages"] if view.report is not None else []
    found = [finding for stage in stages for finding in stage["findings"] if finding["rule"] != _SURVIVOR]
    if found:
        screen.heading("Findings")
    for finding in found:
        draw_finding(screen, finding)
    for waiver in view.proposal.waivers:
        test = retired_test(waiver.finding)
        if test:
            screen.line(("  retired test ", "yellow"), f"{test}: {waiver.reason}")
        else:
            screen.line(("  waived ", "yellow"), f"{waiver.finding}: {waiver.reason}")


def _survivors(screen: Screen, view: View) -> None:
    found = [f for f in view.stage("mutation").get("findings", ()) if f["rule"] == _SURVIVOR]
    if found:
        screen.heading("Changes to the code that no test noticed")
    for finding in found:
        screen.source(("", line, _STYLES.get(line[:1], "")) for line in str(finding["message"]).split("\n"))
        draw_id(screen, finding)
    _waivable(screen, view)
    if view.report is not None:
        draw_questions(screen, view.report, view.proposal.id)


def _waivable(screen: Screen, view: View) -> None:
    """Say how a finding is accepted, where one can be."""
    stages = view.report["stages"] if view.report is not None else []
    if any(finding["waivable"] and not finding["waived"] for stage in stages for finding in stage["findings"]):
        screen.line(screen.typed(f"Waive one that can be: ratchet waive {view.proposal.id} FINDING-ID --reason TEXT"))


def _capabilities(screen: Screen, view: View) -> None:
    reach = view.report.get("capabilities", {}) if view.report is not None else {}
    columns = {name: _names(reach.get(name)) for name in ("declared", "inferred", "observed")}
    screen.heading("What it may touch once approved (until then nothing of it is real)")
    names = sorted({name for column in columns.values() for name in column})
    if not names:
        screen.line("  nothing outside the sandbox")
        return
    new = _names(reach.get("new"))
    rows = [
        [name, *("yes" if name in columns[column] else "-" for column in columns), "new" if name in new else ""]
        for name in names
    ]
    screen.table(["capability", "declared", "in code", "in tests", ""], rows)
    for kind in _names(reach.get("enforced")):
        screen.line((f"  {kind}: names are computed by the code; enforced, not proven", "yellow"))
    for flow in _names(reach.get("flows")):
        screen.line((f"  {flow}", "yellow"))


def _close(screen: Screen, view: View) -> None:
    proposal = view.proposal
    screen.line()
    for name in proposal.acknowledge:
        screen.line(("  takes a typed word: ", "yellow"), f"{name} ({_meaning(name)})")
    retired = sum(bool(retired_test(waiver.finding)) for waiver in proposal.waivers)
    waived = len(proposal.waivers) - retired
    if waived:
        screen.line((f"  {waived} finding{'s' if waived != 1 else ''} waived", "yellow"))
    if retired:
        screen.line((f"  {retired} test{'s' if retired != 1 else ''} of the approved version retired", "yellow"))
    files = len(view.candidate.files)
    total = sum(map(len, view.candidate.files.values()))
    screen.line(f"{files} file{'s' if files != 1 else ''}, {total} bytes, digest")
    screen.exact(view.candidate.digest)


def _meaning(name: str) -> str:
    """What a person accepts with a typed word."""
    kind, _, rest = name.partition(":")
    match kind:
        case "no-oracle":
            return "Nothing but its author's own tests has checked it: there is no --example and no previous version."
        case "network":
            return f"It may send data to and receive data from {rest}."
        case "read":
            return f"It may read {rest}."
        case "write":
            return f"It may write {rest}, and read it."
        case "environment":
            return f"It may read the environment variable {rest}."
        case "storage":
            return "It may keep data of its own between calls."
        case "effect":
            return f"Its results may depend on the {rest}."
        case _:
            return f"It asks for {name}."


def _change(old: bytes | None, new: bytes | None) -> str:
    if new is None:
        return "removed"
    if old is None:
        return "new"
    return "unchanged" if old == new else "changed"


def _size(data: bytes | None) -> str:
    return f"{len(data or b'')} bytes"


def _rows(old: bytes | None, new: bytes | None) -> Iterator[tuple[str, str, str]]:
    """Every line of the new file with its number, and each removed line where it was."""
    before, after = text_lines(old or b""), text_lines(new or b"")
    if old is None or old == new:
        yield from ((f"{number:>5} ", line, "") for number, line in enumerate(after, start=1))
        return
    for tag, a, a_end, b, b_end in _steps(before, after):
        if tag == "equal":
            yield from ((f"{number + 1:>5}   ", after[number], "") for number in range(b, b_end))
            continue
        yield from (("      - ", line, "red") for line in before[a:a_end])
        yield from ((f"{number + 1:>5} + ", after[number], "green") for number in range(b, b_end))


def _hunks(old: bytes | None, new: bytes | None) -> list[str]:
    """The hunks of a unified diff, without its head."""
    before, after = text_lines(old or b""), text_lines(new or b"")
    if max(len(before), len(after)) > _COMPARED:
        head = f"@@ -1,{len(before)} +1,{len(after)} @@"
        return [head, *(f"-{line}" for line in before), *(f"+{line}" for line in after)]
    return list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]


def _steps(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """How one becomes the other. Hostile files can make comparing endless, so there is an end to it."""
    if max(len(before), len(after)) > _COMPARED:
        return [("replace", 0, len(before), 0, len(after))]
    return list(difflib.SequenceMatcher(a=before, b=after).get_opcodes())


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
