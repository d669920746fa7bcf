"""What each kind of fork server holds before it forks, so that no worker pays for importing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.starter import Kind

_PLAIN: Final = ("sandbox.worker", "sandbox.language", "plugins.sdk")
PRELOAD: Final[Mapping[Kind, tuple[str, ...]]] = {
    "plain": _PLAIN,
    "tests": (
        *(*_PLAIN, "pytest", "coverage", "coverage.parser", "plugins.sdk_testing"),
        *("selfmod.gate.plan", "selfmod.gate.imitation", "selfmod.gate.harness", "selfmod.gate.harness_alone"),
        *("selfmod.gate.harness_cost", "selfmod.gate.harness_mutation"),
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
        *("selfmod.gate.parse_secrets", "selfmod.gate.parse_uses", "selfmod.extract"),
    ),
}
