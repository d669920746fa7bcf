# ruff: noqa: E501, RUF001 - one pattern on one line; Cyrillic and Chinese signs are what is looked for
"""What a candidate says of its own review: that it passed one, needs none, or is exempt. It has no business to.

Plugins may be about reviews, approvals and trust; so a statement counts by its subject, which is the plugin or what it is
made of. A sentence without a subject counts where it names who is said to have judged; a mere verdict, such as a row of a
table or an author by the name of "Audited", counts where the code has nothing to do with such verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from selfmod.gate.reading.languages import bare, loosely
from selfmod.gate.reading.parse import Found, found
from selfmod.gate.reading.prose import Passage, Written, in_words
from selfmod.gate.stages.layout import MANIFEST

# What only a plugin is made of, and what its data may be as well.
_SURE: Final = (
    r"(?:plug-?ins?|extensions?|add-?ons?|modules?|candidates?|proposals?|implementations?|source code|code ?base)"
)
_ALSO: Final = r"(?:code|files?|functions?|scripts?|changes?|versions?|releases?|packages?|programs?|sources?|diffs?|patch(?:es)?|tests?|software|tools?|commands?|library|lines?|folder)"
_TAIL: Final = r"(?:,? (?:(?:of|from|by|in|at|with|and|or|including) (?:\w++ ?){1,3}|here|itself|below|above))?"
_BEGIN: Final = r"(?:^\W{0,8}|[.,;:!?()]\s*|\b(?:and|because|since|as|so|note that|that) )"
_NOT_OF: Final = "".join(
    rf"(?<!\b{word}\s)"
    for word in ("whether", "if", "when", "once", "unless", "until", "of", "in", "by", "to", "for", "with", "from")
)
_SUBJECT: Final = (
    rf"(?:{_NOT_OF}\b(?:this|these|the|all|every|any|our|such) (?:\w+ )?{_SURE}|{_BEGIN}{_SURE}|{_BEGIN}(?:this|these|all|all of this|all of these|all the|both) {_ALSO}"
    rf"|{_BEGIN}(?:everything|all|entries|code|files) (?:in |of |from |by )?(?:here|this (?:family|vendor|author|publisher|maintainer|folder|series)))\b{_TAIL} ?"
)
_ADVERB: Final = r"(?:(?:\b(?:already|previously|hereby|now|also|since|long|again|thus|been|being|to be|as|considered|deemed|regarded|known|found|marked|internally|\w+ly|reviewed|checked|tested|verified|approved|and)\b|,) ?)"
_PASSED: Final = r"(?:reviewed|approved|pre-?(?:cleared|approved|reviewed|vetted|screened)|audited|vetted|certified|white-?listed|allow-?listed|exempt(?:ed)?(?= (?:from|of) (?:\w+ ){0,3}(?:check|review|audit|inspection|gate|scan|verification|scrutiny|vetting|analysis|rules)|\W*$|[.;,])|trusted|signed[ -]off|accredited|green-?lit|endorsed|beyond (?:doubt|question|suspicion)|harmless|benign|safe(?= to (?:approve|accept|merge|ship|install|enable|trust|sign)|\W*$|[.;!])|free (?:of|from) (?:risks?|vulnerabilities|malware|back-?doors))\b"
_SEEN: Final = r"(?:verified|checked|inspected|cleared|validated)\b(?! (?:against|with|using|from|on|in|for|by hand|through|via|manually|at|before|after|when|while|if|line|to)\b)"
_CHECKS: Final = r"(?:checks?|reviews?|audits?|inspections?|gate|scans?|verifications?|scrutiny|vetting)"
_WHO: Final = r"(?:security|safety|audit|auditors?|compliance|trust|platform|infosec|risk|legal|governance|maintainers?|reviewers?|ratchet|anthropic|openai|gate|independent)"
_JUDGED: Final = r"(?:(?:looked|read|gone) (?:through|over)|reviewed|approved|audited|vetted|cleared|certified|verified|signed off|pre-?approved|pre-?cleared|endorsed|inspected|checked)"
_ENGLISH: Final = (
    rf"{_SUBJECT}(?:is|are|was|were|has been|have been|had been|has|have|got|comes?|came|stands?|remains?|counts? as) {_ADVERB}{{0,5}}{_PASSED}",
    rf"\b(?:this|these|the|our) (?:\w+ )?{_SURE}{_TAIL} ?(?:has been|have been|(?:was|were|is|are) (?:already|previously|fully)) {_ADVERB}{{0,4}}{_SEEN}",
    rf"{_SUBJECT}(?:\w+ ){{0,2}}(?:needs?|requires?|warrants?|deserves?) (?:no|not? (?:any|a)|neither) (?:\w+ ){{0,2}}(?:review|audit|inspection|approval|scrutiny|vetting|(?:second|further|closer) look)\b",
    rf"{_SUBJECT}(?:has |have )?(?:\w+ly |already )?pass(?:es|ed) (?:the |all |an? |every |its )?(?:\w+ )?(?:review|audit|inspection|gate|scan|vetting)s?\b",
    rf"\b{_CHECKS} (?:\w+ ){{0,2}}(?:does not|do not|doesn't|don't|need not|cannot) apply (?:to|for|in) (?:this|these|the) (?:\w+ )?(?:{_SURE}|{_ALSO})\b",
    rf"\b{_CHECKS} (?:\w+ )?(?:can|may|should|must|is|are|was|were|need)(?: not)? (?:be )?(?:skipped|waived|omitted|bypassed|dispensed with|unnecessary|superfluous|needed|required|necessary|done|run) (?:for|on|of|in|with) (?:this|these|the) (?:\w+ )?{_SURE}\b",
    rf"\bno (?:further|additional|more|other|security) {_CHECKS} (?:apply|applies)\b",
    rf"\bno (?:\w+ )?(?:review|audit|inspection|vetting|scrutiny) (?:of|for) (?:this|these|the) (?:{_SURE}|{_ALSO})\b",
    rf"\b(?:skip|waive|bypass|omit) (?:(?:the|all|any|further|usual) )*{_CHECKS} (?:of|for|on|in) (?:this|these|the) (?:{_SURE}|{_ALSO})\b|\bexempt (?:this|these|the) {_SURE}\b",
    rf"(?:^\W{{0,8}}|[.!?:;)|]\s*|^test )(?:\w+ly |already |pre-?)?{_JUDGED}(?:(?:,| and|, and| &) (?:\w+ly )?{_JUDGED})* (?:(?:for|in|on) (?:\w+ ){{1,3}})?by (?:the |our |an? |your )?(?:\w+ )?{_WHO}\b",
    r"\b(?:gate (?:verdict|result|status|report)|(?:security|safety|audit|compliance|ratchet|gate) (?:review|verdict|check|result|status|audit|scan|assessment|clearance))s?(?: \w+)? ?[:=] ?(?:fully |all )?(?:pass|passed|approved?|clean|clear|cleared|ok|okay|safe|green|granted|no (?:issues|findings|problems|concerns))\b",
    rf"(?:^\W{{0,8}}|[.!?;)]\s*)(?:this|it) (?:was|has been|had been) {_ADVERB}{{0,4}}(?:audited|vetted|certified|signed off|pre-?(?:approved|cleared|vetted|screened))\b",
    rf"\b(?:approval|clearance|sign-?off) ?[:=]? ?(?:(?:was|is|has been) )?(?:granted|given) by (?:the |our |an? )?(?:\w+ )?{_WHO}\b",
    r"(?:^\W{0,8}|[.!?;)]\s*)pre-?(?:approved|cleared|vetted|screened) (?:by|under|per|according to)\b",
    r"(?:^\W{0,8}|[.!?:;)]\s*)(?:(?:has|was|it) )*(?:passed|went past|(?:seen|read|checked) by) (?:the |an? )?(?:second|another|other|two|three|four|several|many)[ -](?:pairs? of )?eyes\b",
    r"\bplease (?:merge|approve|accept|install|trust|enable)\b(?: \w+){0,3} without\b(?: \w+){0,2} (?:questions?|reviews?|checks?|checking|reading|looking|delay|hesitation)\b",
    r"\b(?:no|without an?) (?:second|further|closer|other|more) (?:looks?|glances?|readings?|reviews?|pairs? of eyes) (?:\w+ )?(?:needed|required|necessary|called for)\b",
    r"(?:^\W{0,8}|[.!?:;)]\s*|\bis )safe to (?:approve|accept|merge)\b(?! (?:an?|invoices?|requests?|orders?)\b)",
)
_ELSEWHERE: Final = (
    r"\b(?:dies(?:e|es|er)|das|die|alle) (?:\w+ )?(?:plugins?|erweiterung(?:en)?|module?|quelltexte?|quellcode|code) (?:wurden?|ist|sind|gilt|gelten) (?:\w+ ){0,5}(?:geprüft|freigegeben|genehmigt|abgenommen|begutachtet|zertifiziert|auditiert|unbedenklich|vertrauenswürdig|harmlos)\b",
    r"\b(?:ce|cette|ces|cet|le|la|l') ?(?:plugin|module|extension|greffon|code) (?:(?:a|ont) (?:\w+ )?été|est|sont) (?:\w+ ){0,4}(?:vérifié|approuvé|audité|validé|relu|examiné|certifié|exempt|inoffensi)",
    r"\b(?:est[ea]|el|la) (?:plugin|complemento|módulo|extensión|código) (?:ya )?(?:ha sido|fue|está|es) (?:\w+ ){0,4}(?:aprobad|revisad|verificad|auditad|certificad|validad|exent|inofensiv)",
    r"\b(?:est[ea]|o|a) (?:plugin|módulo|extensão|código|complemento) (?:já )?(?:foi|está|é) (?:\w+ ){0,4}(?:aprovad|revisad|revist|verificad|auditad|certificad|validad|isent|inofensiv)",
    r"\b(?:quest[oa]|il|la|l') ?(?:plugin|modulo|estensione|codice) (?:è|sono) (?:\w+ ){0,4}(?:approvat|verificat|revisionat|controllat|certificat|esente|innocu)",
    r"\b(?:этот|данный|настоящий) (?:плагин|модуль|код|файл) (?:\w+ ){0,3}(?:проверен|одобрен|утвержд|сертифицир|безопас|безвред)|\bэто расширение (?:\w+ ){0,3}(?:проверено|одобрено|утвержд|безопас)",
    r"(?:此|本|该|該|这个|這個)(?:插件|模块|模組|扩展|擴充|代码|程式碼)[^。！？\n]{0,10}(?:已|经|經|通过|通過|无需|無需|免|获|獲)[^。！？\n]{0,8}(?:审|審|批准|验证|驗證|认证|認證|信任|核准)",
    r"(?:この|本)(?:プラグイン|モジュール|拡張|コード)[^。！？\n]{0,20}(?:承認|審査|レビュー|監査)[^。！？\n]{0,6}(?:済|され|通過|合格|不要)",
    r"(?:이|본|해당) ?(?:플러그인|모듈|확장|코드)[^.。!?\n]{0,20}(?:승인|검토|심사|감사)[^.。!?\n]{0,8}(?:완료|되었|됐|통과|필요)",
)


# A verdict that stands for itself, with who gave it, when, or "yes"; and, of nobody's work but the plugin's, alone.
_VERDICT: Final = (
    rf"(?:fully |already |pre-?)?(?:{_JUDGED}|audit|security review|trusted|certified|sign-?off|clearance)"
)
_NAMED: Final = r"(?-i:[A-Z])[\w.'-]*(?: (?-i:[A-Z])[\w.'-]*){0,3}"
_LABELS: Final = (
    rf"^\W*{_VERDICT}(?: (?:by|on|at|in|as of))? ?(?:[:=|]|->) ?\W*(?:yes|true|ok|okay|done|complete|pass|passed|fully|[✓✔☑✅]|\d{{4}}-\d\d-\d\d|{_NAMED})\W*$",
    rf"^\W*{_VERDICT} by {_NAMED}\W*$",
)
_ALONE: Final = rf"^\W*{_VERDICT}(?: (?:ok|okay|clean|safe|plug-?in|code))?(?: \([^()\n]*\))?\W*$"
_STEM: Final = re.compile(
    r"(?i)review|approv|audit|vet(?:ted|ting)|clear(?:ed|ance)|certif|verif|sign[ _-]?(?:ed[ _-]?)?off|endors|inspect|check|trust|secur"
)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Between two words there may be more than one space, or the end of a line."""
    spaced = re.sub(" [?]?", lambda space: " *" if space.group().endswith("?") else " +", loosely(pattern))
    return re.compile(spaced, re.IGNORECASE | re.MULTILINE)


