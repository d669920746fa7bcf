from __future__ import annotations

import dataclasses
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from plugins.decision import Decision, Waived, parse
from plugins.errors import AuditError
from plugins.keys import HostKey

KEY = HostKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = HostKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
DIGEST = "sha256:" + "ab" * 32
TEXT = st.text(max_size=60).filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text))
DECISIONS = st.builds(
    Decision,
    operation=st.sampled_from(["approve", "redo"]),
    workspace=TEXT,
    plugin=TEXT,
    digest=st.just(DIGEST),
    version=TEXT,
    approver=TEXT,
    time=TEXT,
    channel=st.sampled_from(["terminal", "scripted"]),
    parent=TEXT,
    key=st.just(""),
    previous=st.sampled_from(["", "cd" * 32]),
    capabilities=st.lists(TEXT, max_size=3).map(tuple),
    waivers=st.lists(st.builds(Waived, finding=TEXT, reason=TEXT), max_size=2).map(tuple),
    spec=TEXT,
    tried=st.integers(0, 1000),
)
ONE = Decision(
    operation="approve", workspace="w", plugin="text-stats", digest=DIGEST, version="0.1.0", approver="Ada <a@x>",
    time="2026-01-01T00:00:00Z", channel="terminal", parent="0" * 40, key="",
).signed(KEY)  # fmt: skip


@given(DECISIONS)
def test_a_line_says_exactly_one_decision(decision: Decision) -> None:
    signed = decision.signed(KEY)
    assert parse(signed.line) == signed
    assert signed.signer() == KEY.public
    assert signed.line.isascii()
    assert b"\n" not in signed.line


@given(DECISIONS, st.data())
def test_any_changed_field_breaks_the_signature(decision: Decision, data: st.DataObject) -> None:
    signed = decision.signed(KEY)
    other = data.draw(DECISIONS).signed(OTHER)
    name = data.draw(st.sampled_from([field.name for field in dataclasses.fields(Decision)]))
    changed = dataclasses.replace(signed, **{name: getattr(other, name)})
    assert (changed.signer() is None) == (changed != signed)


@given(st.integers(0, len(ONE.line) - 1), st.integers(0, 255))
def test_any_changed_byte_of_a_line_is_noticed(at: int, byte: int) -> None:
    line = ONE.line[:at] + bytes([byte]) + ONE.line[at + 1 :]
    try:
        found = parse(line)
    except AuditError:
        return
    assert line == ONE.line or found.signer() is None


def _with(**changes: object) -> bytes:
    held = json.loads(ONE.line) | changes
    return json.dumps(held, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        ONE.line + b" ",
        b" " + ONE.line,
        ONE.line.replace(b'":"', b'": "', 1),
        _with(more=1),
        _with(operation="grant"),
        _with(channel="telepathy"),
        _with(digest="sha256:1"),
        _with(digest=""),
        _with(previous="x"),
        _with(report="x"),
        _with(tried=True),
        _with(tried="1"),
        _with(tried=1.0),
        _with(schema=2),
        _with(schema=True),
        _with(spec=None),
        _with(capabilities="storage"),
        _with(capabilities=[1]),
        _with(waivers=[{"finding": "x"}]),
        _with(waivers=[{"finding": "x", "reason": "y", "more": ""}]),
    ],
)
def test_what_is_no_decision_is_refused(line: bytes) -> None:
    with pytest.raises(AuditError):
        parse(line)


def test_the_key_that_is_named_is_the_key_that_signed() -> None:
    assert dataclasses.replace(ONE, key=OTHER.public.fingerprint).signer() is None
    claimed = dataclasses.replace(ONE, key=OTHER.public.fingerprint, signature="")
    forged = dataclasses.replace(claimed, signature=KEY.sign("ratchet-decision", claimed.covered))
    assert forged.signer() is None
    borrowed = dataclasses.replace(ONE, signature=KEY.sign("git", ONE.covered))
    assert borrowed.signer() is None, "a signature for another purpose is none"
