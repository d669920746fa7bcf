"""Every error that a person can be shown, with the exit code of its kind."""

from __future__ import annotations

from typing import ClassVar


class RatchetError(Exception):
    """Something that a person can act on: what happened, and what to do about it.

    `message` is one plain sentence, `hint` the next step, `id` the proposal, plugin or path that it is about. The text
    may hold names from a workspace or a model: escape it before a terminal.
    """

    kind: ClassVar[str] = "unexpected"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "", id: str = "") -> None:  # noqa: A002 - the name in the JSON
        super().__init__(message)
        self.message, self.hint, self.id = message, hint, id

    def to_json(self) -> dict[str, str]:
        """Return the value of `error` in what `--json` prints."""
        return {"kind": self.kind, "message": self.message, "hint": self.hint, "id": self.id}


class UsageError(RatchetError):
    """The command line or an argument is not one that the verb takes."""

    kind, exit_code = "usage", 2


class ConfigError(UsageError):
    """A settings file or an environment variable holds something that is not a setting."""

    kind = "config"


class ArgumentError(UsageError):
    """The words after a tool's name do not fit its parameters."""

    kind = "arguments"


class ExcessError(ArgumentError):
    """Words after a tool's name that no parameter takes, whatever they are."""


class GateRefused(RatchetError):
    """The gate refuses a candidate."""

    kind, exit_code = "refused", 10


class ApprovalError(RatchetError):
    """An approval is missing, or does not name what was shown."""

    kind, exit_code = "approval", 11


class StaleError(ApprovalError):
    """What was judged is not what is there now; the proposal has to be judged again."""

    kind = "stale"


class SandboxError(RatchetError):
    """A level of the sandbox cannot be set up here; nothing weaker was used."""

    kind, exit_code = "sandbox-unavailable", 12


class ModelError(RatchetError):
    """The model cannot be reached, does not let us in, or answers what cannot be used."""

    kind, exit_code = "model", 13


class BudgetError(RatchetError):
    """The next call of a model could cost more than is left."""

    kind, exit_code = "budget", 14


class AuditError(RatchetError):
    """A record is broken: a decision, an event or what they vouch for was changed."""

    kind, exit_code = "audit", 15


class StateError(RatchetError):
    """Git, the workspace or the user state is not in a state where this can be done."""

    kind, exit_code = "state", 16


class WorkspaceError(StateError):
    """The folder is no workspace, or one that cannot be used as it is."""

    kind = "workspace"


class UntrustedError(StateError):
    """The workspace is not trusted; nothing in it runs."""

    kind = "untrusted"


class LockedError(StateError):
    """Another process is changing the same thing."""

    kind = "locked"


class RepositoryError(StateError):
    """Git refuses, or its repository is in a state where a commit would be wrong."""

    kind = "git"


class ConflictError(StateError):
    """Paths that would be written hold work of the person that is not committed."""

    kind = "conflict"


class MovedError(StateError):
    """The branch moved while a change was being made; nothing of the change was kept."""

    kind = "moved"


class DiskError(StateError):
    """The disk is full or cannot be written; nothing of the change was kept."""

    kind = "disk"


class NotFoundError(RatchetError):
    """There is no such plugin, tool, proposal or path."""

    kind, exit_code = "not-found", 17


class CallFailed(RatchetError):
    """The called code did not complete."""

    kind, exit_code = "call", 18