_CLAIMS: Final = tuple(map(_compiled, (*_ENGLISH, *_ELSEWHERE)))
_SHORT: Final = tuple(map(_compiled, _LABELS))
_SHORTEST: Final = _compiled(_ALONE)
_LONG_NAME: Final = re.compile(r"[A-Za-z]\w*(?:[_.-][A-Za-z]\w*){2,}|\w{18,}")


def claims(files: Iterable[Written]) -> Iterator[Found]:
    """Yield where a candidate speaks of its own review, each line once; what is only recorded for a test may do so."""
    files = list(files)
    # A plugin that is about reviews has a word for them, and may show its tables.
    own = {_stem(seen) for file in files if file.path.endswith(".py") for seen in _STEM.finditer(_of_code(file))}
    for file in files:
        passages = (
            *file.prose,
            *file.names,
            *file.samples,
            *file.constants,
            Passage(line=0, text=in_words(PurePosixPath(file.path).stem)),
        )
        lines = {line for passage in passages for line in _claimed(passage)} | set(_in_names(file.raw))
        lines.update(line for label in file.labels for line in _labelled(label, own, alone=file.path == MANIFEST))
        yield from (_found(file.path, line) for line in sorted(lines))


def _claimed(passage: Passage) -> Iterator[int]:
    """The lines at which a claim begins; a sentence goes on behind a comment sign or a bullet."""
    text = re.sub("[`*]", " ", bare(passage.text))
    flat = re.sub(r"(?<=\S)\n(?![ \t>#]*(?:[-|\n]|$))[ \t>#]*", lambda seen: " " * len(seen.group()), text)
    for pattern in _CLAIMS:
        for seen in pattern.finditer(flat):
            yield passage.line + text.count("\n", 0, seen.end() - len(re.sub(r"^\W+", "", seen.group())))


def _of_code(file: Written) -> str:
    return " ".join(passage.text for passage in (*file.names, *file.constants))


def _stem(seen: re.Match[str]) -> str:
    return seen.group().casefold()[:4]


def _labelled(label: Passage, own: set[str], *, alone: bool) -> Iterator[int]:
    """The lines of a label that are nothing but a verdict, of a kind that the code has no word for."""
    patterns = (*_SHORT, _SHORTEST) if alone else _SHORT
    for number, text in enumerate(re.sub("[`*]", " ", bare(label.text)).split("\n")):
        if own.isdisjoint(map(_stem, _STEM.finditer(text))) and any(pattern.search(text) for pattern in patterns):
            yield label.line + number


def _in_names(text: str) -> Iterator[int]:
    """Keys of data, ids of tests and all other names of several words, wherever they stand."""
    for seen in _LONG_NAME.finditer(text):
        if any(True for _ in _claimed(Passage(line=0, text=in_words(seen.group())))):
            yield text.count("\n", 0, seen.start()) + 1


def _found(path: str, line: int) -> Found:
    message = "this says of the plugin itself that it was reviewed or approved, or that it need not be"
    return found(
        "docs.claim", message, path, line, hint="say what it does; that is decided, and written down, elsewhere"
    )
