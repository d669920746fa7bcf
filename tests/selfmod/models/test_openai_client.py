"""The client against real servers on loopback: pytest-httpserver, and raw sockets where HTTP itself has to break."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from plugins.errors import ModelError
from selfmod.models.base import Message, Price, Request
from selfmod.models.errors import (
    AnswerRefused,
    AnswerTimedOut,
    Cancelled,
    EmptyAnswer,
    EndlessAnswer,
    HostRefused,
    HostUnknown,
    InvalidJson,
    NotAnApi,
    RateLimited,
    RequestRefused,
    ServerFailed,
    StreamCut,
    Unauthorised,
    UnknownModel,
)
from selfmod.models.openai_client import OpenAIModel, Server

PATH = "/v1/chat/completions"
KEY = "sk-secret-of-the-test"
ASK = Request(messages=(Message(role="user", content="hi"),), max_tokens=50)
SCHEMA = Request(messages=ASK.messages, max_tokens=50, schema='{"type": "object"}')


def model_at(url, **fields):
    values = {"provider": "openai", "model": "m", "key": KEY, "first_pause_s": 0.01, **fields}
    return OpenAIModel(Server(base_url=url, **values))


@pytest.fixture
def server():
    with HTTPServer(host="127.0.0.1") as running:
        yield running


@pytest.fixture
def model(server):
    return model_at(server.url_for("/v1"))


def event(value):
    return f"data: {json.dumps(value)}\n\n"


def chunk(text=None, finish=None, **more):
    delta = {} if text is None else {"content": text}
    return event(
        {"id": "1", "model": "m-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    )


def stream(*events):
    return Response([*events, "data: [DONE]\n\n"], content_type="text/event-stream")


def answers(server, *replies):
    """Answer each request with the next reply, and the last one for ever; return the bodies of the requests."""
    seen = []

    def handler(request):
        seen.append(request.get_json())
        reply = replies[min(len(seen), len(replies)) - 1]
        return reply if isinstance(reply, Response) else reply()

    server.expect_request(PATH).respond_with_handler(handler)
    return seen


def good():
    usage = event({"id": "1", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}})
    return stream(chunk("Hel"), chunk("lo"), chunk(finish="stop"), usage)


def problem(status, message="no", **headers):
    body = json.dumps({"error": {"message": message}})
    return lambda: Response(body, status=status, content_type="application/json", headers=headers)


@contextlib.contextmanager
def raw_server(*parts, hold=False):
    """A server that reads a request, sends the parts, and hangs up (or holds the line until the test is over)."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    accepted = []

    def serve():
        while not over.is_set():
            try:
                line, _ = listener.accept()
            except OSError:
                return
            accepted.append(line)
            with contextlib.suppress(OSError):
                line.recv(65536)
                for part in parts:
                    for piece in part if not isinstance(part, bytes) else [part]:
                        if over.is_set():
                            break
                        line.sendall(piece)
                if hold:
                    over.wait(30)
            line.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", accepted
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def framed(text):
    data = text.encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def failing(model, kind, deadline_s=10.0, request=ASK):
    with pytest.raises(kind) as caught:
        model.complete(request, deadline_s=deadline_s)
    error = caught.value
    assert error.exit_code == 13
    assert error.kind.startswith("model-")
    assert error.message
    assert error.hint
    assert KEY not in repr(error) + str(error) + error.hint
    return error


def test_answer_streams_with_usage_and_price(server):
    seen = answers(server, good)
    pieces = []
    model = model_at(server.url_for("/v1"), price=Price(prompt=1.0, completion=2.0, currency="EUR"))
    completion = model.complete(
        Request(messages=ASK.messages, max_tokens=50, temperature=0.7, seed=3, stop=("x",)),
        deadline_s=10,
        on_text=pieces.append,
    )
    assert (completion.text, completion.finish, completion.model) == ("Hello", "stop", "m-1")
    assert pieces == ["Hel", "lo"]
    assert (completion.cost.prompt_tokens, completion.cost.completion_tokens) == (7, 3)
    assert completion.cost.money == pytest.approx(13e-6)
    assert completion.cost.currency == "EUR"
    sent = seen[0]
    assert (sent["temperature"], sent["seed"], sent["stop"], sent["max_tokens"]) == (0.7, 3, ["x"], 50)
    assert sent["stream_options"] == {"include_usage": True}
    assert "response_format" not in sent
    assert server.log[0][0].headers["Authorization"] == f"Bearer {KEY}"


