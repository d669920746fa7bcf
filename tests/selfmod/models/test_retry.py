from __future__ import annotations

import threading
import time

import pytest

from selfmod.models.errors import (
    Cancelled,
    HostRefused,
    HostUnknown,
    RateLimited,
    ServerFailed,
    StreamCut,
    Unauthorised,
    shortened,
)
from selfmod.models.retry import TRIES, with_retries


def failing(*errors):
    """A call that raises these errors, one after the other, and answers then."""
    left = list(errors)

    def ask(_):
        asked.append(1)
        if left:
            raise left.pop(0)
        return "answer"

    asked = ask.asked = []
    return ask


@pytest.mark.parametrize("kind", [ServerFailed, HostRefused, StreamCut, RateLimited])
def test_what_passes_is_asked_again(kind):
    ask = failing(kind("x"), kind("x"))
    waits = []
    answer = with_retries(ask, deadline_s=10, first_pause_s=0.001, on_wait=lambda error, pause: waits.append(pause))
    assert answer == "answer"
    assert len(ask.asked) == 3
    assert 0.0007 <= waits[0] <= 0.00126
    assert 0.0015 <= waits[1] <= 0.00251


@pytest.mark.parametrize("error", [Unauthorised("x"), HostUnknown("x"), StreamCut("x", started=True), ValueError("x")])
def test_what_stays_is_not(error):
    ask = failing(error)
    with pytest.raises(type(error)):
        with_retries(ask, deadline_s=10, first_pause_s=0.001)
    assert len(ask.asked) == 1


def test_tries_are_bounded():
    ask = failing(*(ServerFailed("x") for _ in range(9)))
    with pytest.raises(ServerFailed) as caught:
        with_retries(ask, deadline_s=10, first_pause_s=0.001)
    assert len(ask.asked) == TRIES
    assert f"tried {TRIES} times" in caught.value.hint


def test_no_wait_begins_that_the_deadline_would_end():
    ask = failing(*(ServerFailed("x") for _ in range(9)))
    start = time.monotonic()
    with pytest.raises(ServerFailed):
        with_retries(ask, deadline_s=0.5, first_pause_s=100)
    assert time.monotonic() - start < 0.4
    assert len(ask.asked) == 1


def test_the_wait_of_the_server_counts():
    start = time.monotonic()
    assert with_retries(failing(RateLimited("x", after_s=0.05)), deadline_s=10, first_pause_s=100) == "answer"
    assert 0.05 <= time.monotonic() - start < 5
    with pytest.raises(RateLimited) as caught:
        with_retries(failing(RateLimited("x", after_s=86400.0)), deadline_s=10)
    assert "86400" in caught.value.hint


def test_waiting_can_be_stopped():
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        with_retries(
            failing(ServerFailed("x")),
            deadline_s=100,
            first_pause_s=50,
            cancel=cancel,
            on_wait=lambda error, pause: cancel.set(),
        )


def test_text_of_a_server_is_short_and_on_one_line():
    assert shortened("a\n b\t c") == "a b c"
    assert len(shortened("x" * 5000)) == 300
