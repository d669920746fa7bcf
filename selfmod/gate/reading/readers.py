# ruff: noqa: E501, RUF001 - one pattern on one line; Cyrillic and Chinese signs are what is looked for
"""Words that tell a reader how to judge: a reader that is a machine or a reviewer, near a verdict, in one paragraph.

Phrases can be turned in endless ways; but who wants to sway a reader names the reader and what it should conclude. A
machine that reads is named seldom enough for any verdict near it to count; of reviewers people speak also otherwise, so
beside them only words count that ask for less than a judgement.
"""

from __future__ import annotations

import ast
import bisect
import re
from collections.abc import Iterator, Sequence
from typing import Final

from selfmod.gate.reading.languages import bare, loosely
from selfmod.gate.reading.prose import comments, names
from selfmod.gate.reading.texts import constant_texts, decoded

_NEAR: Final = 300  # characters between the reader and the verdict
_JUDGE: Final = r"(?:review|check|assess|evaluat|judg|gate|audit|approv|inspect|analy|read|process|scan|grad|summar)"

# Readers that are machines, by language.
_MACHINES: Final = (
    rf"(?-i:\bAIs?\b)|(?-i:\bA\.I\.)|\bllms?\b|\blanguage[ -]models?\b|\bchat ?bots?\b|\bcopilot\b|\b(?:chat)?gpt\b|\bneural net|\b(?:automat(?:ed|ic|ically)|machine)\b.{{0,25}}\b{_JUDGE}|\b{_JUDGE}\w*\b.{{0,20}}\b(?:automatic|automatically|by (?:a |an |any )?(?:machine|tool|program|script|bot))\b|\b(?:review|judg|grad|evaluat|audit)ing (?:system|tool|process|model|program|software)",
    # German, Dutch
    r"(?-i:\bKI\b)|\bki-\w+|\bkünstliche\w* intelligenz|\bsprachmodell|\bassistenz?(?:system|programm)|\bchatbot|\b(?:maschinell|automati(?:sch|siert))\w*.{0,30}(?:begutacht|gutacht|prüf|bewert|beurteil|gelesen|lesen|analys|freigab|durchsicht|auswert)|\bprüf(?:programm|werkzeug|system|automat)",
    r"\btaalmodel|\bkunstmatige intelligentie|\bgeautomatiseerde?.{0,20}(?:beoordel|controle|review|lezer)|\bautomatisch.{0,20}(?:beoordeel|gecontroleerd|gelezen)",
    # French, Spanish, Portuguese, Italian
    r"(?-i:\bIA\b)|\bintelligence artificielle|\bmodèles? de langage|\bagents? conversationnel|\b(?:automati|machine).{0,20}(?:relecture|évaluation|examen|vérification|analyse|contrôle)|\b(?:relect|évalu|examin|relu|analys|vérifi|contrôl)\w*.{0,25}(?:automati|par une? (?:machine|outil|programme|robot))",
    r"\binteligencia artificial|\binteligência artificial|\bmodelos? de (?:lenguaje|linguagem)|\b(?:revis|evalu|avali|analiz|analis|verific|examin|control)\w*.{0,25}(?:automátic|automatizad)|\b(?:automátic|automatizad)\w*.{0,25}(?:revis|evalu|avali|analiz|analis|verific|examin)",
    r"\bintelligenza artificiale|\bmodell[oi] linguistic|\b(?:revision|valutat|valutazion|analizza|verific|esamin|controll|lett)\w*.{0,25}automati|\bautomati\w*.{0,25}(?:revision|valutazion|analis|verific|esam|controll)",
    # Polish, Russian, Turkish
    r"\bsztuczn\w+ inteligencj|\bmodel\w* językow|\bautomatyczn\w*.{0,25}(?:recenz|ocen|sprawdz|przegląd|weryfik|analiz)|\b(?:recenz|ocen|sprawdz|weryfik|analiz)\w*.{0,25}automatyczn",
    r"\bии\b|искусственн\w+ интеллект|языков\w+ модел|нейросет|автоматич\w*.{0,25}(?:провер|реценз|оцен|анализ|обзор)|(?:провер|реценз|оцен|анализ)\w*.{0,25}автоматич",
    r"\byapay zek|\bdil model|\botomatik.{0,25}(?:incele|değerlendir|denet|kontrol|analiz)",
    # Chinese, Japanese, Korean
    r"人工智能|人工智慧|语言模型|語言模型|大模型|(?:自动|自動).{0,6}(?:审|審|评|評|检|檢|分析)|(?:审查|审核|審查|審核|评审|评估)(?:系统|程序|工具|模型|系統|程式)",
    r"言語モデル|自動.{0,6}(?:レビュー|審査|査読|評価|検査|確認)|언어 ?모델|인공 ?지능|자동.{0,6}(?:검토|심사|평가|검사)",
)
_MACHINE: Final = "|".join(_MACHINES)

