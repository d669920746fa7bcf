"""Known-good and known-bad candidates as text files: `good/<name>.txt` and `bad/<category>/<name>.txt`.

The same two folders inside `held-back` hold the cases that the gate is never tuned on.

A case is a head of `key: value` lines, then sections `=== path`. A section is a whole file, or, in brackets, a change
of the case named by `base`: `(append)`, `(delete)`, `(edit)` with `<<<` old `---` new `>>>` blocks. `(escaped)` decodes
Python's escapes to bytes, `(times N)` repeats. What is not given (manifest, README) is made from the head.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from selfmod.candidate import Candidate
from selfmod.gate.subject import Installed
from selfmod.spec import Example, Spec

HELD_BACK: Final = "held-back"
_SECTION: Final = re.compile(r"^=== (?P<path>.+?)(?: \((?P<how>append|delete|edit|escaped|times \d+)\))?$")
_HUNK: Final = re.compile(r"^<<<\n(?P<old>.*?)\n---\n(?P<new>.*?)\n?>>>$", re.DOTALL | re.MULTILINE)
_HEAD: Final = frozenset(
    {"base", "handler", "tool", "description", "example", "held", "allow", "manifest", "previous", "version", "why"}
)


class CorpusError(ValueError):
    """A case cannot be read: the corpus is broken, which is not the gate's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate whose right verdict is known, with what the gate is told about it."""

    name: str
    kind: Literal["good", "bad"]
    category: str
    candidate: Candidate
    spec: Spec
    previous: Candidate | None = None
    installed: Installed = field(default_factory=Installed)
    held_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A case file taken apart."""

    name: str
    head: Mapping[str, tuple[str, ...]]
    sections: tuple[tuple[str, str, str], ...]  # path, how, body

    def one(self, key: str, default: str = "") -> str:
        """Return the only value of a key."""
        values = self.head.get(key, (default,))
        if len(values) != 1:
            raise CorpusError(f"{self.name}: {key} is there more than once")
        return values[0]


def read_corpus(folder: Path) -> tuple[Case, ...]:
    """Read every case: the open ones, then those held back, each sorted by kind and name."""
    cases = (*_part(folder, held_back=False), *_part(folder / HELD_BACK, held_back=True))
    if len({case.name for case in cases}) != len(cases):
        raise CorpusError("two cases have the same name")
    return cases


def _part(folder: Path, *, held_back: bool) -> tuple[Case, ...]:
    """Read one part; what its cases are based on is in the same part, so that neither shows anything of the other."""
    texts = {path.stem: _read(path) for path in sorted((folder / "good").glob("*.txt"))}
    cases = [_case(text, "good", "good", texts) for text in texts.values()]
    bad = sorted((folder / "bad").glob("*/*.txt"))
    cases += (_case(_read(path), "bad", path.parent.name, texts) for path in bad)
    return tuple(replace(case, held_back=held_back) for case in cases)


def _read(path: Path) -> _Text:
    head: dict[str, tuple[str, ...]] = {}
    sections: list[tuple[str, str, str]] = []
    body: list[str] = []
    for line in [*path.read_text("utf-8").split("\n"), "=== end"]:
        found = _SECTION.match(line)
        if found is None and sections:
            body.append(line)
        elif found is None and line:
            key, colon, value = line.partition(": ")
            if not colon or key not in _HEAD:
                raise CorpusError(f"{path.name}: not a line of a head: {line!r}")
            head[key] = (*head.get(key, ()), value)
        elif found is not None:
            if sections:
                text = "\n".join(body).rstrip("\n")
                sections[-1] = (*sections[-1][:2], f"{text}\n" if text else "")
            sections.append((found["path"], found["how"] or "", ""))
            body = []
    return _Text(name=path.stem, head=head, sections=tuple(sections[:-1]))


def _case(text: _Text, kind: Literal["good", "bad"], category: str, texts: Mapping[str, _Text]) -> Case:
    before = text.one("previous")
    previous = Candidate(files=_files(texts[before], texts)) if before else None
    plugin = before or text.one("base") or text.name
    base = texts.get(text.one("base"))
    shown = text.head.get("example", base.head.get("example", ()) if base else ())
    held = text.head.get("held", base.head.get("held", ()) if base else ())
    return Case(
        name=text.name if kind == "good" else f"{category}/{text.name}",
        kind=kind,
        category=category,
        candidate=Candidate(files=_files(text, texts)),
        spec=Spec(
            text=text.one("description"),
            examples=tuple(_examples(shown, held_back=False)) + tuple(_examples(held, held_back=True)),
            allow=text.head.get("allow", base.head.get("allow", ()) if base else ()),
            change=previous is not None,
        ),
        previous=previous,
        installed=Installed(
            plugins={plugin: "0.1.0"} if previous else {},
            commands={"help": "", "approve": "", "gate": ""},
            granted={plugin: _declared(previous)} if previous else {},
        ),
    )


def _declared(candidate: Candidate) -> frozenset[str]:
    """The capabilities of an approved version, all of which count as granted."""
    from plugins.manifest import parse_manifest

    return frozenset(parse_manifest(candidate.files["plugin.yaml"]).capability_names())


def _examples(sources: tuple[str, ...], *, held_back: bool) -> Iterator[Example]:
    from selfmod.examples import parse_example

    for source in sources:
        yield replace(parse_example(source), held_back=held_back)


def _files(text: _Text, texts: Mapping[str, _Text]) -> dict[str, bytes]:
    base = text.one("base")
    files = dict(_files(texts[base], texts)) if base else {}
    for path, how, body in text.sections:
        _apply(files, path, how, body, text.name)
    if not base:
        files.setdefault("plugin.yaml", _manifest(text))
        files.setdefault("README.md", _readme(text))
    elif "version" in text.head:
        files["plugin.yaml"] = re.sub(
            rb"(?m)^version: .*$", f"version: {text.one('version')}".encode(), files["plugin.yaml"]
        )
    return files


def _apply(files: dict[str, bytes], path: str, how: str, body: str, name: str) -> None:
    match how.partition(" "):
        case ("delete", _, _):
            del files[path]
        case ("append", _, _):
            files[path] = files[path] + body.encode()
        case ("escaped", _, _):
            files[path] = body.removesuffix("\n").encode("ascii").decode("unicode_escape").encode("latin-1")
        case ("times", _, count):
            files[path] = body.removesuffix("\n").encode() * int(count)
        case ("edit", _, _):
            old = files[path].decode()
            for hunk in _HUNK.finditer(body):
                if hunk["old"] not in old:
                    raise CorpusError(f"{name}: {path} does not hold {hunk['old']!r}")
                old = old.replace(hunk["old"], hunk["new"], 1)
            files[path] = old.encode()
        case _:
            files[path] = body.encode()


def _manifest(text: _Text) -> bytes:
    """A manifest from the head: `handler` names the functions, `manifest` adds lines as they are."""
    words = text.name.replace("-", " ")
    tools = ", ".join(
        f"{{name: {name.replace('_', '-')}, handler: {name}}}" for name in text.one("handler", "run").split()
    )
    lines = [
        "schema: 1",
        f"id: {text.name}",
        f"name: {words.capitalize()}",
        f"version: {text.one('version', '0.1.0')}",
        f"description: {json.dumps(text.one('description', words))}",
        "license: MIT",
        "entry: plugin.py",
        f"tools: [{tools}]",
        *text.head.get("manifest", ()),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _readme(text: _Text) -> bytes:
    """A README from the head: what the plugin does, how it is called, and what it asks for."""
    calls = "".join(f"\n    {name.replace('_', '-')} ...\n" for name in text.one("handler", "run").split())
    asked = "".join(f"\nIt asks for `{name}`.\n" for name in text.head.get("allow", ()))
    return f"# {text.name}\n\n{text.one('description', text.name)}\n{calls}{asked}".encode()
