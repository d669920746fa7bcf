"""Plugins that go on where the outside does not answer: tests can say so, and every run of the gate hears the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate
from selfmod.gate.gate import Gate
from selfmod.gate.report import GateReport
from selfmod.gate.thresholds import Thresholds

MANIFEST = """\
schema: 1
id: steady-rates
name: Steady rates
version: 0.1.0
description: Look up the rate of a currency, also where the server is slow.
license: MIT
entry: plugin.py
tools: [{name: rate, handler: rate}]
capabilities: {network: ["api.example.org:443"], filesystem: {write: ["~/rates"]}}
"""
MODULE = '''\
"""Looks up rates."""

from plugins.sdk import files, http

_URL = "https://api.example.org/rates/"


def rate(currency: str) -> float:
    """Return the rate of a currency and keep it, where there is room; 0.0 where there is no server.

    What does not come in time is asked for once more.
    """
    for _ in range(2):
        try:
            found = float(http.get(_URL + currency).check().json()["rate"])
        except TimeoutError:
            continue
        except ConnectionError:
            return 0.0
        return _kept(currency, found)
    raise TimeoutError("the server is too slow")


def _kept(currency: str, found: float) -> float:
    try:
        files.write_text(f"~/rates/{currency}", str(found))
    except PermissionError:
        return -found
    return found
'''
HEAD = """\
import pytest
from plugins.sdk import testing

from plugin import rate

EUR = "https://api.example.org/rates/EUR"
"""
TESTS = {
    "read": """
def test_the_rate_is_read_and_kept():
    with testing.outside(http={EUR: testing.reply(json={"rate": 1.5})}) as seen:
        assert rate("EUR") == 1.5
    assert seen.urls == [EUR]
    assert seen.files == {"/home/person/rates/EUR": b"1.5"}
""",
    "again": """
def test_what_does_not_come_in_time_is_asked_again():
    slow = [testing.failure("timed out"), testing.reply(json={"rate": 1.25})]
    with testing.outside(http={EUR: slow}) as seen:
        assert rate("EUR") == 1.25
    assert seen.urls == [EUR, EUR]
""",
    "slow": """
def test_it_is_asked_two_times_at_most():
    with testing.outside(http={EUR: testing.failure("timed out")}) as seen:
        with pytest.raises(TimeoutError):
            rate("EUR")
    assert seen.urls == [EUR, EUR]
""",
    "gone": """
def test_without_a_server_there_is_no_rate():
    for how in ("connection refused", "name not found"):
        with testing.outside(http={EUR: testing.failure(how)}) as seen:
            assert rate("EUR") == 0.0
        assert seen.urls == [EUR]
""",
    "closed": """
def test_a_rate_that_cannot_be_kept_is_marked():
    failing = {"~/rates": testing.failure("not allowed")}
    with testing.outside(http={EUR: testing.reply(json={"rate": 1.5})}, files=failing):
        assert rate("EUR") == -1.5
""",
}
README = "# Steady rates\n\nLooks up the rate of a currency: `rate EUR`.\n"


@pytest.fixture
def judge(sandbox: Sandbox) -> Callable[..., GateReport]:
    """Judge the plugin with the tests that are named left out."""

    def run(*, without: str = "") -> GateReport:
        tests = HEAD + "\n".join(text for name, text in TESTS.items() if name != without)
        files = {"plugin.yaml": MANIFEST, "plugin.py": MODULE, "tests/test_plugin.py": tests, "README.md": README}
        candidate = Candidate(files={path: text.encode() for path, text in files.items()})
        return Gate(sandbox, Thresholds(), b"a secret of the host").judge(candidate)

    return run


def test_a_plugin_that_meets_failures_in_its_tests_passes_every_run(judge: Callable[..., GateReport]) -> None:
    report = judge()
    figures = {stage.name: stage.figures for stage in report.stages}
    assert report.verdict == "pass", [found for stage in report.stages for found in stage.findings]
    assert figures["oracle"]["replayed"] == 6  # in production, hearing the same failures in the same order
    assert figures["mutation"]["raw"] == 1.0


@pytest.mark.parametrize(
    ("without", "unreached"),
    [("slow", 'raise TimeoutError("the server is too slow")'), ("gone", "return 0.0"), ("closed", "return -found")],
)
def test_a_handler_that_no_test_reaches_is_refused(
    judge: Callable[..., GateReport], without: str, unreached: str
) -> None:
    report = judge(without=without)
    assert report.verdict == "refuse"
    found = {(one.rule, one.line) for stage in report.stages for one in stage.findings if not one.advisory}
    line = next(number for number, text in enumerate(MODULE.splitlines(), start=1) if text.strip() == unreached)
    assert ("coverage.line", line) in found
