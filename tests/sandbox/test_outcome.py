from dataclasses import FrozenInstanceError, fields

import pytest

from sandbox.outcome import Completed, Usage, brief_usage, completed


def test_what_is_made_quickly_is_what_the_constructors_make():
    usage = brief_usage(0.25, 7.5)
    assert usage == Usage(wall_s=0.25, peak_memory_mb=7.5)
    assert completed([1], usage) == Completed(value=[1], usage=usage)
    with pytest.raises(FrozenInstanceError):
        usage.wall_s = 1.0  # type: ignore[misc]


def test_what_is_made_quickly_leaves_no_field_out():
    for made in (brief_usage(1.0, 2.0), completed(3, Usage())):
        assert all(hasattr(made, field.name) for field in fields(made))
