"""What each kind of fork server holds before it forks, so that no worker pays for importing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

_PLAIN: Final = ("sandbox.worker", "sandbox.language", "plugins.sdk")
PRELOAD: Final[Mapping[Literal["plain", "tests", "parse"], tuple[str, ...]]] = {
    "plain": _PLAIN,
    "tests": (*_PLAIN, "pytest", "coverage", "selfmod.gate.harness"),
    "parse": (
        *("sandbox.worker", "sandbox.language", "ruamel.yaml", "griffe", "bandit.core.manager", "packaging.licenses"),
        *("plugins.manifest", "selfmod.gate.parse", "selfmod.gate.parse_api", "selfmod.gate.parse_docs"),
        *("selfmod.gate.parse_secrets", "selfmod.gate.parse_uses"),
    ),
}
