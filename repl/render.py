"""Text for a person: width and colour follow the terminal, and only what is Ratchet's own can look like it.

Every string is made visible (control and bidirectional characters become numbers) before it is printed. Text of a
model, a plugin or a candidate is printed by `foreign` and `source` only: behind a border on every row.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from sandbox.text import unmistakable, visible

if TYPE_CHECKING:
    from rich.console import Console

# A piece of a line: a text, or a text with a style.
Piece = str | tuple[str, str]

_INDENT = "    "  # of what goes on below
_NARROWEST = 20
_COMMAND = re.compile(r"(?<![\w./-])ratchet (?=[a-z])")  # not the end of a path to a checkout


class Screen:
    """One output stream. `bare` leaves the border off a result where the stream is no terminal: pipes want it alone."""

    def __init__(
        self, stream: TextIO, *, bare: bool = False, width: int | None = None, at_prompt: bool = False
    ) -> None:
        self.stream = stream
        self.at_prompt = at_prompt
        self.terminal = stream.isatty()
        self.bare = bare and not self.terminal
        self.coloured = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._width = width
        self._console: Console | None = None
        self._open_foreign = False
        self._at = 0  # the column of the cursor in a stream of foreign text
        self.border = "│ " if can_encode(stream, "│┊") else "| "
        self.tab = "→   " if can_encode(stream, "→") else "    "
        self.fold = "┊ " if can_encode(stream, "│┊") else ": "

    @property
    def width(self) -> int:
        """Columns of the terminal; a pipe has none, so that nothing is wrapped there."""
        if self._width is not None:
            return max(_NARROWEST, self._width)
        if not self.terminal:
            return 10_000
        return max(_NARROWEST, shutil.get_terminal_size().columns)

    @property
    def console(self) -> Console:
        """The rich console of a terminal that shows colours; made when it is first needed."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(
                file=self.stream, width=self._width, markup=False, highlight=False, emoji=False, force_terminal=True
            )
        return self._console

    def typed(self, text: str) -> str:
        """Text of Ratchet's own with its commands as they are typed here: `ratchet VERB` is `/VERB` at its prompt."""
        return _COMMAND.sub("/", text) if self.at_prompt else text

    def line(self, *pieces: Piece) -> None:
        """Print one line of Ratchet's own. Where it is wrapped it is indented: only its start is at the left edge."""
        self.end_foreign()
        styled = [(piece, "") if isinstance(piece, str) else piece for piece in pieces]
        for row in folded([(unmistakable(text, keep_newlines=False), style) for text, style in styled], self.width):
            self._styled(*row)

    def next_steps(self, *commands: str) -> None:
        """Print what can be typed next; where the screen ends the line breaks before a command, not within it."""
        self.row(("Next: ", ""), values=map(self.typed, commands), style="")

    def row(self, *lead: tuple[str, str], values: Iterable[str], style: str = "dim") -> None:
        """Print a row whose last column is a list, which is broken between its values and goes on under itself.

        Where the screen is too narrow for that column it stands below, indented.
        """
        values = list(values)
        left = sum(cells(text) for text, _ in lead)
        if any(left + cells(value) + 1 >= self.width for value in values):
            self.line(*lead[:-1], (lead[-1][0].rstrip(), lead[-1][1]))
            lead, left = ((_INDENT, ""),), len(_INDENT)
        rows = [""]
        for value in values:
            longer = f"{rows[-1]}, {value}" if rows[-1] else value
            if rows[-1] and left + cells(longer) + 1 >= self.width:
                rows[-1] += ","
                rows.append(value)
            else:
                rows[-1] = longer
        for row in rows:
            self.line(*lead, (row, style))
            lead = ((" " * left, ""),)

    def hint(self, lead: str, text: str) -> None:
        """Print what to do next. Commands to copy stand on lines of their own, under each other."""
        for line in self.typed(text).split("\n"):
            self.line((lead, "bold"), line)
            lead = " " * len(lead)

    def exact(self, text: str) -> None:
        """Print one line as it is, so that a digest can be copied whole; for texts of Ratchet's own making only."""
        self.end_foreign()
        self._styled((unmistakable(text, keep_newlines=False), "bold"))

    def heading(self, title: str) -> None:
        """Print a title with space before it."""
        self.line()
        self.line((title, "bold"))

    def fields(self, rows: Iterable[tuple[str, str]]) -> None:
        """Print names and values in two columns; long values are wrapped under themselves."""
        rows = [(unmistakable(name, keep_newlines=False), value) for name, value in rows]
        left = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            self._hanging((f"  {name:<{left}}  ", "dim"), value)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table. Nothing is cut: where there is no room for columns, a row is a block of fields."""
        rows = [[unmistakable(cell, keep_newlines=False) for cell in row] for row in rows]
        headers = [unmistakable(header, keep_newlines=False) for header in headers]
        self.end_foreign()
        widths = [max(map(cells, column)) for column in zip(headers, *rows, strict=True)]
        # The last column may be wrapped under itself; the others need their room.
        if sum(widths[:-1]) + 2 * len(widths) + min(widths[-1], 24) > self.width:
            self._blocks(headers, rows)
            return
        self._row(headers, widths, "dim")
        for row in rows:
            self._row(row, widths, "")

    def foreign(self, text: str, *, style: str = "") -> None:
        """Print text of a model, plugin or candidate behind the border."""
        self._behind_border(unmistakable(text, keep_newlines=True), style)

    def result(self, text: str) -> None:
        """Print what was asked for and came from a plugin: alone in a pipe, behind the border everywhere else."""
        if not self.bare:
            self._behind_border(visible(text, keep_newlines=True), "")
            return
        shown = visible(text, keep_newlines=True)
        self._write(shown if shown.endswith("\n") else shown + "\n")

    def foreign_piece(self, text: str) -> None:
        """Print a piece of a stream of foreign text; `end_foreign` (or any line of Ratchet's own) closes it."""
        shown = visible(text, keep_newlines=True)
        if not self.bare:
            lead = "" if self._open_foreign else self.border
            shown = lead + shown.replace("\n", "\n" + self.border)
        if shown:
            self._open_foreign = True
            self._stream(shown)

    def end_foreign(self) -> None:
        """End a stream of foreign text that is open."""
        if self._open_foreign:
            self._open_foreign = False
            self._at = 0
            self._write("\n")

    def source(self, lines: Iterable[tuple[str, str, str]]) -> None:
        """Print lines of a file or diff: (gutter, text, style), the border on every row of the screen."""
        self.end_foreign()
        for gutter, text, style in lines:
            self._bordered(gutter, self._shown(text), style)

    def flush(self) -> None:
        """Hand over what is printed."""
        self.stream.flush()

    # Below: how rows are laid out. All of it gets text that is visible already.

    def _stream(self, shown: str) -> None:
        """Write streamed text, breaking it where the screen ends so that no row is without its border."""
        if not self.terminal:
            self._write(shown)
            return
        out: list[str] = []
        for char in shown:
            if char == "\n":
                self._at = 0
            elif self._at >= self.width - 1:
                out.append("\n" + self.fold)
                self._at = len(self.fold)
            out.append(char)
            self._at += 0 if char == "\n" else cells(char)
        self._write("".join(out))

    def _shown(self, text: str) -> str:
        return unmistakable(text, keep_newlines=False).replace("\t", self.tab)

    def _behind_border(self, shown: str, style: str) -> None:
        self.end_foreign()
        for line in shown.split("\n"):
            self._bordered("", line.replace("\t", self.tab), style)

    def _bordered(self, gutter: str, text: str, style: str) -> None:
        room = max(8, self.width - len(gutter) - len(self.border) - 1)
        border = self.border
        for chunk in chop(text, room):
            self._styled((gutter, "dim"), (border, "dim"), (chunk, style))
            gutter, border = " " * len(gutter), self.fold

    def _hanging(self, left: tuple[str, str], value: str) -> None:
        room = max(8, self.width - len(left[0]) - 1)
        head: tuple[str, str] = left
        self.end_foreign()
        for line in unmistakable(value, keep_newlines=True).split("\n"):
            for chunk in wrap(line, room):
                self._styled(head, (chunk, ""))
                head = (" " * len(left[0]), "")

    def _row(self, row: Sequence[str], widths: Sequence[int], style: str) -> None:
        *front, last = row
        lead = "".join(f"{pad(cell, width)}  " for cell, width in zip(front, widths, strict=False))
        room = max(8, self.width - sum(widths[:-1]) - 2 * len(front) - 1)
        for chunk in wrap(last, room):
            self._styled((lead, style), (chunk, style))
            lead = " " * (sum(widths[:-1]) + 2 * len(front))

    def _blocks(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        for row in rows:
            self.fields((name, cell) for name, cell in zip(headers, row, strict=True) if cell)
            self.line()

    def _styled(self, *pieces: tuple[str, str]) -> None:
        if not self.coloured:
            self._write("".join(plain for plain, _ in pieces) + "\n")
            return
        from rich.text import Text

        text = Text()
        for plain, style in pieces:
            text.append(plain, style=style)
        self.console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def cells(text: str) -> int:
    """Columns that `text` takes on a screen."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def chop(text: str, room: int) -> list[str]:
    """Cut a text into rows of at most `room` columns; every character is in exactly one of them."""
    if cells(text) <= room:
        return [text]
    rows: list[str] = []
    row, width = "", 0
    for char in text:
        size = cells(char)
        if width + size > room:
            rows.append(row)
            row, width = "", 0
        row += char
        width += size
    return [*rows, row]


def wrap(text: str, room: int) -> list[str]:
    """Break a text at spaces into rows of at most `room` columns; a word that is longer is cut."""
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row else word
        if cells(longer) <= room:
            row = longer
            continue
        if row:
            rows.append(row)
        *whole, row = chop(word, room)
        rows += whole
    return [*rows, row]


def folded(pieces: Sequence[tuple[str, str]], room: int) -> list[list[tuple[str, str]]]:
    """Break styled text at spaces into rows of at most `room` columns, all but the first indented."""
    text = "".join(plain for plain, _ in pieces)
    if cells(text) <= room:
        return [list(pieces)]
    styles = [style for plain, style in pieces for _ in plain]
    rows: list[list[tuple[str, str]]] = []
    at, indent = 0, ""
    while at < len(text):
        row = chop(text[at:], room - len(indent))[0]
        end = at + len(row)
        space = text.rfind(" ", at + 1, end)
        if end < len(text) and text[end] != " " and space > at + len(row) // 2:
            end = space
        runs = itertools.groupby(zip(text[at:end], styles[at:end], strict=True), key=lambda pair: pair[1])
        rows.append([(indent, ""), *(("".join(char for char, _ in run), style) for style, run in runs)])
        at, indent = end, _INDENT
        while at < len(text) and text[at] == " ":
            at += 1
    return rows


def pad(text: str, width: int) -> str:
    """Fill a text with spaces up to `width` columns."""
    return text + " " * max(0, width - cells(text))


def can_encode(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def tolerant(stream: TextIO) -> TextIO:
    """Make a stream that cannot encode a character print its number in place of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
