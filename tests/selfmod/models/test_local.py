"""The local model's process: with the real runtime where it is installed, and with processes that misbehave."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from selfmod.models.base import Message, Request
from selfmod.models.errors import (
    AnswerTimedOut,
    Cancelled,
    EmptyAnswer,
    EndlessAnswer,
    InvalidJson,
    ModelUnavailable,
    ServerFailed,
)
from selfmod.models.local import LocalModel, Weights
from selfmod.models.runtime import installed, weights

ASK = Request(messages=(Message(role="user", content="hi"),), max_tokens=20)
needs_runtime = pytest.mark.skipif(not installed(), reason="the embedded model's runtime is not installed")

LOADED = "print(json.dumps({'loaded': True}), flush=True); input()\n"
PRELUDE = "import json, os, sys, time\ninput()\n" + LOADED


@pytest.fixture
def process(tmp_path):
    """A model whose process runs the given lines after it was loaded and asked; some wait on purpose, to be ended."""
    made = []
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"GGUF")

    def make(lines, prelude=PRELUDE):
        model = LocalModel(Weights(path=path), command=(sys.executable, "-I", "-c", prelude + lines))
        made.append(model)
        return model

    yield make
    for model in made:
        model.close()


def tell(*events):
    return "".join(f"print({json.dumps(json.dumps(event))}, flush=True)\n" for event in events)


DONE = {"done": "stop", "prompt_tokens": 4, "completion_tokens": 2}


def test_pieces_and_cost(process):
    pieces = []
    model = process(tell({"text": "Hel"}, {"text": "lo"}, DONE) + "time.sleep(60)")
    completion = model.complete(ASK, deadline_s=20, on_text=pieces.append)
    assert (completion.text, completion.finish, completion.model) == ("Hello", "stop", "local")
    assert pieces == ["Hel", "lo"]
    assert (completion.cost.prompt_tokens, completion.cost.completion_tokens, completion.cost.money) == (4, 2, 0.0)


def test_cut_by_length(process):
    assert process(tell({"text": "x"}, {**DONE, "done": "length"})).complete(ASK, deadline_s=20).finish == "length"


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ("print('nonsense', flush=True)", InvalidJson),
        ("print('[1]', flush=True)", InvalidJson),
        ("print('{}', flush=True)", InvalidJson),
        ("print('[' * 500000, flush=True)", InvalidJson),
        ("sys.stdout.write('x' * 3_000_000); sys.stdout.flush(); time.sleep(60)", InvalidJson),
        ("sys.exit(3)", ServerFailed),
        ("os.kill(os.getpid(), 9)", ServerFailed),
        (tell(DONE), EmptyAnswer),
        (tell({"error": "ValueError: no"}), ModelUnavailable),
        ("while True: print(json.dumps({'text': 'x' * 1000}), flush=True)", EndlessAnswer),
    ],
)
def test_a_process_that_misbehaves_is_an_error_and_is_gone(process, lines, kind):
    model = process(lines)
    with pytest.raises(kind) as caught:
        model.complete(ASK, deadline_s=30)
    assert caught.value.exit_code == 13
    assert caught.value.hint
    assert model._process is None


def test_silence_meets_the_deadline(process):
    model = process("time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(AnswerTimedOut):
        model.complete(ASK, deadline_s=1.0)
    assert time.monotonic() - start < 10
    assert model._process is None


def test_cancel_ends_the_process(process):
    cancel = threading.Event()
    model = process(tell({"text": "begun"}) + "time.sleep(60)")
    with pytest.raises(Cancelled):
        model.complete(ASK, deadline_s=30, on_text=lambda _: cancel.set(), cancel=cancel)
    assert model._process is None


def test_after_a_failure_the_next_call_starts_a_process_again(process, tmp_path):
    flag = tmp_path / "flag"
    lines = f"if not os.path.exists({str(flag)!r}):\n    open({str(flag)!r}, 'w').close()\n    sys.exit(1)\n"
    model = process(lines + tell({"text": "now"}, DONE))
    with pytest.raises(ServerFailed):
        model.complete(ASK, deadline_s=20)
    assert model.complete(ASK, deadline_s=20).text == "now"


def test_the_process_knows_no_secret(process, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-the-worker")
    model = process("print(json.dumps({'text': json.dumps(dict(os.environ))}), flush=True)\n" + tell(DONE))
    assert set(json.loads(model.complete(ASK, deadline_s=20).text)) <= {"LC_CTYPE"}  # Python sets that one itself


def test_missing_weights(tmp_path):
    with pytest.raises(ModelUnavailable, match="no weights"):
        LocalModel(Weights(path=tmp_path / "nothing.gguf")).complete(ASK, deadline_s=5)


def test_size_decides_what_is_asked(tmp_path):
    path = tmp_path / "weights.gguf"
    path.touch()
    os.truncate(path, 5 * 2**30)
    assert not LocalModel(Weights(path=path)).small
    os.truncate(path, 100)
    assert LocalModel(Weights(path=path)).small


@needs_runtime
def test_the_embedded_model_answers_and_goes_on_from_a_beginning():
    model = LocalModel(weights())
    try:
        begun = Message(role="assistant", content="```python\ndef double(x: int) -> int:\n    return")
        ask = Request(
            messages=(Message(role="user", content="Write a function that doubles x."), begun),
            max_tokens=12,
            temperature=0.0,
            stop=("\n",),
        )
        first = model.complete(ask, deadline_s=60)
        assert first.text.strip().replace(" ", "") in {"x*2", "2*x"}
        assert first.cost.prompt_tokens > 10
        assert model.complete(ask, deadline_s=60).text == first.text
        with pytest.raises(ModelUnavailable, match="tokens"):
            model.complete(
                Request(messages=(Message(role="user", content="word " * 9000),), max_tokens=5), deadline_s=60
            )
    finally:
        model.close()


@needs_runtime
def test_other_weights_under_its_name_are_refused(tmp_path):
    path = tmp_path / "weights.gguf"
    path.write_bytes(Path(weights().path).read_bytes()[:1000])
    model = LocalModel(Weights(path=path, sha256=weights().sha256))
    with pytest.raises(ModelUnavailable, match="sha256"):
        model.complete(ASK, deadline_s=60)
