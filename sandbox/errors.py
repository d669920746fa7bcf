"""Errors of the sandbox: what could not be started. How a started call ended is an `Outcome`, not an error."""

from __future__ import annotations


class SandboxError(Exception):
    """Base of every error this package raises."""


class SandboxUnavailable(SandboxError):
    """A level cannot be set up on this machine; nothing was started and nothing weaker was used.

    `layer` is the part that is missing ("user namespace", "landlock", ...), `what` says what it did, `errno_name` the
    kernel's answer where there is one, `cure` what the person can do.
    """

    def __init__(self, level: str, layer: str, cure: str, errno_name: str = "", *, what: str = "failed") -> None:
        self.level, self.layer, self.cure, self.errno_name, self.what = level, layer, cure, errno_name, what
        reason = f" ({errno_name})" if errno_name else ""
        super().__init__(f"the sandbox level {level!r} is unavailable: {layer} {what}{reason}. {cure}")


class ProtocolError(SandboxError):
    """A frame from a worker is malformed, too large, too deep or not the answer to what was asked."""