# Helpers, who may be people as well.
_HELPER: Final = (
    rf"\b(?:coding|software|reviewing|review|approving|autonomous) agents?\b|\b(?:agents?|bots?)\b (?:that |which |who )?(?:is |are )?{_JUDGE}|\bassistants?\b"
    r"|\bassistent(?:en|in|e|i)?\b|\bassistante?s?\b|\basistentes?\b|\basystent|ассистент|\bбот(?:а|у|ы|ов)?\b|\basistan|助手|アシスタント|어시스턴트"
)

# Reviewers, who may be people.
_REVIEWER: Final = (
    r"\breviewers?\b|\bauditors?\b|\bwhoever (?:reviews|checks|judges|approves|audits|decides|(?:reads|sees|looks at) (?:this|these|it))\b|\b(?:when|if|while|during) (?:this|it|the \w+)? ?(?:is |was )?(?:being )?(?:review|audit|judg|assess)(?:ed|ing)?\b"
    r"|\bgutachter|\bprüfer(?:in|innen|s|n)?\b|\bbegutacht|\bbeoordelaar|\brelect(?:eur|rice)|\bévaluat(?:eur|rice)|\brevisor(?:e|es|a|i)?\b|\bevaluador|\bavaliador|\bvalutator|\brecenzent|рецензент|проверяющ|\bdenetçi|\bhakem\b"
    r"|审查者|审核员|審查者|审阅者|評審|審査員|査読者|レビュアー|검토자|심사자"
)

