"""The history of some paths, and the notes on commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plugins import objects
from plugins.objects import Entry, GitObject, Person
from plugins.repository import NOTES, Repository, checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One commit and the paths it changed against one parent: (path, old, new), None where there is none."""

    commit: str
    parents: tuple[str, ...]
    changes: tuple[tuple[str, Entry | None, Entry | None], ...]


def history(repository: Repository, commit: str, *paths: str) -> list[Touch]:
    """Every commit that changed one of the paths, oldest first, also those that merges brought in."""
    out = repository.git(
        "log", "--raw", "-r", "-m", "--root", "--no-renames", "--no-abbrev", "-z", "--topo-order", "--reverse",
        "--full-history", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none",
        "--format=%x01%H %P", checked(commit), "--", *paths,
    )  # fmt: skip
    return _touches(out.decode(errors="surrogateescape"))


def note(repository: Repository, commit: str) -> bytes | None:
    """The note that Ratchet put on a commit, None where there is none or notes were not fetched."""
    tip = repository.resolve(NOTES)
    if not tip:
        return None
    found = _note_entry(repository, repository.commit(tip).tree, commit)
    return repository.blob(found.id) if found else None


def _touches(out: str) -> list[Touch]:
    """Read `git log --raw -z`: records of commits, each followed by its changes."""
    touches = []
    for block in out.split("\x01")[1:]:
        head, *fields = block.split("\0")
        commit, *parents = head.split()
        changes = []
        facts = [field.strip("\n") for field in fields if field.strip("\n")]
        for fact, path in zip(facts[::2], facts[1::2], strict=False):
            old_mode, new_mode, old, new = fact.lstrip(":").split()[:4]
            changes.append((path, _side(old_mode, old), _side(new_mode, new)))
        touches.append(Touch(commit=commit, parents=tuple(parents), changes=tuple(changes)))
    return touches


def _side(mode: str, id_: str) -> Entry | None:
    return None if set(mode) == {"0"} else Entry(mode=mode, id=id_)


def _note_entry(repository: Repository, tree: str, commit: str) -> Entry | None:
    """Find a note in the notes' tree, which git spreads over folders of two digits as it grows."""
    entries, rest = repository.tree(tree), commit
    while rest not in entries:
        below = entries.get(rest[:2])
        if below is None or below.mode != objects.FOLDER:
            return None
        entries, rest = repository.tree(below.id), rest[2:]
    return entries[rest]


def with_note(repository: Repository, tip: str, commit: str, text: bytes, author: Person, time: int) -> list[GitObject]:
    """The objects that put a note on a commit, on top of the notes at `tip`; the notes' commit is the last."""
    blob = objects.make("blob", text, repository.algorithm)
    trees = repository.tree_with(tip, {commit: Entry(mode=objects.FILE, id=blob.id)})
    content = objects.commit(
        tree=trees[-1].id, parents=[tip] if tip else [], author=author, time=time, message="Notes added by ratchet\n"
    )
    return [blob, *trees, objects.make("commit", content, repository.algorithm)]


def blobs_of(contents: Iterable[bytes], algorithm: str) -> list[GitObject]:
    """The blobs of some contents, each once."""
    made = {(item := objects.make("blob", content, algorithm)).id: item for content in contents}
    return list(made.values())
