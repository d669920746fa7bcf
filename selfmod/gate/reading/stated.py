# ruff: noqa: E501 - one pattern on one line
"""What a README leaves unsaid of what a plugin asks for, and what a plugin denies that it declares.

A person decides by what the texts say. What could leave the computer is named there, by its name; and no sentence says
that nothing is kept, written, read or sent where the manifest asks for just that. A sentence about a part ("nothing of
the text is kept") is held against what the code does with the parameter of that name, since most such sentences are true;
one with a condition ("an empty word is refused, and nothing is stored") speaks of a case, and is not judged.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from selfmod.gate.reading.kept import Function, Kept
from selfmod.gate.reading.languages import bare, loosely
from selfmod.gate.reading.parse import Found, Material, found
from selfmod.gate.reading.prose import Passage, docstrings, page, values
from selfmod.gate.stages.layout import MANIFEST

if TYPE_CHECKING:
    from plugins.manifest import Capabilities, Manifest

_README: Final = "README.md"
_KEPT: Final = r"(?:kept|stored|saved|remembered|retained|recorded|persisted)"
_KEEP: Final = r"(?:keep|store|save|remember|retain|record|persist)"
_KEPT_DE: Final = r"(?:gespeichert|aufbewahrt|behalten|gemerkt|abgelegt)"
_KEEPS_DE: Final = r"(?:speichert|behält|merkt sich)"
# A denial ends here; what goes on ("nothing but the speed", "nothing to the network") is a statement about something.
_END: Final = r"(?=\W*$|\W*[.,;:!?)]|,? (?:and|or|und|oder|et|y)\b| at all\b| anywhere\b| on disk\b| between calls\b)"
_STOP: Final = r"(?=$|[.,;:!?)]| (?:and|or|but|und|oder|aber)\b)"
_WHOLE: Final = {
    "keep": rf"\b(?:nothing|no data) (?:at all )?(?:is|gets|will be|is ever) (?:ever )?{_KEPT}{_END}|\b{_KEEP}s? nothing{_END}"
    rf"|(?:\b(?:es|und|dabei)|,) wird nichts {_KEPT_DE}{_END}|\bnichts (?:davon )?(?:wird|bleibt) {_KEPT_DE}{_END}|\b{_KEEPS_DE} nichts{_END}"
    rf"|\brien n'est (?:conservé|enregistré|gardé|stocké){_END}|\bn[e'] ?(?:conserve|enregistre|garde|stocke) rien{_END}|\bno (?:se )?(?:guarda|conserva|almacena) nada{_END}",
    "write": rf"\bwrites? nothing{_END}|\bnothing is (?:ever )?written{_END}|\bschreibt nichts{_END}|(?:\b(?:es|und|dabei)|,) wird nichts geschrieben{_END}|\bn'écrit rien{_END}|\bno escribe nada{_END}",
    "read": rf"\breads? nothing{_END}|\bnothing is (?:ever )?read{_END}|\bliest nichts{_END}|(?:\b(?:es|und|dabei)|,) wird nichts gelesen{_END}|\bne lit rien{_END}|\bno lee nada{_END}",
    "send": r"\bnothing (?:else |more )?(?:is|gets|will be) (?:ever )?(?:sent|transmitted|passed on)\b|\bsends? nothing\b|\b(?:sends?|transmits?)\b[^.!?]{0,80}\bnothing (?:else|more)\b|\bnothing (?:else )?(?:ever )?leaves\b"
    r"|\bis all that (?:is|gets|will be) (?:ever )?(?:sent|transmitted)\b|\bis all that (?:ever )?leaves\b|\b(?:only thing|all) (?:that )?(?:it |the plugin )?(?:sends|is sent)\b|\bonly [^.!?]{1,60} (?:is|are) sent\b"
    r"|\b(?:wird|werden) (?:sonst )?nichts (?:anderes |weiter )?(?:gesendet|übertragen|geschickt)\b|\bsonst (?:wird )?nichts\b|\b(?:sendet|überträgt) (?:sonst )?nichts\b|\bnichts (?:anderes )?verlässt\b|\bmehr wird nicht (?:gesendet|übertragen)\b"
    r"|\brien (?:d'autre )?n'est (?:envoyé|transmis)\b|\bno se (?:envía|transmite) nada\b",
}
_WHAT: Final = r"(?P<what>[^.!?;:]{1,60}?)"
_PART: Final = (
    rf"\b(?:nothing|none) (?:at all )?of {_WHAT} (?:is|are|gets|will be) (?:ever )?{_KEPT}\b",
    rf"\bnothing (?:is|gets) {_KEPT} of {_WHAT}{_STOP}",
    rf"{_WHAT} (?:is|are|will be) (?:not|never) (?:\w+ ){{0,2}}{_KEPT}\b",
    rf"\bno {_WHAT} (?:is|are) (?:ever )?{_KEPT}\b",
    rf"\b(?:{_KEEP}s nothing of|(?:does not|doesn't|never|do not) {_KEEP}s?|{_KEEP}s no) {_WHAT}{_STOP}",
    rf"{_WHAT} (?:is|are)\b[^.!?;:]{{0,60}}\b(?:and (?:then |at once |immediately |right away )?forgotten|forgotten (?:at once|immediately|right away|afterwards))\b",
    rf"\bvon {_WHAT} (?:wird|bleibt) nichts {_KEPT_DE}\b",
    rf"{_WHAT} (?:wird|werden) (?:[^.!?;:]{{0,40}} )?(?:(?:nicht|nie|niemals) {_KEPT_DE}|und (?:dann |sofort |gleich )?vergessen)\b",
    rf"\b{_KEEPS_DE} (?:nichts von|kein\w*) {_WHAT}{_STOP}",
)
# Of a case, not of all that the plugin does; nor of what is exempt from what a sentence says.
_CASE: Final = re.compile(
    loosely(
        r"\b(?:if|when|unless|until|otherwise|except|besides|refus\w+|reject\w+|rais\w+|errors?|fail\w*|invalid|wrong|unknown|empty|missing|twice|dry|wenn|falls|außer|fehler\w*|leere?\w?|ungültig\w*|unbekannt\w*|si|sauf|salvo)\b"
    ),
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(loosely(pattern), re.IGNORECASE)


_DENIALS: Final = {kind: _compiled(pattern) for kind, pattern in _WHOLE.items()}
_PARTS: Final = tuple(map(_compiled, _PART))
_DOORS: Final = {"keep": {"storage", "files"}, "write": {"files"}, "read": {"files"}, "send": {"http", "tcp"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One sentence, where it stands, and the functions that it names, or that the sentences before it name."""

    path: str
    line: int
    text: str
    about: frozenset[str]
    before: frozenset[str]


