"""Secrets in sources: keys and tokens by their published form, and texts that are named like a secret and look random.

Looked for in the lines as they stand, in constant texts after their pieces are put together, and in what base64 or
hexadecimal digits hide.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from selfmod.gate.reading.folding import worked_out
from selfmod.gate.reading.parse import MAX_FOUND, Material, found
from selfmod.gate.reading.texts import constant_texts, decoded, named_texts
from selfmod.gate.reading.told import told

_FORMS: Final = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY|PuTTY-User-Key-File-\d",
    "an age key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b",
    "an AWS access key": r"\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[0-9A-Z]{16}\b",
    "an AWS secret key": r"\b(?i:aws).{0,30}[\"'=:\s](?=[^\s\"']{0,39}\d)[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+=])",
    "an Amazon API key": r"\bABSK[A-Za-z0-9+/]{109,269}={0,2}|\bamzn\.mws\.[0-9a-f-]{36}\b|\bda2-[a-z0-9]{26}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])",
    "a Google client secret": r"\bGOCSPX-[0-9A-Za-z_-]{28}(?![0-9A-Za-z_-])|\bya29\.[0-9A-Za-z_-]{30,400}",
    "an Azure key": (
        r"(?i:\b(?:AccountKey|SharedAccessKey|SharedSecretValue)\s?=\s?)[A-Za-z0-9/+]{40,100}={0,3}"
        r"|(?<![\w~.])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~])|[?&]sig=[A-Za-z0-9%/+]{40,80}"
    ),
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{60,90})\b",
    "a GitLab token": (
        r"\b(?:glpat|gldt|glft|glsoat|glrt|glffct|glimt|glptt|glagent|gloas)-[A-Za-z0-9_-]{20}"
        r"|\bglcbt-[0-9A-Za-z]{1,5}_[0-9A-Za-z_-]{20}|\bGR1348941[\w-]{20}"
    ),
    "an API key of a model provider": (
        r"\bsk-(?:ant-|proj-|or-|svcacct-|admin-)?[A-Za-z0-9_-]{24,200}(?![A-Za-z0-9_-])|\bhf_[A-Za-z]{34}\b"
        r"|\bgsk_[A-Za-z0-9]{52}\b|\bxai-[A-Za-z0-9]{80}\b|\br8_[A-Za-z0-9]{37}\b|\bpplx-[A-Za-z0-9]{48}\b"
    ),
    "a Slack token": (
        r"\bxox[abeoprs]-[0-9A-Za-z-]{10,80}\b|\bxapp-\d-[A-Z0-9]{8,15}-\d{8,15}-[a-z0-9]{30,70}\b"
        r"|hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,60}"
    ),
    "a Stripe key": r"\b[sr]k_(?:live|test|prod)_[0-9A-Za-z]{20,100}\b|\bwhsec_[0-9A-Za-z]{32,64}\b",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "a key of a mail service": (
        r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}(?![\w-])|\bkey-[0-9a-f]{32}\b|\b[0-9a-f]{32}-us\d{1,2}\b"
        r"|\bxkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}\b"
    ),
    "a PyPI token": r"\bpypi-AgE[A-Za-z0-9_-]{20,400}",
    "a token of a package registry": (
        r"\bnpm_[A-Za-z0-9]{36}\b|\brubygems_[a-f0-9]{48}\b|\bCLOJARS_[a-z0-9]{60}\b|\boy2[a-z0-9]{43}\b"
        r"|(?i:_authToken\s?=\s?)[0-9a-f-]{36}\b|\bdckr_pat_[\w-]{27}(?![\w-])"
    ),
    "a key of a hosting service": (
        r"\bdo[opr]_v1_[a-f0-9]{64}\b|\bHRKU-AA[\w-]{58}\b|\bdapi[a-f0-9]{32}\b|\bfo1_[\w-]{43}\b"
        r"|\bv1\.0-[a-f0-9]{24}-[a-f0-9]{146}\b|\bpscale_(?:tkn|pw|oauth)_[\w.-]{32,64}|\bLTAI[A-Za-z0-9]{20}\b"
        r"|\bhv[sb]\.[\w-]{24,300}|\b[a-z0-9]{14}\.atlasv1\.[\w=-]{60,70}|\bpul-[a-f0-9]{40}\b"
    ),
    "a key of a shop or a payment service": (
        r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b|\bsq0(?:atp|csp)-[\w-]{22,43}|\bEAAA[\w-]{60}\b"
        r"|\baccess_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}\b"
    ),
    "a token of a messenger": (
        r"\b\d{8,10}:AA[\w-]{33}(?![\w-])|\b[MNO](?=[\w-]{0,24}\d)[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])"
        r"|discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,70}|\.webhook\.office\.com/webhookb2/[0-9a-f-]{36}@"
    ),
    "a token of a work service": (
        r"\bATATT3[\w=-]{180,190}|\blin_api_[A-Za-z0-9]{40}\b|\bntn_[0-9A-Za-z]{40,50}\b|\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b"
        r"|\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b|\bglc_[A-Za-z0-9+/]{32,400}|\bNRAK-[A-Z0-9]{27}\b|\bdp\.pt\.[A-Za-z0-9]{43}\b"
        r"|\bsntr(?:ys|yu)_[A-Za-z0-9+/=_]{60,300}|\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b|\bfigd_[\w-]{40}"
        r"|\bdt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}\b|\bops_eyJ[A-Za-z0-9+/]{200,}"
    ),
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,1000}",
    "a password in an address": r"[a-z][a-z0-9+]{1,12}://[^/\s:@\"']{0,60}:[^/\s:@\"'{}]{3,60}@[a-z0-9]",
    "a password in a header": (
        r"(?i:\bauthorization[\"']?\s?[:=,]\s?[\"']?(?:basic|bearer|token)\s)[A-Za-z0-9._~+/-]{16,400}"
    ),
}
# Whoever knows such an address needs nothing else: a part of its path is the key.
_IN_PATH: Final = "a key in the path of an address"
_SEGMENT: Final = re.compile(r"(?<=/)[A-Za-z0-9_-]{20,200}(?![^/?#\s\"'`<>)\]},;.])")
_ADDRESS: Final = re.compile(r"\bhttps?://[^\s/]{1,255}(/[^\s\"'`<>?#]{20,2000})", re.IGNORECASE)
# Of the signs, those beside another kind: two of three in what is drawn, one of five in words.
_TURNS: Final = 0.4
_MIXED_TURNS: Final = 0.25  # where cases make no turns: two of five in what is drawn
_BASIC: Final = re.compile(r"(?i:\bbasic)\s+([A-Za-z0-9+/_-]{8,400}={0,2})(?![A-Za-z0-9+/=_-])")
_ALL: Final = tuple((what, re.compile(form)) for what, form in _FORMS.items())
_WORDS: Final = (
    r"(?i:password|passwd|passphrase|secret|credentials?|(?:api|auth|access|private|signing|encryption|master)_?key"
    r"|(?:auth|access|api|bearer|refresh|bot|session|id)_?token)"
)
_NAME: Final = re.compile(rf"{_WORDS}|(?i:(?:^|_)(?:token|pwd)$)")
_NAMED: Final = re.compile(
    rf"\b[A-Za-z_-]{{0,40}}{_WORDS}[A-Za-z_]{{0,20}}[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']([^\"'\s]{{12,200}})[\"']"
)
_SET: Final = re.compile(
    rf"^\s{{0,40}}(?:export\s)?[\"']?[A-Za-z0-9_.-]{{0,40}}{_WORDS}[A-Za-z0-9_]{{0,20}}[\"']?\s?[:=]\s?([^\s\"'(),;]{{12,200}})\s*$"
)
_PLACEHOLDER: Final = re.compile(
    r"(?i)example|placeholder|your|dummy|changeme|redacted|xxxx|\.\.\.|<|\{|test|fake|sample"
)
_ENDS: Final = 1000  # signs of a text that are looked at in another order, and of a file together with others
_SHORT: Final = 20
_SHORTEST: Final = 6  # signs of a password
_WRITTEN: Final = frozenset({"a password in an address", "a password in a header"})  # by people, not by a service
# Placeholders in what a service issues: those texts are random, and "test" is part of some of their forms.
_ISSUED_PLACEHOLDER: Final = re.compile(
    r"(?i)example|placeholder|your_|your-|dummy|changeme|redacted|xxxx|\.\.\.|<|\{|(.)\1{7}"
)


def secrets(material: Material) -> list[dict[str, Any]]:
    """Section "secrets": where something in the files looks like one. The text itself is never repeated."""
    places: dict[tuple[str, int, str], None] = {}
    for path, data in material.files.items():
        text = data.decode("utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), start=1):
            said = _in_line(line, source=path.endswith(".py"))
            recorded = path.startswith("tests/data/")  # answers of servers hold addresses that anybody may know
            places.update(dict.fromkeys((path, number, what) for what in said if not (recorded and what == _IN_PATH)))
        tree = material.trees.get(path)
        if not isinstance(tree, str):
            seen = {where for file, where, _ in places if file == path}
            spoken = (number for number in told(path, text, tree) if number not in seen)
            places.update(dict.fromkeys((path, number, "a secret that is told to a reader") for number in spoken))
        if isinstance(tree, ast.Module):
            known = {(where, what) for where, _, what in places if where == path}
            places.update(
                dict.fromkeys((path, line, what) for line, what in _in_code(tree) if (path, what) not in known)
            )
    places.update(dict.fromkeys(_in_two_files(material)))
    hint = "remove it here, revoke it where it was issued, and ask for it through `environment`"
    problems = [
        found("policy.secret", f"this looks like {what}", path, line, hint=hint, key=what)
        for path, line, what in places
    ]
    return problems[:MAX_FOUND]


def _in_line(line: str, *, source: bool) -> Iterator[str]:
    for start in range(0, len(line), 4000):
        part = line[start : start + 4400]
        yield from _issued(part)
        for inner in decoded(part):
            yield from (f"{what}, encoded" for what in _issued(inner))
        values = [*_NAMED.findall(part), *(() if source else _SET.findall(part))]
        if any(_is_random(value) for value in values):
            yield "a secret in a variable"


def _in_two_files(material: Material) -> Iterator[tuple[str, int, str]]:
    """What begins at the end of one data file and goes on in another."""
    data = [(path, text.decode("utf-8", errors="replace").strip()) for path, text in sorted(material.files.items())]
    recorded = [(path, text[:_ENDS], text[-_ENDS:]) for path, text in data if path.startswith("tests/data/")]
    for path, _, last in recorded:
        for _, first, _ in recorded:
            for what in set(_issued(last + first)) - set(_issued(last)) - set(_issued(first)) - _WRITTEN:
                yield path, 1, f"{what}, in two files"


def _in_order(text: str) -> Iterator[str]:
    """A text backwards, and each second, third and fourth of its signs."""
    if _SHORT <= len(text) <= _ENDS:
        yield text[::-1]
        yield from (text[start::step] for step in (2, 3, 4) for start in range(step))


def _in_code(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What no line shows: texts in several pieces, and those that data becomes."""
    found = dict.fromkeys(_in_texts(tree))
    yield from found
    for one in worked_out(tree):
        for form in (one.text, one.text[::-1], *decoded(one.text)):
            new = set(_issued(form)) - {what.partition(",")[0] for line, what in found if line == one.line}
            yield from ((one.line, f"{what}, worked out") for what in sorted(new))


