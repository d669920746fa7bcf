"""The model in a process of its own on this machine: free, without network, and killed when it does not behave."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal

from selfmod.models.base import Completion, Cost, Price, Request
from selfmod.models.errors import (
    RESUME,
    EmptyAnswer,
    EndlessAnswer,
    InvalidJson,
    ModelUnavailable,
    ServerFailed,
    shortened,
)
from selfmod.models.stream import Answer, Call, in_thread

MAX_LINE: Final = 2**20
CONTEXT: Final = 4096
SMALL_BYTES: Final = 1600 * 2**20  # of quantised weights: about three thousand million parameters
_CHARS_PER_TOKEN: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A GGUF file; `sha256` is what it must be, "" where the person chose the file."""

    path: Path
    sha256: str = ""
    name: str = "local"


class LocalModel:
    """A GGUF model behind a worker process, started with the first question and kept until `close`."""

    def __init__(self, weights: Weights, *, command: tuple[str, ...] = ()) -> None:
        self._weights = weights
        self._command = command or (sys.executable, "-I", "-m", "selfmod.models.local_worker")
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """The name that `open_model` knows it by."""
        return self._weights.name

    @property
    def small(self) -> bool:
        """Whether it is asked for one function only: by the size of its weights."""
        try:
            return self._weights.path.stat().st_size < SMALL_BYTES
        except OSError:
            return True

    def price(self) -> Price | None:
        """Nothing."""
        return Price(prompt=0.0, completion=0.0)

    def complete(
        self,
        request: Request,
        *,
        deadline_s: float,
        on_text: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Completion:
        """Answer within `deadline_s` (see `Model`). Where that fails, the worker is killed, and started anew."""
        call = Call(end=time.monotonic() + deadline_s, cancel=cancel, on_text=on_text)
        with self._turn:
            call.close = self._kill
            try:
                return in_thread(lambda call: self._ask(request, call), call)
            except BaseException:  # an interrupt, too: the rest of this answer would be read as the next one
                self._kill()
                raise

    def close(self) -> None:
        """End the worker."""
        self._kill()

    def _ask(self, request: Request, call: Call) -> Completion:
        process = self._running()
        _send(process, {"op": "complete", **asdict(request), "seed": request.seed if request.seed is not None else 0})
        answer = Answer()
        while True:
            event = _receive(process)
            if "text" in event:
                _take(str(event["text"]), answer, call, request.max_tokens * _CHARS_PER_TOKEN + 1000)
                continue
            if "done" not in event:
                raise InvalidJson("the model's process sent something else than an answer", hint=RESUME)
            text = "".join(answer.pieces)
            finish: Literal["stop", "length"] = "length" if event["done"] == "length" else "stop"
            if not text.strip() and finish == "stop":
                raise EmptyAnswer("the model answered with nothing", hint=RESUME)
            cost = Cost(
                prompt_tokens=_count(event, "prompt_tokens"),
                completion_tokens=_count(event, "completion_tokens"),
                money=0.0,
            )
            return Completion(text=text, finish=finish, cost=cost, model=self.name)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        if not self._weights.path.is_file():
            raise ModelUnavailable(f"there are no weights at {self._weights.path}", hint="see: ratchet model list")
        process = self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the one who waits, and ends this process through `_kill`
        )
        path = str(self._weights.path.resolve())
        _send(process, {"op": "load", "path": path, "sha256": self._weights.sha256, **_LOAD})
        if _receive(process) != {"loaded": True}:
            raise InvalidJson("the model's process sent something else than that it is ready", hint=RESUME)
        return process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # not reaped before the next line, so its number is still its own
        process.wait()
        for stream in (process.stdin, process.stdout):
            _close(stream)


# Its threads wait for each other by spinning: with one more than there are free cores, everything crawls.
_LOAD: Final[Mapping[str, Any]] = {"context": CONTEXT, "threads": max(1, min(8, len(os.sched_getaffinity(0)) - 1))}


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.close()


def _send(process: subprocess.Popen[bytes], request: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(request, ensure_ascii=True).encode() + b"\n")
        process.stdin.flush()
    except (OSError, ValueError) as error:
        raise ServerFailed("the model's process is gone", hint=RESUME) from error


def _receive(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    try:
        line = process.stdout.readline(MAX_LINE)
    except (OSError, ValueError) as error:
        raise ServerFailed("the model's process is gone", hint=RESUME) from error
    if not line:
        raise ServerFailed(f"the model's process ended (with {process.wait()})", hint=_WORKER)
    try:
        event = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidJson("the model's process broke its protocol", hint=RESUME) from error
    if not isinstance(event, dict):
        raise InvalidJson("the model's process broke its protocol", hint=RESUME)
    if "error" in event:
        raise ModelUnavailable(
            f"the local model cannot answer: {shortened(event['error'])}", hint="see: ratchet model test"
        )
    return event


_WORKER: Final = "is the runtime installed? see: ratchet model list"


def _take(text: str, answer: Answer, call: Call, most: int) -> None:
    answer.length += len(text)
    if answer.length > most:
        raise EndlessAnswer(f"the answer did not end after {answer.length} characters", hint=RESUME)
    answer.pieces.append(text)
    call.pieces.put(text)


def _count(event: Mapping[str, Any], name: str) -> int:
    value = event.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
