"""The process that holds a GGUF model: started with an empty environment, it knows no secret and asks for nothing.

It speaks JSON lines: one request per line in, events out. It ends when its input ends, also in the middle of an answer.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import queue
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

MAX_LINE: Final = 4 * 2**20


class Refused(Exception):
    """A request that cannot be done; its text goes back."""


class Worker:
    """One model, and the requests about it, one after the other."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._model: Any = None

    def serve(self, requests: Iterator[Mapping[str, Any]]) -> None:
        """Answer every request; what fails is told, and the next one is read."""
        for request in requests:
            try:
                self._answer(request)
            except (Refused, OSError, ValueError, KeyError, TypeError, RuntimeError, MemoryError) as error:
                self._tell({"error": f"{type(error).__name__}: {error}"[:2000]})

    def _answer(self, request: Mapping[str, Any]) -> None:
        if request["op"] == "load":
            self._load(Path(request["path"]), request["sha256"], request["context"], request["threads"])
            self._tell({"loaded": True})
        elif request["op"] == "complete":
            self._complete(request)
        else:
            raise Refused("no such request")

    def _load(self, path: Path, sha256: str, context: int, threads: int) -> None:
        if sha256 and _sha256(path) != sha256:
            raise Refused(f"{path.name} is not the file it should be: its sha256 differs")
        self._model = _library("llama_cpp").Llama(
            str(path), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False, seed=0
        )

    def _complete(self, request: Mapping[str, Any]) -> None:
        tokens = self._tokens(request["messages"])
        room = self._model.n_ctx() - len(tokens)
        if room <= 0:
            raise Refused(f"the question has {len(tokens)} tokens, the model holds {self._model.n_ctx()}")
        pieces = self._model.create_completion(
            tokens,
            max_tokens=min(request["max_tokens"], room),
            temperature=request["temperature"],
            seed=request["seed"],
            stop=[*request["stop"], self._special("eos")],
            grammar=_grammar(request["schema"]),
            stream=True,
        )
        finish, count = "length", 0
        for piece in pieces:
            choice = piece["choices"][0]
            count += 1
            if choice["text"]:
                self._tell({"text": choice["text"]})
            finish = choice["finish_reason"] or finish
        self._tell({"done": finish, "prompt_tokens": len(tokens), "completion_tokens": count})

    def _tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """The question in the model's own template; a last message of the assistant is left open, to be continued."""
        begun = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
        said = list(messages[:-1] if begun else messages)
        template = self._model.metadata.get("tokenizer.chat_template")
        if not template:
            raise Refused("these weights carry no chat template")
        formatter = _library("llama_cpp.llama_chat_format").Jinja2ChatFormatter(
            template, eos_token=self._special("eos"), bos_token=self._special("bos")
        )
        prompt = formatter(messages=said).prompt + begun
        tokens: list[int] = self._model.tokenize(prompt.encode(), add_bos=False, special=True)
        return tokens

    def _special(self, name: str) -> str:
        token = self._model.token_eos() if name == "eos" else self._model.token_bos()
        text: str = self._model.detokenize([token], special=True).decode("utf-8", "replace")
        return text

    def _tell(self, event: Mapping[str, Any]) -> None:
        self._out.write(json.dumps(event, ensure_ascii=True).encode() + b"\n")
        self._out.flush()


def _grammar(schema: str) -> Any:
    if not schema:
        return None
    return _library("llama_cpp").LlamaGrammar.from_json_schema(schema, verbose=False)


def _library(name: str) -> Any:
    """The runtime, which is not there on every machine and says little about its types where it is."""
    return importlib.import_module(name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _requests(lines: queue.SimpleQueue[bytes]) -> Iterator[Mapping[str, Any]]:
    while True:
        yield json.loads(lines.get())


def _read(stream: BinaryIO, lines: queue.SimpleQueue[bytes]) -> None:
    """Read lines until the other side is gone, and then end the process, whatever it is doing."""
    while line := stream.readline(MAX_LINE):
        lines.put(line)
    os._exit(0)


def main() -> None:
    """Serve on the standard streams; whatever a library prints goes nowhere near the protocol."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, lines), daemon=True).start()
    Worker(out).serve(_requests(lines))


if __name__ == "__main__":
    main()