def _in_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, text in constant_texts(tree):
        yield from ((line, what) for what in _issued(text))
        for other in _in_order(text):
            yield from ((line, f"{what}, in another order") for what in _issued(other) if what not in _WRITTEN)
        for inner in decoded(text):
            yield from ((line, f"{what}, encoded") for what in _issued(inner))
    for line, name, text in named_texts(tree):
        if _NAME.search(name) and re.fullmatch(r"[^\"'\s]{12,200}", text) and _is_random(text):
            yield line, "a secret in a variable"


def _issued(text: str) -> Iterator[str]:
    """What has the published form of something that a service issues, or stands where services of all kinds put it."""
    known = [what for what, form in _ALL if _is_there(what, form, text)]
    yield from known
    if not known and any(is_drawn(part) for way in _ADDRESS.findall(text) for part in _SEGMENT.findall(way)):
        yield _IN_PATH
    for digits in _BASIC.findall(text):
        if any(_is_login(inner) for inner in decoded(digits, layers=1)):
            yield "a name and a password of a header"


def _is_there(what: str, form: re.Pattern[str], text: str) -> bool:
    placeholder = _PLACEHOLDER if what in _WRITTEN else _ISSUED_PLACEHOLDER
    return any(not placeholder.search(seen.group()) for seen in form.finditer(text))


