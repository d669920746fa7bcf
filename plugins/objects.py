"""The bytes of git objects, made and read here, so that no filter, attribute or hook has a say in them."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["commit", "tree", "blob"]
_PACK_KIND: Mapping[Kind, int] = {"commit": 1, "tree": 2, "blob": 3}

FILE = "100644"
FOLDER = "40000"
LINK = "120000"
SUBMODULE = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a tree."""

    mode: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GitObject:
    """An object to be stored: its kind, its content and the id that follows from both."""

    kind: Kind
    content: bytes
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a commit names."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def stamp(self, time: int) -> str:
        """The value of an author or committer line, in UTC."""
        return f"{_plain(self.name)} <{_plain(self.email)}> {time} +0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitText:
    """What a commit object says. `signed` is what its signature covers, `signature` the armoured text."""

    tree: str
    parents: tuple[str, ...]
    message: str
    author: str
    signature: str = ""
    signed: bytes = b""
    trailers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def make(kind: Kind, content: bytes, algorithm: str = "sha1") -> GitObject:
    """Return the object that holds `content`."""
    head = f"{kind} {len(content)}\0".encode()
    return GitObject(kind=kind, content=content, id=hashlib.new(algorithm, head + content).hexdigest())


def tree(entries: Mapping[str, Entry]) -> bytes:
    """Return the content of a tree; git sorts folders as if their name ended in a slash."""
    names = sorted(entries, key=lambda name: (name + ("/" if entries[name].mode == FOLDER else "")).encode())
    return b"".join(f"{entries[name].mode} {name}\0".encode() + bytes.fromhex(entries[name].id) for name in names)


def read_tree(content: bytes, algorithm: str = "sha1") -> dict[str, Entry]:
    """Return the entries of a tree; names that are not UTF-8 keep their bytes as surrogates."""
    width, entries, at = hashlib.new(algorithm).digest_size, {}, 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].decode(errors="surrogateescape").partition(" ")
        entries[name] = Entry(mode=mode, id=content[end + 1 : end + 1 + width].hex())
        at = end + 1 + width
    return entries


def commit(*, tree: str, parents: Iterable[str], author: Person, time: int, message: str) -> bytes:
    """Return the content of an unsigned commit."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {author.stamp(time)}", f"committer {author.stamp(time)}"]
    return ("\n".join(lines) + "\n\n" + message).encode()


def with_signature(unsigned: bytes, armoured: str, algorithm: str = "sha1") -> bytes:
    """Return the commit with its signature in the header that git reads it from."""
    head, _, message = unsigned.partition(b"\n\n")
    name = "gpgsig" if algorithm == "sha1" else "gpgsig-sha256"
    value = armoured.strip().replace("\n", "\n ")
    return head + f"\n{name} {value}\n\n".encode() + message


def read_commit(content: bytes) -> CommitText:
    """Return what a commit says. The signature is taken out of what it covers."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    covered: list[bytes] = []
    name = ""
    for line in head.split(b"\n"):
        text = line.decode(errors="replace")
        if line.startswith(b" "):
            fields[name][-1] += "\n" + text[1:]
        else:
            name, _, value = text.partition(" ")
            fields.setdefault(name, []).append(value)
        if not name.startswith("gpgsig"):
            covered.append(line)
    signature = next((fields[key][0] for key in ("gpgsig", "gpgsig-sha256") if key in fields), "")
    text = message.decode(errors="replace")
    return CommitText(
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        message=text,
        author=fields.get("author", [""])[0],
        signature=signature,
        signed=b"\n".join(covered) + b"\n\n" + message,
        trailers=_trailers(text),
    )


def pack(objects: Iterable[GitObject], algorithm: str = "sha1") -> bytes:
    """Return a pack file of whole objects: many objects for one git process."""
    packed = list(objects)
    parts = [b"PACK", struct.pack(">II", 2, len(packed))]
    for item in packed:
        parts += [_pack_head(item), zlib.compress(item.content, 1)]
    body = b"".join(parts)
    return body + hashlib.new(algorithm, body).digest()


def _pack_head(item: GitObject) -> bytes:
    size = len(item.content)
    first, size = (_PACK_KIND[item.kind] << 4) | (size & 15), size >> 4
    head = bytearray()
    while size:
        head.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    head.append(first)
    return bytes(head)


def _trailers(message: str) -> dict[str, tuple[str, ...]]:
    """The `Key: value` lines of the last paragraph."""
    found: dict[str, tuple[str, ...]] = {}
    for line in message.rstrip("\n").rpartition("\n\n")[2].splitlines():
        match = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]*): (.*)", line)
        if match:
            found[match[1]] = (*found.get(match[1], ()), match[2])
    return found


def _plain(text: str) -> str:
    """A name as git stores it: on one line, without what separates it from the address."""
    return re.sub(r"[<>\x00-\x1f\x7f]", "", text).strip()
