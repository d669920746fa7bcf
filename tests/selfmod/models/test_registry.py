from __future__ import annotations

import json

import pytest
from pytest_httpserver import HTTPServer

from plugins.errors import ConfigError
from plugins.settings import load
from selfmod.models.base import Message, Price, Request
from selfmod.models.errors import ModelUnavailable, Unauthorised, UnknownModel
from selfmod.models.local import LocalModel
from selfmod.models.openai_client import OpenAIModel
from selfmod.models.prices import load_prices
from selfmod.models.registry import is_small, list_models, open_model
from selfmod.models.runtime import installed

KEYS = {"OPENAI_API_KEY": "sk-1", "ARK_API_KEY": "ark-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}


def settings_of(state, environment=None, model=""):
    return load(None, state, environment or {}, model=model)


def opened(state, environment=None, name=""):
    return open_model(settings_of(state, environment), state, name)


@pytest.mark.skipif(not installed(), reason="the embedded model's runtime is not installed")
def test_keys_in_the_environment_never_switch_away_from_the_embedded_model(state):
    model = opened(state, KEYS)
    assert isinstance(model, LocalModel)
    assert (model.name, model.small) == ("local", True)
    assert model.price() == Price(prompt=0.0, completion=0.0)


def test_what_is_named_is_what_is_asked(state):
    for name, base in (("openai:gpt-x", "http://127.0.0.1:9/v1"), ("volcengine:doubao", "volces.com/api/v3")):
        model = opened(state, KEYS, name)
        assert isinstance(model, OpenAIModel)
        assert model.name == name
        assert base in model._server.base_url
        assert model._server.key == ("sk-1" if name.startswith("openai") else "ark-1")
    assert opened(state, {**KEYS, "RATCHET_MODEL": "gpt-y"}).name == "openai:gpt-y"


def test_a_key_is_needed_except_at_a_server_of_ones_own(state):
    for name in ("openai:gpt-x", "volcengine:doubao"):
        with pytest.raises(Unauthorised) as caught:
            opened(state, {}, name)
        assert "API_KEY" in caught.value.hint
    assert opened(state, {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "openai:m")._server.key == ""
    with pytest.raises(Unauthorised):
        opened(state, {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "volcengine:m")


def test_the_only_model_of_a_server_need_not_be_named(state):
    with HTTPServer(host="127.0.0.1") as server:
        environment = {"OPENAI_BASE_URL": server.url_for("/v1")}
        server.expect_ordered_request("/v1/models").respond_with_json({"data": [{"id": "SmolLM2-135M"}]})
        server.expect_ordered_request("/v1/models").respond_with_json({"data": [{"id": "a"}, {"id": "b"}]})
        model = opened(state, environment, "openai")
        assert (model.name, model.small) == ("openai:SmolLM2-135M", True)
        with pytest.raises(UnknownModel, match="a, b"):
            opened(state, environment, "openai")


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", True),
        ("/models/qwen2.5-0.5b-instruct", True),
        ("llama-3.2-3B", True),
        ("smollm", True),
        ("llama-3.3-70b-instruct", False),
        ("mixtral-8x7b", False),
        ("gpt-5-mini", False),
        ("doubao-seed-1-6-250615", False),
        ("claude-4.5", False),
    ],
)
def test_small_by_name(name, small):
    assert is_small(name) is small


def test_local_files(state, tmp_path):
    with pytest.raises(ModelUnavailable):
        opened(state, {}, f"local:{tmp_path}/nothing.gguf")
    if installed():
        (tmp_path / "own.gguf").write_bytes(b"GGUF")
        assert opened(state, {}, f"local:{tmp_path}/own.gguf").name == f"local:{tmp_path}/own.gguf"


def test_recorded_replies(state, tmp_path):
    path = tmp_path / "replies.json"
    path.write_text(json.dumps(["first", {"text": "second", "finish": "length"}]))
    model = opened(state, {}, f"replay:{path}")
    ask = Request(messages=(Message(role="user", content="x"),), max_tokens=5)
    pieces = []
    first, second = (model.complete(ask, deadline_s=5, on_text=pieces.append) for _ in range(2))
    assert (first.text, first.finish, second.text, second.finish) == ("first", "stop", "second", "length")
    assert pieces == ["first", "second"]
    with pytest.raises(ModelUnavailable, match="no further reply"):
        model.complete(ask, deadline_s=5)
    assert opened(state, {}, f"replay:small:{path}").small
    for text in ("{", "5", "[5]", '[{"finish": "stop"}]'):
        path.write_text(text)
        with pytest.raises(ModelUnavailable, match="no recorded replies"):
            opened(state, {}, f"replay:{path}")
    with pytest.raises(UnknownModel):
        opened(state, {}, "replay")


def test_the_list_says_what_is_missing_and_what_it_costs(state):
    state.write_json("prices.json", {"openai:gpt-x": {"prompt": 1.5, "completion": 6}})
    listed = {line.name: line for line in list_models(settings_of(state), state)}
    assert listed["local"].chosen
    assert listed["openai:gpt-x"].price == Price(prompt=1.5, completion=6.0)
    assert not listed["openai:gpt-x"].available
    assert "OPENAI_API_KEY" in listed["openai:gpt-x"].why
    chosen = {line.name: line for line in list_models(settings_of(state, KEYS, "openai:gpt-x"), state)}
    assert chosen["openai:gpt-x"].chosen
    assert chosen["openai:gpt-x"].available
    assert "volcengine:NAME" in chosen
    assert opened(state, KEYS, "openai:gpt-x").price() == Price(prompt=1.5, completion=6.0)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"m": 5},
        {"m": {}},
        {"m": {"prompt": 1}},
        {"m": {"prompt": -1, "completion": 1}},
        {"m": {"prompt": "1", "completion": 1}},
        {"m": {"prompt": True, "completion": 1}},
        {"m": {"prompt": 1, "completion": 1, "currency": 5}},
        {"m": {"prompt": 1, "completion": 1, "per": "token"}},
    ],
)
def test_prices_are_checked(state, value):
    state.write_json("prices.json", value)
    with pytest.raises(ConfigError):
        load_prices(state)
