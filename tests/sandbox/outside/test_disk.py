"""Files of the person: what is granted, never through a link, never what cannot be granted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Limits, Policy
from sandbox.outside.base import Exceeded, Failed, Given, Refused
from sandbox.outside.decide import clean_path, never_grantable
from sandbox.outside.doubles import Doubles

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / "notes" / "deep").mkdir(parents=True)
    (folder / "out").mkdir()
    (folder / "notes" / "a.txt").write_text("hello")
    (folder / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def door(home, outside):
    return outside(Policy(read=("~/notes",), write=("~/out",)))


@pytest.fixture
def read(ask, door):
    return lambda path, **more: ask(
        more.pop("door", door), "files.read", path=path, **{"offset": 0, "size": 1000, **more}
    )


@pytest.fixture
def write(ask, door):
    return lambda path, data=b"x", **more: ask(
        more.pop("door", door), "files.write", path=path, data=data, **{"append": False, **more}
    )


def test_a_granted_file_is_read_whole_and_in_pieces(read, home):
    assert read("~/notes/a.txt") == Given(value={"data": b"hello", "end": True})
    assert read(f"{home}/notes/a.txt", offset=1, size=2) == Given(value={"data": b"el", "end": False})
    assert read("~/notes/./a.txt", offset=9) == Given(value={"data": b"", "end": True})


@pytest.mark.parametrize(
    "path", ["~/secret.txt", "~", "~/", "/etc/passwd", "/", "~/notes2/a.txt", "~/notesx", "/proc/self/environ"]
)
def test_what_is_not_granted_is_refused(path, read, home):
    answer = read(path)
    assert isinstance(answer, Refused) and answer.capability.startswith("read:")


@pytest.mark.parametrize(
    "path", ["notes/a.txt", "~/notes/../secret.txt", "~other/x", "", "a\0b", "~/notes/..", "x" * 5000, "../x"]
)
def test_odd_paths_are_errors(path, read):
    assert read(path).kind == "ValueError"


def test_a_refusal_names_the_capability_as_manifests_do(read, write):
    assert read("~/secret.txt").capability == "read:~/secret.txt"
    assert write("~/notes/a.txt").capability == "write:~/notes/a.txt"
    assert read("/etc/passwd").capability == "read:/etc/passwd"


def test_links_are_not_followed(read, write, home):
    (home / "notes" / "link").symlink_to(home / "secret.txt")
    (home / "notes" / "up").symlink_to(home)
    (home / "out" / "link").symlink_to(home / "secret.txt")
    os.link(home / "secret.txt", home / "notes" / "hard")
    for path in ("~/notes/link", "~/notes/up/secret.txt"):
        assert read(path) == Failed(kind="OSError", message="links are not followed")
    assert read("~/notes/hard").kind == "PermissionError"
    assert write("~/out/link").kind == "OSError"
    assert (home / "secret.txt").read_text() == "secret"


def test_a_link_that_the_person_granted_is_followed_once(home, outside, read, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.txt").write_text("b")
    (home / "linked").symlink_to(tmp_path / "elsewhere")
    door = outside(Policy(read=("~/linked",)))
    assert read("~/linked/b.txt", door=door).value["data"] == b"b"


def test_pipes_devices_and_folders_are_not_files(read, home):
    os.mkfifo(home / "notes" / "pipe")
    assert read("~/notes/pipe").kind == "PermissionError"
    assert read("~/notes/deep").kind == "IsADirectoryError"
    assert read("~/notes/missing").kind == "FileNotFoundError"


def test_names_are_listed_without_links(ask, door, home):
    (home / "notes" / "link").symlink_to("/etc")
    (home / "notes" / ".git").mkdir()
    assert ask(door, "files.list", path="~/notes") == Given(value=["a.txt", "deep/"])
    assert ask(door, "files.list", path="~").capability == "read:~"


def test_writing_makes_replaces_and_appends(write, read, home):
    assert write("~/out/new.txt", b"one") == Given()
    assert write("~/out/new.txt", b"2", append=True) == Given()
    assert (home / "out" / "new.txt").read_bytes() == b"one2"
    assert write("~/out/new.txt", b"z") == Given()
    assert read("~/out/new.txt").value["data"] == b"z"
    assert write("~/secret.txt").capability == "write:~/secret.txt"
    assert os.stat(home / "out" / "new.txt").st_mode & 0o777 & ~0o644 == 0


def test_folders_that_are_missing_on_the_way_are_made_for_the_person_alone(write, home, outside):
    assert write("~/out/2030/01/31.md", b"x") == Given()
    assert (home / "out/2030/01/31.md").read_bytes() == b"x"
    for made in ("out/2030", "out/2030/01"):
        assert (home / made).stat().st_mode & 0o777 == 0o700
    one = outside(Policy(write=("~/new/notes/only.md",)))
    assert write("~/new/notes/only.md", b"y", door=one) == Given()
    assert (home / "new/notes/only.md").read_bytes() == b"y"


def test_no_folder_is_made_where_nothing_may_be_written(write, home, outside, tmp_path):
    wide = outside(Policy(write=("~",)), forbidden=[str(home / "state")])
    for path in ("~/notes/new/x", "~/elsewhere/x"):
        assert isinstance(write(path), Refused)
    for path in ("~/state/new/x", "~/repo/.git/hooks/x", "~/repo/ratchet.toml/x"):
        assert isinstance(write(path, door=wide), Refused)
    assert sorted(os.listdir(home)) == ["notes", "out", "secret.txt"]


def test_no_folder_is_made_through_a_link(write, home, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (home / "out/link").symlink_to(tmp_path / "elsewhere")
    (home / "out/dangling").symlink_to(tmp_path / "none")
    for path in ("~/out/link/new/x", "~/out/dangling/new/x"):
        assert write(path) == Failed(kind="OSError", message="links are not followed")
    assert os.listdir(tmp_path / "elsewhere") == [] and not (tmp_path / "none").exists()


def test_a_path_is_only_so_deep_and_all_of_it_is_made(write, home, outside):
    below = "/".join("a" * 150)
    assert write(f"~/out/{below}/f") == Given()
    assert (home / "out" / below / "f").is_file()
    for path in ("~/out/" + "a/" * 1900 + "f", "~/out/" + "b/" * 200 + "f"):
        assert write(path).kind == "ValueError"
        assert write(path, door=Doubles(Policy(write=("~/out",)))).kind == "ValueError"
    assert not (home / "out" / "b").exists()


def test_folders_count_as_files_do_and_none_is_made_that_is_one_too_many(write, home, outside):
    door = outside(Policy(write=("~/out",)), limits=Limits(inodes=3))
    over = write("~/out/a/b/c/d", door=door)
    assert isinstance(over, Exceeded) and over.limit == "inodes"
    assert os.listdir(home / "out") == []
    assert write("~/out/a/b/c", door=door) == Given()
    assert isinstance(write("~/out/d", door=door), Exceeded)


def test_a_folder_is_listed_whatever_it_is_called_unless_it_is_never_granted(ask, door, home):
    for name in ("dev", "run", "proc", ".git"):
        (home / "notes" / name).mkdir()
    assert ask(door, "files.list", path="~/notes").value == ["a.txt", "deep/", "dev/", "proc/", "run/"]


def test_a_single_file_can_be_granted(home, outside, write):
    door = outside(Policy(write=("~/out/only.txt",)))
    assert write("~/out/only.txt", b"1", door=door) == Given()
    assert isinstance(write("~/out/other.txt", door=door), Refused)
    assert isinstance(write("~/out/only.txt.bak", door=door), Refused)


def test_quota_and_file_size_are_held_to_the_byte(home, outside, write):
    limits = Limits(disk_mb=1, file_mb=1)
    piece = b"x" * (256 * 1024)
    door = outside(Policy(write=("~/out",)), limits=limits)
    for number in range(4):
        assert write("~/out/a", piece, door=door, append=number > 0) == Given()
    answer = write("~/out/b", b"x", door=door)
    assert isinstance(answer, Exceeded) and answer.limit == "disk_mb"
    assert (home / "out" / "a").stat().st_size == 1 << 20
    (home / "out" / "full").write_bytes(b"x" * (1 << 20))
    door = outside(Policy(write=("~/out",)), limits=Limits(disk_mb=5, file_mb=1))
    answer = write("~/out/full", b"x", door=door, append=True)
    assert isinstance(answer, Exceeded) and answer.limit == "file_mb"


def test_empty_files_have_a_quota_too(home, outside, write):
    door = outside(Policy(write=("~/out",)), limits=Limits(inodes=3))
    for name in "abc":
        assert write(f"~/out/{name}", b"", door=door) == Given()
    over = write("~/out/d", b"", door=door)
    assert isinstance(over, Exceeded) and over.limit == "inodes"
    assert write("~/out/a", b"again", door=door) == Given()
    assert sorted(os.listdir(home / "out")) == ["a", "b", "c"]


def test_protected_trees_stay_out_of_a_wide_grant(home, outside, read, write, ask):
    state = home / ".local" / "state" / "ratchet"
    (state / "inner").mkdir(parents=True)
    (state / "key").write_text("key")
    (home / "repo" / ".git").mkdir(parents=True)
    (home / "repo" / ".git" / "config").write_text("x")
    (home / "repo" / "ratchet.toml").write_text("x")
    (home / "alias").symlink_to(state)
    door = outside(Policy(read=("~",), write=("~",)), forbidden=[str(home / "alias")])
    assert read("~/notes/a.txt", door=door).value["data"] == b"hello"
    for path in ("~/.local/state/ratchet/key", "~/.local/state/ratchet/./key", "~/.local//state/ratchet/inner/x"):
        assert isinstance(read(path, door=door), Refused)
        assert isinstance(write(path, door=door), Refused)
    for path in ("~/repo/.git/config", "~/repo/.GIT/config", "~/repo/ratchet.toml", "~/repo/Ratchet.TOML"):
        assert isinstance(read(path, door=door), Refused)
        assert isinstance(write(path, door=door), Refused)
    assert isinstance(ask(door, "files.list", path="~/.local/state/ratchet"), Refused)
    assert (state / "key").read_text() == "key"


def test_a_refusal_of_what_is_protected_names_it(home, outside, read, write):
    (home / "notes" / ".git").mkdir()
    door = outside(Policy(read=("~",), write=("~",)))
    assert read("~/notes/.git/config", door=door).capability == "read:~/notes/.git/config"
    refused = write("~/notes/.git/config", door=door)
    assert refused.capability == "write:~/notes/.git/config" and "cannot be granted" in refused.message


def test_a_grant_that_is_a_link_to_everything_grants_nothing(home, outside, read, ask):
    (home / "all").symlink_to("/")
    (home / "system").symlink_to("/proc")
    door = outside(Policy(read=("~/all", "~/system")))
    for path in ("~/all/etc/passwd", f"~/all/proc/{os.getpid()}/environ", "~/all/proc/1/environ", "~/system/version"):
        assert isinstance(read(path, door=door), Refused)
    assert isinstance(ask(door, "files.list", path="~/all"), Refused)


MOUNTED = """
import os, subprocess, sys
from pathlib import Path
from sandbox import Limits, Policy
from sandbox.outside.base import Ask
from sandbox.outside.real import RealOutside
home = Path(sys.argv[1])
for name, tree in (("devices", "/dev"), ("git", str(home / "repo/.git"))):
    (home / "notes" / name).mkdir()
    subprocess.run(["mount", "--rbind", tree, str(home / "notes" / name)], check=True)
