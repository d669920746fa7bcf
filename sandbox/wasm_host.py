"""The process that holds one WebAssembly interpreter: frames on a channel outside, calls of the guest inside.

It runs apart from Ratchet, so that a fault of the runtime, its memory and its time are bounded like any worker's.
Started by `sandbox.wasm` as `main` (serve) or `build` (make the snapshot).
"""

from __future__ import annotations

import json
import os
import resource
import socket
from typing import Any, Final, NoReturn

from sandbox import answers
from sandbox.protocol import Channel, Closed, pack, pack_message

_HOST_FRAME: Final = 1 << 28
# The interpreter's own memory, which a program cannot be blamed for.
_INTERPRETER_MB: Final = 14
_TRAPPED: Final = 70
_IMPORTS: Final = ("sandbox.language", "sandbox.language.transformer", "sandbox.wasm_guest", "asyncio")


def build(site: str, snapshot: str, more: list[str]) -> None:
    """Make the snapshot that workers start from: the guest's modules, imported."""
    import eryx

    eryx.SandboxFactory(site_packages=site, imports=[*more, *_IMPORTS]).save(snapshot)


def main(descriptor: int, site: str, snapshot: str) -> NoReturn:
    """Serve one host on a socket given by descriptor."""
    import eryx

    os.environ.clear()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    channel = Channel(socket.socket(fileno=descriptor), _HOST_FRAME)
    setup: Any = channel.receive()
    limits = setup["limits"]
    factory = eryx.SandboxFactory.load(snapshot, site_packages=site)
    session = factory.create_session(
        resource_limits=eryx.ResourceLimits(
            execution_timeout_ms=None,  # the host watches the clock
            max_memory_bytes=(limits["memory_mb"] + _INTERPRETER_MB) << 20,
            max_vfs_bytes=limits["disk_mb"] << 20,
        ),
        on_stdout=_print,
        on_stderr=_print,
    )
    session.execute(f"import sandbox.wasm_guest as _guest\n_guest.prepare({json.dumps(setup['files'])!r})")
    channel.send({"ready": True})
    _serve(session, channel, limits["output_kb"] * 1024, (eryx.EryxError, eryx.TimeoutError))


def _serve(session: Any, channel: Channel, output: int, errors: tuple[type[Exception], ...]) -> NoReturn:
    while True:
        try:
            request = channel.receive()
        except Closed:
            os._exit(0)
        message = json.dumps([request["kind"], request["body"]])
        code = f"import sandbox.wasm_guest as _guest\nresult = await _guest.handle({message!r})"
        try:
            reply = json.loads(session.execute(code).result)
        except errors as problem:  # a trap: the interpreter inside has died
            _print(str(problem)[:4000].encode())
            os._exit(_TRAPPED)
        except (TypeError, ValueError):
            os._exit(_TRAPPED)
        channel.send_packed(_packed(str(request["id"]), reply, output))


def _packed(request: str, reply: object, limit: int) -> bytes:
    """Pack what the guest replied, which may be anything."""
    match reply:
        case [str(kind), body]:
            packed = pack({"id": request, "kind": kind, "body": body})
            return packed if len(packed) <= limit else pack_message(request, answers.too_large())
        case _:
            return pack({})


def _print(data: bytes) -> None:
    os.write(2, data)
