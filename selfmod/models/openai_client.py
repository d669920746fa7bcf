"""OpenAI-compatible servers: the only module that imports `openai`, and only when one is asked.

The server is not trusted: what it sends is bounded in bytes, text and time, and read defensively. The call runs in a
thread of its own, so that no server, however slow, keeps the person waiting past the deadline or a Ctrl-C.
"""

from __future__ import annotations

import contextlib
import email.utils
import json
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

from plugins.errors import ModelError
from selfmod.models.base import Completion, Cost, Price, Request
from selfmod.models.dialects import Dialect, about_format, lesser
from selfmod.models.errors import (
    RESUME,
    AnswerRefused,
    AnswerTimedOut,
    EmptyAnswer,
    HostRefused,
    HostUnknown,
    HostUnreachable,
    InvalidJson,
    NotAnApi,
    RateLimited,
    RequestRefused,
    ServerFailed,
    StreamCut,
    Unauthorised,
    UnknownModel,
    shortened,
)
from selfmod.models.retry import FIRST_PAUSE_S, with_retries
from selfmod.models.stream import BASE_URL, Answer, Call, Whole, in_thread, take, take_whole
from selfmod.models.tokens import estimate, estimate_request

if TYPE_CHECKING:
    import httpx2
    import openai

CONNECT_S: Final = 10.0
CHARS_PER_TOKEN: Final = 16  # more than any tokenizer gives on average: an answer longer than that is endless


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to ask and how to name it. `key` is in no text that this makes: not in `repr`, not in an error."""

    provider: str
    base_url: str
    model: str
    key: str = field(default="", repr=False)
    small: bool = False
    price: Price | None = None
    first_pause_s: float = FIRST_PAUSE_S


class OpenAIModel:
    """A model behind an OpenAI-compatible server; safe to close from another thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._dialect = Dialect()

    @property
    def name(self) -> str:
        """The name that `open_model` knows it by."""
        return f"{self._server.provider}:{self._server.model}"

    @property
    def small(self) -> bool:
        """Whether it is asked for one function only."""
        return self._server.small

    def price(self) -> Price | None:
        """What its tokens cost, where the person's state says so."""
        return self._server.price

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def complete(
        self,
        request: Request,
        *,
        deadline_s: float,
        on_text: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Completion:
        """Answer within `deadline_s` (see `Model`)."""
        end = time.monotonic() + deadline_s
        dialect = self._dialect if request.schema else self._dialect.without_schema()
        while True:
            try:
                completion = self._complete(request, dialect, end - time.monotonic(), on_text, cancel)
            except RequestRefused as error:
                simpler = lesser(dialect, error)
                if simpler is None:
                    raise
                dialect = simpler
                continue
            if request.schema:
                self._dialect = dialect  # what worked is where the next call starts
            return completion

    def models(self, *, deadline_s: float = 15.0) -> tuple[str, ...]:
        """The names that the server knows."""

        def ask(left: float) -> tuple[str, ...]:
            return in_thread(lambda call: self._models(call, left), Call(end=time.monotonic() + left))

        return with_retries(ask, deadline_s=deadline_s, first_pause_s=self._server.first_pause_s)

    def _models(self, call: Call, left: float) -> tuple[str, ...]:
        with self._client(left, call) as client, _translated(self._server):
            try:
                found = client.models.list()
            except Whole as whole:
                return _names(json.loads(whole.body))
            return tuple(sorted(str(getattr(model, "id", "")) for model in found.data))

    def _complete(
        self,
        request: Request,
        dialect: Dialect,
        deadline_s: float,
        on_text: Callable[[str], None] | None,
        cancel: threading.Event | None,
    ) -> Completion:
        def ask(left: float) -> Completion:
            call = Call(end=time.monotonic() + left, cancel=cancel, on_text=on_text)
            answer = in_thread(lambda call: self._stream(request, dialect, left, call), call)
            return self._completion(request, answer)

        return with_retries(ask, deadline_s=deadline_s, cancel=cancel, first_pause_s=self._server.first_pause_s)

    def _stream(self, request: Request, dialect: Dialect, left: float, call: Call) -> Answer:
        answer = Answer()
        most = request.max_tokens * CHARS_PER_TOKEN + 1000
        with self._client(left, call) as client, _translated(self._server, answer):
            try:
                chunks = client.chat.completions.create(**self._arguments(request, dialect))
                if isinstance(chunks, str):
                    raise NotAnApi(f"{self._server.base_url} answers with a page, not as an API", hint=BASE_URL)
                with chunks:
                    for chunk in chunks:
                        take(chunk, answer, call, most)
            except Whole as whole:
                take_whole(whole.body, answer, call, most)
        if not answer.finish and not answer.pieces:
            raise StreamCut("the server ended its answer before it began", hint=_SILENT)
        if not answer.finish:
            raise StreamCut("the answer ended in the middle", hint=RESUME, started=True)
        return answer

    def _arguments(self, request: Request, dialect: Dialect) -> dict[str, Any]:
        messages = list(request.messages)
        if messages and messages[-1].role == "assistant":
            # Few servers go on from a beginning of the answer; most would answer beside it. What would end the rest of
            # an answer would cut a whole one short.
            messages.pop()
            request = replace(request, stop=())
        return {
            "model": self._server.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "stream": True,
            **dialect.arguments(request),
        }

    def _completion(self, request: Request, answer: Answer) -> Completion:
        text = "".join(answer.pieces)
        if answer.finish == "content_filter":
            raise AnswerRefused("the server's content filter stopped the answer", hint="word the request differently")
        if not text.strip() and answer.finish != "length":
            raise EmptyAnswer("the model answered with nothing", hint=RESUME)
        finish: Literal["stop", "length"] = "length" if answer.finish == "length" else "stop"
        return Completion(text=text, finish=finish, cost=self._cost(request, answer, text), model=answer.model)

    def _cost(self, request: Request, answer: Answer, text: str) -> Cost:
        prompt = _count(answer.usage.get("prompt_tokens")) or estimate_request(request)
        completion = _count(answer.usage.get("completion_tokens")) or estimate(text)
        told, price = answer.usage.get("cost"), self._server.price
        if isinstance(told, int | float) and not isinstance(told, bool) and told >= 0:
            return Cost(prompt_tokens=prompt, completion_tokens=completion, money=float(told))
        if price is None:
            return Cost(prompt_tokens=prompt, completion_tokens=completion)
        money = price.of(prompt, completion)
        return Cost(prompt_tokens=prompt, completion_tokens=completion, money=money, currency=price.currency)

    @contextlib.contextmanager
    def _client(self, left: float, call: Call) -> Iterator[openai.OpenAI]:
        import httpx2
        import openai

        left = max(left, 0.1)
        timeout = httpx2.Timeout(left, connect=min(CONNECT_S, left))
        hooks = {"response": [_bounded]}
        headers = {"Accept-Encoding": "identity"}
        with httpx2.Client(timeout=timeout, event_hooks=hooks, headers=headers, follow_redirects=False) as http:
            call.close = http.close
            yield openai.OpenAI(
                base_url=self._server.base_url,
                api_key=self._server.key or "not-needed",
                http_client=http,
                max_retries=0,
                timeout=timeout,
                default_headers=headers,
            )


def _names(value: Any) -> tuple[str, ...]:
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list):
        raise NotAnApi("the server has no list of models", hint=BASE_URL)
    return tuple(sorted(str(item["id"]) for item in data if isinstance(item, dict) and "id" in item))


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _bounded(response: httpx2.Response) -> None:
    """Look at the head of a response before its body: no pages, no redirects, no compression, no endless body."""
    from selfmod.models.wire import Counted

    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotAnApi("the server compresses what it was asked not to", hint=BASE_URL)
    if response.is_redirect:
        where = shortened(response.headers.get("location", ""))
        raise NotAnApi(f"the server redirects to {where}; nothing was sent there", hint=BASE_URL)
    response.stream = Counted(response.stream)
    if response.is_success and kind in {"text/html", "application/xhtml+xml"}:
        raise NotAnApi(f"{response.request.url} answers with a web page, not as an API", hint=BASE_URL)
    if response.is_success and kind == "application/json":
        raise Whole(response.read())


