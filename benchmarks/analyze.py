"""Analysis of Ratchet's own tree against libcst with position, scope and qualified-name metadata on the same files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measure import Row, best

ROOT = Path(__file__).resolve().parents[1]
RATIO = 5.0
WARM_S = 0.150


def by_libcst(sources: list[str]) -> int:
    """Who calls what by qualified name, with lines: the part of the index that libcst offers by itself."""
    import libcst as cst
    from libcst import metadata

    calls = 0

    class Calls(cst.CSTVisitor):
        METADATA_DEPENDENCIES = (
            metadata.PositionProvider,
            metadata.ScopeProvider,
            metadata.QualifiedNameProvider,
        )

        def visit_Call(self, node: cst.Call) -> None:
            nonlocal calls
            calls += bool(self.get_metadata(metadata.QualifiedNameProvider, node.func, set()))
            self.get_metadata(metadata.PositionProvider, node)

    for source in sources:
        metadata.MetadataWrapper(cst.parse_module(source)).visit(Calls())
    return calls


def measure() -> list[Row]:
    """Cold and warm; the cold figures include finding, reading, hashing, parsing, linking, ranking and the cache."""
    from selfmod.analysis import index, report

    with tempfile.TemporaryDirectory() as folder:
        caches = iter(Path(folder, str(n)) for n in range(10))

        def analyze(cache: Path) -> index.Index:
            found = index.build(ROOT, cache)
            report.improvements(found)
            return found

        found = index.build(ROOT)
        sources = [(ROOT / module.path).read_text("utf-8") for module in found.modules]
        lines = sum(module.lines for module in found.modules)
        cold = best(lambda: analyze(next(caches)), times=3)
        warm = best(lambda: analyze(Path(folder, "0")), times=5)
        theirs = best(lambda: by_libcst(sources), times=1)
    return [
        Row(what=f"analyze, cold, {lines} lines", ours_s=cold, theirs=f"libcst with metadata {theirs:.2f} s",
            target=f"{RATIO:g} times faster", figure=f"{theirs / cold:.1f} times", met=theirs / cold >= RATIO),
        Row(what="analyze, warm", ours_s=warm, target=f"{WARM_S * 1e3:.0f} ms", figure=f"{warm * 1e3:.0f} ms",
            met=warm <= WARM_S),
    ]  # fmt: skip
