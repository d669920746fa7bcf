"""Runs hostile programs, with and without a sandbox, and sees from outside whether they reached anything.

A program is a file in `programs/` with:

    ORIGIN   where the technique comes from
    SEEN     how success would be seen: one of `SEEN` below
    attack(target) -> object

and, where it differs from the default, LANGUAGE ("dialect" puts it under the language policy), CONTROL ("namespace"
gives the control the capabilities of a user namespace of its own, "root" means that it needs root to bite),
SETTING, WASM and LIMITS.

As a script, `python runner.py ROOT PROGRAMS LEVEL` prints what succeeded, as JSON, or why the level is not there; it
needs nothing but the standard library, so that an ordinary user can run it with any interpreter.
"""

from __future__ import annotations

import ast
import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SEEN = ("secret", "written", "connected", "killed", "claimed", "large", "outlives")
MARK = "ratchet-attack"
PROGRAMS = Path(__file__).with_name("programs")


@dataclass(frozen=True, kw_only=True)
class Attack:
    name: str
    source: bytes
    origin: str
    seen: str
    language: str = "plain"
    control: str = "bare"
    setting: str = ""  # the setting by which a hardened machine refuses this without any sandbox
    wasm: str = "same"  # "other": what it goes for does not exist, or is harmless, inside WebAssembly
    limits: tuple[tuple[str, int], ...] = ()


def load(path: Path) -> Attack:
    """Read the facts of a program without running it."""
    source = path.read_bytes()
    facts = {"LANGUAGE": "plain", "CONTROL": "bare", "WASM": "same", "SETTING": "", "LIMITS": {}}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            with suppress(ValueError):
                facts[node.targets[0].id] = ast.literal_eval(node.value)
    return Attack(
        name=path.stem,
        source=source,
        origin=facts["ORIGIN"],
        seen=facts["SEEN"],
        language=facts["LANGUAGE"],
        control=facts["CONTROL"],
        wasm=facts["WASM"],
        setting=facts["SETTING"],
        limits=tuple(facts["LIMITS"].items()),
    )


def attacks(folder: Path = PROGRAMS) -> list[Attack]:
    return [load(path) for path in sorted(folder.glob("*.py"))]


@dataclass(kw_only=True)
class Targets:
    """Real things of the host that an attack may go for, all made for it."""

    folder: Path
    secret: str
    listeners: list[socket.socket]
    victim: subprocess.Popen
    abstract: str

    def describe(self) -> dict[str, object]:
        return {
            "secret_file": str(self.folder / "secret"),
            "folder": str(self.folder / "open"),
            "port": self.listeners[0].getsockname()[1],
            "udp_port": self.listeners[3].getsockname()[1],
            "unix": str(self.folder / "socket"),
            "abstract": self.abstract,
            "pid": self.victim.pid,
            "host_pid": os.getpid(),
            "python": sys.executable,
        }

    def seen(self, kind: str, value: object) -> bool:
        """Tell whether an attack reached what it went for; clears what it left."""
        match kind:
            case "secret":
                return self.secret in str(value)
            case "written":
                found = list((self.folder / "open").iterdir())
                for path in found:
                    path.unlink()
                return bool(found)
            case "connected":
                return any(list(map(_accepted, self.listeners)))
            case "killed":
                with suppress(subprocess.TimeoutExpired):
                    self.victim.wait(0.05)
                dead = self.victim.poll() is not None
                if dead:
                    self.victim.stdin.close()
                    self.victim = _victim()
                return dead
            case "outlives":
                return bool(_kill_marked())
            case "large":
                return len(str(value)) > 2_000_000
            case _:
                return value is True


def _victim() -> subprocess.Popen:
    code = "import sys; sys.stdin.read()"
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE)