@contextlib.contextmanager
def _translated(server: Server, answer: Answer | None = None) -> Iterator[None]:
    """Turn what the library and the network raise into errors of ours; what is ours already passes."""
    import httpx2
    import openai

    try:
        yield
    except (ModelError, Whole):
        raise
    except openai.APIStatusError as error:
        raise _status(error, server) from error
    except (openai.APITimeoutError, httpx2.TimeoutException) as error:
        raise _slow(error, server) from error
    except (json.JSONDecodeError, openai.APIResponseValidationError, UnicodeDecodeError) as error:
        raise InvalidJson("the server's answer is not valid JSON", hint=BASE_URL) from error
    except UnicodeError as error:
        raise _unknown_host(server) from error
    except (openai.APIConnectionError, httpx2.HTTPError) as error:
        raise _network(error, server, started=bool(answer and answer.pieces)) from error
    except (openai.OpenAIError, httpx2.InvalidURL, ValueError) as error:
        raise ServerFailed(f"the server reports: {shortened(error)}", hint=RESUME) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _unknown_host(server: Server) -> ModelError:
    return HostUnknown(f"the host of {server.base_url} does not resolve", hint="check its name and the network")


def _slow(error: Exception, server: Server) -> ModelError:
    import httpx2

    if any(isinstance(cause, httpx2.ConnectTimeout) for cause in _chain(error)):
        return HostUnreachable(f"{server.base_url} did not accept a connection in time", hint=BASE_URL)
    return AnswerTimedOut("the model did not finish its answer in time", hint=RESUME)


