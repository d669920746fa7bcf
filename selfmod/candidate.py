"""A candidate: frozen bytes that would make or change one plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plugins.digest import digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Files by path relative to the plugin's folder. Made once from bytes; nothing reads them from a disk again."""

    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))

    @property
    def digest(self) -> str:
        """The "sha256:<64 hex>" of the files (see `plugins.digest`)."""
        return digest_of(self.files)
