"""Where proposals are kept: in user state, with every attempt whole.

`<state>/workspaces/<key>/proposals/P-1/` holds `proposal.json`, and in `attempts/1/` what was asked (`request.json`),
the raw reply (`reply.txt`) and how it ended (`outcome.json`), the files (`candidate.json`), `report.json`, and, where a
model was asked for blind tests, `blind.json`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from plugins.errors import NotFoundError, StateError
from plugins.state import UserState, workspace_key
from selfmod.candidate import Candidate, Unread, candidate_from_json, candidate_to_json
from selfmod.clock import Clock, wall_clock
from selfmod.proposal import Proposal, from_json
from selfmod.spec import Spec

_ID: Final = re.compile(r"P-[1-9][0-9]{0,8}")


class NoSuchProposal(NotFoundError):
    """There is no proposal of this name in this workspace."""


class Store:
    """The proposals of one workspace. Each write is whole or not at all; `locked` serialises changes of one of them."""

    def __init__(self, state: UserState, workspace: Path, *, clock: Clock = wall_clock) -> None:
        self._state = state
        self._clock = clock
        self._parts = ("workspaces", workspace_key(workspace), "proposals")
        self.root = state.path(*self._parts)

    def create(self, spec: Spec, **fields: Any) -> Proposal:
        """Make the next proposal ("P-1", "P-2", ...); two processes never get the same one."""
        now = self._clock()
        with self._state.lock("-".join(self._parts)):
            taken = [int(name[2:]) for name in self._names()]
            proposal = Proposal(id=f"P-{max(taken, default=0) + 1}", spec=spec, created=now, updated=now, **fields)
            self._write(proposal.id, "proposal.json", _json(proposal.to_json()))
        return proposal

    def any(self) -> bool:
        """Say whether there is one, be it damaged."""
        return bool(self._names())

    def all(self) -> tuple[Proposal, ...]:
        """Every proposal, the oldest first."""
        return tuple(map(self.load, sorted(self._names(), key=lambda name: int(name[2:]))))

    def load(self, proposal_id: str) -> Proposal:
        """Read one; `NoSuchProposal` where there is none, `StateError` where its file is damaged."""
        data = self._read(proposal_id, "proposal.json")
        if data is None:
            raise NoSuchProposal(
                f"there is no proposal {proposal_id}", "list them with: ratchet proposals", proposal_id
            )
        try:
            return from_json(json.loads(data))
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(f"the file of {proposal_id} is damaged: {error}", id=proposal_id) from error

    def save(self, proposal: Proposal) -> Proposal:
        """Write it, with the time of now; return what was written."""
        written = replace(proposal, updated=self._clock())
        self._write(proposal.id, "proposal.json", _json(written.to_json()))
        return written

    @contextlib.contextmanager
    def locked(self, proposal_id: str) -> Iterator[Proposal]:
        """Hold one proposal for a change and read it afresh; `LockedError` while another Ratchet works on it."""
        _require_id(proposal_id)
        with self._state.lock("-".join((*self._parts, proposal_id)), wait_s=0.5):
            yield self.load(proposal_id)

    def put_request(self, proposal_id: str, attempt: int, request: Mapping[str, Any]) -> None:
        """Keep what is about to be asked: messages, parameters and model; written before the model is called."""
        self._write(proposal_id, _attempt(attempt, "request.json"), _json(request))

    def put_reply(self, proposal_id: str, attempt: int, reply: str, outcome: Mapping[str, Any]) -> None:
        """Keep the raw reply, byte for byte, and beside it how it ended and what it cost."""
        self._write(proposal_id, _attempt(attempt, "reply.txt"), reply.encode("utf-8", "surrogatepass"))
        self._write(proposal_id, _attempt(attempt, "outcome.json"), _json(outcome))

    def put_candidate(self, proposal_id: str, attempt: int, candidate: Candidate) -> None:
        """Keep the exact files of an attempt, and what could not be taken in, so that it is refused again."""
        unread = [asdict(item) for item in candidate.unread]
        self._write(proposal_id, _attempt(attempt, "unread.json"), _json({"unread": unread}))
        self._write(proposal_id, _attempt(attempt, "candidate.json"), candidate_to_json(candidate))

    def put_blind(self, proposal_id: str, attempt: int, blind: Mapping[str, Any]) -> None:
        """Keep what was asked for blind tests of an attempt, of which digest, and the raw reply once there is one."""
        self._write(proposal_id, _attempt(attempt, "blind.json"), _json(blind))

    def blind(self, proposal_id: str, attempt: int, digest: str) -> str | None:
        """The raw reply with blind tests for these bytes; None where none were written."""
        found = self._read_json(proposal_id, _attempt(attempt, "blind.json"))
        return found.get("reply") if found is not None and found.get("digest") == digest else None

    def put_report(self, proposal_id: str, attempt: int, report: Mapping[str, Any]) -> None:
        """Keep what the gate said about the candidate of an attempt; an earlier verdict on it is kept beside it."""
        name = _attempt(attempt, "report.json")
        earlier = self._read(proposal_id, name)
        if earlier is not None:
            self._write(proposal_id, self._free_name(proposal_id, attempt), earlier)
        self._write(proposal_id, name, _json(report))

    def request(self, proposal_id: str, attempt: int) -> dict[str, Any] | None:
        """What was asked in an attempt; None where no model was asked."""
        return self._read_json(proposal_id, _attempt(attempt, "request.json"))

    def reply(self, proposal_id: str, attempt: int) -> str | None:
        """The raw reply of an attempt; None where there was none."""
        data = self._read(proposal_id, _attempt(attempt, "reply.txt"))
        return None if data is None else data.decode("utf-8", "surrogatepass")

    def candidate(self, proposal_id: str, attempt: int | None = None) -> Candidate | None:
        """The files of an attempt, or of the attempt that the proposal stands for; then their digest must still fit."""
        proposal = self.load(proposal_id)
        number = proposal.attempt if attempt is None else attempt
        data = self._read(proposal_id, _attempt(number, "candidate.json"))
        if data is None:
            return None
        candidate = candidate_from_json(data)
        if attempt is None and candidate.digest != proposal.digest:
            raise StateError(f"the stored files of {proposal_id} are not those of its digest", id=proposal_id)
        unread = self._read_json(proposal_id, _attempt(number, "unread.json")) or {"unread": []}
        return replace(candidate, unread=tuple(Unread(**item) for item in unread["unread"]))

    def put_previous(self, proposal_id: str, candidate: Candidate) -> None:
        """Keep the approved version that a change starts from."""
        self._write(proposal_id, "previous.json", candidate_to_json(candidate))

    def previous(self, proposal_id: str) -> Candidate | None:
        """The approved version that a change started from; None for a new plugin."""
        data = self._read(proposal_id, "previous.json")
        return None if data is None else candidate_from_json(data)

    def report(self, proposal_id: str, attempt: int | None = None) -> dict[str, Any] | None:
        """The gate's report on an attempt, or on the one that the proposal stands for."""
        number = self.load(proposal_id).attempt if attempt is None else attempt
        return self._read_json(proposal_id, _attempt(number, "report.json"))

    def _names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return [path.parent.name for path in self.root.glob("P-*/proposal.json") if _ID.fullmatch(path.parent.name)]

    def _free_name(self, proposal_id: str, attempt: int) -> str:
        number = 1
        while self._read(proposal_id, _attempt(attempt, f"report-{number}.json")) is not None:
            number += 1
        return _attempt(attempt, f"report-{number}.json")

    def _write(self, proposal_id: str, name: str, data: bytes) -> None:
        self._state.write(self.root / _require_id(proposal_id) / name, data)

    def _read(self, proposal_id: str, name: str) -> bytes | None:
        return self._state.read(*self._parts, _require_id(proposal_id), *name.split("/"))

    def _read_json(self, proposal_id: str, name: str) -> dict[str, Any] | None:
        data = self._read(proposal_id, name)
        if data is None:
            return None
        try:
            value = json.loads(data)
        except ValueError as error:
            raise StateError(f"{name} of {proposal_id} is damaged: {error}", id=proposal_id) from error
        if not isinstance(value, dict):
            raise StateError(f"{name} of {proposal_id} is damaged: not an object", id=proposal_id)
        return value


def _attempt(number: int, name: str) -> str:
    return f"attempts/{number}/{name}"


def _require_id(proposal_id: str) -> str:
    if not _ID.fullmatch(proposal_id):
        raise NoSuchProposal(f"there is no proposal {proposal_id!r}", hint="they are named P-1, P-2, ...")
    return proposal_id


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode()