def test_without_usage_tokens_are_estimated_and_money_is_unknown(server, model):
    answers(server, stream(chunk("Hello world"), chunk(finish="stop")))
    cost = model.complete(ASK, deadline_s=10).cost
    assert cost.prompt_tokens >= 1
    assert cost.completion_tokens >= 3
    assert cost.money is None


def test_price_that_the_server_tells_counts(server, model):
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.25}
    answers(server, stream(chunk("x", finish="stop"), event({"choices": [], "usage": usage})))
    assert model.complete(ASK, deadline_s=10).cost.money == 0.25


def test_answer_in_one_piece_although_a_stream_was_asked_for(server, model):
    body = {"model": "m-2", "choices": [{"message": {"content": "whole"}, "finish_reason": "length"}]}
    answers(server, Response(json.dumps(body), content_type="application/json"))
    completion = model.complete(ASK, deadline_s=10)
    assert (completion.text, completion.finish, completion.model) == ("whole", "length", "m-2")


def test_beginning_of_the_answer_is_not_sent(server, model):
    seen = answers(server, good)
    messages = (*ASK.messages, Message(role="assistant", content="```python\n"))
    model.complete(Request(messages=messages, max_tokens=5, stop=("\ndef ",)), deadline_s=10)
    assert seen[0]["messages"] == [{"role": "user", "content": "hi"}]
    assert "stop" not in seen[0]


def test_no_key_is_needed_for_a_local_server(server):
    answers(server, good)
    assert model_at(server.url_for("/v1"), key="").complete(ASK, deadline_s=10).text == "Hello"


