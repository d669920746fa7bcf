"""The way of a proposal, with nothing replaced: real gate, real sandbox, real git, and a real HTTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as HttpRequest
from werkzeug import Response

from plugins.arguments import Typed
from plugins.errors import BudgetError, ModelError, NotFoundError, StateError, UsageError
from sandbox.errors import SandboxUnavailable
from sandbox.outcome import Completed
from sandbox.sandbox import Sandbox
from selfmod.budget import Budget, Caps
from selfmod.candidate import Candidate, read_candidate
from selfmod.examples import TEST_PATH
from selfmod.gate.gate import Gate
from selfmod.gate.subject import Installed
from selfmod.gate.thresholds import Thresholds
from selfmod.generation import Watch
from selfmod.models.errors import HostRefused, InvalidAnswer, StreamCut
from selfmod.models.openai_client import OpenAIModel, Server
from selfmod.models.runtime import installed as runtime_installed
from selfmod.models.runtime import weights
from selfmod.pipeline import Pipeline
from selfmod.prompt import MAX_TOKENS
from selfmod.proposal import IllegalTransition, Proposal
from selfmod.request import make_spec
from selfmod.small import ATTEMPTS as SMALL_ATTEMPTS
from selfmod.spec import Spec
from selfmod.store import Store

SECRET = b"a secret of the host, 32 bytes.."

MANIFEST = """\
schema: 1
id: clamp
name: Clamp
version: 0.7.3
description: Limit a number to a range.
license: MIT
entry: plugin.py
tools: [{name: clamp, handler: clamp, description: Limit a number to a range}]
commands: [{name: clamp, handler: clamp, description: Limit a number to a range}]
"""
RIGHT = '''\
"""Limit a number to a range."""


def clamp(x: int, low: int, high: int) -> int:
    """Return `x`, or the end of the range that it is beyond."""
    return max(low, min(x, high))
'''
WRONG = RIGHT.replace("min(x, high)", "min(x, low)")
TESTS = """\
import pytest

from plugin import clamp


@pytest.mark.parametrize(
    ("x", "expected"), [(-5, 0), (-1, 0), (0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (9, 3)]
)
def test_clamp(x, expected):
    assert clamp(x, 0, 3) == expected
"""
INSIDE = '''

def is_inside(x: int, low: int, high: int) -> bool:
    """Say whether `x` is in the range."""
    return low <= x <= high
'''
TESTS_OF_INSIDE = """

def test_is_inside():
    assert [is_inside(x, 1, 3) for x in range(5)] == [False, True, True, True, False]
"""
README = """\
# Clamp

Limits a number to a range: the tool and the command `clamp`.

    /clamp 5 0 3
"""
EXAMPLES = ("clamp(5, 0, 3) == 3", "clamp(-2, 0, 3) == 0", "clamp(1, 0, 3) == 1", "clamp(7, 2, 6) == 6")
HELD = {example.source for example in make_spec("x", examples=EXAMPLES, secret=SECRET).examples if example.held_back}


def files(**changed: str) -> dict[str, str]:
    named = {"manifest": "plugin.yaml", "code": "plugin.py", "tests": "tests/test_plugin.py", "readme": "README.md"}
    given = {"manifest": MANIFEST, "code": RIGHT, "tests": TESTS, "readme": README, **changed}
    return {named[name]: text for name, text in given.items()}


def answer(written: dict[str, str]) -> str:
    listed = [{"path": path, "content": content} for path, content in written.items()]
    return json.dumps({"summary": "Limits a number.", "files": listed})


def candidate(**changed: str) -> Candidate:
    return Candidate(files={path: text.encode() for path, text in files(**changed).items()})


class Replies:
    """A server that speaks the protocol of OpenAI and gives recorded replies, one after the other."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/v1")
        self.texts: list[str | Response] = []
        self.asked: list[dict[str, Any]] = []
        server.expect_request("/v1/chat/completions").respond_with_handler(self._reply)

    def _reply(self, request: HttpRequest) -> Response:
        self.asked.append(request.get_json())
        text = self.texts.pop(0)
        if isinstance(text, Response):
            return text
        events = [{"choices": [{"delta": {"content": text[at : at + 500]}}]} for at in range(0, len(text), 500)]
        events.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        events.append({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 50}})
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        return Response(body, content_type="text/event-stream")

    def model(self, name: str = "", *, small: bool = False) -> OpenAIModel:
        return OpenAIModel(
            Server(provider="openai", base_url=self.url, model=name or "m", small=small, first_pause_s=0.01)
        )


