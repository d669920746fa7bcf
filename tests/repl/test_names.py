from __future__ import annotations

import pytest

from repl.names import greeted
from selfmod.models.runtime import Progress


@pytest.mark.parametrize(
    ("now", "builds", "said"),
    [
        (Progress(state="ready", done=1.0), True, ""),
        (Progress(state="missing"), True, "built behind the prompt"),
        (Progress(state="building", done=0.2), True, "built behind the prompt"),
        (Progress(state="missing"), False, ""),
        (Progress(state="failed", detail="there is no compiler"), True, "no embedded model: there is no compiler"),
    ],
)
def test_a_greeting_says_whether_the_embedded_model_can_be_asked(now, builds, said):
    lines = greeted(now, builds=builds)
    assert (said in lines[0]) if said else lines == []
