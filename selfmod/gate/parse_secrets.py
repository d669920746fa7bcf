"""Secrets in sources: keys and tokens by their form, and assignments that look like one."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from selfmod.gate.parse import MAX_FOUND, Material, found

_FORMS: Final = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,90})\b",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}\b",
    "an API key of a model provider": r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{24,200}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,80}\b",
    "a Stripe key": r"\b[sr]k_live_[0-9A-Za-z]{20,100}\b",
    "a PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{20,200}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,400}",
    "a password in an address": r"[a-z][a-z0-9+]{1,12}://[^/\s:@\"']{1,60}:[^/\s:@\"'{}]{3,60}@[a-z0-9]",
}
_ALL: Final = tuple((what, re.compile(form)) for what, form in _FORMS.items())
_NAMED: Final = re.compile(
    r"(?i)\b[a-z_]{0,40}(?:password|passwd|secret|api_?key|auth_?token|access_?token|private_?key)[a-z_]{0,20}"
    r"[\"']?\s{0,4}[:=]\s{0,4}[\"']([^\"'\s]{12,200})[\"']"
)
_PLACEHOLDER: Final = re.compile(
    r"(?i)example|placeholder|your|dummy|changeme|redacted|xxxx|\.\.\.|<|\{|test|fake|sample"
)


def secrets(material: Material) -> list[dict[str, Any]]:
    """Section "secrets": where something in the files looks like one. The text itself is never repeated."""
    problems: list[dict[str, Any]] = []
    for path, data in material.files.items():
        text = data.decode("utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), start=1):
            for what in _in_line(line[:4000]):
                hint = "remove it here, revoke it where it was issued, and ask for it through `environment`"
                problems.append(found("policy.secret", f"this looks like {what}", path, number, hint=hint, key=what))
    return problems[:MAX_FOUND]


def _in_line(line: str) -> Iterator[str]:
    for what, form in _ALL:
        if (seen := form.search(line)) and not _PLACEHOLDER.search(seen.group()):
            yield what
    for seen in _NAMED.finditer(line):
        value = seen.group(1)
        if not _PLACEHOLDER.search(value) and _entropy(value) > 3.2 and any(map(str.isdigit, value)):
            yield "a secret in a variable"
            return


def _entropy(text: str) -> float:
    """Bits per character: words of a language stay under 3.2, random keys above."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