def _accepted(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            return bool(listener.recv(10))
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _kill_marked() -> list[int]:
    """Find and end what calls itself by the mark."""
    found = []
    for entry in os.listdir("/proc"):
        with suppress(OSError, ValueError):
            if Path(f"/proc/{int(entry)}/comm").read_text(encoding="utf-8").strip() == MARK:
                found.append(int(entry))
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


@contextmanager
def targets():
    with tempfile.TemporaryDirectory() as name:
        folder, secret = Path(name), secrets.token_hex(16)
        abstract = "ratchet-" + secrets.token_hex(4)
        folder.chmod(0o755)
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        (folder / "secret").write_text(secret, encoding="ascii")
        listeners = [socket.create_server(("127.0.0.1", 0))]
        for address in (str(folder / "socket"), "\0" + abstract):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
            listeners.append(listener)
        (folder / "socket").chmod(0o777)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 0))
        listeners.append(datagrams)
        for listener in listeners:
            listener.setblocking(False)
        made = Targets(folder=folder, secret=secret, listeners=listeners, victim=_victim(), abstract=abstract)
        try:
            yield made
        finally:
            made.victim.kill()
            made.victim.wait()
            made.victim.stdin.close()
            for listener in listeners:
                listener.close()


BARE = """
import base64, json, os, select, signal, sys, tempfile
sys.path.insert(0, sys.argv[1])

def enter():
    from sandbox import syscalls
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWUTS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open("/proc/self/" + name, "w") as stream:
            stream.write(text)

def run(task, answer):
    if task["control"] == "namespace":
        enter()
    names = {"__name__": "plugin"}
    exec(compile(base64.b64decode(task["source"]), "plugin.py", "exec", dont_inherit=True), names)
    value = names["attack"](task["target"])
    os.write(answer, json.dumps(True if value is True else str(value)).encode()[:4_000_000])

for line in sys.stdin:
    task = json.loads(line)
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.chdir(folder)
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            try:
                run(task, writer)
            finally:
                os._exit(0)
        os.close(writer)
        parts = []
        while select.select([reader], [], [], 30)[0] and (part := os.read(reader, 65536)):
            parts.append(part)
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(b"".join(parts).decode() or "null", flush=True)
"""


class Bare:
    """Runs attacks in ordinary processes: the positive control. It leaks what a careless host would leak."""

    def __init__(self, root: Path, made: Targets) -> None:
        self._made = made
        self._leaks = [os.open("/", os.O_RDONLY | os.O_DIRECTORY), socket.socket().detach()]
        for descriptor in self._leaks:
            os.set_inheritable(descriptor, True)  # the host under test holds them too, just as carelessly
        self._process = subprocess.Popen(
            [sys.executable, "-c", BARE, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PATH": os.defpath, "ATTACK_SECRET": made.secret},
            pass_fds=self._leaks,
        )

    def succeeds(self, attack: Attack) -> bool:
        """Tell whether an attack reaches what it goes for where there is no sandbox."""
        source = base64.b64encode(attack.source).decode()
        task = {"source": source, "control": attack.control, "target": self._made.describe()}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return self._made.seen(attack.seen, json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        for descriptor in self._leaks:
            os.close(descriptor)


def succeeds_inside(attack: Attack, made: Targets, sandbox, level: str) -> tuple[bool, str]:
    """Run an attack in a sandbox; return whether it reached anything, and how it ended."""
    from sandbox import Completed, Limits, Policy, Program
    from sandbox.outcome import NAMES

    limits = Limits(
        **{"wall_s": 10.0, "cpu_s": 2, "memory_mb": 100, "disk_mb": 20, "inodes": 500, **dict(attack.limits)}
    )
    program = Program(files={"plugin.py": attack.source}, language=attack.language)
    os.environ["ATTACK_SECRET"] = made.secret
    try:
        with sandbox.open(program, policy=Policy(), limits=limits, level=level) as session:
            outcome = session.call("attack", (made.describe(),))
    finally:
        del os.environ["ATTACK_SECRET"]
    value = outcome.value if isinstance(outcome, Completed) else repr(outcome)
    return made.seen(attack.seen, value), NAMES[type(outcome)]


def main(root: str, programs: str, level: str) -> None:
    sys.path.insert(0, root)
    from sandbox import Sandbox, SandboxUnavailable

    with Sandbox(preload={"plain": ()}) as sandbox, targets() as made:
        try:
            sandbox.require(level)
        except SandboxUnavailable as problem:
            print(json.dumps(str(problem)))
            return
        found = {}
        for attack in attacks(Path(programs)):
            if attack.language == "plain":
                found[attack.name] = succeeds_inside(attack, made, sandbox, level)
        print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
