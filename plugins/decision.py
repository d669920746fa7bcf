"""A decision: one signed line that says what was accepted or revoked, by whom, and what it was judged by."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from plugins.errors import AuditError
from plugins.keys import DECISION, HostKey, PublicKey, signer_of

Operation = Literal["approve", "rollback", "redo"]
Channel = Literal["terminal", "scripted"]
OPERATIONS: tuple[Operation, ...] = ("approve", "rollback", "redo")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """One finding that a person accepted, and why."""

    finding: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one line of a ledger says.

    `digest` is what the plugin's folder holds from then on, "" when the plugin is gone; `revoked` is the digest that
    was in force before. `report` is the "sha256:..." hash of the gate's report that was shown, `parent` the commit that
    was checked out, `previous` the hash of the line before ("" for the first).
    """

    operation: Operation
    workspace: str
    plugin: str
    digest: str
    version: str
    approver: str
    time: str
    channel: Channel
    parent: str
    key: str
    previous: str = ""
    revoked: str = ""
    capabilities: tuple[str, ...] = ()
    report: str = ""
    gate: str = ""
    waivers: tuple[Waived, ...] = ()
    accepted: tuple[str, ...] = ()
    spec: str = ""
    model: str = ""
    tried: int = 1
    proposal: str = ""
    signature: str = ""
    schema: int = 1

    def to_json(self) -> dict[str, object]:
        """The fields by name, as the line holds them."""
        shown: dict[str, object] = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        shown["waivers"] = [{"finding": waived.finding, "reason": waived.reason} for waived in self.waivers]
        shown["capabilities"], shown["accepted"] = list(self.capabilities), list(self.accepted)
        return shown

    @property
    def line(self) -> bytes:
        """The one line that says exactly this: sorted keys, ASCII, no spaces, no end of line."""
        return _canonical(self.to_json())

    @property
    def hash(self) -> str:
        """What the next line, the commit and the event name this decision by."""
        return hashlib.sha256(self.line).hexdigest()

    @property
    def covered(self) -> bytes:
        """What the signature covers: everything but itself."""
        return _canonical({name: value for name, value in self.to_json().items() if name != "signature"})

    def signed(self, key: HostKey) -> Decision:
        """Return the decision with the key's name and signature."""
        named = dataclasses.replace(self, key=key.public.fingerprint, signature="")
        return dataclasses.replace(named, signature=key.sign(DECISION, named.covered))

    def signer(self) -> PublicKey | None:
        """The key that really signed this, None when the signature is not good for exactly these fields."""
        key = signer_of(self.signature, DECISION)
        good = key is not None and key.fingerprint == self.key and key.verifies(DECISION, self.covered, self.signature)
        return key if good else None


def parse(line: bytes) -> Decision:
    """Read one line; raises AuditError unless it is exactly the line that the decision in it would be written as."""
    try:
        held = json.loads(line)
        decision = _from_json(held)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AuditError(f"not a decision: {error}") from error
    if decision.line != line:
        raise AuditError("not written as decisions are")
    return decision


def _from_json(held: object) -> Decision:
    if not isinstance(held, dict):
        raise TypeError("not an object")
    names = {field.name for field in dataclasses.fields(Decision)}
    if set(held) != names:
        raise KeyError(f"fields {sorted(names ^ set(held))}")
    waivers = tuple(Waived(finding=_text(item, "finding"), reason=_text(item, "reason")) for item in held["waivers"])
    lists = {name: tuple(_all_text(held[name])) for name in ("capabilities", "accepted")}
    for name in names - {"waivers", "capabilities", "accepted", "tried", "schema"}:
        _text(held, name)
    if type(held["tried"]) is not int or held["schema"] != 1 or type(held["schema"]) is not int:
        raise ValueError("a number is not one")
    decision = Decision(**{**held, **lists, "waivers": waivers})
    _check(decision)
    return decision


def _check(decision: Decision) -> None:
    """Refuse values that no decision can have."""
    if decision.operation not in OPERATIONS or decision.channel not in ("terminal", "scripted"):
        raise ValueError("an operation or channel that does not exist")
    for digest in (decision.digest, decision.revoked, decision.report):
        if digest and not _DIGEST.fullmatch(digest):
            raise ValueError("a digest is not one")
    if decision.previous and not _HASH.fullmatch(decision.previous):
        raise ValueError("a hash is not one")
    if not decision.digest and decision.operation != "rollback":
        raise ValueError("nothing is accepted")


def _text(held: Mapping[str, object], name: str) -> str:
    value = held[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value


def _all_text(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("not a list of texts")
    return values


def _canonical(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
