"""What the history held of plugins and their ledgers, commit by commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from plugins import ledger
from plugins.decision import Decision
from plugins.digest import digest_of
from plugins.history import history
from plugins.keys import COMMIT
from plugins.ledger import plugin_of
from plugins.objects import FILE, FOLDER, CommitText, Entry
from plugins.workspace import Workspace

_PLAIN = (FILE, "100755")  # what a file of the plugin system can be


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One plugin in one commit: the digest of its folder ("" for none), and its ledger's bytes."""

    digest: str
    ledger: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One commit that changed one plugin or its ledger: what was there before (for each parent) and after."""

    commit: str
    plugin: str
    before: tuple[Moment, ...]
    after: Moment


class Past:
    """The history of one workspace, from what is checked out back to its root."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._repository = workspace, workspace.repository
        self._moment = lru_cache(maxsize=4096)(self._read_moment)

    def steps(self) -> Iterator[Step]:
        """Every change of a plugin or its ledger, oldest first."""
        head = self._repository.head()
        if not head:
            return
        paths = [self._workspace.in_git(path) for path in ("plugins", ledger.FOLDER)]
        seen: set[tuple[str, str]] = set()
        for touch in history(self._repository, head, *paths):
            for plugin in sorted({self._plugin(*change) for change in touch.changes} - {""}):
                if (touch.commit, plugin) not in seen:
                    seen.add((touch.commit, plugin))
                    yield Step(
                        commit=touch.commit,
                        plugin=plugin,
                        before=tuple(self._moment(parent, plugin) for parent in touch.parents),
                        after=self._moment(touch.commit, plugin),
                    )

    def plugins(self, commit: str) -> tuple[str, ...]:
        """The plugin folders that a commit holds."""
        return tuple(name for name, mode in self._names(commit, "plugins") if mode == FOLDER)

    def decided(self, commit: str) -> tuple[str, ...]:
        """The plugins that have a ledger in a commit."""
        found = (plugin_of(name) for name, mode in self._names(commit, ledger.FOLDER) if mode == FILE)
        return tuple(name for name in found if name)

    def files(self, commit: str, plugin: str) -> dict[str, bytes]:
        """The files of a plugin in a commit; what is no plain file cannot have been decided, and is empty here."""
        entries = self._repository.files(commit, self._workspace.in_git(f"plugins/{plugin}"))
        return {path: self._repository.blob(entry.id) if entry.mode == FILE else b"" for path, entry in entries.items()}

    def ledger(self, commit: str, plugin: str) -> bytes:
        """The bytes of a ledger in a commit, empty where there is none."""
        entry = self._repository.entry(commit, self._workspace.in_git(ledger.path_of(plugin)))
        return self._repository.blob(entry.id) if entry is not None and entry.mode == FILE else b""

    @staticmethod
    def signed_alike(commit: CommitText, decision: Decision) -> bool:
        """Whether a commit is signed with the key that really signed a decision, listed in `allowed_signers` or not."""
        key = decision.signer()
        return key is not None and key.verifies(COMMIT, commit.signed, commit.signature)

    @staticmethod
    def hash_of(note: bytes) -> str:
        """The hash of the report in a note."""
        return "sha256:" + hashlib.sha256(note.rstrip(b"\n")).hexdigest()

    def _read_moment(self, commit: str, plugin: str) -> Moment:
        if not self._repository.has(commit):  # behind the edge of a shallow clone
            return Moment(digest="", ledger=b"")
        path = self._workspace.in_git(f"plugins/{plugin}")
        itself, modes = self._repository.entry(commit, path), self._repository.files(commit, path)
        if itself is not None and itself.mode != FOLDER:  # a link or a submodule in place of the folder
            return Moment(digest="not plain files", ledger=self.ledger(commit, plugin))
        files = self.files(commit, plugin)
        plain = all(entry.mode == FILE for entry in modes.values())
        digest = (digest_of(files) if plain else "not plain files") if files else ""
        return Moment(digest=digest, ledger=self.ledger(commit, plugin))

    def _names(self, commit: str, path: str) -> list[tuple[str, str]]:
        entry = self._repository.entry(commit, self._workspace.in_git(path)) if commit else None
        if entry is None or entry.mode != FOLDER:
            return []
        return [(name, below.mode) for name, below in self._repository.tree(entry.id).items()]

    def _plugin(self, path: str, old: Entry | None, new: Entry | None) -> str:
        """The plugin that a path belongs to; "" for the files of the plugin system and everything else."""
        inside = path.removeprefix(self._workspace.prefix)
        head, _, rest = inside.partition("/")
        plain = all(side is None or side.mode in _PLAIN for side in (old, new))
        if head == "plugins" and ("/" in rest or not plain):  # a link or a submodule stands for a folder
            return rest.partition("/")[0]
        return plugin_of(inside.removeprefix(f"{ledger.FOLDER}/")) if inside.startswith(f"{ledger.FOLDER}/") else ""
