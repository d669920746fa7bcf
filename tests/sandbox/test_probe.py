from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sandbox import Completed, Policy, Program, Raised, Sandbox, SandboxUnavailable
from sandbox.container import ContainerLevel
from sandbox.limits import Limits
from sandbox.probe import CANARIES, LevelProbe, Probe, ProbeCache, probe_level

ATTACKS = {"read", "write", "browse", "connect", "fork", "signal", "execute"}


class Bare:
    """A session without any sandbox: each call runs in an ordinary process."""

    def __init__(self, source=None):
        self.source = source or CANARIES.read_text(encoding="utf-8")

    def call(self, function, arguments=()):
        code = f"{self.source}\nimport json, sys\nprint(json.dumps({function}(*json.loads(sys.argv[1]))))"
        ran = subprocess.run(
            [sys.executable, "-I", "-c", code, json.dumps(arguments)], capture_output=True, text=True, timeout=30
        )
        if function == "execute" and ran.returncode == 0 and not ran.stdout:
            return Completed(value="")  # it did become another program
        return Completed(value=json.loads(ran.stdout)) if ran.returncode == 0 else Raised(kind="x", message=ran.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return None


def test_every_canary_is_stopped_here_and_the_layer_named(box):
    found = box.probe(fresh=True).levels["process"]
    assert found.available and not found.why
    assert {name.removeprefix("canary ") for name in found.layers if name.startswith("canary")} == ATTACKS
    assert all("stopped by the level" not in text for text in found.layers.values())
    assert {"namespaces", "seccomp"} <= set(found.layers)


def test_without_a_sandbox_every_canary_bites(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = probe_level(Bare, lambda: {"landlock": "claimed"}, tuple)
    assert not found.available
    for name in ATTACKS:
        assert f"the canary {name!r} was not stopped" in found.why


def test_a_level_where_nothing_works_is_not_available():
    found = probe_level(lambda: Bare("def benign(a, b):\n    return 0\n"), dict, tuple)
    assert not found.available and "a harmless program does not work" in found.why


def test_a_level_that_cannot_start_says_which_layer_and_what_to_do():
    def refuse():
        raise SandboxUnavailable("process", "user namespace", "Allow them.", "EPERM")

    found = probe_level(refuse, dict, tuple)
    assert not found.available and found.layers == {"user namespace": "EPERM"} and "Allow them." in found.why


def test_a_runtime_that_is_not_installed_has_not_failed(monkeypatch):
    monkeypatch.setitem(sys.modules, "eryx", None)
    with Sandbox() as sandbox:
        with pytest.raises(SandboxUnavailable, match=r"pyeryx is not installed\. Install"):
            sandbox.require("wasm")
        assert sandbox.probe().levels["wasm"].layers == {"pyeryx": "is not installed"}


def test_what_was_found_is_kept_while_kernel_and_version_stay(tmp_path):
    found = LevelProbe(available=True, layers={"seccomp": "x"}, notes=("n",))
    ProbeCache(tmp_path).put("process", found, traits="a")
    assert ProbeCache(tmp_path).get("process", traits="a") == found
    assert ProbeCache(tmp_path).get("process", traits="b") is None
    assert ProbeCache(tmp_path).get("wasm", traits="a") is None
    kept = tmp_path / "probe.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace('"key": "', '"key": "another kernel'), encoding="utf-8")
    assert ProbeCache(tmp_path).get("process", traits="a") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"process": 1}', '{"process": {"key": 1, "found": []}}'])
def test_a_damaged_cache_is_as_good_as_none(tmp_path, text):
    (tmp_path / "probe.json").write_text(text, encoding="utf-8")
    assert ProbeCache(tmp_path).get("process", traits="") is None


def test_failure_is_not_kept(tmp_path):
    ProbeCache(tmp_path).put("process", LevelProbe(available=False), traits="")
    assert not list(tmp_path.iterdir())


def test_a_sandbox_uses_its_cache_and_a_fresh_probe_does_not(tmp_path):
    with Sandbox(work=tmp_path) as sandbox:
        sandbox.require()
        assert sandbox.servers()
    with Sandbox(work=tmp_path) as sandbox:
        sandbox.require()
        assert not sandbox.servers()
        sandbox.probe(fresh=True)
        assert sandbox.servers()


def test_another_runtime_is_probed_anew(tmp_path, monkeypatch):
    runtime = tmp_path / "crun"
    runtime.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    runtime.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    level = ContainerLevel(())
    before = level.traits()
    assert level.traits() == before
    runtime.write_text("#!/bin/sh\nexit 12\n", encoding="ascii")
    assert level.traits() != before
    kept = LevelProbe(available=True)
    with Sandbox(work=tmp_path / "work") as sandbox:
        ProbeCache(tmp_path / "work").put("container", kept, traits=f"False {level.traits()}")
        assert sandbox.probe().levels["container"] == kept
        runtime.write_text("#!/bin/sh\nexit 123\n", encoding="ascii")
        assert not sandbox.probe().levels["container"].available


def test_a_level_that_does_not_exist_is_refused(box):
    with pytest.raises(SandboxUnavailable):
        box.open(Program(files={"plugin.py": b""}), policy=Policy(), limits=Limits(), level="none")


def test_a_probe_reads_well_and_hides_control_characters():
    probe = Probe(levels={"process": LevelProbe(available=False, why="bad \x1b[31m thing", notes=("n",))})
    assert str(probe) == "process: not available\n  bad \\u{001B}[31m thing\n  note: n"


def test_a_preload_that_cannot_be_imported_is_said_by_name():
    with Sandbox(preload={"plain": ("no_such_module_here",)}) as sandbox, pytest.raises(SandboxUnavailable) as caught:
        sandbox.open(Program(files={"plugin.py": b""}), policy=Policy(), limits=Limits())
    assert caught.value.layer == "preload" and "no_such_module_here" in str(caught.value)


def test_a_missing_library_behind_a_preloaded_module_is_said_by_name_and_once():
    preload = {"plain": ("tests.sandbox.no_library", "sandbox.language")}
    with Sandbox(preload=preload) as sandbox, pytest.raises(SandboxUnavailable) as caught:
        sandbox.open(Program(files={"plugin.py": b""}), policy=Policy(), limits=Limits())
    assert caught.value.layer == "preload"
    said = str(caught.value)
    assert said.count("sandbox.language: ModuleNotFoundError") == 1 and "RestrictedPython" in said
    assert "Traceback" not in said and said.count("Install Ratchet again") == 1


def test_what_stops_a_fork_server_is_said_where_the_server_is_needed_and_not_before():
    with Sandbox(preload={"plain": ("no_such_module_here",)}) as sandbox:
        sandbox.warm([("plain", None)])
        for _ in range(2):
            with pytest.raises(SandboxUnavailable) as caught:
                sandbox.open(Program(files={"plugin.py": b""}), policy=Policy(), limits=Limits())
            assert caught.value.layer == "preload"
