"""Stage 2: the manifest, and how it fits what is installed and what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.version import VERSION
from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence, array, mapping, text
from selfmod.gate.facts import Facts, as_finding, facts_of, refused_before, unread
from selfmod.gate.stages.layout import MANIFEST, is_admitted
from selfmod.gate.subject import Installed, Subject

if TYPE_CHECKING:
    from plugins.manifest import Manifest

# Signs that stand for one another on paper; pairs first.
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("8", "b"), ("2", "z"))
# A pattern of settings is one row of signs, escapes and classes, each with how often it may come.
_SIGN = r"(?:\[\^?(?:[^\[\]\\]|\\.){1,60}\]|\\[^1-9]|[^\\\[\](){}*+?^$|])"
_OFTEN = r"(?:[?*+]|\{\d{1,2}(?:,\d{0,2})?\})"
_ROW = re.compile(rf"\^?(?:{_SIGN}{_OFTEN}?){{0,60}}\$?")
_VARIES = re.compile(rf"{_SIGN}(?P<often>{_OFTEN})?")
_FURTHEST = 10_000  # steps of one number of a version: 0.1.0 may become 2026.1.0
_MOST_VARYING, _MOST_OPEN = 3, 1  # parts of a row: more can be tried in too many ways


class ManifestStage:
    """The stage "manifest"."""

    name = "manifest"

    def run(self, subject: Subject) -> StageResult:
        """Judge the manifest; leaves it, and that of the approved version, in the subject."""
        facts = facts_of(subject)
        subject.manifest, findings = _manifest(facts, "manifest")
        subject.previous_manifest, _ = _manifest(facts, "previous_manifest")
        if subject.manifest is None and not findings:
            missed = MANIFEST not in subject.candidate.files and "layout" in subject.refused
            if missed or refused_before(subject, MANIFEST):
                return StageResult(name=self.name, verdict="not-run")  # nothing of it could be judged
            findings = [finding("manifest.missing", "no manifest could be read", path=MANIFEST)]
        elif subject.manifest is not None:
            findings += [*check(subject, subject.manifest), *_entry(subject, subject.manifest, facts)]
        return result(self.name, findings, figures=_figures(subject.manifest))


def check(subject: Subject, manifest: Manifest) -> Iterator[Finding]:
    """Yield what is wrong with a manifest that is valid by itself."""
    yield from _identity(subject, manifest)
    yield from _names(subject.installed, manifest)
    yield from _runtime(manifest)
    yield from _dependencies(subject.installed, manifest)
    yield from _config(manifest.config, "config")


def looks(name: str) -> str:
    """Return what a name looks like: two names with the same looks can be taken for one another."""
    folded = name.casefold().replace("-", "").replace("_", "")
    for sign, other in _ALIKE:
        folded = folded.replace(sign, other)
    return folded


def _manifest(facts: Facts, section: str) -> tuple[Manifest | None, list[Finding]]:
    from plugins.manifest import ManifestError, manifest_from_data

    try:
        said = mapping(facts.get(section))
        problems = [as_finding(item) for item in array(said.get("problems"))]
        if said.get("data") is None or problems:
            return None, problems
        return manifest_from_data(said["data"]), []
    except BadEvidence as error:
        return None, [unread("manifest", error)]
    except ManifestError as error:
        return None, [_found(item.rule, item.message) for item in error.problems]


def _found(rule: str, message: str, *, key: str = "", hint: str = "") -> Finding:
    return finding(f"manifest.{rule}", message, path=MANIFEST, key=key, hint=hint)


def _identity(subject: Subject, manifest: Manifest) -> Iterator[Finding]:
    wanted = subject.spec.plugin if subject.spec else ""
    if wanted and manifest.id != wanted:
        yield _found("other-id", f"the id is {manifest.id!r}; {wanted!r} was asked for", hint=f"write id: {wanted}")
    before = subject.previous_manifest
    yield from _jump(before.version if before else "0.0.0", manifest.version)
    if subject.previous is None:
        yield from taken(subject.installed, manifest.id)
        return
    if before is None:
        return
    if manifest.id != before.id:
        yield _found("other-id", f"the id of a plugin stays: {before.id!r}", hint=f"write id: {before.id}")
    if subject.candidate.digest != subject.previous.digest:
        yield from _version(before.version, manifest.version)


def _version(before: str, now: str) -> Iterator[Finding]:
    from plugins.manifest import version_key

    if version_key(now) <= version_key(before):
        yield _found("version", f"version {now} does not come after {before}, and the content changed", hint="raise it")


def _jump(before: str, now: str) -> Iterator[Finding]:
    """Versions that leave no room: the numbers have an end, and after the last there could be no other version."""
    from plugins.manifest import version_key

    for old, new in zip(version_key(before)[0], version_key(now)[0], strict=True):
        if new - old > _FURTHEST:
            message = f"from {before} to {now} is further than versions go in one step"
            yield _found("version-jump", message, hint="raise one of the numbers by one")
            return


def taken(installed: Installed, name: str) -> Iterator[Finding]:
    """Yield why no new plugin can have this id, where there is one that has it."""
    if name in installed.plugins:
        hint = f"choose another id, or change that plugin: ratchet propose SPEC --change {name}"
        yield _found("id-clash", f"there is a plugin {name!r} already", hint=hint)


def confused(installed: Installed, name: str, *, what: str, owner: str) -> Iterator[Finding]:
    """Yield why the plugin `owner` cannot call something `name`: taken, or a person could take it for another one."""
    of = installed.commands.get(name)
    if of is not None and of != owner:
        whose = f"of the plugin {of!r}" if of else "of Ratchet itself"
        yield _found(
            "command-clash", f"{name!r} is a command {whose}", key=f"{what}:{name}", hint="choose another name"
        )
        return
    others = {other: f"the plugin {other!r}" for other in installed.plugins if other != owner}
    for command, by in installed.commands.items():
        if by != owner:
            others.setdefault(command, f"the command /{command}")
    for other, description in others.items():
        if other != name and looks(other) == looks(name):
            message = f"the {what} {name!r} can be taken for {description}"
            yield _found("look-alike", message, key=f"{what}:{name}:{other}", hint="choose another name")


def _names(installed: Installed, manifest: Manifest) -> Iterator[Finding]:
    """Ids and commands that are taken, or that a person could take for another one."""
    for name, what in {manifest.id: "id", **{command.name: "command" for command in manifest.commands}}.items():
        yield from confused(installed, name, what=what, owner=manifest.id)


def _runtime(manifest: Manifest) -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    if manifest.runtime != "python":
        yield _found("runtime", f"the runtime {manifest.runtime!r} cannot be judged yet", hint="write runtime: python")
    if manifest.sandbox != "process":
        message = f"tests cannot be judged at the level {manifest.sandbox!r} yet"
        yield _found("sandbox", message, hint="write sandbox: process")
    if not SpecifierSet(manifest.requires).contains(VERSION, prereleases=True):
        yield _found("requires", f"it asks for Ratchet {manifest.requires}; this is {VERSION}")


def _dependencies(installed: Installed, manifest: Manifest) -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    for name, specifier in manifest.dependencies.items():
        version = installed.plugins.get(name)
        if name == manifest.id:
            yield _found("dependency", "a plugin cannot depend on itself", key=name)
        elif version is None:
            yield _found("dependency", f"there is no plugin {name!r}", key=name, hint="install it first")
        elif not SpecifierSet(specifier).contains(version, prereleases=True):
            yield _found("dependency", f"it asks for {name} {specifier}; {version} is installed", key=name)
    for package in manifest.packages:
        name, mark, _ = package.partition("==")
        how = "is not pinned (name==version)" if not mark else "is not one that the owner admitted"
        yield _found("package", f"the package {name!r} {how}", key=package, hint="use the standard library")


def _config(schema: object, place: str) -> Iterator[Finding]:
    """What the schema of the settings must leave out: names of other schemas, and patterns that take long to try."""
    if isinstance(schema, list):
        for number, item in enumerate(schema):
            yield from _config(item, f"{place}.{number}")
    for key, value in schema.items() if isinstance(schema, dict) else ():
        here = f"{place}.{key}"
        if key.startswith("$"):
            message = f"{here}: a schema of settings stands by itself and names no other"
            yield _found("config-reference", message, key=here, hint="write out what it refers to")
        elif not all(map(is_plain_pattern, _patterns(key, value))):
            message = f"{here}: a pattern with groups or many varying parts can take for ever"
            yield _found("config-pattern", message, key=here, hint="write [a-z]{1,20} for ([a-z]+)+, or use enum")
        yield from _config(value, here)


def is_plain_pattern(pattern: str) -> bool:
    """Return whether a pattern is one row of signs and classes of which few may vary: no input makes it slow."""
    if not _ROW.fullmatch(pattern):
        return False
    often = [seen["often"] for seen in _VARIES.finditer(pattern.strip("^$")) if seen["often"]]
    varying = [one for one in often if "," in one or not one.startswith("{")]
    is_open = [one for one in varying if one in "*+" or one.endswith(",}")]
    return len(varying) <= _MOST_VARYING and len(is_open) <= _MOST_OPEN


def _patterns(key: str, value: object) -> Iterator[str]:
    if key == "pattern" and isinstance(value, str):
        yield value
    if key == "patternProperties" and isinstance(value, dict):
        yield from value


def _entry(subject: Subject, manifest: Manifest, facts: Facts) -> Iterator[Finding]:
    """The entry module and the handlers in it; nothing about a file that was refused before anything could read it."""
    if refused_before(subject, manifest.entry):
        return
    if not is_admitted(manifest.entry) or manifest.entry not in subject.candidate.files:
        yield _found("entry", f"the entry {manifest.entry!r} is not one of the files", hint="name the module here")
    else:
        yield from _handlers(manifest, facts)


def _handlers(manifest: Manifest, facts: Facts) -> Iterator[Finding]:
    try:
        known = {text(name) for name in array(facts.get("handlers"))}
    except BadEvidence as error:
        yield unread("manifest", error)
        return
    for tool in (*manifest.tools, *manifest.commands):
        if tool.handler not in known:
            message = f"{tool.name!r} names the handler {tool.handler!r}, and {manifest.entry} has no such function"
            yield _found(
                "handler",
                message,
                key=tool.name,
                hint=f"write a function {tool.handler} at the top level, and bind that name to nothing else",
            )


def _figures(manifest: Manifest | None) -> dict[str, Figure]:
    if manifest is None:
        return {}
    named: list[Figure] = [*manifest.dependencies]
    return {"tools": len(manifest.tools), "commands": len(manifest.commands), "dependencies": named}
