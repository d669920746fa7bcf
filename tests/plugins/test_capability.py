"""Names of capabilities: those that manifests give, and no others."""

from __future__ import annotations

import pytest

from plugins.capability import FORMS, declaration, name_problem
from plugins.manifest import parse_manifest
from selfmod.gate.stages.capabilities import KINDS, kind_of

EVERYTHING = b"""\
schema: 1
id: all-of-it
name: All of it
version: 0.1.0
description: Uses everything.
license: MIT
entry: plugin.py
tools: [{name: run, handler: run}]
effects: [clock, random]
capabilities:
  network: ["api.example.org:443"]
  filesystem: {read: ["~/notes"], write: [/srv/out]}
  environment: [EXAMPLE_TOKEN]
  storage: true
"""


def test_every_name_that_a_manifest_gives_can_be_said_and_every_form_is_one_of_them():
    names = parse_manifest(EVERYTHING).capability_names()
    assert [name_problem(name) for name in names] == [""] * len(names)
    assert [kind_of(name) for name in names] == [kind_of(form) for form in FORMS]
    assert set(KINDS) == {kind_of(form) for form in FORMS}


@pytest.mark.parametrize(
    "name",
    ["", "clock", "effects:clock", "effect:gpu", "storage:x", "network", "network:api.example.org", "network:*.org:443",
     "read:notes", "write:~/.git/hooks", "env:TOKEN", "environment:A-B", "tcp:api.example.org:443", "read:PATH"],
)  # fmt: skip
def test_what_no_manifest_could_declare_is_no_name(name):
    assert name_problem(name)


NAMELESS = EVERYTHING.partition(b"effects")[0].decode()


def test_what_declares_a_capability_can_be_typed_into_a_manifest():
    names = parse_manifest(EVERYTHING).capability_names()
    for name in names:
        assert parse_manifest(f"{NAMELESS}{declaration(name)}\n".encode()).capability_names() == (name,)
