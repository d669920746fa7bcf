"""What is told to write in place of an import that the dialect does not have."""

from __future__ import annotations

import pytest

from sandbox.language import check


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("import asyncio\nrun = asyncio.to_thread\n", "see: ratchet plugin dialect asyncio"),
        ("from asyncio import to_thread\n", "see: ratchet plugin dialect asyncio"),
        ("from plugins.sdk.http import HttpError, Reply\n", "write: from plugins.sdk import HttpError, Reply"),
        ("from plugins.sdk.http import get\n", "write: from plugins.sdk import http"),
        ("import plugins.sdk.http\n", "write: from plugins.sdk import http"),
        ("import random.choice\n", "write: from random import choice"),
        ("import os.path\n", "use plugins.sdk: environment for variables, files for files"),
        ("import asyncio\nrun = asyncio.run\n", "make the handler async; the host runs it to its end"),
        ("import frobnicate\n", "use one of the modules the dialect lists"),
    ],
)
def test_the_hint_is_what_can_be_done(source, hint):
    assert [violation.hint for violation in check(source.encode(), "plugin.py")] == [hint]
