"""What a request needs to know of the program: cut from the index of its own source, to a budget of tokens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from selfmod.candidate import Candidate
from selfmod.prompt import Material
from selfmod.proposal import Proposal
from selfmod.spec import Spec
from selfmod.store import Store

API_TOKENS: Final = 2000
MAX_REJECTIONS: Final = 3
_SOURCE: Final = Path(__file__).resolve().parent.parent / "plugins"
_WORD: Final = re.compile(r"[a-z]{4,}")


def gather(
    spec: Spec, *, store: Store, previous: Candidate | None, texts: tuple[str, ...], cache: Path | None
) -> Material:
    """Collect the material of one request."""
    return Material(previous=previous, api=api(spec, cache), rejections=rejections(spec, store.all()), texts=texts)


def api(spec: Spec, cache: Path | None = None) -> str:
    """The part of the SDK that fits a request which may use something of the outside; "" for all others."""
    if not spec.allow:
        return ""
    from selfmod.analysis.excerpt import cut
    from selfmod.analysis.index import build

    index = build(_SOURCE / "sdk.py", cache)
    return cut(index, f"{spec.text} {' '.join(spec.allow)}", API_TOKENS, whole=("sdk",)).text


def rejections(spec: Spec, proposals: tuple[Proposal, ...]) -> tuple[str, ...]:
    """Why the person rejected earlier proposals that share words with this one, the latest first."""
    words = _words(spec.text)
    alike = [
        proposal.reason
        for proposal in reversed(proposals)
        if proposal.state == "rejected"
        and proposal.reason
        and len(words & _words(proposal.spec.text)) > len(words) // 2
    ]
    return tuple(dict.fromkeys(alike))[:MAX_REJECTIONS]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
