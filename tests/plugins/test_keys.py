from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from plugins.errors import StateError
from plugins.keys import DECISION, HostKey, PublicKey, Signer, host_key, parse_signers, required_key, signer_of
from plugins.state import UserState

KEY = HostKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = HostKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_it_is_made_once_and_is_the_persons_alone(state: UserState) -> None:
    assert host_key(state, create=False) is None
    first = required_key(state)
    assert required_key(UserState(state.root)).public == first.public
    assert stat.S_IMODE((state.root / "host_key").stat().st_mode) == 0o600
    assert "host_key" not in repr(first)


def test_a_damaged_key_is_said_and_not_replaced(state: UserState) -> None:
    state.write("host_key", b"nonsense")
    with pytest.raises(StateError, match="not a host key"):
        host_key(state)
    assert state.read("host_key") == b"nonsense"


def test_ssh_keygen_verifies_what_it_signs(tmp_path: Path) -> None:
    (tmp_path / "signers").write_text(f"{Signer(principal='a@x', key=KEY.public, namespaces=(DECISION,))}\n")
    (tmp_path / "sig").write_text(KEY.sign(DECISION, b"words"))
    verify = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "a@x", "-s", "sig", "-n"]
    done = subprocess.run([*verify, DECISION], cwd=tmp_path, input=b"words", capture_output=True)
    assert done.returncode == 0, done.stderr
    assert KEY.public.fingerprint.encode() in done.stdout
    assert subprocess.run([*verify, DECISION], cwd=tmp_path, input=b"other", capture_output=True).returncode
    assert subprocess.run([*verify, "git"], cwd=tmp_path, input=b"words", capture_output=True).returncode


def test_what_ssh_keygen_signs_verifies(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], cwd=tmp_path, check=True)
    (tmp_path / "text").write_bytes(b"words")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", "key", "-n", DECISION, "text"], cwd=tmp_path, check=True)
    key, text = PublicKey.parse((tmp_path / "key.pub").read_text()), (tmp_path / "text.sig").read_text()
    assert key.verifies(DECISION, b"words", text)
    assert not key.verifies(DECISION, b"words!", text)


@given(st.binary(max_size=200), st.sampled_from(["git", DECISION]))
def test_only_the_same_words_key_and_purpose_verify(message: bytes, namespace: str) -> None:
    signature = KEY.sign(namespace, message)
    assert KEY.public.verifies(namespace, message, signature)
    assert signer_of(signature, namespace) == KEY.public
    assert not KEY.public.verifies(namespace, message + b"x", signature)
    assert not OTHER.public.verifies(namespace, message, signature)
    assert not KEY.public.verifies("file", message, signature)


@given(st.data())
def test_a_signature_with_any_changed_character_is_none(data: st.DataObject) -> None:
    signature = KEY.sign("git", b"words")
    body = signature.index("\n") + 1
    at = data.draw(st.integers(body, signature.index("-----END") - 2))
    letter = data.draw(st.sampled_from("ABCxyz019+/="))
    changed = signature[:at] + letter + signature[at + 1 :]
    if "".join(changed.split()) != "".join(signature.split()):
        assert not KEY.public.verifies("git", b"words", changed)


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n", "\0"])
def test_what_is_no_signature_is_none(text: str) -> None:
    assert not KEY.public.verifies("git", b"", text)
    assert signer_of(text, "git") is None


def test_signers_are_read_as_ssh_reads_them() -> None:
    lines = ["# comment", "", f"a@x {KEY.public.line} a comment", f'b@x namespaces="git" {OTHER.public.line}']
    text = "\n".join([*lines, "c@x ssh-rsa AAAA", "bad", ""])
    first, second = parse_signers(text)
    assert (first.principal, first.key, first.namespaces) == ("a@x", KEY.public, ())
    assert (second.principal, second.key, second.namespaces) == ("b@x", OTHER.public, ("git",))


@given(st.text(max_size=200))
def test_no_file_of_signers_breaks_the_reader(text: str) -> None:
    parse_signers(text)
