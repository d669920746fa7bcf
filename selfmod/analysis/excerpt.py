"""Cuts from an index what a model needs to know for one request, to a token budget, and says what was left out."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from selfmod.analysis.edit import skeleton
from selfmod.analysis.facts import Class, Function, Module
from selfmod.analysis.index import Index
from selfmod.analysis.report import is_public
from selfmod.analysis.tree import MAX_FILE_BYTES, read_regular

SHOWN_LEFT_OUT = 12
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The text for the prompt, how many tokens it is reckoned to have, and the full names that did not fit."""

    text: str
    tokens: int
    shown: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    name: str
    module: Module
    line: int
    text: str
    words: Counter[str]

    @property
    def top(self) -> str:
        """The name at the top of its module that it belongs to."""
        return self.name.removeprefix(f"{self.module.name}.").partition(".")[0]


def reckon(text: str) -> int:
    """Tokens of a text, reckoned high: code has three to four bytes to a token."""
    return -(-len(text.encode("utf-8", "replace")) // 3)


def cut(
    index: Index,
    words: Iterable[str] | str,
    token_budget: int,
    *,
    below: str = "",
    whole: Collection[str] = (),
    count: Callable[[str], int] = reckon,
) -> Excerpt:
    """The public names that fit a request best, as signatures with docstrings, in at most `token_budget` tokens.

    `words` is the request; `below` limits it to one package or module ("plugins.sdk"). Names are ranked by the words
    they share with the request, rare ones counting more, and by how many callers they have. Modules named in `whole`
    come first, as they are written but for their bodies, without what fits the request least if they are too long.
    The last line of the text says how many names were left out, and which come first among them; it is within the
    budget too.
    """
    pieces = [p for p in _pieces(index) if f"{p.module.name}.".startswith(f"{below}.") or not below]
    ranked = _rank(index, pieces, _bag(words if isinstance(words, str) else " ".join(words)))
    for module in (m for m in index.modules if m.name in whole):
        ranked = _with_skeleton(index, module, ranked, lambda text: count(text) <= token_budget * 3 // 4)
    low, high = 0, len(ranked)
    while low < high:  # the longest start of the ranking that fits, with the line about the rest
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(_render(ranked, middle)) <= token_budget else (low, middle - 1)
    text = _render(ranked, low)
    if count(text) > token_budget:
        text = ""
    every = [p.name for p in ranked]
    return Excerpt(text=text, tokens=count(text), shown=tuple(every[:low]), left_out=tuple(every[low:]))


def _with_skeleton(index: Index, module: Module, ranked: list[_Piece], fits: Callable[[str], bool]) -> list[_Piece]:
    """The ranking with the module in front, as written but for its bodies, in place of the names that it shows.

    What fits the request least is left out of it until it fits. A module that changed since it was read, or that
    libcst cannot read, is left to the ranking.
    """
    names = list(dict.fromkeys(p.top for p in ranked if p.module is module))
    try:
        source = read_regular(str(index.folder / module.path), MAX_FILE_BYTES)
        if hashlib.sha256(source).hexdigest() != module.sha256:
            return ranked
        low, high = 0, len(names)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(skeleton(source.decode(), without=names[middle:])) else (low, middle - 1)
        text = skeleton(source.decode(), without=names[low:])
    except (OSError, ValueError):
        return ranked
    shown = set(names[:low])
    whole = _Piece(name=module.name, module=module, line=0, text=text, words=Counter())
    return [whole, *(p for p in ranked if p.module is not module or p.top not in shown)]


def _pieces(index: Index) -> list[_Piece]:
    found = []
    for module in index.modules:
        if module.path.split("/")[0] in {"tests", "benchmarks"}:
            continue
        found += [_of_class(module, c) for c in module.classes if is_public(module, c.qualname)]
        functions = [
            f
            for f in module.functions
            if f.kind != "inner" and is_public(module, f.qualname) and not f.name.startswith("__")
        ]
        found += [_of_function(module, f) for f in functions]
    return found


def _of_class(module: Module, cls: Class) -> _Piece:
    bases = ", ".join(base.lstrip(".").replace("()", "") for base in cls.bases)
    text = f"class {cls.qualname}({bases}):" if bases else f"class {cls.qualname}:"
    return _piece(module, cls.qualname, cls.line, text, cls.doc)


def _of_function(module: Module, function: Function) -> _Piece:
    signature = function.signature.removeprefix("async ")
    keyword = "def" if signature == function.signature else "async def"
    return _piece(module, function.qualname, function.line, f"{keyword} {function.qualname}{signature}:", function.doc)


def _piece(module: Module, qualname: str, line: int, text: str, doc: str) -> _Piece:
    body = f'    """{doc.strip()}"""'.replace("\n", "\n    ") if doc else "    ..."
    own = _bag(f"{module.name} {qualname} {qualname} {text} {doc}")
    return _Piece(name=f"{module.name}.{qualname}", module=module, line=line, text=f"{text}\n{body}\n", words=own)


def _bag(text: str) -> Counter[str]:
    return Counter(word.lower().removesuffix("s") for word in _WORD.findall(text) if len(word) > 1)


def _rank(index: Index, pieces: list[_Piece], request: Counter[str]) -> list[_Piece]:
    in_pieces = Counter(word for p in pieces for word in p.words)

    def score(piece: _Piece) -> float:
        shared = request.keys() & piece.words.keys()
        length = math.sqrt(sum(piece.words.values()) or 1)
        relevance = sum(math.log1p(len(pieces) / in_pieces[w]) * math.log1p(piece.words[w]) for w in shared) / length
        return relevance * 10 + math.log1p(len(index.callers.get(piece.name, ()))) / 10

    return sorted(pieces, key=lambda p: (-score(p), p.name))


def _render(ranked: list[_Piece], size: int) -> str:
    """The first `size` pieces, grouped by module in the order of the source, and what comes after them by name."""
    by_module: dict[str, list[_Piece]] = {}
    for piece in ranked[:size]:
        by_module.setdefault(piece.module.path, []).append(piece)
    parts = []
    for path, pieces in by_module.items():
        parts.append(f"# {path}\n")
        parts += [p.text for p in sorted(pieces, key=lambda p: p.line)]
    rest = [p.name for p in ranked[size:]]
    if rest:
        more = ", ..." if len(rest) > SHOWN_LEFT_OUT else ""
        parts.append(f"# left out: {len(rest)} of {len(ranked)} names: {', '.join(rest[:SHOWN_LEFT_OUT])}{more}\n")
    return "\n".join(parts)
