"""The decision ledger of one plugin: signed lines, each holding the hash of the one before."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from plugins.decision import Decision, parse
from plugins.errors import AuditError

FOLDER = "audit_logs/decisions"
_NAME = re.compile(r"([a-z][a-z0-9-]{1,63})\.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it was recorded. `where` is a path, with the line, or a commit."""

    kind: str
    where: str
    message: str

    def to_json(self) -> dict[str, str]:
        """As `audit verify --json` prints it."""
        return {"kind": self.kind, "where": self.where, "message": self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The decisions of one plugin, oldest first, and what is wrong with them."""

    plugin: str
    decisions: tuple[Decision, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def latest(self) -> Decision | None:
        """The decision in force; None when there is none, or when any line is not what was signed."""
        return self.decisions[-1] if self.decisions and not self.problems else None

    def approvers(self, digest: str) -> frozenset[str]:
        """The keys with which exactly these bytes were approved; who rolled back to them or redid them is none."""
        return frozenset(one.key for one in self.decisions if one.operation == "approve" and one.digest == digest)

    @property
    def tip(self) -> str:
        """The hash that the next line has to hold."""
        return self.decisions[-1].hash if self.decisions else ""

    def to_bytes(self) -> bytes:
        """The file that says exactly this."""
        return b"".join(decision.line + b"\n" for decision in self.decisions)

    def with_line(self, decision: Decision) -> bytes:
        """The file with one more decision; raises AuditError when it does not continue this ledger."""
        if self.problems:
            raise AuditError(self.problems[0].message, hint="run: ratchet audit verify", id=self.plugin)
        if decision.previous != self.tip or decision.plugin != self.plugin:
            raise AuditError("the decision does not continue the ledger", id=self.plugin)
        return self.to_bytes() + decision.line + b"\n"


def path_of(plugin: str) -> str:
    """Where the ledger of a plugin is, from the workspace's root."""
    return f"{FOLDER}/{plugin}.jsonl"


def plugin_of(name: str) -> str:
    """The plugin whose ledger a file name is, "" for any other file."""
    match = _NAME.fullmatch(name)
    return match[1] if match else ""


@lru_cache(maxsize=128)  # one approval reads the same ledger several times, and every line's signature is checked
def read(plugin: str, data: bytes | None, *, workspace: str = "") -> Ledger:
    """Read a ledger: every line as it was signed, the chain, and that it belongs here; not who may sign."""
    if not data:
        return Ledger(plugin=plugin)
    decisions: list[Decision] = []
    problems: list[Problem] = []
    lines = data.split(b"\n")
    if lines.pop() != b"":
        problems.append(_problem(plugin, len(lines) + 1, "the last line has no end"))
    for number, line in enumerate(lines, start=1):
        try:
            decision = parse(line)
        except AuditError as error:
            problems.append(_problem(plugin, number, error.message))
            continue
        problems += _checked(decision, decisions, plugin, number, workspace)
        decisions.append(decision)
    return Ledger(plugin=plugin, decisions=tuple(decisions), problems=tuple(problems))


def untrusted(ledger: Ledger, fingerprints: Collection[str]) -> tuple[Decision, ...]:
    """The decisions that were signed with a key that the person does not trust."""
    return tuple(decision for decision in ledger.decisions if decision.key not in fingerprints)


def _checked(decision: Decision, before: list[Decision], plugin: str, number: int, workspace: str) -> list[Problem]:
    found = []
    if decision.signer() is None:
        found.append(_problem(plugin, number, "the signature is not one of this line"))
    if decision.previous != (before[-1].hash if before else ""):
        found.append(_problem(plugin, number, "it does not follow the line before: lines were dropped, added or moved"))
    if decision.plugin != plugin:
        found.append(_problem(plugin, number, f"it is a decision about {decision.plugin}"))
    if workspace and decision.workspace != workspace:
        found.append(_problem(plugin, number, "it was made in another workspace", kind="foreign-decision"))
    return found


def _problem(plugin: str, number: int, message: str, kind: str = "decision-changed") -> Problem:
    return Problem(kind=kind, where=f"{path_of(plugin)}:{number}", message=message)