@pytest.fixture
def replies() -> Iterator[Replies]:
    with HTTPServer(host="127.0.0.1") as server:
        yield Replies(server)


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def pipeline(desk: Any, sandbox: Sandbox, replies: Replies, notes: list[str]) -> Pipeline:
    return Pipeline(
        workspace=desk.workspace,
        store=Store(desk.state, desk.workspace.root),
        sandbox=sandbox,
        gate=Gate(sandbox, Thresholds(), SECRET),
        budget=Budget(desk.state, Caps()),
        open_model=replies.model,
        installed=Installed,
        secret=SECRET,
        author="Ada <ada@example.org>",
        watch=Watch(on_note=notes.append),
        record=lambda kind, **fields: notes.append(kind),
    )


def spec(text: str = "Limit a number to a range", **fields: Any) -> Spec:
    return make_spec(text, **{"examples": EXAMPLES, "secret": SECRET, **fields})


def refusing(pipeline: Pipeline, proposal: Proposal) -> set[str]:
    report = pipeline.store.report(proposal.id) or {"stages": []}
    return {stage["name"] for stage in report["stages"] if stage["verdict"] == "refuse"}


def test_refused_then_repaired_then_awaiting_approval(pipeline, replies, notes):
    replies.texts = [answer(files(code=WRONG)), f"Sorry!\n```json\n{answer(files())}\n```"]
    proposal = pipeline.propose(spec())
    assert (proposal.state, proposal.plugin, proposal.version) == ("awaiting-approval", "clamp", "0.1.0")
    assert (proposal.attempts, proposal.attempt, proposal.model) == (2, 2, "openai:m")
    assert (proposal.cost.prompt_tokens, proposal.cost.completion_tokens, proposal.cost.money) == (200, 100, None)
    assert any("price" in note for note in notes)
    assert notes.count("judged") == 1
    made = pipeline.store.candidate("P-1")
    assert made.digest == proposal.digest
    assert b"version: 0.1.0" in made.files["plugin.yaml"]
    assert proposal.basis["digest"] == ""
    first, second = (json.dumps(asked) for asked in replies.asked)
    assert "clamp(4, 0, 3)" not in first
    assert "The gate refused that" in second
    assert WRONG.splitlines()[-1] in second
    for held in HELD:
        assert held not in first + second
        assert held.encode() not in b"".join(made.files.values())
    for attempt in (1, 2):
        assert pipeline.store.request("P-1", attempt)["mode"] == "files"
        assert pipeline.store.reply("P-1", attempt)
        assert pipeline.store.candidate("P-1", attempt)
        assert pipeline.store.report("P-1", attempt)["verdict"] == ("refuse" if attempt == 1 else "pass")


def test_tests_from_the_examples_belong_to_the_host(pipeline, replies):
    own = {**files(), TEST_PATH: "def test_nothing():\n    assert True\n"}
    replies.texts = [answer(own)]
    proposal = pipeline.propose(spec())
    assert proposal.state == "awaiting-approval"
    written = pipeline.store.candidate(proposal.id).files[TEST_PATH].decode()
    assert "test_nothing" not in written
    shown = [example for example in proposal.spec.examples if not example.held_back]
    assert written.count("assert clamp(") == len(shown) == 2


