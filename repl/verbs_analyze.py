"""`analyze`: what a tree of sources is made of, and where it would gain most from work. Reads, never runs."""

from __future__ import annotations

import itertools
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.errors import DiskError, NotFoundError, UsageError
from repl.answer import Answer

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session
    from selfmod.analysis.facts import Module
    from selfmod.analysis.index import Index
    from selfmod.analysis.report import Improvement

_CROWDED = 60  # modules of one folder
_SHOWN = 15  # improvements that a person is shown; `--json` has all
REFERENCE = "reference.md"


def analyze(session: Session, arguments: Namespace) -> Answer:
    """Index a tree and rank what could be better; `--docs` also writes its reference documentation."""
    from selfmod.analysis.index import build
    from selfmod.analysis.report import improvements, totals

    root = Path(arguments.path).expanduser() if arguments.path else own_source()
    if not root.exists():
        raise NotFoundError(f"there is no {root}", id=str(root))
    index = build(root, session.cache_folder("analysis"))
    ranked = improvements(index)
    figures = totals(index)
    written = _write_docs(index, Path(arguments.docs).expanduser()) if arguments.docs else None
    return Answer(
        payload={
            **index.to_json(),
            "totals": figures,
            "improvements": [place.to_json() for place in ranked],
            "docs": None if written is None else str(written),
        },
        show=lambda screen: _show(screen, index, figures, ranked, written),
    )


def own_source() -> Path:
    """The checkout that this program runs from. Among installed packages its files cannot be told apart from others."""
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").is_file():
        raise UsageError("this Ratchet is installed, not a checkout", hint="name what to read: analyze PATH")
    return root


def _write_docs(index: Index, folder: Path) -> Path:
    from selfmod.analysis.docs import render

    path = folder / REFERENCE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(render(index), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}", id=str(path)) from error
    return path


def _show(screen: Screen, index: Index, figures: dict[str, int | float | None], ranked: tuple[Improvement, ...],
          written: Path | None) -> None:  # fmt: skip
    screen.line(("Structure of ", "bold"), (str(index.root), "bold"))
    if len(index.modules) == 1:
        _details(screen, index, index.modules[0])
    else:
        _tree(screen, index)
    screen.heading("In all")
    names = {"calls_unresolved": "calls out of the tree", "highest_complexity": "highest complexity"}
    screen.fields((names.get(name, name), _figure(name, value)) for name, value in figures.items())
    screen.heading("Where to improve")
    if not ranked:
        screen.line("  nothing was found")
    for place in ranked[:_SHOWN]:
        screen.line((f"  {place.kind} ", "yellow"), (place.name, "bold"), (f"  {place.path}:{place.line}", "dim"))
        screen.line(f"      {place.reason}")
        screen.line((f"      {place.command}", "dim"))
    if len(ranked) > _SHOWN:
        screen.line((f"  and {len(ranked) - _SHOWN} more, with --json", "dim"))
    if written is not None:
        screen.line()
        screen.line(f"Reference documentation is in {written}")


def _tree(screen: Screen, index: Index) -> None:
    rows: list[list[str]] = []
    for folder, found in itertools.groupby(sorted(index.modules, key=_place), key=lambda m: _place(m)[0]):
        rows += _folder(index, folder, list(found))
    screen.table(["module", "lines", "classes", "functions", "covered"], rows)
    for skipped in index.skipped:
        screen.line((f"  not read: {skipped.path}: {skipped.reason}", "yellow"))


def _place(module: Module) -> tuple[str, str]:
    folder, _, name = module.path.rpartition("/")
    return folder, name


def _folder(index: Index, folder: str, modules: Sequence[Module]) -> list[list[str]]:
    """The rows of a folder. A crowded one is summed up; all of it is shown where it is asked for by itself."""
    if folder and len(modules) > _CROWDED:
        sums = [sum(sizes) for sizes in zip(*map(_sizes, modules), strict=True)]
        return [[f"{folder}/  {len(modules)} modules", *map(str, sums), ""]]
    head = [[f"{folder}/", "", "", "", ""]] if folder else []
    indent = "  " if folder else ""
    return head + [[f"{indent}{_place(m)[1]}", *map(str, _sizes(m)), _covered(index, m)] for m in modules]


def _sizes(module: Module) -> tuple[int, int, int]:
    return module.lines, len(module.classes), len(module.functions)


def _details(screen: Screen, index: Index, module: Module) -> None:
    """One module in depth: what it imports, and each class and function with who calls it."""
    screen.fields((("imports", ", ".join(sorted({target for target, *_ in module.imports})) or "nothing"),))
    for cls in module.classes:
        bases = f"({', '.join(cls.bases)})" if cls.bases else ""
        screen.line((f"  class {cls.qualname}{bases}", "bold"), (f"  line {cls.line}", "dim"))
    for function in module.functions:
        full = f"{module.name}.{function.qualname}"
        coverage = index.coverage(module, function)
        measured = "" if coverage is None else f", {coverage:.0%} covered"
        notes = f"  line {function.line}, {function.lines} lines, complexity {function.complexity}{measured}"
        screen.line((f"  {function.qualname}", "bold"), function.signature, (notes, "dim"))
        for title, names in (("calls", index.callees.get(full)), ("called by", index.callers.get(full))):
            if names:
                screen.line((f"      {title} {', '.join(names)}", "dim"))


def _covered(index: Index, module: Module) -> str:
    shares = [(c, len(f.statements)) for f in module.functions if (c := index.coverage(module, f)) is not None]
    total = sum(size for _, size in shares)
    return f"{sum(c * size for c, size in shares) / total:.0%}" if total else "-"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.0%}" if name == "coverage" else f"{value:g}"
