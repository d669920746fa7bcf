from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from plugins.errors import StateError
from plugins.state import UserState
from selfmod.candidate import Candidate, read_candidate
from selfmod.spec import Spec
from selfmod.store import NoSuchProposal, Store

CANDIDATE = Candidate(files={"plugin.py": b"x = 1\n", "tests/data/a.bin": b"\xff\x00"})


@pytest.fixture
def store(tmp_path):
    return Store(UserState(tmp_path / "state"), tmp_path / "workspace", clock=lambda: 5.0)


def test_ids_count_up_and_proposals_come_back(store):
    first = store.create(Spec(text="one"), model="m")
    second = store.create(Spec(text="two"))
    assert (first.id, second.id, first.created) == ("P-1", "P-2", 5.0)
    assert store.load("P-1") == first
    assert store.save(first.moved("refused")).state == "refused"
    assert [proposal.state for proposal in store.all()] == ["refused", "drafting"]


def test_ten_threads_get_ten_ids(store):
    ids = []
    threads = [threading.Thread(target=lambda: ids.append(store.create(Spec(text="x")).id)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids, key=lambda name: int(name[2:])) == [f"P-{number}" for number in range(1, 11)]


def test_workspaces_share_nothing(tmp_path):
    state = UserState(tmp_path / "state")
    Store(state, tmp_path / "one").create(Spec(text="x"))
    assert Store(state, tmp_path / "two").all() == ()


@pytest.mark.parametrize("name", ["P-9", "P-0", "p-1", "../P-1", "P-1/../P-1", "", "P-1\n", "P-" + "9" * 40])
def test_no_other_name_is_looked_at(store, name):
    store.create(Spec(text="x"))
    with pytest.raises(NoSuchProposal) as caught:
        store.load(name)
    assert caught.value.exit_code == 17
    if name != "P-9":
        with pytest.raises(NoSuchProposal):
            store.put_candidate(name, 1, CANDIDATE)


def test_every_part_of_an_attempt_is_kept(store):
    proposal = store.create(Spec(text="x"))
    store.put_request("P-1", 1, {"messages": [], "temperature": 0.2})
    store.put_reply("P-1", 1, "raw \ud800 reply", {"finish": "stop"})
    store.put_candidate("P-1", 1, CANDIDATE)
    store.put_report("P-1", 1, {"verdict": "refuse"})
    store.put_report("P-1", 1, {"verdict": "pass"})
    store.save(replace(proposal, attempt=1, digest=CANDIDATE.digest))
    assert store.request("P-1", 1) == {"messages": [], "temperature": 0.2}
    assert store.reply("P-1", 1) == "raw \ud800 reply"
    assert store.candidate("P-1").files == CANDIDATE.files
    assert store.report("P-1") == {"verdict": "pass"}
    earlier = store.root / "P-1/attempts/1/report-1.json"
    assert json.loads(earlier.read_bytes()) == {"verdict": "refuse"}
    assert (store.request("P-1", 2), store.reply("P-1", 2), store.candidate("P-1", 2)) == (None, None, None)


def test_all_of_it_is_private(store):
    store.create(Spec(text="x"))
    store.put_candidate("P-1", 1, CANDIDATE)
    for path in store.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_could_not_be_taken_in_is_kept(store, tmp_path):
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin/plugin.py").symlink_to("/etc/passwd")
    candidate = read_candidate(tmp_path / "plugin")
    store.create(Spec(text="x"))
    store.put_candidate("P-1", 1, candidate)
    assert candidate.unread
    assert store.candidate("P-1", 1) == candidate


def test_changed_files_are_noticed(store):
    proposal = store.create(Spec(text="x"))
    store.put_candidate("P-1", 1, CANDIDATE)
    store.save(replace(proposal, attempt=1, digest=CANDIDATE.digest))
    store.put_candidate("P-1", 1, Candidate(files={"plugin.py": b"evil"}))
    with pytest.raises(StateError, match="not those of its digest"):
        store.candidate("P-1")


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"id": "P-1"}', b"\xff"])
def test_a_damaged_file_is_an_error_of_ours(store, damage):
    store.create(Spec(text="x"))
    (store.root / "P-1/proposal.json").write_bytes(damage)
    with pytest.raises(StateError, match="damaged"):
        store.load("P-1")


ANOTHER = """
import sys
from pathlib import Path
from plugins.errors import LockedError
from plugins.state import UserState
from selfmod.store import Store
try:
    with Store(UserState(Path(sys.argv[1])), Path(sys.argv[2])).locked(sys.argv[3]):
        print("free")
except LockedError:
    print("locked")
"""


def test_one_process_at_a_time(store, tmp_path):
    def another(proposal_id):
        command = [sys.executable, "-c", ANOTHER, str(tmp_path / "state"), str(tmp_path / "workspace"), proposal_id]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    store.create(Spec(text="x"))
    store.create(Spec(text="y"))
    with store.locked("P-1") as proposal:
        assert proposal.id == "P-1"
        assert (another("P-2"), another("P-1")) == ("free", "locked")
    assert another("P-1") == "free"