def test_a_table_of_the_shown_examples_meets_those_that_were_held_back(pipeline, replies):
    shown = {example.call: example.expected for example in spec().shown}
    table = "".join(
        f"    if ({call[6:-1]}) == (x, low, high):\n        return {value}\n" for call, value in shown.items()
    )
    code = RIGHT.split("    return max", maxsplit=1)[0] + table + "    return -99\n"
    replies.texts = [
        answer(
            files(code=code, tests="from plugin import clamp\n\n\ndef test_x():\n    assert clamp(0, 0, 0) == -99\n")
        )
    ]
    proposal = pipeline.propose(spec(), attempts=1)
    assert proposal.state == "refused"
    assert "oracle" in refusing(pipeline, proposal)


def test_same_failure_three_times_stops(pipeline, replies, notes):
    broken = [answer(files(code=WRONG + f"\n\nOTHER = {number}\n")) for number in range(5)]
    replies.texts = list(broken)
    proposal = pipeline.propose(spec())
    assert (proposal.state, proposal.attempts) == ("refused", 3)
    assert any("in the same way" in note for note in notes)


def test_same_answer_is_judged_once(pipeline, replies, notes):
    replies.texts = [answer(files(code=WRONG))] * 2
    proposal = pipeline.propose(spec(), attempts=2)
    assert (proposal.state, proposal.attempts, proposal.attempt) == ("refused", 2, 1)
    assert any("same as attempt 1" in note for note in notes)


def test_nonsense_is_an_error_of_the_model_and_can_be_resumed(pipeline, replies):
    replies.texts = ["no idea"] * 3 + [answer(files())]
    with pytest.raises(InvalidAnswer) as caught:
        pipeline.propose(spec("Limit a number", examples=()), attempts=3)
    assert (caught.value.exit_code, caught.value.id) == (13, "P-1")
    assert "could not be read" in json.dumps(replies.asked[1])
    assert pipeline.store.load("P-1").state == "drafting"
    resumed = pipeline.resume("P-1")
    assert (resumed.state, resumed.attempts, resumed.acknowledge) == ("awaiting-approval", 4, ("no-oracle",))


def test_what_cannot_write_files_is_asked_for_a_function(pipeline, replies, notes):
    function = "```python\ndef larger(a, b):\n    if a > b:\n        return a\n    return b\n```"
    replies.texts = ["I cannot", "{}", function]
    text = "larger(a: int, b: int) -> int: the larger of a and b"
    examples = ["larger(1, 2) == 2", "larger(5, 2) == 5", "larger(3, 3) == 3", "larger(2, 1) == 2"]
    proposal = pipeline.propose(spec(text, examples=examples), attempts=3)
    assert any("one function" in note for note in notes)
    assert (proposal.plugin, proposal.attempts, proposal.attempts_allowed) == ("larger", 3, 3)
    assert pipeline.store.request(proposal.id, 3)["mode"] == "function"


def test_asked_for_a_function_it_gets_as_many_attempts_as_a_small_model(pipeline, replies):
    replies.texts = ["I cannot"] * 2 + ["no function"] * SMALL_ATTEMPTS
    with pytest.raises(InvalidAnswer):
        pipeline.propose(spec("larger(a: int, b: int) -> int: the larger", examples=["larger(1, 2) == 2"]))
    assert len(replies.asked) == 2 + SMALL_ATTEMPTS


def test_an_unreachable_model_leaves_a_draft(pipeline, replies):
    away = replace(pipeline, open_model=lambda name: OpenAIModel(
        Server(provider="openai", base_url="http://127.0.0.1:9/v1", model="m", first_pause_s=0.01)))  # fmt: skip
    with pytest.raises(HostRefused):
        away.propose(spec())
    assert (away.store.load("P-1").state, away.store.load("P-1").attempts) == ("drafting", 0)
    replies.texts = [answer(files())]
    assert pipeline.resume("P-1").state == "awaiting-approval"
    with pytest.raises(IllegalTransition):
        pipeline.resume("P-1")