def test_ladder_goes_down_where_the_server_says_500_about_the_format(server, model):
    text = "1 validation error: body.response_format.type Input should be 'text' or 'json_object'"
    seen = answers(server, problem(500, text), good)
    assert model.complete(SCHEMA, deadline_s=10).text == "Hello"
    formats = [body["response_format"]["type"] for body in seen]
    assert formats == ["json_schema", "json_object"]
    assert seen[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    model.complete(SCHEMA, deadline_s=10)
    assert seen[-1]["response_format"]["type"] == "json_object"  # remembered


def test_ladder_ends_in_plain_text(server, model):
    seen = answers(server, problem(400, "unknown parameter"), problem(422, "what?"), good)
    assert model.complete(SCHEMA, deadline_s=10).text == "Hello"
    assert [body.get("response_format", {}).get("type") for body in seen] == ["json_schema", "json_object", None]


@pytest.mark.parametrize(
    ("complaint", "gone", "there"),
    [
        ("'max_tokens' is unsupported, use 'max_completion_tokens'", "max_tokens", "max_completion_tokens"),
        ("Unsupported value: 'temperature' does not support 0.2", "temperature", "max_tokens"),
        ("stream_options is not allowed", "stream_options", "temperature"),
    ],
)
def test_parameters_that_a_server_refuses_are_given_up(server, model, complaint, gone, there):
    seen = answers(server, problem(400, complaint), good)
    assert model.complete(ASK, deadline_s=10).text == "Hello"
    assert gone in seen[0]
    assert gone not in seen[1]
    assert there in seen[1]


def test_refused_for_another_reason(server, model):
    seen = answers(server, problem(400, "the context is too long"))
    assert "too long" in failing(model, RequestRefused).message
    assert len(seen) == 1


def test_429_is_waited_for(server, model):
    seen = answers(server, problem(429, "slow down", **{"Retry-After": "0.01"}), good)
    assert model.complete(ASK, deadline_s=10).text == "Hello"
    assert len(seen) == 2


@pytest.mark.parametrize("after", ["86400", "1e300", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_absurd_retry_after_is_not_waited_for(server, model, after):
    answers(server, problem(429, "slow down", **{"Retry-After": after}))
    start = time.monotonic()
    error = failing(model, RateLimited)
    assert time.monotonic() - start < 5
    assert "longer than" in error.hint


@pytest.mark.parametrize("after", ["-5", "nan", "inf", "soon", ""])
def test_nonsense_in_retry_after_is_as_none(server, model, after):
    seen = answers(server, problem(429, "slow down", **{"Retry-After": after}))
    failing(model, RateLimited)
    assert len(seen) == 4


def test_5xx_is_tried_again_and_then_told(server, model):
    seen = answers(server, problem(503, "overloaded"), problem(502), good)
    assert model.complete(ASK, deadline_s=10).text == "Hello"
    assert len(seen) == 3
    server.clear()
    answers(server, problem(503, "overloaded"))
    error = failing(model, ServerFailed)
    assert "503" in error.message
    assert "tried 4 times" in error.hint


def test_the_whole_wait_is_bounded(server):
    answers(server, problem(503))
    start = time.monotonic()
    failing(model_at(server.url_for("/v1"), first_pause_s=1.0), ServerFailed, deadline_s=0.7)
    assert time.monotonic() - start < 2


def test_wrong_key_even_when_the_server_repeats_it(server, model):
    seen = answers(server, problem(401, f"Incorrect API key provided: {KEY}"))
    error = failing(model, Unauthorised)
    assert "[key]" in error.message
    assert "OPENAI_API_KEY" in error.hint
    assert len(seen) == 1
    server.clear()
    answers(server, problem(403, "no"))
    failing(model, Unauthorised)


def test_unknown_model_and_wrong_address(server, model):
    answers(server, problem(404, "The model 'm' does not exist"))
    assert "'m'" in failing(model, UnknownModel).message
    server.expect_request("/wrong/chat/completions").respond_with_data("Not Found", status=404)
    assert "no such address" in failing(model_at(server.url_for("/wrong")), NotAnApi).message


def test_web_page_with_status_200(server, model):
    answers(server, Response("<html>log in</html>", content_type="text/html"))
    assert "web page" in failing(model, NotAnApi).message


def test_redirects_are_not_followed(server, model):
    seen = []
    server.expect_request("/elsewhere").respond_with_handler(lambda request: seen.append(request) or good())
    answers(server, Response("", status=307, headers={"Location": server.url_for("/elsewhere")}))
    assert "redirects" in failing(model, NotAnApi).message
    assert seen == []


def test_compressed_body_is_not_unpacked(server, model):
    answers(server, Response(b"\x1f\x8b", content_type="text/event-stream", headers={"Content-Encoding": "gzip"}))
    assert "compresses" in failing(model, NotAnApi).message


def test_invalid_json(server, model):
    answers(server, Response('{"choices": [', content_type="application/json"))
    failing(model, InvalidJson)
    server.clear()
    answers(server, stream(chunk("a"), "data: {broken\n\n"))
    failing(model, InvalidJson)


@pytest.mark.parametrize("value", [[], 1, "text", None, {"object": "list"}, {"choices": 3}])
def test_json_that_is_no_completion(server, model, value):
    answers(server, Response(json.dumps(value), content_type="application/json"))
    failing(model, NotAnApi)


@pytest.mark.parametrize(
    "value", [{"choices": 3}, {"choices": [4]}, {"choices": [{"delta": 5}]}, {"choices": [{"delta": {"content": 6}}]}]
)
def test_odd_events_are_no_answer(server, model, value):
    answers(server, stream(event(value)))
    failing(model, StreamCut)


@pytest.mark.parametrize("value", [[], 1, "text"])
def test_events_that_are_no_objects(server, model, value):
    answers(server, stream(event(value)))
    failing(model, ModelError)


def test_errors_inside_an_answer(server, model):
    answers(server, Response(json.dumps({"error": {"message": "broke"}}), content_type="application/json"))
    assert "broke" in failing(model, ServerFailed).message
    server.clear()
    answers(server, stream(chunk("a"), event({"error": {"message": "broke later"}})))
    assert "broke later" in failing(model, ModelError).message


def test_empty_answer(server, model):
    answers(server, stream(chunk("  \n"), chunk(finish="stop")))
    failing(model, EmptyAnswer)


def test_content_filter(server, model):
    answers(server, stream(chunk("a"), chunk(finish="content_filter")))
    failing(model, AnswerRefused)


def test_cut_by_length_is_told(server, model):
    answers(server, stream(chunk("half"), chunk(finish="length")))
    assert model.complete(ASK, deadline_s=10).finish == "length"


def test_connection_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "nothing answers" in failing(model_at(f"http://127.0.0.1:{port}/v1"), HostRefused).message


@pytest.mark.parametrize("host", ["a" * 64 + ".invalid", "a." * 140 + "invalid"], ids=["label", "name"])
def test_host_that_does_not_resolve(host):
    # Too long a label or name fails in the resolver itself, so no packet leaves this machine.
    assert "resolve" in failing(model_at(f"http://{host}/v1"), HostUnknown).message


def test_stream_cut_in_the_middle():
    with raw_server(HEAD, framed(chunk("half"))) as (url, accepted):
        error = failing(model_at(url), StreamCut)
        assert error.started
        assert len(accepted) == 1  # paid for: whoever watches the budget decides about asking again


def test_stream_that_ends_politely_but_too_early():
    with raw_server(HEAD, framed(chunk("half")), b"0\r\n\r\n") as (url, _):
        assert failing(model_at(url), StreamCut).started


def test_stream_that_ends_before_it_began():
    # What llama_cpp.server does with a question that is longer than its context.
    with raw_server(HEAD, b"0\r\n\r\n") as (url, accepted):
        error = failing(model_at(url), StreamCut)
        assert not error.started
        assert "context" in error.hint
        assert len(accepted) == 4


def test_hang_up_before_anything_came_is_tried_again():
    with raw_server() as (url, accepted):
        assert not failing(model_at(url), StreamCut).started
        assert len(accepted) == 4


def test_silence_times_out():
    with raw_server(hold=True) as (url, _):
        start = time.monotonic()
        failing(model_at(url), AnswerTimedOut, deadline_s=0.5)
        assert time.monotonic() - start < 3


def endless(piece):
    while True:
        yield piece


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD, endless(framed(chunk("blah " * 50)))),
        (HEAD, endless(framed(": waiting\n" + "x" * 9000 + "\n"))),
        (HEAD, endless(framed("x" * 65536))),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", endless(b"[" * 65536)),
        (b"HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\n\r\n", endless(b"[" * 65536)),
    ],
    ids=["text", "comments", "one line", "document", "error"],
)
def test_endless_streams_end(parts):
    with raw_server(*parts) as (url, _):
        failing(model_at(url), EndlessAnswer, deadline_s=60)


def test_endless_trickle_meets_the_deadline():
    def slowly():
        pause = threading.Event()
        while True:
            pause.wait(0.05)
            yield framed(": still there\n\n")

    with raw_server(HEAD, slowly()) as (url, _):
        start = time.monotonic()
        failing(model_at(url), AnswerTimedOut, deadline_s=0.7)
        assert time.monotonic() - start < 3


def test_cancel_from_another_thread():
    cancel = threading.Event()
    with raw_server(HEAD, framed(chunk("begun")), hold=True) as (url, _):
        start = time.monotonic()
        with pytest.raises(Cancelled):
            model_at(url).complete(ASK, deadline_s=30, on_text=lambda _: cancel.set(), cancel=cancel)
        assert time.monotonic() - start < 3


def test_interrupt_while_streaming_passes():
    def interrupt(_):
        raise KeyboardInterrupt

    with raw_server(HEAD, framed(chunk("begun")), hold=True) as (url, _), pytest.raises(KeyboardInterrupt):
        model_at(url).complete(ASK, deadline_s=30, on_text=interrupt)


def test_models_are_listed(server, model):
    server.expect_request("/v1/models").respond_with_json({"object": "list", "data": [{"id": "b"}, {"id": "a"}]})
    assert model.models() == ("a", "b")
    server.clear()
    server.expect_request("/v1/models").respond_with_json({"x": 1})
    with pytest.raises(NotAnApi):
        model.models()


def test_key_is_in_no_text():
    assert KEY not in repr(Server(provider="openai", base_url="http://127.0.0.1", model="m", key=KEY))
