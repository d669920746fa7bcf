"""The fork servers of the gate: what each kind holds before it forks, so that no worker pays for importing it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from sandbox.starter import Kind

_PLAIN: Final = ("sandbox.worker", "sandbox.language", "plugins.sdk")
_TESTING: Final = ("pytest", "coverage", "coverage.parser", "plugins.sdk_testing")
_PARSERS: Final = ("ruamel.yaml", "griffe", "bandit.core.manager", "packaging.licenses", "plugins.manifest")
_HARNESS: Final = ("run", "alone", "changes", "cost", "mutation", "observe", "practice")
_READING: Final = (
    *("parse", "api", "docs", "outline", "secrets", "uses"),
    *("concealed", "forms", "conditions", "answers", "credentials"),
)
PRELOAD: Final[Mapping[Kind, tuple[str, ...]]] = {
    "plain": _PLAIN,
    "tests": (
        *(*_PLAIN, *_TESTING, "selfmod.gate.reading.plan", "selfmod.gate.reading.imitation"),
        *(f"selfmod.gate.harness.{name}" for name in _HARNESS),
    ),
    "parse": (
        *("sandbox.worker", "sandbox.language", "sandbox.language.suite", *_PARSERS),
        *(*(f"selfmod.gate.reading.{name}" for name in _READING), "selfmod.extract"),
    ),
}

_HASH_SEEDS: Final = 3  # that the tests run under, besides 0


def hash_seed(secret: bytes, number: int) -> int:
    """One of the hash seeds of this host: always the same few, so that their fork servers are warm."""
    return int.from_bytes(hmac.digest(secret, f"hash seed {number}".encode(), hashlib.sha256)[:4], "big")


def fork_servers(secret: bytes) -> tuple[tuple[Kind, int | None], ...]:
    """What judging a candidate needs, by kind and hash seed, in the order of first use."""
    seeds = (hash_seed(secret, 1 + number) for number in range(_HASH_SEEDS))
    return (("parse", None), ("tests", 0), *(("tests", seed) for seed in seeds), ("plain", None))