def test_a_stream_that_breaks_off_is_asked_for_again_and_paid_for(pipeline, replies, notes):
    half = json.dumps({"choices": [{"delta": {"content": "{"}}]})
    cut = Response(f"data: {half}\n\n", content_type="text/event-stream")
    replies.texts = [cut, answer(files())]
    proposal = pipeline.propose(spec())
    assert proposal.state == "awaiting-approval"
    assert any("asking again" in note for note in notes)
    assert proposal.cost.completion_tokens > 1000  # the whole of what the first could have cost
    replies.texts = [cut] * 3
    with pytest.raises(StreamCut):
        pipeline.propose(spec())
    left = pipeline.store.load("P-2")
    assert (left.state, left.cost.completion_tokens) == ("drafting", 3 * MAX_TOKENS)


class Missing:
    def require(self, level: str) -> None:
        raise SandboxUnavailable(level, "user namespaces", "allow them")


def test_without_a_sandbox_no_token_is_spent(pipeline, replies):
    with pytest.raises(SandboxUnavailable):
        replace(pipeline, gate=Gate(Missing(), Thresholds(), SECRET)).propose(spec())
    assert replies.asked == []
    assert pipeline.store.all() == ()


def test_no_token_is_spent_beyond_the_budget(pipeline, desk, replies):
    poor = replace(pipeline, budget=Budget(desk.state, Caps(proposal_tokens=5000)))
    with pytest.raises(BudgetError) as caught:
        poor.propose(spec())
    assert caught.value.exit_code == 14
    assert replies.asked == []
    replies.texts = [answer(files())]
    assert pipeline.resume("P-1").state == "awaiting-approval"


def test_replay_gives_the_same_digest_and_verdict_without_a_model(pipeline, replies):
    replies.texts = [answer(files(code=WRONG)), answer(files())]
    proposal = pipeline.propose(spec())
    offline = replace(pipeline, open_model=no_model)
    replayed = offline.replay(proposal.id)
    assert replayed.same
    assert (replayed.digest, replayed.verdict) == (proposal.digest, "pass")
    committed = offline.store.save(proposal.moved("committed"))
    again = replace(offline, installed=lambda: Installed(plugins={"clamp": "0.1.0"}, commands={"clamp": "clamp"}))
    assert again.replay(committed.id).same


def no_model(name: str) -> Any:
    raise AssertionError(f"a model was asked for: {name}")


def test_files_of_a_person_are_judged_as_they_are(pipeline, tmp_path, notes):
    folder = tmp_path / "clamp"
    for path, text in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    offline = replace(pipeline, open_model=no_model)
    proposal = offline.propose(spec(), candidate=read_candidate(folder))
    assert (proposal.state, proposal.version, proposal.attempts, proposal.model) == (
        "awaiting-approval",
        "0.7.3",
        1,
        "",
    )
    assert dict(offline.store.candidate(proposal.id).files) == {path: text.encode() for path, text in files().items()}
    assert (proposal.cost.prompt_tokens, proposal.cost.money) == (0, 0.0)
    assert offline.replay(proposal.id).same
    assert notes[:2] == ["proposed", "judged"]
    refused = offline.revise(proposal.id, candidate=candidate(code=WRONG))
    assert (refused.state, refused.attempts, refused.attempt) == ("refused", 2, 2)
    edited = offline.edit(proposal.id, candidate(readme=README + "\nMore.\n"))
    assert (edited.state, edited.attempt) == ("awaiting-approval", 3)
    assert offline.store.candidate(proposal.id).digest == edited.digest
    assert offline.replay(proposal.id).same


def test_revise_tells_the_model_and_adds_examples(pipeline, replies):
    replies.texts = [answer(files())]
    proposal = pipeline.propose(spec("Limit a number to a range", examples=()))
    assert proposal.acknowledge == ("no-oracle",)
    replies.texts = [answer(files(code=RIGHT.replace("Return `x`", "Give `x`")))]
    revised = pipeline.revise(proposal.id, "say it in other words", examples=["clamp(9, 0, 3) == 3"])
    assert (revised.state, revised.attempts, revised.acknowledge) == ("awaiting-approval", 2, ())
    assert "say it in other words" in json.dumps(replies.asked[1])
    assert "clamp(9, 0, 3) == 3" in json.dumps(replies.asked[1])
    with pytest.raises(UsageError):
        pipeline.revise(proposal.id, "  ")
    pipeline.store.save(revised.moved("rejected"))
    with pytest.raises(IllegalTransition):
        pipeline.revise(proposal.id, "more")


