"""The figures a candidate is measured against; a workspace can only make them stricter."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from plugins.digest import digest_of

# Changes whenever a stage judges differently; a pending proposal judged by another version is stale.
GATE_VERSION = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Ceilings and floors of every stage. `*_min` grow stricter upwards, everything else downwards."""

    module_kb: int = 64
    total_kb: int = 256
    files: int = 32
    tests: int = 200
    lines_min: float = 0.9
    branches_min: float = 0.9
    mutation_value_min: float = 0.7
    mutation_given_min: float = 0.4
    mutation_raw_min: float = 0.8
    survivors_allowed: int = 1
    import_s: float = 0.5  # of work and waiting, not of other things that the machine does
    call_s: float = 0.5  # the same; one with a large argument may take twice that before its growth is looked at
    growth: float = 1.8  # exponent of time over input size; 1 is linear
    memory_mb: int = 100
    stage_s: float = 20.0  # wall clock of one stage in its worker
    gate_s: float = 60.0  # wall clock of the whole gate

    def tightened(self, other: Thresholds) -> Thresholds:
        """Return the stricter of both, field by field: how a workspace's settings meet the person's."""
        return Thresholds(
            **{
                field.name: (max if field.name.endswith("_min") else min)(
                    getattr(self, field.name), getattr(other, field.name)
                )
                for field in dataclasses.fields(Thresholds)
            }
        )

    def to_json(self) -> dict[str, int | float]:
        """Return the figures by name, as the report holds them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(Thresholds)}

    @property
    def digest(self) -> str:
        """A digest of the figures and of the gate's version: when it changes, pending proposals are stale."""
        lines = "".join(f"{name}={value!r}\n" for name, value in sorted(self.to_json().items()))
        return digest_of({"thresholds": lines.encode(), "gate": GATE_VERSION.encode()})
