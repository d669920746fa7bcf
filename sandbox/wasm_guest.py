"""Inside WebAssembly: answers one request after another. Part of the snapshot that every wasm worker starts from.

There is no channel in here: the host runs `handle` and takes what it returns. There is no outside either.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import random
import sys
from types import ModuleType
from typing import NoReturn

from sandbox import answers, places

# The one writable folder that the runtime bounds in size.
_FOLDER = "/data"


class _Missing:
    """The first thing of the outside that the running request asked for."""

    op = ""


def prepare(text: str) -> None:
    """Put the files of the program in place, from the JSON of a setup frame."""
    random.seed()  # else all have the state that the snapshot was made with
    files = json.loads(text)
    os.chdir(_FOLDER)
    setattr(places, "PLUGIN", f"{_FOLDER}/plugin")  # noqa: B010 (they are constants everywhere else)
    setattr(places, "WORK", _FOLDER)  # noqa: B010
    for path, content in files.items():
        target = f"{_FOLDER}/plugin/{path}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(base64.b64decode(content))


async def handle(text: str) -> str:
    """Answer the JSON of a request with the JSON of a reply."""
    _Missing.op = ""
    try:
        reply = answers.completed(await answers.settled(answers.begin(*json.loads(text))))
    except BaseException as problem:  # noqa: BLE001 (whatever the program raises is its answer; no Ctrl-C comes here)
        reply = answers.describe(problem)
    if _Missing.op:
        reply = "unreachable", _Missing.op[:64]
    return json.dumps(reply)


def _ask(op: str, argument: object = None) -> NoReturn:
    del argument
    _Missing.op = _Missing.op or op
    raise answers.CapabilityDenied("nothing of the outside is reachable at the level wasm")


def install() -> None:
    """Stand in for what programs and the SDK look for in a worker."""
    answers.LIMIT_OF_ERRNO[errno.EIO] = "disk_mb"  # how the runtime says that the folder is full
    worker = ModuleType("sandbox.worker")
    vars(worker).update(ask=_ask, CapabilityDenied=answers.CapabilityDenied)
    sys.modules["sandbox.worker"] = worker
    if "plugins.sdk" in sys.modules:
        sys.modules["sdk"] = sys.modules["plugins.sdk"]


install()