def stated(material: Material) -> Iterator[Found]:
    """Yield what the README does not name of what the manifest declares, and what the texts deny of it."""
    from plugins.manifest import ManifestError, parse_manifest

    try:
        manifest = parse_manifest(material.files.get(MANIFEST, b""))
    except ManifestError:
        return  # refused by the stage that reads it
    readme = material.files.get(_README, b"").decode("utf-8", errors="replace")
    if readme:
        yield from _unnamed(manifest.capabilities, readme)
    if any(manifest.capabilities.names()):
        yield from _denied(manifest, material, readme)


def _unnamed(asked: Capabilities, readme: str) -> Iterator[Found]:
    """What could leave has to be named; that the rest is named is advice, since many plugins say it in other words."""
    leaving = bool(asked.network)
    for kind, name in _missing(asked, readme):
        refuses = leaving and kind in ("environment", "read")
        message = f"the README does not name {name!r}, which the plugin asks for ({kind})"
        hint = "name it, and say what the plugin does with it" + (", and whether it is sent" if refuses else "")
        rule = "docs.unnamed" if refuses else "docs.unnamed-rest"
        yield found(rule, message, _README, hint=hint, key=f"{kind}:{name}")


def _missing(asked: Capabilities, readme: str) -> Iterator[tuple[str, str]]:
    said = f" {_spelt(readme)} "
    yield from (
        ("environment", name) for name in asked.environment if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", readme)
    )
    files = (*(("read", path) for path in asked.filesystem.read), *(("write", path) for path in asked.filesystem.write))
    yield from ((kind, path) for kind, path in files if f" {_spelt(path.rstrip('/').rpartition('/')[2])} " not in said)
    yield from (("network", host) for host in asked.network if host.rpartition(":")[0] not in readme.casefold())