door = RealOutside(Policy(read=("~/notes",)), Limits(), home / "s", home=str(home), forbidden=[str(home / "repo/.git")])
for path in ("~/notes/devices/null", "~/notes/git/config", "~/notes/a.txt"):
    answer = door.answer(Ask(op="files.read", argument={"path": path, "offset": 0, "size": 9}))
    print(type(answer).__name__)
"""


def test_a_second_mount_of_a_protected_tree_is_protected(home):
    (home / "repo/.git").mkdir(parents=True)
    (home / "repo/.git/config").write_text("secret")
    script = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{MOUNTED}", str(home)]
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", *script], capture_output=True, text=True)
    assert done.stdout.split() == ["Refused", "Refused", "Given"], done.stderr


def test_a_protected_tree_is_known_by_identity_not_only_by_name(home, outside, read):
    state = home / "state"
    state.mkdir()
    (state / "key").write_text("key")
    door = outside(Policy(read=("~",)), forbidden=[str(state)])
    moved = home / "renamed"
    (home / "kept").mkdir()
    os.rename(state, moved)  # the same folder under another name
    state.symlink_to(moved)
    assert isinstance(read("~/renamed/key", door=door), Refused)


def test_its_own_storage_is_not_reached_as_files(tmp_path, outside, ask, read):
    door = outside(Policy(read=(str(tmp_path),), storage=True))
    ask(door, "storage.set", key="a", value=1)
    (name,) = [entry for entry in os.listdir(tmp_path / "storage") if entry.endswith(".json")]
    assert isinstance(read(f"{tmp_path}/storage/{name}", door=door), Refused)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/proc",
        "/proc/self",
        "/sys",
        "/dev/shm",
        "/run",
        "/run/user/1000/docker.sock",
        "/var/run/docker.sock",
        "/home/a/.git",
        "/home/a/x/.git/hooks",
        "/home/a/.Git",
        "/home/a/ratchet.toml",
        "/state/x",
    ],
)
def test_never_grantable(path):
    assert never_grantable(path, ["/state"])


@pytest.mark.parametrize("path", ["/home/a", "/procession", "/home/a/gitlab", "/statement", "/tmp/x"])
def test_grantable(path):
    assert never_grantable(path, ["/state"]) == ""


def test_paths_have_one_spelling():
    assert clean_path("~/a//b/./c/", "/home/x") == "/home/x/a/b/c"
    assert clean_path("//etc", "/h") == "/etc"
    for odd in (None, 1, b"/x", "~x", "a"):
        with pytest.raises(ValueError, match="path"):
            clean_path(odd, "/h")
