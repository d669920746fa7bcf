"""Git as a process: what is run, with which environment and settings, so that a repository cannot steer it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import weakref
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

from plugins.errors import RepositoryError
from plugins.lock import held_descriptors
from plugins.objects import GitObject, Kind

# Every setting that makes one of the commands used here run a program, reach the network or believe a cached answer.
_CLOSED = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.commitGraph=false",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.editor=false",
    "core.sshCommand=false",
    "core.gitProxy=false",
    "core.alternateRefsCommand=false",
    "core.quotePath=false",
    "credential.helper=",
    "diff.external=",
    "log.showSignature=false",
    "log.mailmap=false",
    "gpg.program=false",
    "gpg.ssh.program=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.graftFileDeprecated=false",  # said whenever grafts are pointed elsewhere, as they are below
    "protocol.allow=never",
)
_CLOSED_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "false",
    "GIT_COMMITTER_NAME": "ratchet",
    "GIT_COMMITTER_EMAIL": "ratchet@localhost",
}
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH")
PERSONS_CONFIG = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_KINDS: Mapping[bytes, Kind] = {b"commit": "commit", b"tree": "tree", b"blob": "blob"}
_GIT_TIMEOUT_S = 120
_AT_ONCE = 100


class Reader:
    """One `git cat-file --batch`: many reads for one process. It dies with the object that owns it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.close = weakref.finalize(self, _end, self._process, self.owner)

    def get(self, name: str) -> GitObject | None:
        """The object with an id, or that a ref points to now; None where there is none."""
        return self.get_all([name])[0]

    def get_all(self, names: Sequence[str]) -> list[GitObject | None]:
        """Several objects; their names are written at once, few enough for a pipe to hold."""
        given, taken = self._process.stdin, self._process.stdout
        assert given is not None
        assert taken is not None
        found = []
        with self._lock:
            try:
                for at in range(0, len(names), _AT_ONCE):
                    some = names[at : at + _AT_ONCE]
                    given.write("".join(f"{name}\n" for name in some).encode())
                    given.flush()
                    found += [_read_object(taken) for _ in some]
            except OSError as error:
                raise RepositoryError("git stopped while objects were read") from error
        return found


def _read_object(stream: IO[bytes]) -> GitObject | None:
    head = stream.readline().split()
    if len(head) != 3 or head[1] not in _KINDS:
        return None
    content = stream.read(int(head[2]) + 1)[:-1]
    return GitObject(kind=_KINDS[head[1]], content=content, id=head[0].decode())


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    if owner == os.getpid():
        process.wait()
    else:
        process.returncode = 0  # a fork's copy: the process is the parent's to wait for


@lru_cache(maxsize=1)
def git_program() -> str:
    """The path of git, never one from a relative entry of PATH."""
    path = os.pathsep.join(
        part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part.startswith("/")
    )
    found = shutil.which("git", path=path)
    if not found:
        raise RepositoryError("git is not installed", hint="install git 2.34 or newer")
    return found


def settings() -> list[str]:
    """The arguments that close every setting above, whatever the repository says."""
    return [part for setting in _CLOSED for part in ("-c", setting)]


def environment() -> dict[str, str]:
    """What git needs of the person's environment, and what keeps it closed: no key of a model server, nothing else."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | _CLOSED_ENVIRONMENT


def run(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, given: bytes = b"") -> bytes:
    """Run git and return its output. Its own session keeps an interrupt at the terminal from it."""
    try:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, pass_fds=held_descriptors(),
        )  # fmt: skip
    except OSError as error:
        raise RepositoryError(f"git cannot be run: {error}") from error
    out, said = _conversation(process, given)
    if process.returncode:
        raise RepositoryError(f"git: {said.decode(errors='replace').strip() or f'exit code {process.returncode}'}")
    return out


def _conversation(process: subprocess.Popen[bytes], given: bytes) -> tuple[bytes, bytes]:
    """What git says to `given`. A wait with a time-out polls, a millisecond each time; a timer does not.

    Git is ended so that it takes its locks away, and an interrupt waits for it: what it does is done or not done.
    """
    watchdog = threading.Timer(_GIT_TIMEOUT_S, process.terminate)
    watchdog.daemon = True
    watchdog.start()
    try:
        return process.communicate(given)
    except BaseException:  # an interrupt, which waits for git (above) and goes on
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()
        raise
    finally:
        watchdog.cancel()
        watchdog.join()
