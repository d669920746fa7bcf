"""The host key: the ed25519 key that signs decisions and commits, and the signatures of others (SSHSIG)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugins.errors import StateError
from plugins.state import UserState

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_FILE = "host_key"
_TYPE = b"ssh-ed25519"
_MAGIC = b"SSHSIG"
_HASH = b"sha512"
COMMIT = "git"  # the namespace in which git asks for signatures
DECISION = "ratchet-decision"
_ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that can be trusted: 32 bytes, shown by its fingerprint as ssh-keygen shows it."""

    raw: bytes

    @property
    def blob(self) -> bytes:
        """The key as SSH writes it on the wire."""
        return _string(_TYPE) + _string(self.raw)

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, what people compare."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The key in one line of text, as in an authorized_keys file."""
        return f"{_TYPE.decode()} {base64.b64encode(self.blob).decode()}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read `ssh-ed25519 <base64>`; raises ValueError for anything else."""
        kind, _, encoded = text.strip().partition(" ")
        blob = base64.b64decode(encoded.split()[0] if encoded else "", validate=True)
        if kind.encode() != _TYPE or len(blob) != 51 or not blob.startswith(_string(_TYPE) + struct.pack(">I", 32)):
            raise ValueError("not an ed25519 key")
        return cls(raw=blob[-32:])

    def verifies(self, namespace: str, message: bytes, armoured: str) -> bool:
        """Whether the text is this key's signature of `message` for `namespace`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            key, signature = _unpacked(namespace, armoured)
            if key != self:
                return False
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, _covered(namespace, message))
        except (InvalidSignature, ValueError, struct.error):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One line of `allowed_signers`: who, for what, with which key."""

    principal: str
    key: PublicKey
    namespaces: tuple[str, ...] = ()

    def __str__(self) -> str:
        # What git calls an address can hold anything; here it is one word, and no pattern of ssh-keygen's.
        principal = re.sub(r"[^\w@.+~=%/-]", "-", self.principal)
        return f'{principal} namespaces="{",".join(self.namespaces)}" {self.key.line}'


class HostKey:
    """The person's private key on this machine. It never leaves user state."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(raw=private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"HostKey({self.public.fingerprint})"

    def sign(self, namespace: str, message: bytes) -> str:
        """Return the armoured SSHSIG signature of `message`, as `ssh-keygen -Y sign` would make it."""
        signature = self._private.sign(_covered(namespace, message))
        body = _MAGIC + struct.pack(">I", 1) + _string(self.public.blob) + _string(namespace.encode())
        body += _string(b"") + _string(_HASH) + _string(_string(_TYPE) + _string(signature))
        encoded = base64.b64encode(body).decode()
        lines = [encoded[at : at + 70] for at in range(0, len(encoded), 70)]
        return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def host_key(state: UserState, *, create: bool = True) -> HostKey | None:
    """The host key, made on first need; None where there is none and `create` is false."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    data = state.read(_FILE)
    if data is None and create:
        with state.lock("host-key"):
            data = state.read(_FILE)
            if data is None:
                data = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()) + b"\n"
                state.write(_FILE, data)
    if data is None:
        return None
    try:
        return HostKey(Ed25519PrivateKey.from_private_bytes(base64.b64decode(data, validate=False)))
    except (ValueError, binascii.Error) as error:
        raise StateError(f"{state.path(_FILE)} is not a host key", hint="move it away; a new one is made") from error


def required_key(state: UserState) -> HostKey:
    """The host key, made if there is none."""
    key = host_key(state)
    assert key is not None
    return key


def parse_signers(text: str) -> tuple[Signer, ...]:
    """Read an `allowed_signers` file; lines with other kinds of keys are left out, since no decision is signed so."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r'(\S+)\s+(?:namespaces="([^"]*)"\s+)?(ssh-ed25519\s+\S+)(?:\s.*)?', line.strip())
        if match and not line.startswith("#"):
            try:
                key = PublicKey.parse(" ".join(match[3].split()))
            except ValueError:
                continue
            namespaces = tuple(name for name in (match[2] or "").split(",") if name)
            found.append(Signer(principal=match[1], key=key, namespaces=namespaces))
    return tuple(found)


def signer_of(armoured: str, namespace: str) -> PublicKey | None:
    """The key that a signature says it is from; says nothing about whether it is."""
    try:
        return _unpacked(namespace, armoured)[0]
    except (ValueError, struct.error):
        return None


def _unpacked(namespace: str, armoured: str) -> tuple[PublicKey, bytes]:
    """Take an SSHSIG apart, strictly: one version, one kind of key, one hash, nothing left over."""
    match = _ARMOUR.fullmatch(armoured)
    if not match:
        raise ValueError("not an SSH signature")
    body = base64.b64decode("".join(match[1].split()), validate=True)
    if body[:10] != _MAGIC + struct.pack(">I", 1):
        raise ValueError("not an SSH signature")
    key, rest = _taken(body[10:])
    said, rest = _taken(rest)
    reserved, rest = _taken(rest)
    algorithm, rest = _taken(rest)
    signature, rest = _taken(rest)
    kind, value = _taken(signature)
    value, over = _taken(value)
    if (said, reserved, algorithm, kind, rest, over) != (namespace.encode(), b"", _HASH, _TYPE, b"", b""):
        raise ValueError("a signature of another kind")
    return PublicKey.parse(f"{_TYPE.decode()} {base64.b64encode(key).decode()}"), value


def _covered(namespace: str, message: bytes) -> bytes:
    """What an SSHSIG signs: the hash of the message, in a frame that no other use of the key can produce."""
    digest = hashlib.sha512(message).digest()
    return _MAGIC + _string(namespace.encode()) + _string(b"") + _string(_HASH) + _string(digest)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _taken(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack(">I", data[:4])
    if len(data) < 4 + length:
        raise ValueError("cut short")
    return data[4 : 4 + length], data[4 + length :]
