"""Every way a command can fail, as one kind, message, hint and exit code."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugins.errors import ApprovalError, RatchetError

if TYPE_CHECKING:
    from pathlib import Path

UNEXPECTED = 1
UNAVAILABLE = 12
INTERRUPTED = 130

_PROPOSAL = re.compile(r"P-\d+")


class NotAtTerminal(ApprovalError):
    """A person has to answer, and there is no terminal to ask them at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as it is shown: `{"error": {"kind", "message", "hint", "id"}}` and an exit code."""

    kind: str
    message: str
    hint: str = ""
    id: str = ""
    exit_code: int = UNEXPECTED

    @property
    def payload(self) -> dict[str, object]:
        """What `--json` prints."""
        return {"error": {"kind": self.kind, "message": self.message, "hint": self.hint, "id": self.id}}


def problem_of(error: BaseException, *, traceback_folder: Path | None = None, about: str = "") -> Problem:
    """Turn any exception into a `Problem`; an unexpected one leaves its traceback in `traceback_folder`.

    `about` is the proposal that was worked on, where the error itself does not say what it is about.
    """
    from sandbox.errors import SandboxUnavailable

    if isinstance(error, RatchetError):
        exit_code, subject = error.exit_code, error.id or about
        hint = error.hint.replace(" ID", f" {subject}") if _PROPOSAL.fullmatch(subject) else error.hint
        return Problem(kind=error.kind, message=str(error), hint=hint, id=subject, exit_code=exit_code)
    if isinstance(error, SandboxUnavailable):
        message = str(error).removesuffix(error.cure).strip()
        return Problem(kind="sandbox-unavailable", message=message, hint=error.cure, id=about, exit_code=UNAVAILABLE)
    if isinstance(error, KeyboardInterrupt):
        hint = f"{about} is kept; go on with: ratchet resume {about}" if about else ""
        return Problem(kind="interrupted", message="interrupted", hint=hint, id=about, exit_code=INTERRUPTED)
    return _unexpected(error, traceback_folder)


def _unexpected(error: BaseException, folder: Path | None) -> Problem:
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    saved = _save_traceback(error, folder)
    hint = f"This is a mistake in Ratchet. The details are in {saved}." if saved else "This is a mistake in Ratchet."
    return Problem(kind="unexpected", message=message, hint=hint)


def _save_traceback(error: BaseException, folder: Path | None) -> str:
    """Write the traceback to a private file; "" where even that is impossible (a full disk must not hide the error)."""
    if folder is None:
        return ""
    import secrets
    import traceback

    text = "".join(traceback.format_exception(error))
    path = folder / f"{secrets.token_hex(4)}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return ""
    return str(path)
