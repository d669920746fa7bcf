"""The calls that README and docstrings show, each with what is said that comes of it.

Whoever reviews a plugin reads these first, and whoever uses it types them. They are found here and made by the stage.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from plugins.manifest import ManifestError, parse_manifest
from selfmod.gate.reading.parse import Material, handlers
from selfmod.gate.reading.promises import NOTHING, UNSURE, Promise, behind, of_remark, of_text
from selfmod.gate.reading.shown_calls import Calls, Shown

_MOST: Final = 40
_README: Final = "README.md"
_PROMPT: Final = re.compile(r"^\s*(?:\$|>|%|ratchet>)\s+\S")
_HEADS: Final = re.compile(r"\b(?:gives?|results?|returns?|output|answers?|prints?|value|becomes|is)\b", re.IGNORECASE)
_OUTPUT: Final = frozenset({"", "text", "txt", "output", "console", "json", "plain", "plaintext", "none"})
_ANNOUNCED: Final = re.compile(
    r"^(?:(?:it|which|this|that|and|then)\s+)?(?:gives|returns|prints|shows|answers|yields|says|outputs|writes back)\b"
    r"[^.]{0,40}:$",
    re.IGNORECASE,
)

Piece = tuple[str, str]  # "code" or "text", and what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """One block of a page: lines of a sample, the pieces of a paragraph, or the cells of a row with their heads."""

    kind: str
    line: int
    lines: tuple[str, ...] = ()
    info: str = ""
    pieces: tuple[Piece, ...] = ()
    cells: tuple[tuple[Piece, ...], ...] = ()
    heads: tuple[str, ...] = ()


Found = tuple[str, int, Shown, Promise]


def shown(material: Material) -> list[dict[str, Any]]:
    """Return the shown calls as they travel to the host."""
    try:
        manifest = parse_manifest(material.files.get("plugin.yaml", b""))
    except ManifestError:
        return []
    calls = Calls(manifest, material.files.get(material.entry, b""), frozenset(handlers(material)))
    found = [*_of_page(material, calls), *_of_docstrings(material, calls)]
    return [_travelling(*one) for one in found[:_MOST]]


def _travelling(path: str, line: int, call: Shown, promise: Promise) -> dict[str, Any]:
    return {
        "path": path,
        "line": line,
        "text": call.text,
        "handler": call.handler,
        "args": call.args,
        "named": call.named,
        "problem": call.problem,
        "how": promise.how or ("unsure" if call.loose else ""),
        "promise": promise.text,
    }


def _of_page(material: Material, calls: Calls) -> Iterator[Found]:
    text = material.files.get(_README, b"").decode("utf-8", errors="replace")
    blocks = [*_blocks(MarkdownIt("commonmark").enable("table").parse(text))]
    for place, block in enumerate(blocks):
        match block.kind:
            case "sample":
                found = _of_sample(block, blocks[place + 1 : place + 3], calls)
            case "row":
                found = _of_row(block, calls)
            case _:
                found = _of_pieces(block, calls)
        yield from ((_README, *one) for one in found)


def _blocks(tokens: Sequence[Token]) -> Iterator[_Block]:
    heads: list[str] = []
    cells: list[tuple[Piece, ...]] = []
    inside, row = "", 1  # the head or the body of a table, and where its row is
    for token in tokens:
        line = token.map[0] + 1 if token.map else 1
        match token.type:
            case "fence" | "code_block":
                first = line + (token.type == "fence")
                lines = tuple(token.content.split("\n"))
                yield _Block(kind="sample", line=first, lines=lines, info=token.info.strip().lower())
            case "thead_open":
                inside, heads = "head", []
            case "tbody_open":
                inside = "body"
            case "tr_open":
                cells, row = [], line
            case "inline" if inside == "head":
                heads.append(token.content)
            case "inline" if inside == "body":
                cells.append(_pieces(token))
            case "tr_close" if inside == "body":
                yield _Block(kind="row", line=row, cells=tuple(cells), heads=tuple(heads))
            case "table_close":
                inside = ""
            case "inline":
                yield _Block(kind="text", line=line, pieces=_pieces(token))
            case _:
                pass


def _pieces(token: Token) -> tuple[Piece, ...]:
    """Code and the texts between, as they are shown."""
    found: list[Piece] = []
    for child in token.children or ():
        kind = "code" if child.type == "code_inline" else "text"
        content = "\n" if child.type == "softbreak" else child.content
        if kind == "text" and found and found[-1][0] == "text":
            found[-1] = ("text", found[-1][1] + content)
        elif content:
            found.append((kind, content))
    return tuple(found)


# ---- samples -------------------------------------------------------------------------------------------------------


def _of_sample(block: _Block, after: Sequence[_Block], calls: Calls) -> Iterator[tuple[int, Shown, Promise]]:
    found = [*_of_lines(block, calls)]
    if found and found[-1][2] is NOTHING and (next_ := _said_after(after, calls)) is not NOTHING:
        found[-1] = (*found[-1][:2], next_)
    yield from found


def _of_lines(block: _Block, calls: Calls) -> Iterator[tuple[int, Shown, Promise]]:
    """The calls of a sample, with what stands between each and the next as its output."""
    prompted = any(map(_PROMPT.match, block.lines))
    for place, line in enumerate(block.lines):
        python = line.strip().startswith(">>>")
        call = calls.of_python(line.strip()[3:]) if python else calls.of_line(line)
        if call is None or (prompted and not python and not _PROMPT.match(line)):
            continue
        printed = [*_printed(block, place + 1, calls)]
        promise = of_remark(call.rest, remark=call.remark) if call.rest else of_text("\n".join(printed))
        yield block.line + place, call, promise


def _printed(block: _Block, start: int, calls: Calls) -> Iterator[str]:
    """The lines that a sample shows behind a call, up to the next one."""
    if block.info in ("sh", "bash", "shell", "zsh"):
        return
    for line in block.lines[start:]:
        begins = line.lstrip()
        if not begins or begins.startswith(("#", "$ ", "> ", ">>>", "% ", "ratchet", "/")):
            return
        if calls.of_line(line) is not None:
            return
        yield line


def _said_after(after: Sequence[_Block], calls: Calls) -> Promise:
    """What the block behind a sample says of its last call."""
    if not after:
        return NOTHING
    if _is_output(after[0], calls):
        return of_text("\n".join(after[0].lines))
    if after[0].kind != "text":
        return NOTHING
    said = "".join(text for _, text in after[0].pieces).strip()
    if len(after) > 1 and _ANNOUNCED.match(said) and _is_output(after[1], calls):
        return of_text("\n".join(after[1].lines))
    return behind(after[0].pieces)


def _is_output(block: _Block, calls: Calls) -> bool:
    lines = [line for line in block.lines if line.strip()]
    called = any(calls.of_line(line) or line.lstrip().startswith(("$ ", "ratchet ", "/")) for line in lines)
    return block.kind == "sample" and block.info in _OUTPUT and bool(lines) and not called


# ---- sentences, tables, docstrings ---------------------------------------------------------------------------------


def _of_pieces(block: _Block, calls: Calls) -> Iterator[tuple[int, Shown, Promise]]:
    line = block.line
    for place, (kind, text) in enumerate(block.pieces):
        call = calls.of_line(text) if kind == "code" else None
        if call is not None:
            said = of_remark(call.rest, remark=call.remark) if call.rest else behind(block.pieces[place + 1 :])
            # A sentence may tell of an error in any words.
            yield line, call, UNSURE if said is NOTHING else said
        line += text.count("\n")


def _of_row(block: _Block, calls: Calls) -> Iterator[tuple[int, Shown, Promise]]:
    shown_in = [place for place, head in enumerate(block.heads) if _HEADS.search(head)]
    for place, cell in enumerate(block.cells):
        call = calls.of_line(cell[0][1]) if len(cell) == 1 and cell[0][0] == "code" else None
        if call is not None:
            said = [block.cells[one] for one in shown_in if place < one < len(block.cells)]
            alone = said[0][0] if said and len(said[0]) == 1 else ("text", "")
            yield block.line, call, of_text(alone[1]) if alone[0] == "code" else UNSURE


def _of_docstrings(material: Material, calls: Calls) -> Iterator[Found]:
    for node in ast.walk(material.module) if material.module else ():
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and ">>>" in text:
                block = _Block(kind="sample", line=node.body[0].lineno, lines=tuple(text.split("\n")))
                yield from ((material.entry, *one) for one in _of_lines(block, calls) if _is_prompted(block, one[0]))


def _is_prompted(block: _Block, line: int) -> bool:
    return block.lines[line - block.line].lstrip().startswith(">>>")
