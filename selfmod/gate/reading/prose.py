"""What of a plugin's files is prose: written for readers, and neither code nor a sample; and the words of it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt

from plugins.yaml_subset import Data, YamlError, read
from selfmod.gate.reading.languages import is_known
from selfmod.gate.reading.parse import Material
from selfmod.gate.reading.texts import constant_texts
from selfmod.gate.stages.layout import MANIFEST

_FEW: Final = 5  # quoted words are a sample, and capitals in a row a name
_ALONE: Final = 12  # letters without a space: of a script that writes none
_SYMBOL: Final = re.compile(r"[!-&(-,./:-@\[-`{-~0-9]")
_LEET: Final = re.compile(r"[A-Za-z]+(?:[0134578@$]+[A-Za-z]+)+|[0134578@$][A-Za-z]{3,}")
_BLANKED: Final = re.compile(r"`+[^`\n]*`+|(?<!\w)\w{1,20}://\S+|(?<!\w)[\"“„«][^\"“”„«»\n]*[\"”“»]")
_DOCTEST: Final = re.compile(r"^[ \t]*>>>.*(?:\n(?![ \t]*$).*)*", re.MULTILINE)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of text, and the line at which it begins."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word that counts, and its line."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one file says: to readers, in names, in samples, and in texts of its code; `raw` is all of it.

    `labels` are what stands for itself: rows of tables, and the short texts of a manifest.
    """

    path: str
    raw: str
    prose: tuple[Passage, ...] = ()
    names: tuple[Passage, ...] = ()
    samples: tuple[Passage, ...] = ()
    constants: tuple[Passage, ...] = ()
    labels: tuple[Passage, ...] = ()


def written(material: Material) -> Iterator[Written]:
    """Yield what each file says; recorded inputs of tests say nothing but their names."""
    for path, data in material.files.items():
        raw, tree = data.decode("utf-8", errors="replace"), material.trees.get(path)
        if isinstance(tree, ast.Module):
            yield _in_code(path, raw, tree, test=path in material.tests)
        elif path.startswith("tests/data/") or path.endswith(".py"):
            yield Written(path=path, raw=raw)
        elif path.endswith(".md"):
            pieces = list(page(raw))
            prose, samples = _those(pieces, said=True), _those(pieces, said=False)
            yield Written(path=path, raw=raw, prose=prose, samples=samples, labels=(*prose, *rows(raw)))
        elif path == MANIFEST:
            said = tuple(values(data))
            yield Written(path=path, raw=raw, prose=said, labels=said)
        else:
            yield Written(path=path, raw=raw, prose=tuple(paragraphs(raw)))


def _those(pieces: list[tuple[Passage, bool]], *, said: bool) -> tuple[Passage, ...]:
    return tuple(piece for piece, is_said in pieces if is_said is said)


def _in_code(path: str, raw: str, tree: ast.Module, *, test: bool) -> Written:
    constants = [] if test else [Passage(line=line, text=text) for line, text in constant_texts(tree, rows=False)]
    said = sorted((*docstrings(tree), *comments(raw)), key=lambda passage: passage.line)
    return Written(path=path, raw=raw, prose=tuple(said), names=tuple(names(tree)), constants=tuple(constants))


def rows(text: str, first: int = 1) -> Iterator[Passage]:
    """Yield the rows of the tables of a page, their cells side by side."""
    cells, line = list[str](), first
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            cells, line = [], first + (token.map[0] if token.map else 0)
        elif token.type == "inline":
            cells.append(token.content)
        elif token.type == "tr_close":
            yield Passage(line=line, text=" | ".join(cells))


def page(text: str, first: int = 1) -> Iterator[tuple[Passage, bool]]:
    """Yield what a page of Markdown shows, and whether it is prose; what is shown as code is not."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = first + (token.map[0] if token.map else 0)
        if token.type in ("fence", "code_block"):
            yield Passage(line=line + (token.type == "fence"), text=token.content), False
        elif token.children:
            yield Passage(line=line, text=token.content), True


def docstrings(tree: ast.Module) -> Iterator[Passage]:
    """Yield the paragraphs of each docstring, without what a session of the interpreter or a block of code shows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                shown = _DOCTEST.sub(lambda seen: "\n" * seen.group().count("\n"), text)
                yield from (passage for passage, said in page(shown, node.body[0].lineno) if said)


