"""Ordinary code means the same under the policy: the same results, the same covered lines and arcs."""

from __future__ import annotations

import asyncio
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest
from coverage import Coverage
from coverage.parser import PythonParser

from sandbox.language import check, compile_module, new_module
from sandbox.language.guards import disown

SAMPLES = {path.stem: path.read_text("utf-8") for path in sorted((Path(__file__).parent / "samples").glob("*.sample"))}


def finished(result: object) -> object:
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def run_plain(source: str, path: str) -> object:
    module = ModuleType("plugin")
    sys.modules["plugin"] = module
    try:
        exec(compile(source, path, "exec", dont_inherit=True), vars(module))
        return finished(module.main())
    finally:
        del sys.modules["plugin"]


def run_policy(source: str, path: str) -> object:
    module = new_module("plugin", compile_module(source, path))
    try:
        return finished(module.main())
    finally:
        del sys.modules["plugin"]
        disown("plugin")


def measured(run, path: Path) -> tuple[object, set[int], set[tuple[int, int]]]:
    cover = Coverage(data_file=None, branch=True, include=[str(path)], config_file=False, messages=False)
    cover.start()
    try:
        result = run(path.read_text("utf-8"), str(path))
    finally:
        cover.stop()
    parser = PythonParser(filename=str(path))
    parser.parse_source()
    data = cover.get_data()
    return result, set(data.lines(str(path)) or ()), set(parser.translate_arcs(data.arcs(str(path)) or ()))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_admitted(name):
    assert check(SAMPLES[name], "plugin.py") == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_results_lines_and_arcs_are_those_of_plain_code(name, tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text(SAMPLES[name], "utf-8")
    plain, policy = measured(run_plain, path), measured(run_policy, path)
    assert plain[0] == policy[0]
    assert plain[1] and plain[1] == policy[1]
    assert plain[2] and plain[2] == policy[2]


def test_the_comparison_sees_a_lost_line(tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text("def main():\n    x = 1\n    return x\n", "utf-8")
    shifted = measured(lambda source, place: run_plain("\n" + source, place), path)
    assert shifted[1] != measured(run_policy, path)[1]


def test_class_keywords_are_kept():
    source = "from typing import TypedDict\nclass O(TypedDict, total=False):\n    x: int\n"
    module = new_module("plugin", compile_module(source, "plugin.py"))
    assert module.O.__total__ is False
    del sys.modules["plugin"]


def test_tracebacks_name_the_line_of_the_source():
    source = "def main(x):\n    y = x.real\n    return (y\n        .nothing)\n"
    module = new_module("plugin", compile_module(source, "/plugin/plugin.py"))
    with pytest.raises(AttributeError) as caught:
        module.main(1)
    lines = [entry.lineno for entry in caught.traceback if str(entry.path).endswith("plugin.py")]
    assert [line + 1 for line in lines] in ([3], [4])
    del sys.modules["plugin"]