def _network(error: Exception, server: Server, *, started: bool) -> ModelError:
    import httpx2

    causes = list(_chain(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _unknown_host(server)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return HostRefused(f"nothing answers at {server.base_url}", hint="is the server running? check the base URL")
    if any(isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError) for cause in causes):
        return StreamCut("the connection ended in the middle of the answer", hint=RESUME, started=started)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return HostUnreachable(f"no secure connection to {server.base_url}: {shortened(causes[-1])}", hint=BASE_URL)
    return HostUnreachable(f"cannot reach {server.base_url}: {shortened(causes[-1])}", hint="check the network")


def _status(error: openai.APIStatusError, server: Server) -> ModelError:
    status, text = error.status_code, _told(error, server)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = _retry_after(error.response.headers.get("retry-after", ""))
        return RateLimited(f"too many requests: {text}", hint=RESUME, after_s=after)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Unauthorised(
            f"the server does not accept the key ({status}): {text}", hint=_KEY.get(server.provider, "")
        )
    if status == HTTPStatus.NOT_FOUND and "model" not in text.lower():
        return NotAnApi(f"there is no such address at {server.base_url} (404): {text}", hint=BASE_URL)
    if status == HTTPStatus.NOT_FOUND:
        return UnknownModel(f"the server knows no model {server.model!r}: {text}", hint="see: ratchet model list")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not about_format(text):
        return ServerFailed(f"the server failed ({status}): {text}", hint=RESUME, id=str(status))
    return RequestRefused(f"the server does not accept the request ({status}): {text}", _REFUSED, str(status))


_SILENT: Final = "its log may say why; a question longer than its context often ends like this"
_REFUSED: Final = "a shorter request, or another model, may do"
_KEY: Final = {
    "openai": "set OPENAI_API_KEY to a key of this server",
    "volcengine": "set ARK_API_KEY to a key of Volcengine Ark",
}


def _told(error: openai.APIStatusError, server: Server) -> str:
    """What the server said, short; some servers repeat the key, which must not get into a text of ours."""
    body = error.body if isinstance(error.body, dict) else {}
    text = shortened(body.get("message") or body.get("detail") or error.message)
    return text.replace(server.key, "[key]") if server.key else text


def _retry_after(text: str) -> float | None:
    """The wait that a header names in seconds or as a date; None where it names none that makes sense."""
    try:
        return max(0.0, float(text)) if math.isfinite(float(text)) else None
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, when.timestamp() - time.time())
