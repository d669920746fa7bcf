from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from selfmod.analysis.facts import pack, unpack
from selfmod.analysis.link import Linker
from selfmod.analysis.read import Unreadable, read

PIECES = st.sampled_from(
    [
        ("class A(B, metaclass=m):\n    x: A | None = A()\n"
        "    def f(self, *a: 'A', k=1, **b) -> 'A': return self.f().x.f()\n"),
        ("class B(A):\n    @property\n    def p(self): return super().f()\n"
        "    @classmethod\n    def c(cls): return cls().p\n"),
        "from .a import b as c, d\nfrom .. import e\nfrom . import *\nimport a.b.c, a as z\n",
        "def f(x: A, y: f = lambda q: q()) -> f:\n    global g\n    with A() as g: g.f(x.p)\n    return f(x)(y)[0]()\n",
        "async def h():\n    async for i in h(): await i()\n    return [j for j in h() if j if i async for k in j]\n",
        "match f(A()):\n    case A(x=1) if f(): pass\n    case {**rest}: rest()\n    case _: pass\n",
        "if TYPE_CHECKING:\n    import t\nX = Y = f\n(W := A()).f()\na.b.c = A()\ndel X\n",
        "try: f()\nexcept* ValueError as v: v()\nfinally: pass\n",
        "def \\\n  f(): '''doc'''\n", "x = (\n", "\t", "@f.g(A)\n", "\0", "é = 'ü'\n", "return\n", "…",
    ]
)  # fmt: skip


@given(
    st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=80),
    st.sampled_from(["m.py", "a/b.py", "a/__init__.py"]),
)
@settings(max_examples=300, deadline=None)
def test_any_text_gives_facts_that_can_be_kept_and_linked_or_a_reason(source: str, path: str) -> None:
    with contextlib.suppress(Unreadable):
        module = read(path, source.encode("utf-8", "surrogatepass"))
        assert unpack(json.loads(json.dumps(pack(module)))) == module
        linker = Linker.of([module])
        assert all(edge.callee in linker.definitions for edge in linker.edges())
        assert linker.imported(module) <= {module.name}


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_facts_or_a_reason(content: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert read("m.py", content).path == "m.py"