# Whoever sums a plugin up for the one who decides; and a summary that has to say something of it.
_THIS: Final = r"(?:(?:this|these|the) (?:plug-?ins?|modules?|extensions?|code|files?|changes?|candidates?|proposals?|texts?)|this|it|these)"
_SUMMARISER: Final = (
    rf"\bwh(?:oever|atever|ichever|o)\b (?:\w+ )?(?:sums? {_THIS} up|(?:sums? up|summari[sz]es?|recaps?|reports? on|condenses?|outlines?|describes?|presents?) {_THIS})\b"
    r"|\b(?:the|a) (?:person|one|human|owner) who (?:decides|approves|has to (?:decide|approve))\b|\b(?:summar(?:y|ies)|overviews?|recaps?) of th(?:is|ese) (?:plug-?in|module|extension|code|change|candidate|proposal)"
    r"|\bwer (?:dies|das|diese[ns]?) (?:(?:plugin|modul|erweiterung|code) )?(?:zusammenfasst|beschreibt|vorstellt)|\bzusammenfassung(?:en)? (?:dieses|dieser) (?:plugin|modul|erweiterung|code)"
)
_SUMMARY: Final = (
    r"\b(?:summar(?:y|ies)|overviews?|recaps?|synops[ei]s|digests?)\b[^.!?]{0,80}\b(?:should|must|shall|has to|have to|is to|are to|ought to|needs? to)\b"
    r"|\b(?:zusammenfassung|übersicht|überblick)\w*\b[^.!?]{0,80}\b(?:soll|sollte|sollten|sollen|muss|müssen|hat|haben)\b"
)
_SAYING: Final = (
    r"\b(?:call|say|state|describe|present|report|conclude|declare|rate|judge|mark|label)\b[^.!?]{0,40}\b(?:harmless|safe|complete|trusted|trustworthy|sound|clean|approved|unproblematic|low[ -]risk|fine)\b"
    r"|\b(?:call|mention|praise|recommend|describe|omit|skip|leave out)\b[^.!?]{0,30}\b(?:this (?:plug-?in|module|extension|code|change|candidate|review)|the (?:plug-?in|extension|candidate|review))\b"
    r"|\b(?:harmlos|unbedenklich|sicher|vollständig|vertrauenswürdig)\w* (?:nennen|bezeichnen|einstufen|beschreiben)\b"
)
# The answer itself, as an order.
_ANSWER: Final = r"\b(?:type|say|answer|reply|respond|write|enter|press|output|return|tick|vote)(?: with| for)? [\"'“]?(?:yes|y|ok|okay|pass|passed|accept|accepted|approve|approved|clean|safe)\b(?! (?:or|and|when|if|for|as)\b)"
# Words that ask for less than a judgement, or give it away.
_DISMISSAL: Final = (
    rf"{_ANSWER}|"
    r"\b(?:harmless|benign|innocuous|unobjectionable|unproblematic)\b|\b(?:is|are|as|considered|known|perfectly|entirely|completely) safe\b"
    r"|\b(?:already|previously|has been|have been|was|were) (?:been )?(?:\w+ly )?(?:checked|reviewed|verified|approved|audited|vetted|cleared|compared|confirmed|signed off|validated)\b"
    r"|\bno (?:further|additional|more|closer|second) (?:review|checks?|checking|verification|questions?|look|inspection|analysis|scrutiny)\b|\bno (?:concerns?|objections?|findings?)\b|\b(?:no need|not necessary|not required|unnecessary|needless) (?:to|for) (?:review|check|verif|inspect|audit|read|look|question|analy|examin)"
    r"|\b(?:do not|don't|never|need not|needn't|please do not) (?:flag|report|question|mention|object|complain|warn|review|check|verify|inspect|read|look)\b|\b(?:skip|omit|leave out|overlook|pass over) (?:the |this |these |any |all |further |its )?(?:review|checks?|verification|validation|analysis|audit|scan|section|files?|tests?|findings?)\b"
    r"|\b(?:classify|mark|rate|label|treat|regard|report|list|grade|score|consider)\b.{0,40}\bas (?:\w+ )?(?:safe|fine|correct|ok|okay|good|passed|passing|clean|approved|accepted|complete|low[ -]risk|trusted|valid|sound)\b"
    r"|\bunbedenklich|\bharmlos|\b(?:bereits|schon)\b.{0,40}\b(?:geprüft|freigegeben|abgenommen|verifiziert|genehmigt|bestätigt|abgesegnet)\b|\b(?:keine(?:r|n)?) (?:weitere\w* |erneute\w* )?(?:prüfung|rückfrage|bedenken|beanstandung|einwänd)|\bnicht (?:mehr )?(?:zu )?(?:prüfen|beanstanden|melden|erwähnen|hinterfragen)|\ber(?:übrigt|übrigen) sich|\bvon \w+ abzusehen|\babsehen\b|\bals (?:sicher|korrekt|geprüft|bestanden|in ordnung)\b"
    r"|\bonschadelijk|\bgeen (?:verdere|nadere) (?:controle|vragen|beoordeling)|\b(?:al|reeds) (?:gecontroleerd|goedgekeurd|beoordeeld|geverifieerd)"
    r"|\binoffensi[fv]|\bsans (?:danger|risque)|\bdéjà (?:été )?(?:vérifié|validé|approuvé|relu|contrôlé|examiné)|\b(?:inutile|pas nécessaire|pas besoin) de\b|\baucune? (?:autre |nouvelle )?(?:vérification|question|remarque|objection|relecture)"
    r"|\binofensiv|\binocu|\bya (?:ha sido |fue |está )?(?:verificad|revisad|aprobad|validad|comprobad)|\bjá (?:foi )?(?:verificad|revisad|aprovad|validad)|\b(?:no (?:es|hace) (?:necesari|falt)|não é necessári|não precisa)|\bsin (?:riesgo|más (?:preguntas|revisión))|\bsem (?:risco|mais)"
    r"|\binnocu[oai]\b|\bgià (?:stat[oaie] )?(?:verificat|approvat|revisionat|controllat|validat)|\bnon (?:è necessario|occorre|serve)\b|\bsenza (?:rischi|ulterior)"
    r"|\bnieszkodliw|\bbezpieczn\w+ (?:i|oraz) zatwierdz|\bjuż (?:\w+ )?(?:sprawdzon|zatwierdzon|zweryfikowan|zaakceptowan)|\bnie (?:trzeba|wymaga|należy)\b"
    r"|безопасн|безвредн|уже (?:был\w* )?(?:провер|одобр|утвержд|соглас)|не (?:требует|нужно|следует|надо)|без замечаний"
    r"|\bzararsız|\bgüvenli (?:olarak|kabul)|\b(?:zaten|daha önce) (?:\w+ )?(?:onaylan|doğrulan|incelen|denetlen)|\bgerek (?:yok|olmadan)"
    r"|无害|無害|安全的|视为安全|視為安全|已(?:经|經)?(?:审|審|核|检|檢|验|驗|批准|通过|通過|确认|確認)|无需|無需|不必|不需要|無問題|無害|問題(?:は)?(?:ない|ありません|なし)|(?:確認|検証|承認|審査)済み|不要です|必要(?:は)?(?:ない|ありません)|무해|안전(?:하다|한 것|함)|이미 (?:검토|승인|확인|검증)|필요(?:가)? 없"
)
# Demands; and beside a machine, any verdict.
_DEMAND: Final = rf"{_DISMISSAL}|\b(?:approve|accept|merge|pass) (?:this|it|these|the (?:plugin|change|code|proposal|candidate|result))\b|\brecommend(?:ing)? (?:its |the |an? )?(?:\w+ )?(?:approv|accept|merg)|\bsign(?:ed)? off\b|\bon (?:the |their )?\w+(?:'s|s') behalf\b|\b(?:answer|reply|respond)(?: with)? [\"'“]?(?:yes|ok|no)\b|\b(?:should|must|can|may|please) (?:pass|accept|trust|conclude|clear)\b|\b(?:wave|let) (?:it|this|them) (?:pass|through)\b"
_VERDICT: Final = (
    rf"{_DEMAND}|\bapprov(?:e|es|ed|ing|al)\b|\bverdict"
    r"|\beinstufen|\beinzustufen|\bgenehmig|\bfreizugeben|\bfreigeben|\bfreigegeben|\babgenommen|\bbefürwort|\bzuzustimmen|\bakzeptieren|\bgoedkeur|\bgoedgekeurd|\bgoed te keuren"
    r"|\bapprouv|\bvalider\b|\bvalidez\b|\bacceptez\b|\baprob(?:ar|ad|ac|ue)|\baprov(?:ar|ad|e\b)|\bapprovar|\bapprovat|\bconsiderar|\bclasificar|\bclassificar|\bconsiderare|\bconsidérer"
    r"|\bzatwierdz|\bzaakcept|\buznać\b|одобр|утверд|принять|считать|\bonayla|\bkabul ed|批准|通过|通過|接受|承認|合格|승인|통과"
)
_FLAGS: Final = re.IGNORECASE | re.DOTALL
_PAIRS: Final = tuple(
    (re.compile(loosely(reader), _FLAGS), re.compile(loosely(verdict), _FLAGS))
    for reader, verdict in (
        *((_MACHINE, _VERDICT), (_HELPER, _DEMAND), (_REVIEWER, _DISMISSAL)),
        *((_SUMMARISER, _DISMISSAL), (_SUMMARY, _SAYING)),
    )
)
# Names say of reviewers what a plugin does with them; but no name answers for one.
_IN_NAMES: Final = (
    _PAIRS[0],
    (re.compile(rf"{_HELPER}|{_REVIEWER}", _FLAGS), re.compile(_ANSWER, _FLAGS)),
)


