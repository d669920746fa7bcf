"""Known ways out of a language sandbox: each bites in plain Python, and is refused here."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from sandbox.language import DialectError, check, compile_module, new_module
from sandbox.language.guards import disown

TEXT = (Path(__file__).parent / "samples" / "escapes.txt").read_text("utf-8")
SECTION = re.compile(r"^==== ([\w-]+)[^\n]*\n(.*?)(?=^====|\Z)", re.MULTILINE | re.DOTALL)
ESCAPES: dict[str, str] = dict(SECTION.findall(TEXT))
#: Not ways out of plain Python by themselves, so that there is no positive control for them.
NO_CONTROL = {
    *("import-relative", "import-plugins", "import-star", "import-sdk-inner"),
    *(
        "shadow-positional",
        "shadow-keyword-only",
        "guard-leak",
        "metaclass-by-kwargs",
        "exit-raise",
        "module-random-os",
    ),
    *("format-nested", "object-setattr-class", "hint-literal-alias", "set-library-class", "set-library-class-setattr"),
    *("set-module", "set-module-view-name", "delete-module", "object-setattr-module", "augmented-module"),
    *(
        "annotated-module",
        "shadow-builtins",
        "update-wrapper",
        "wraps-assigned",
        "hint-variable",
        "hint-call",
        "sdk-patched",
        "match-value-builtins",
        "match-class-guard",
        "view-refilled",
        "update-wrapper-of-library",
        "wraps-of-library",
        "format-nested-specification",
    ),
}


def outcome(source: str) -> object:
    """What the attack got under the policy, None when it was refused in the text or when it ran."""
    refusals = (DialectError, AttributeError, NameError, TypeError, ImportError)
    try:
        with suppress(*refusals):
            return new_module("plugin", compile_module(source, "plugin.py")).attack()
        return None
    finally:
        sys.modules.pop("plugin", None)
        disown("plugin")


@pytest.mark.parametrize("name", ESCAPES)
def test_it_is_refused(name):
    assert outcome(ESCAPES[name]) is None


def test_what_is_allowed_does_run():
    assert outcome("def attack():\n    return 'out'") == "out"


@pytest.mark.parametrize("name", ESCAPES)
def test_refusals_in_the_text_say_where_and_what_instead(name):
    for violation in check(ESCAPES[name], "plugin.py"):
        assert violation.line >= 1 and violation.column >= 1 and violation.message and violation.hint


@pytest.mark.parametrize("name", sorted(set(ESCAPES) - NO_CONTROL))
def test_it_bites_in_plain_python(name):
    module = ModuleType("plain")
    module.__file__ = "plain.py"
    exec(compile(ESCAPES[name], "plain.py", "exec", dont_inherit=True), vars(module))
    assert module.attack() is not None


def test_there_are_many():
    assert len(ESCAPES) > 100
    assert set(ESCAPES) >= NO_CONTROL