PRICE = '''\
"""Prices of tickets."""


def price(age: int) -> int:
    """Return what a ticket costs at an age."""
    if age < 6:
        return 0
    if age < 12:
        return 3
    if age < 18:
        return 5
    if age < 65:
        return 9
    return 6
'''
TESTS_OF_PRICE = """\
from plugin import price


def test_price() -> None:
    assert price(2) == 0
    assert price(9) == 3
    assert price(15) == 5
    assert price(40) == 9
    assert price(80) == 6
"""
ANSWERS = tuple(
    f"price({age}) == {costs}"
    for bound, below, above in ((6, 0, 3), (12, 3, 5), (18, 5, 9), (65, 9, 6))
    for age, costs in ((bound - 1, below), (bound, above), (bound + 1, above))
)


def test_answers_to_the_questions_about_a_persons_own_files_are_held_against_these_files(pipeline):
    offline = replace(pipeline, open_model=no_model)
    made = {**files(code=PRICE), "tests/test_plugin.py": TESTS_OF_PRICE}
    made["plugin.yaml"] = made["plugin.yaml"].replace("handler: clamp", "handler: price")
    made["README.md"] = "# Prices\n\nSays what a ticket costs: call `clamp` with an age.\n"
    own = Candidate(files={path: text.encode() for path, text in made.items()})
    first = offline.propose(spec("Prices of tickets", examples=()), candidate=own)
    assert refusing(offline, first) == {"mutation"}
    asked = [question for stage in offline.store.report(first.id)["stages"] for question in questions(stage)]
    assert any(f"What should {example.partition(' ==')[0]} give?" in text for text in asked for example in ANSWERS)

    revised = offline.revise(first.id, examples=ANSWERS)
    there = offline.store.candidate(first.id).files
    assert (revised.state, revised.acknowledge, revised.attempts) == ("awaiting-approval", (), 2)
    assert {path: data for path, data in there.items() if path != TEST_PATH} == own.files
    assert there[TEST_PATH].count(b"assert price(") == len(ANSWERS)

    wrong = offline.revise(first.id, examples=["price(60) == 4"])
    assert wrong.state == "refused"
    assert offline.store.candidate(first.id).files["plugin.py"] == PRICE.encode()


def questions(stage):
    return stage["figures"].get("questions") or ()


def test_each_answer_to_a_question_becomes_a_test_of_what_a_model_wrote(pipeline, replies):
    made = {**files(code=PRICE), "tests/test_plugin.py": TESTS_OF_PRICE}
    made["plugin.yaml"] = made["plugin.yaml"].replace("handler: clamp", "handler: price")
    made["README.md"] = "# Prices\n\nSays what a ticket costs: call `clamp` with an age.\n"
    replies.texts = [answer(made)] * 2
    first = pipeline.propose(spec("Prices of tickets", examples=("price(3) == 0", "price(30) == 9")), attempts=1)
    assert refusing(pipeline, first) == {"mutation"}
    asked = "".join(question for stage in pipeline.store.report(first.id)["stages"] for question in questions(stage))
    answers = [example for example in ANSWERS if f" {example.partition(' ==')[0]} give?" in asked]
    assert len(answers) >= 2
    (kept,) = [example.source for example in first.spec.examples if example.held_back]

    pipeline.revise(first.id, examples=[*answers, kept], attempts=1)
    revised = pipeline.store.load(first.id)
    tests = pipeline.store.candidate(first.id, revised.attempts).files[TEST_PATH].decode()
    assert all(f"assert {example}\n" in tests for example in [*answers, kept])


