"""The language policy in front of the boundary: what plugin code may be written in, and how it is loaded."""

from __future__ import annotations

from sandbox.language.compiler import DialectError, check, compile_module, explain
from sandbox.language.dialect import DIALECT, TEST_DIALECT
from sandbox.language.loader import PolicyFinder, install, new_module, uninstall, warm
from sandbox.language.modules import ALLOWED_IMPORTS, guarded_import

__all__ = [
    "ALLOWED_IMPORTS",
    "DIALECT",
    "TEST_DIALECT",
    "DialectError",
    "PolicyFinder",
    "check",
    "compile_module",
    "explain",
    "guarded_import",
    "install",
    "new_module",
    "uninstall",
    "warm",
]
