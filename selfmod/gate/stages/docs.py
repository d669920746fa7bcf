"""Stage 12: what is written for readers, and what is written for someone else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.facts import as_finding, facts_of, unread
from selfmod.gate.shown import shown
from selfmod.gate.subject import Subject

if TYPE_CHECKING:
    from plugins.manifest import Manifest

README = "README.md"
# Said to the person and to the model, but no reason to refuse: a short plugin can be clear without them, and samples of
# texts are in whatever language they are. What nothing can send anywhere, and hosts, are often told in other words.
ADVICE = frozenset({"docs.example", "docs.module-docstring", "docs.unnamed-rest", "docs.unread-sample"})


class Docs:
    """The stage "docs"."""

    name = "docs"

    def run(self, subject: Subject) -> StageResult:
        """Judge README, docstrings, licence text, what they show, words that address a model, what cannot be judged."""
        try:
            said = mapping(facts_of(subject).get("docs"))
            findings = [as_finding(item) for item in array(said.get("findings"))]
            readme = mapping(said.get("readme"))
            words = frozenset(map(text, array(readme.get("words"))))
            figures: dict[str, Figure] = {}
            if subject.manifest is not None:
                findings += [*_readme(subject.manifest, readme, words), *_licence(subject.manifest, said)]
                findings += shown(subject, said.get("shown"), figures)
            findings = [replace(item, advisory=item.advisory or item.rule in ADVICE) for item in findings]
        except BadEvidence as error:
            return result(self.name, [unread(self.name, error)])
        return result(self.name, findings, figures={"readme_characters": whole(readme.get("characters")), **figures})


def _readme(manifest: Manifest, readme: Mapping[str, object], words: frozenset[str]) -> Iterator[Finding]:
    if readme.get("present") is not True or whole(readme.get("characters")) < 20:
        hint = "say what it does, with one example of each command"
        yield finding("docs.readme", "there is no README.md that says something", path=README, hint=hint)
        return
    names: dict[str, list[str]] = {}  # by handler: a command and a tool that it answers are one thing to a reader
    for tool in (*manifest.commands, *manifest.tools):
        names.setdefault(tool.handler, []).append(tool.name)
    for handler, called in names.items():
        if words.isdisjoint({handler, *called}):
            message = f"the README does not mention {called[0]!r}"
            yield finding("docs.example", message, path=README, key=called[0], hint="show one example of it")


def _licence(manifest: Manifest, said: Mapping[str, object]) -> Iterator[Finding]:
    """A licence text that is plainly another one than the manifest names."""
    found = [text(name) for name in array(said.get("licence"))]
    named = set(re.split(r"[^A-Za-z0-9.+]+", manifest.license)) | {manifest.license}
    if found and not any(name in named or name in manifest.license for name in found):
        message = f"LICENSE is the text of {', '.join(found)}; the manifest says {manifest.license}"
        yield finding("docs.licence", message, path="LICENSE", hint="make them agree")