def swaying(text: str) -> Iterator[int]:
    """Yield where in a bare text such a pair begins, once for each paragraph."""
    start = 0
    for paragraph in re.split(r"(\n[ \t>#*-]*\n)", text):
        place = _pair(paragraph)
        if place is not None:
            yield start + place
        start += len(paragraph)


def _pair(paragraph: str, pairs: Sequence[tuple[re.Pattern[str], re.Pattern[str]]] = _PAIRS) -> int | None:
    flat = re.sub(r"\n[ \t>#*-]*", lambda seen: " " * len(seen.group()), paragraph)
    for reader, verdict in pairs:
        readers = [seen.span() for seen in reader.finditer(flat)]
        verdicts = [seen.span() for seen in verdict.finditer(flat)] if readers else []
        for start, end in readers:
            # The last verdict that begins soon enough also ends last, so no other can be nearer from before.
            before = bisect.bisect_right(verdicts, end + _NEAR, key=lambda span: span[0])
            if before and verdicts[before - 1][1] >= start - _NEAR:
                return min(start, verdicts[before - 1][0])
    return None


def told_in_text(text: str) -> Iterator[int]:
    """Yield the lines of a text where a reader is told how to judge, also in an encoding."""
    text = bare(text)
    yield from (text.count("\n", 0, place) + 1 for place in swaying(text))
    for number, line in enumerate(text.split("\n"), start=1):
        if any(True for inner in decoded(line) for _ in swaying(bare(inner))):
            yield number


def told_in_code(source: str, tree: ast.Module, *, test: bool) -> Iterator[int]:
    """The same for a module: its comments and docstrings, and its texts unless they are inputs of a test."""
    for passage in comments(source):
        yield from (passage.line + line - 1 for line in told_in_text(passage.text))
    yield from (name.line for name in names(tree) if _pair(name.text, _IN_NAMES) is not None)
    texts = [] if test else list(constant_texts(tree, rows=False))
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                texts.append((node.lineno, text))
            case _:
                pass
    for first, text in texts:
        yield from (first + line - 1 for line in told_in_text(text))