def comments(source: str) -> Iterator[Passage]:
    """Yield the comments of a module, those in lines one after another as one text."""
    lines: Mapping[int, str] = {
        token.start[0]: token.string.lstrip("#")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    block: list[str] = []
    for number in sorted(lines):
        block.append(lines[number])
        if number + 1 not in lines:
            yield Passage(line=number - len(block) + 1, text="\n".join(block))
            block = []


def names(tree: ast.Module) -> Iterator[Passage]:
    """Yield the names that a module gives to functions, classes, parameters and variables, each as a row of words."""
    given: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                given.setdefault(name, node.lineno)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.keyword(arg=str() as name):
                given.setdefault(name, node.lineno)
            case _:
                pass
    yield from (Passage(line=line, text=in_words(name)) for name, line in given.items())


def paragraphs(text: str) -> Iterator[Passage]:
    """Yield what stands between empty lines."""
    line = 1
    for paragraph in text.split("\n\n"):
        yield Passage(line=line, text=paragraph)
        line += paragraph.count("\n") + 2


def values(data: bytes) -> Iterator[Passage]:
    """The texts of a manifest, as they are when it is read."""
    try:
        document = read(data)
    except YamlError:
        return  # refused by the stage that reads it
    waiting: list[tuple[tuple[str | int, ...], Data]] = [((), document.data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield Passage(line=document.place(path)[0], text=value)
        elif isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, index), inner) for index, inner in enumerate(value)]


def in_words(name: str) -> str:
    """Return a name as the words that it is made of."""
    return " ".join(_WORDS.findall(name))


def spoken(passage: Passage) -> list[Word]:
    """The words of a text that belong to its language: no code, numbers, short names, samples, or what is listed."""
    text = _BLANKED.sub(_without_sample, unicodedata.normalize("NFKC", passage.text).replace("\u2019", "'"))
    text = "".join(sign if sign.isascii() or unicodedata.category(sign)[0] not in "PSC" else " " for sign in text)
    loud = sum(map(str.isupper, text)) > sum(map(str.islower, text))
    tokens = list(re.finditer(r"\S+", text))
    names = _named([token.group() for token in tokens])
    found, line, before = list[Word](), passage.line, 0
    for index, token in enumerate(tokens):
        line, before = line + text.count("\n", before, token.start()), token.start()
        listed = token.group().endswith(",") or (index > 0 and tokens[index - 1].group().endswith(","))
        words = _words(token.group(), loud=loud)
        found += [Word(line=line, text=word) for word in words if is_known(word) or not (listed or index in names)]
    return found


def _without_sample(seen: re.Match[str]) -> str:
    sample = seen.group()
    quoted = sample[0] != "`" and "://" not in sample and len(sample.split()) > _FEW
    return sample[1:-1] if quoted else " "


def _words(token: str, *, loud: bool) -> Iterator[str]:
    core = token.strip("()[]{}<>.,;:!?\"'*_#|-~")
    if _LEET.fullmatch(core):
        yield core
        return
    if _SYMBOL.search(core) or (core.isupper() and not loud):
        return
    for part in re.split(r"['-]", core):
        letters = sum(map(str.isalpha, part))
        if letters > _ALONE and not re.search(r"[A-Za-z\u00c0-\u052f]", part):
            yield from (part[start : start + 4] for start in range(0, len(part), 4))
        elif letters > 1:
            yield part


def _named(tokens: list[str]) -> set[int]:
    """Which tokens are names: capitals where no sentence begins, few in a row."""
    capital = [token[:1].isupper() for token in tokens]
    after = [True, *(before[-1:] in ".!?:" for before, _ in pairwise(tokens))]
    found: set[int] = set()
    row: list[int] = []
    for index, is_capital in enumerate([*capital, False]):
        if is_capital:
            row.append(index)
            continue
        found.update(place for place in row if len(row) < _FEW and not after[place])
        row = []
    return found
