from __future__ import annotations

import pytest

from plugins.manifest import parse_manifest
from selfmod.examples import TEST_PATH, choose_held_back, parse_examples
from selfmod.models.errors import InvalidAnswer
from selfmod.signature import Signature, read_signature
from selfmod.small import ATTEMPTS, docstring, plugin_files, question, read_function
from selfmod.spec import Spec

EXAMPLES = choose_held_back(parse_examples([f"word_count({'a ' * n!r}) == {n}" for n in range(6)]), b"s")
SPEC = Spec(text="word_count(text: str) -> int: the number of words", examples=EXAMPLES)
SIGNATURE = read_signature(SPEC)
SOURCE = "def word_count(text: str) -> int:\n    return len(text.split())\n"


def test_questions_begin_the_answer_and_show_only_what_may_be_shown():
    for attempt in range(1, ATTEMPTS + 1):
        request = question(SIGNATURE, SPEC.shown, attempt)
        assert request.messages[-1].content == "```python\ndef word_count(text: str) -> int:"
        said = "\n".join(message.content for message in request.messages)
        assert all(example.source in said for example in SPEC.shown)
        assert not any(example.source in said for example in EXAMPLES if example.held_back)


def test_attempts_differ_and_are_the_same_each_time():
    asked = [question(SIGNATURE, SPEC.shown, attempt, 7) for attempt in range(1, ATTEMPTS + 1)]
    assert asked == [question(SIGNATURE, SPEC.shown, attempt, 7) for attempt in range(1, ATTEMPTS + 1)]
    assert len({request.seed for request in asked}) == ATTEMPTS
    assert len({request.messages for request in asked}) == 3
    assert [request.temperature for request in asked] == sorted(request.temperature for request in asked)


def test_the_function_is_found_in_a_worker(sandbox):
    source = read_function(sandbox, SIGNATURE, "\n    return len(text.split())\n```\nThere.")
    assert source == (
        'def word_count(text: str) -> int:\n    """The number of words."""\n    return len(text.split())\n'
    )
    for reply in ("", "no function", "(" * 100_000, "\ud800" * 10):
        with pytest.raises(InvalidAnswer):
            read_function(sandbox, SIGNATURE, reply)


def test_a_whole_plugin_is_made_around_it():
    files = plugin_files(SIGNATURE, SPEC, SOURCE, author="Ada").files
    manifest = parse_manifest(files["plugin.yaml"])
    assert (manifest.id, manifest.version, manifest.author, manifest.license) == ("word-count", "0.1.0", "Ada", "MIT")
    assert [(tool.name, tool.handler) for tool in manifest.tools] == [("word_count", "word_count")]
    assert [(command.name, command.handler) for command in manifest.commands] == [("word-count", "word_count")]
    assert files["plugin.py"].decode().endswith(SOURCE)
    assert files[TEST_PATH].count(b"assert word_count(") == len(SPEC.shown)
    everything = b"".join(files.values()).decode()
    assert not any(example.call in everything for example in EXAMPLES if example.held_back)
    assert b"/word-count" in files["README.md"]


@pytest.mark.parametrize(
    "text", ['says "hi" """', "back\\slash \\", "a\u2028b", "ends with \\", "x" * 500, "{% x %}: - #"]
)
def test_the_words_of_a_person_stay_words(text):
    signature = Signature(name="f", header="f(x: int) -> int", returns="int", text=text)
    files = plugin_files(signature, Spec(text=text), "def f(x: int) -> int:\n    return x\n", author="").files
    compile(files["plugin.py"], "plugin.py", "exec")
    manifest = parse_manifest(files["plugin.yaml"])
    assert manifest.id == "plugin-f"
    assert manifest.description == docstring(signature)
    assert TEST_PATH not in files
