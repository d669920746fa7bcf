"""The fork servers of the gate: what each kind holds before it forks, so that no worker pays for importing it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from sandbox.starter import Kind

_PLAIN: Final = ("sandbox.worker", "sandbox.language", "plugins.sdk")
PRELOAD: Final[Mapping[Kind, tuple[str, ...]]] = {
    "plain": _PLAIN,
    "tests": (
        *(*_PLAIN, "pytest", "coverage", "coverage.parser", "plugins.sdk_testing"),
        *("selfmod.gate.plan", "selfmod.gate.imitation", "selfmod.gate.harness", "selfmod.gate.harness_alone"),
        *(
            "selfmod.gate.harness_changes",
            "selfmod.gate.harness_cost",
            "selfmod.gate.harness_mutation",
            "selfmod.gate.harness_observe",
        ),
    ),
    "parse": (
        *(
            "sandbox.worker",
            "sandbox.language",
            "sandbox.language.suite",
            "ruamel.yaml",
            "griffe",
            "bandit.core.manager",
            "packaging.licenses",
        ),
        *("plugins.manifest", "selfmod.gate.parse", "selfmod.gate.parse_api", "selfmod.gate.parse_docs"),
        *("selfmod.gate.parse_outline", "selfmod.gate.parse_secrets", "selfmod.gate.parse_uses"),
        *("selfmod.gate.parse_concealed", "selfmod.gate.parse_forms", "selfmod.gate.conditions", "selfmod.extract"),
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
