"""Digests of files, one value that names exact bytes and that coreutils can recompute, and of values as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def digest_of(files: Mapping[str, bytes]) -> str:
    r"""Return "sha256:<64 hex>" over the lines `<sha256 of content>  <path>\n`, sorted by the bytes of the path."""
    whole = hashlib.sha256()
    for path in sorted(files, key=str.encode):
        whole.update(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def digest_of_value(value: object) -> str:
    """Return what stands for a value of JSON, however large it is: the same for the same, and for nothing else."""
    return digest_of({"value": json.dumps(value, sort_keys=True).encode()})
