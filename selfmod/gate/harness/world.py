"""The circumstances of one run of the tests, inside a sandbox worker: clock, time zone and random numbers."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from plugins.sdk_testing import Neutral, Standing, unscripted

REVERSED = -1  # an order of the tests; any other is the seed of a shuffle
_DAY_AND_MORE_S = 93_784.25  # another day of the week, hour, minute, second and fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where and when the tests believe to run.

    `shift_s` moves the clock; `fixed_s` stops it at that moment instead, or at that of the doubles a test made; `zone`
    is the local time zone (POSIX form, so that no zone file is needed); `seed` seeds the shared random generator.
    `draws` and `served` are what doubles answer where a test says nothing (see `plugins.sdk_testing.Neutral`).
    """

    seed: int
    zone: str = "UTC0"
    shift_s: float = 0.0
    fixed_s: float | None = None
    draws: int = 1
    served: bool = False


@contextmanager
def enter(world: World) -> Iterator[None]:
    """Change the process to that world, and back."""
    kept = [(time, name, getattr(time, name)) for name in ("time", "time_ns", "localtime", "gmtime", "monotonic")]
    kept += [(dt, name, getattr(dt, name)) for name in ("datetime", "date")]
    random.seed(world.seed)
    os.environ["TZ"] = world.zone
    time.tzset()
    _set_clock(world)
    before = Standing.neutral
    now = before.now if world.fixed_s is None else world.fixed_s
    Standing.neutral = Neutral(now=now, seed=world.draws, served=world.served)
    try:
        yield
    finally:
        Standing.neutral = before
        for owner, name, value in kept:
            setattr(owner, name, value)


def reseed(world_seed: int, test: str) -> None:
    """Seed the shared generator for one test: what it draws then depends on no other test."""
    random.seed(f"{world_seed} {test}")


@contextmanager
def afresh(number: int) -> Iterator[None]:
    """Draws, doubles and the moment of doubles begin anew in the block: alike for equal numbers, else otherwise."""
    before = Standing.neutral
    random.seed(number)
    Standing.neutral = replace(before, now=before.now + number * _DAY_AND_MORE_S, seed=before.seed + number)
    try:
        with unscripted():
            yield
    finally:
        Standing.neutral = before


def _set_clock(world: World) -> None:
    real = time.time
    local, universal, monotonic = time.localtime, time.gmtime, time.monotonic

    def now() -> float:
        if world.fixed_s is None:
            return real() + world.shift_s
        return Standing.moments[-1] if Standing.moments else world.fixed_s  # the two clocks of a plugin agree

    def at(plain: Callable[[float], Any]) -> Callable[..., Any]:
        return lambda seconds=None: plain(now() if seconds is None else seconds)

    time.time = now
    time.time_ns = lambda: int(now() * 1_000_000_000)
    time.localtime, time.gmtime = at(local), at(universal)
    time.monotonic = (
        (lambda: world.fixed_s or 0.0) if world.fixed_s is not None else lambda: monotonic() + world.shift_s
    )
    dt.datetime, dt.date = _shifted_types(now)  # type: ignore[misc]


def _shifted_types(now: Callable[[], float]) -> tuple[type[dt.datetime], type[dt.date]]:
    """Subclasses whose notion of "now" is ours, and which call themselves what they stand in for."""

    class Kind(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, cls.__bases__[0])

    class Moment(dt.datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(now(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.fromtimestamp(now(), dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(now())

    class Day(dt.date, metaclass=Kind):
        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(now())

    for kind, name in ((Moment, "datetime"), (Day, "date")):
        kind.__name__ = kind.__qualname__ = name
        kind.__module__ = "datetime"
    return Moment, Day