def test_an_answer_that_the_code_of_a_model_meets_asks_no_model(pipeline, replies):
    replies.texts = [answer(files())]
    proposal = pipeline.propose(spec("Limit a number to a range", examples=()))
    met = pipeline.revise(proposal.id, examples=["clamp(9, 0, 3) == 3"])
    assert (met.state, met.attempts, met.acknowledge, len(replies.asked)) == ("awaiting-approval", 2, (), 1)
    assert pipeline.store.candidate(proposal.id).files["plugin.py"] == files()["plugin.py"].encode()
    replies.texts = [answer(files())] * 5
    pipeline.revise(proposal.id, examples=["clamp(1, 0, 3) == 2"])
    assert len(replies.asked) > 1


def test_what_a_person_allows_later_is_told_to_the_model_with_what_they_say(pipeline, replies):
    replies.texts = [answer(files())]
    proposal = pipeline.propose(spec(allow=("storage",)))
    replies.texts = [answer(files())]
    pipeline.revise(proposal.id, "keep the time", allow=("effect:clock", "storage"))
    before, after = (json.dumps(asked) for asked in replies.asked)
    assert "effect:clock" not in before
    assert "each declared in plugin.yaml: storage, effect:clock." in after
    assert pipeline.store.load(proposal.id).spec.allow == ("storage", "effect:clock")
    with pytest.raises(UsageError):
        pipeline.revise(proposal.id, allow=("clock",))
    assert pipeline.store.load(proposal.id).spec.allow == ("storage", "effect:clock")


def test_waiving_one_finding_with_a_reason(pipeline):
    offline = replace(pipeline, open_model=no_model)
    proposal = offline.propose(spec(), candidate=candidate(readme="# C\n"))
    assert refusing(offline, proposal) == {"docs"}
    stages = {stage["name"]: stage for stage in offline.store.report(proposal.id)["stages"]}
    finding = stages["docs"]["findings"][0]["id"]
    with pytest.raises(UsageError, match="reason"):
        offline.waive(proposal.id, finding, " ")
    with pytest.raises(NotFoundError):
        offline.waive(proposal.id, "docs.other", "because")
    waived = offline.waive(proposal.id, finding, "it is for me alone")
    assert (waived.state, waived.digest) == ("awaiting-approval", proposal.digest)
    assert [(waiver.finding, waiver.reason) for waiver in waived.waivers] == [(finding, "it is for me alone")]
    edited = offline.edit(proposal.id, candidate(readme="# D\n"))
    assert (edited.state, edited.waivers) == ("refused", ())


def test_what_cannot_be_waived(pipeline):
    offline = replace(pipeline, open_model=no_model)
    proposal = offline.propose(spec(), candidate=candidate(code=WRONG))
    stages = {stage["name"]: stage for stage in offline.store.report(proposal.id)["stages"]}
    failed = stages["tests"]["findings"][0]["id"]
    with pytest.raises(UsageError, match="cannot be waived"):
        offline.waive(proposal.id, failed, "please")


def test_try_calls_a_tool_before_anybody_approved_it(pipeline):
    offline = replace(pipeline, open_model=no_model)
    proposal = offline.propose(spec(), candidate=candidate(code=WRONG))
    assert proposal.state == "refused"
    outcome = offline.try_tool(proposal.id, "clamp", Typed(words=("9", "0", "3")))
    assert isinstance(outcome, Completed)
    assert outcome.value == 0
    with pytest.raises(NotFoundError):
        offline.try_tool(proposal.id, "nothing", Typed())
    broken = offline.propose(spec(), candidate=candidate(manifest="id: ["))
    with pytest.raises(StateError):
        offline.try_tool(broken.id, "clamp", Typed())