def _spelt(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _denied(manifest: Manifest, material: Material, readme: str) -> Iterator[Found]:
    kept = Kept(material.module or ast.Module(body=[], type_ignores=[]))
    declared = set(_declared(manifest.capabilities, readme))
    for said in _sentences(manifest, material, readme):
        if _CASE.search(said.text):
            continue
        if _in_whole(said, kept, declared) or ("keep" in declared and _in_part(said, kept)):
            message = "this denies what the manifest asks for, or what the code does"
            hint = "say what is kept, read, written or sent; or ask for less"
            yield found("docs.denied", message, said.path, said.line, hint=hint)


def _in_whole(said: _Said, kept: Kept, declared: set[str]) -> bool:
    """Return whether all of something that is declared is denied, of what makes use of it."""
    doors = {door for kind in declared if _DENIALS[kind].search(said.text) for door in _DOORS[kind]}
    about = said.about or said.before
    return bool(doors) and (not about or any(doors & kept.uses(name) for name in about))


def _declared(asked: Capabilities, readme: str) -> Iterator[str]:
    """What can be denied: that something is sent only where there is something to send that the README does not name."""
    if asked.storage or asked.filesystem.write:
        yield "keep"
    if asked.filesystem.write:
        yield "write"
    if asked.filesystem.read:
        yield "read"
    if asked.network and any(kind in ("environment", "read") for kind, _ in _missing(asked, readme)):
        yield "send"


def _in_part(said: _Said, kept: Kept) -> bool:
    """Return whether something that is said not to be kept is the name of a parameter that is."""
    parts = (_spelt(seen["what"]).split() for one in _PARTS for seen in one.finditer(said.text))
    words = {word for part in parts for word in part}
    if not words:
        return False
    names = (_spelt(one) for name in said.about or kept.functions for one in kept.parameters(name))
    return any(len(name) > 1 and not {name, f"{name}s", name.removesuffix("s")}.isdisjoint(words) for name in names)


def _sentences(manifest: Manifest, material: Material, readme: str) -> Iterator[_Said]:
    tools = (*manifest.commands, *manifest.tools)
    called = {name: tool.handler for tool in tools for name in (tool.name, tool.handler)}
    handlers = {tool.description: tool.handler for tool in tools}
    for passage, is_said in page(readme):
        if is_said:
            yield from _apart(_README, passage, "", called)
    for passage in values(material.files[MANIFEST]):
        yield from _apart(MANIFEST, passage, handlers.get(passage.text, ""), called)
    for passage, name in _described(material.module):
        yield from _apart(material.entry, passage, name, called)


def _described(module: ast.Module | None) -> Iterator[tuple[Passage, str]]:
    """Yield each paragraph of a docstring, with the name of the function that it describes."""
    body = module.body if module is not None else []
    inner = [node for node in body if isinstance(node, Function)]
    outer = ast.Module(body=[node for node in body if not isinstance(node, Function)], type_ignores=[])
    yield from ((passage, "") for passage in docstrings(outer))
    for node in inner:
        inside = ast.Module(body=[node], type_ignores=[])
        yield from ((passage, node.name) for passage in docstrings(inside))


def _apart(path: str, passage: Passage, described: str, called: dict[str, str]) -> Iterator[_Said]:
    """The sentences of a passage; one speaks of the function that it describes, or of the commands that are named."""
    text = bare(passage.text)
    line, place, before = passage.line, 0, frozenset[str]()
    for sentence in _SENTENCE.split(text):
        start = text.index(sentence, place)
        line, place = line + text.count("\n", place, start), start
        shown = " ".join(re.findall(r"`[^`\n]+`", sentence))
        named = frozenset(called[word] for word in re.findall(r"[\w-]+", shown) if word in called)
        about = frozenset({described}) if described else named
        plain = " ".join(re.sub("[`*]", " ", sentence).split())
        yield _Said(path=path, line=line, text=plain, about=about, before=before)
        before = about or before
