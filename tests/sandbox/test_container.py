"""What is particular to the runtimes of the level container; what all levels share is in `test_levels`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox import Completed, LimitExceeded, Limits, SandboxUnavailable, TimedOut
from sandbox.container import ContainerLevel
from sandbox.link import setup_frame
from sandbox.outside.base import Closed
from sandbox.places import PLUGIN

SOURCE = Path(__file__).with_name("programs.py").read_bytes()
RUNTIMES = ("crun", "podman", "runsc")


@pytest.fixture(scope="module", params=RUNTIMES)
def level(request):
    opened = ContainerLevel((), (request.param,))
    yield opened
    opened.close()


@pytest.fixture
def start(level):
    links = []

    def start_worker(**limits):
        setup = setup_frame({"plugin.py": SOURCE}, PLUGIN, allow_missing_landlock=False)
        try:
            links.append(level.start("plain", None, Limits(**limits), setup))
        except SandboxUnavailable as problem:
            pytest.skip(str(problem))
        load = ("load", ["plugin.py", "plain"])
        assert isinstance(links[-1].converse(load, wall_s=30, outside=Closed()), Completed)
        return links[-1]

    yield start_worker
    for link in links:
        link.close()


def call(link, function, *args, wall_s=10.0):
    request = ("call", [function, list(args), {}])
    return link.converse(request, wall_s=wall_s, outside=Closed())


def processes(pid):
    return Path(f"/proc/{pid}").exists()


def test_each_runtime_bounds_bytes_and_inodes_and_takes_what_is_printed(start):
    link = start(disk_mb=4, inodes=20, output_kb=64)
    assert call(link, "add", 1, 2).value == 3
    assert isinstance(call(link, "write_out", 30_000), Completed)
    assert call(link, "write_file", "x", 9).limit == "disk_mb"
    assert call(link, "make_files", 40).limit == "inodes"
    outcome = call(link, "write_out", 300_000)
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "output_kb"


def test_the_end_of_a_worker_is_the_end_of_its_container(start):
    link = start()
    first = link._body.pid
    assert processes(first)
    assert isinstance(call(link, "spin", wall_s=0.3), TimedOut)
    assert not processes(first)


def test_nothing_of_a_runtime_tells_where_things_are(start):
    paths = ["/proc/self", "/proc/version", "/proc/1/exe", "/sys/class", "/sys/kernel", "/dev/random", "/dev/tty"]
    link = start()
    assert call(link, "present", paths).value == []
    assert call(link, "present", ["/dev/null", "/plugin/plugin.py"]).value == ["/dev/null", "/plugin/plugin.py"]


def left_by_runtimes():
    folders = (Path("/dev/shm"), Path("/run"), Path("/var/lib"), Path.home(), Path.home() / ".local/share")
    return {path for one in folders for word in ("pod", "crun", "runsc") for path in one.glob(f"*{word}*")}


def test_a_runtime_keeps_its_files_in_the_folder_that_goes_with_the_container(start):
    before = left_by_runtimes()
    link = start()
    folder = link._body.folder
    assert any(folder.iterdir())
    link.close()
    assert not folder.exists() and left_by_runtimes() == before


def test_descriptors_of_the_runtime_are_not_left_to_the_program(start):
    found = call(start(), "descriptors").value
    assert set(found) <= {0, 1, 2, 3}


def test_a_runtime_that_cannot_start_one_is_named_with_its_reason(tmp_path, monkeypatch):
    broken = tmp_path / "crun"
    broken.write_text("#!/bin/sh\necho no containers today >&2\nexit 1\n", encoding="ascii")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    opened = ContainerLevel((), ("crun",))
    with pytest.raises(SandboxUnavailable, match=r"crun: .*no containers today"):
        opened.start("plain", None, Limits(), setup_frame({}, PLUGIN, allow_missing_landlock=False))
    opened.close()


def test_without_a_runtime_the_level_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="crun"):
        ContainerLevel(()).layers()