def test_a_change_takes_the_smallest_honest_step(pipeline, desk, replies):
    first = candidate(manifest=MANIFEST.replace("0.7.3", "1.2.0"))
    desk.approve(desk.review("1.2.0", id="clamp", candidate=first))
    there = replace(pipeline, installed=lambda: Installed(plugins={"clamp": "1.2.0"}, commands={"clamp": "clamp"}))
    replies.texts = [answer(files(code=RIGHT.replace("Return `x`", "Give `x`")))]
    patched = there.propose(spec("say it in other words", change="clamp"))
    assert (patched.state, patched.version) == ("awaiting-approval", "1.2.1")
    assert "Change this plugin" in json.dumps(replies.asked[0])
    assert patched.basis["digest"] == first.digest
    more = RIGHT + INSIDE
    tests = TESTS.replace("import clamp", "import clamp, is_inside") + TESTS_OF_INSIDE
    replies.texts = [answer(files(code=more, tests=tests))]
    wider = there.propose(spec("also say whether it is inside", change="clamp"))
    assert (wider.state, wider.version) == ("awaiting-approval", "1.3.0")
    assert there.replay(wider.id).same
    with pytest.raises(NotFoundError):
        there.propose(spec("x", change="nothing"))


def test_a_judgement_rests_on_what_the_manifest_depends_on(pipeline, desk):
    other = candidate(manifest=MANIFEST.replace("id: clamp", "id: other").replace("0.7.3", "1.2.0"))
    desk.approve(desk.review("1.2.0", id="other", candidate=other))
    there = replace(pipeline, open_model=no_model, installed=lambda: Installed(plugins={"other": "1.2.0"}))
    needing = candidate(manifest=MANIFEST + 'dependencies: {other: ">=1"}\n')
    proposal = there.propose(spec(), candidate=needing)
    assert (proposal.state, proposal.basis["dependencies"]) == ("awaiting-approval", {"other": other.digest})


def test_a_stale_proposal_is_judged_again_against_what_is_approved_now(pipeline, desk, replies):
    first = candidate(manifest=MANIFEST.replace("0.7.3", "1.2.0"))
    desk.approve(desk.review("1.2.0", id="clamp", candidate=first))
    there = replace(pipeline, installed=lambda: Installed(plugins={"clamp": "1.2.0"}, commands={"clamp": "clamp"}))
    replies.texts = [answer(files(code=RIGHT.replace("Return `x`", "Give `x`")))]
    proposal = there.propose(spec("say it in other words", change="clamp"))
    second = candidate(manifest=MANIFEST.replace("0.7.3", "1.3.0"), readme=README + "\nMore.\n")
    desk.approve(desk.review("1.3.0", id="clamp", candidate=second))
    there.store.save(proposal.moved("stale", reason="the plugin's folder"))
    again = there.resume(proposal.id)
    assert (again.state, again.digest) == ("refused", proposal.digest)
    assert "manifest" in refusing(there, again)  # 1.2.1 does not come after 1.3.0
    replies.texts = [answer(files(code=RIGHT.replace("Return `x`", "Offer `x`")))]
    revised = there.revise(proposal.id, "once more")
    assert (revised.state, revised.version, revised.basis["digest"]) == ("awaiting-approval", "1.3.1", second.digest)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("by_a_person", [False, True])
def test_what_was_interrupted_while_it_was_judged_is_judged_by_resume(pipeline, replies, by_a_person):
    def stop(stage):
        raise Interrupted

    replies.texts = [answer(files())]
    interrupted = replace(pipeline, watch=Watch(on_stage=stop))
    with pytest.raises(Interrupted):
        interrupted.propose(spec(), candidate=candidate() if by_a_person else None)
    assert pipeline.store.load("P-1").state == "drafting"
    resumed = replace(pipeline, open_model=no_model).resume("P-1")
    assert (resumed.state, resumed.attempts, resumed.attempt) == ("awaiting-approval", 1, 1)
    assert resumed.version == ("0.7.3" if by_a_person else "0.1.0")
    assert pipeline.replay("P-1").same


def test_earlier_rejections_are_told(pipeline, replies):
    replies.texts = [answer(files()), answer(files(readme=README + "\nAgain.\n"))]
    first = pipeline.propose(spec())
    pipeline.store.save(first.moved("rejected", reason="it must also take floats"))
    pipeline.propose(spec())
    assert "it must also take floats" in json.dumps(replies.asked[1])
    assert "it must also take floats" not in json.dumps(replies.asked[0])