def _is_login(text: str) -> bool:
    """Return whether a text is a name and a password, and the password none that people write in examples."""
    name, colon, password = text.partition(":")
    word = re.fullmatch(r"[a-z]+|[A-Z][a-z]+|[0-9]+", password) or _PLACEHOLDER.search(text)
    return bool(name and colon and len(password) >= _SHORTEST and " " not in text and not word)


def _is_random(value: str) -> bool:
    return not _PLACEHOLDER.search(value) and _entropy(value) > 3.2 and any(map(str.isdigit, value))


def is_drawn(part: str) -> bool:
    """Return whether signs of a path were drawn, and are no words, dates or numbers of versions run together."""
    return _turns(part, "0Aa") > _TURNS * len(part) and _is_random(part)


def is_mixed(part: str) -> bool:
    """Return whether letters, of one case or of both, and digits were drawn as keys are."""
    return is_drawn(part) or (_turns(part.lower(), "0a") > _MIXED_TURNS * len(part) and _is_random(part))


def _turns(part: str, wanted: str) -> int:
    """How many signs stand beside one of another kind; none where a kind is missing."""
    kinds = ["0" if sign.isdigit() else "A" if sign.isupper() else "a" if sign.islower() else "" for sign in part]
    turns = sum(one != other for one, other in pairwise(kinds) if one and other)
    return turns if {*wanted} <= {*kinds} else 0


def _entropy(text: str) -> float:
    """Bits per character: words of a language stay under 3.2, random keys above."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
