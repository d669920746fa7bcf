from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.digest import digest_of

NAMES = st.text("abcXYZ-_.09é", min_size=1, max_size=8).filter(lambda name: name not in {".", ".."})
FILES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=40), max_size=6)


@given(FILES, st.randoms())
def test_it_depends_on_nothing_but_names_and_bytes(files: dict[str, bytes], random: object) -> None:
    names = list(files)
    random.shuffle(names)  # type: ignore[attr-defined]
    assert digest_of({name: files[name] for name in names}) == digest_of(files)


@given(FILES, FILES)
def test_other_files_have_another_digest(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


# To sha256sum a file named - is its standard input.
@settings(max_examples=15, deadline=None)
@given(files=st.dictionaries(NAMES.filter(lambda name: name != "-"), st.binary(max_size=40), min_size=1, max_size=4))
def test_coreutils_say_the_same(tmp_path_factory: object, files: dict[str, bytes]) -> None:
    folder: Path = tmp_path_factory.mktemp("files")  # type: ignore[attr-defined]
    for name, data in files.items():
        (folder / name).write_bytes(data)
    script = "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum -- | sha256sum | cut -d' ' -f1"
    done = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert f"sha256:{done.stdout.strip()}" == digest_of(files)
