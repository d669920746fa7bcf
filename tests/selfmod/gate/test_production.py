"""A candidate as it will run: the doubles it gets, and the calls of its tests that can be made again."""

from __future__ import annotations

from plugins.manifest import parse_manifest
from sandbox.outside.base import Ask, Exceeded, Given, Refused
from sandbox.outside.rehearsed import Exchange
from selfmod.gate.production import doubles_of, limits_of, repeatable
from selfmod.gate.subject import RecordedCall

MANIFEST = b"""\
schema: 1
id: keeper
name: Keeper
version: 0.1.0
description: Keeps things.
license: MIT
entry: plugin.py
tools: [{name: keep, handler: keep}]
capabilities: {storage: true}
limits: {disk_mb: 1}
"""
LARGE = Ask(op="storage.set", argument={"key": "a", "value": "x" * 2 * 1024 * 1024})


def test_doubles_have_the_ceilings_of_the_manifest():
    answer = doubles_of(parse_manifest(MANIFEST)).answer(LARGE)
    assert isinstance(answer, Exceeded) and answer.limit == "disk_mb"
    more = parse_manifest(MANIFEST.replace(b"disk_mb: 1", b"disk_mb: 9"))
    assert doubles_of(more).answer(LARGE) == Given(value=None)
    assert limits_of(more).disk_mb == 9


def test_without_a_manifest_nothing_is_allowed():
    assert isinstance(doubles_of(None).answer(LARGE), Refused)


def call(**said):
    given = {"test": "t", "function": "f", "args": [1], "kwargs": {"n": 2}, "outcome": "returned", "value": 3, **said}
    return RecordedCall(**given)


def test_a_call_is_made_again_where_its_values_cross_and_what_it_heard_is_known():
    heard = Exchange(ask=Ask(op="clock.now", argument={}), answer=Given(value=1.0))
    wrong = [call(args=[{"$": "no such kind"}]), call(kwargs=[]), call(exchanges=None)]
    (only,) = repeatable((call(exchanges=(heard,)), *wrong))
    assert (only.args, only.named, only.exchanges) == ([1], {"n": 2}, (heard,))