def test_what_it_may_use_brings_the_sdk_along(pipeline, replies):
    replies.texts = [answer(files())]
    pipeline.propose(spec(allow=["network:api.example.org:443"]), attempts=1)
    asked = json.dumps(replies.asked[0])
    assert "network:api.example.org:443" in asked
    assert "The part of the SDK" in asked


def test_a_small_model_through_a_server_writes_one_function(pipeline, replies):
    small = replace(pipeline, open_model=lambda name: replies.model(name, small=True))
    replies.texts = [
        "Here:\n```python\ndef is_palindrome(s: str) -> bool:\n    return s == s\n```",
        "```\ndef is_palindrome(word):\n    print(word)\n    return word == word[::-1]\n    return None\n```\nDone.",
    ]
    examples = ['is_palindrome("aba") == True', 'is_palindrome("ab") == False', 'is_palindrome("abba") == True']
    proposal = small.propose(
        spec("is_palindrome(s: str) -> bool: True if s reads the same backwards", examples=examples)
    )
    assert (proposal.state, proposal.plugin, proposal.attempts) == ("awaiting-approval", "is-palindrome", 2)
    assert replies.asked[0]["messages"][-1]["role"] == "user"
    made = small.store.candidate(proposal.id).files
    assert made["plugin.py"].decode() == (
        '"""True if s reads the same backwards."""\n\n\n'
        'def is_palindrome(s: str) -> bool:\n    """True if s reads the same backwards."""\n    return s == s[::-1]\n'
    )
    assert small.replay(proposal.id).same
    outcome = small.try_tool(proposal.id, "is_palindrome", Typed(words=("level",)))
    assert isinstance(outcome, Completed)
    assert outcome.value is True


def test_a_small_model_needs_a_function(pipeline, replies):
    small = replace(pipeline, open_model=lambda name: replies.model(name, small=True))
    with pytest.raises(UsageError, match="signature"):
        small.propose(spec("Do something nice", examples=()))
    with pytest.raises(UsageError, match="examples"):
        small.propose(spec("is_even(n: int) -> bool: True if n is even", examples=()))
    assert small.store.all() == ()


def test_a_small_model_does_not_change_plugins(pipeline, desk, replies):
    desk.approve(desk.review("0.1.0", id="clamp", candidate=candidate(manifest=MANIFEST.replace("0.7.3", "0.1.0"))))
    small = replace(pipeline, open_model=lambda name: replies.model(name, small=True))
    with pytest.raises(ModelError, match="cannot change a plugin"):
        small.propose(spec("x", change="clamp"))
    assert replies.asked == []


@pytest.mark.skipif(not runtime_installed(), reason="the embedded model's runtime is not installed")
def test_the_embedded_model_writes_a_palindrome(pipeline, desk):
    from selfmod.models.local import LocalModel

    found = weights()
    assert found is not None
    embedded = replace(pipeline, open_model=lambda name: LocalModel(found))
    text = "is_palindrome(s: str) -> bool: True if s reads the same backwards"
    examples = ['is_palindrome("aba") == True', 'is_palindrome("abc") == False', 'is_palindrome("abba") == True']
    proposal = embedded.propose(spec(text, examples=examples))
    assert proposal.state == "awaiting-approval"
    assert (proposal.model, proposal.cost.money) == ("local", 0.0)
    assert embedded.replay(proposal.id).same


def test_a_request_is_bounded():
    with pytest.raises(UsageError):
        make_spec("x" * 30_000, secret=SECRET)
    with pytest.raises(UsageError):
        make_spec("x", plugin="a", change="b", secret=SECRET)
    made = make_spec(" f(c: float) -> float: x ", examples=["f(1) == 2"], allow=["storage", "storage"], secret=SECRET)
    assert (made.examples[0].expected, made.allow) == ("2.0", ("storage",))
