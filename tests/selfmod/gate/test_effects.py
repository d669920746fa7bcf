"""What a plugin writes and sends must be looked at by a test, each part of it."""

from __future__ import annotations

import pytest

from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests

_HEAD = """\
from plugins.sdk import environment, files, http, storage, tcp


"""
_TESTS = """\
import json

import pytest

from plugin import f
from plugins.sdk import testing


def test_f():
    {checks}
"""
_URL = "https://a.example/x"


def looked(judged, body: str, checks: str, parameters: str = "a: str"):
    module = f"{_HEAD}def f({parameters}) -> int:\n    {body}\n    return 1\n"
    stage = judged(module, _TESTS.format(checks=checks), ManifestStage(), Tests(), Mutation(), handler="f")
    assert [test.outcome for test in stage.subject.run.tests] == ["passed"]
    return [item for item in stage.stages["mutation"].findings if item.rule == "mutation.effect"]


_COUNTING = "kept = [*storage.get('kept', []), a]\n    storage.set('kept', kept)\n    storage.set('count', len(kept))"
_IN = "with testing.outside() as seen:\n        assert f('ab') == 1\n    "
_SENT = f"assert seen.urls == ['{_URL}']"
UNSEEN = {
    "the store": (_COUNTING, f"{_IN}assert seen.storage['count'] == 1"),
    "by its length": (_COUNTING, f"{_IN}assert len(seen.storage['kept']) == seen.storage['count'] == 1"),
    "by its kind": ("storage.set('x', a)", f"{_IN}assert isinstance(seen.storage['x'], str)"),
    "a key": ("storage.set(a, 1)", f"{_IN}assert len(seen.storage) == 1"),
    "a key of a table": ("storage.set('x', {a: 1})", f"{_IN}assert list(seen.storage['x'].values()) == [1]"),
    "a field": ("storage.set('x', {'n': 1, 'who': a})", f"{_IN}assert seen.storage['x']['n'] == 1"),
    "a field of rows": ("storage.set('x', [{'n': 1, 'who': a}])", f"{_IN}assert seen.storage['x'][0]['n'] == 1"),
    "a field within a field": (
        "storage.set('x', {'n': {'m': 1, 'who': a}})",
        f"{_IN}assert seen.storage['x']['n']['m'] == 1",
    ),
    "the end of a list": ("storage.set('x', [1, a])", f"{_IN}assert seen.storage['x'][0] == 1"),
    "what is new in a list": (
        "storage.set('x', [*storage.get('x'), a])",
        (
            "with testing.outside(storage={'x': ['c', 'd', 'e']}) as seen:\n        assert f('ab') == 1\n"
            "    assert seen.storage['x'][:3] == ['c', 'd', 'e']"
        ),
    ),
    "from one of two callers": (
        (
            "put = lambda value: storage.set('x', value)\n    if len(a) > 1:\n        put([a, len(a)])\n"
            "    else:\n        put([a, 0])"
        ),
        f"{_IN}assert seen.storage['x'] == ['ab', 2]\n    with testing.outside() as seen:\n        assert f('c') == 1",
    ),
    "a file": ("files.write_text('~/x', f'1\\n{a}\\n')", f"{_IN}assert [*seen.files.values()][0].startswith(b'1')"),
    "a line that some tests have": (
        "files.write_text('~/x', f'one 1\\n\\n{a}\\n')",
        (
            f"{_IN}assert [*seen.files.values()][0].startswith(b'one 1')\n    with testing.outside() as seen:\n"
            "        assert f('') == 1\n    assert [*seen.files.values()] == [b'one 1\\n\\n\\n']"
        ),
    ),
    "the path of a file": ("files.write('~/' + a, b'1')", f"{_IN}assert [*seen.files.values()] == [b'1']"),
    "signs only": ("storage.set('x', ' ' * len(a))", f"{_IN}assert len(seen.storage['x']) == 2"),
    "bytes": ("files.write('~/x', b'1\\xff' + a.encode())", f"{_IN}assert [*seen.files.values()][0][:2] == b'1\\xff'"),
    "a body": (f"http.post('{_URL}', body=a)", f"{_IN}{_SENT}"),
    "a field of a body": (
        f"http.post('{_URL}', json={{'n': 1, 'who': a}})",
        f"{_IN}assert json.loads(seen.requests[0]['body'])['n'] == 1",
    ),
    "a large body": (f"http.post('{_URL}', body=a * 200_000)", f"{_IN}assert len(seen.requests[0]['body']) == 400_000"),
    "a header": (f"http.get('{_URL}', headers={{'X-Who': a}})", f"{_IN}{_SENT}"),
    "the name of a header": (
        f"http.get('{_URL}', headers={{a: '1'}})",
        f"{_IN}assert [*seen.requests[0]['headers'].values()] == ['1']",
    ),
    "an address": ("http.get(f'https://a.example/{a}')", f"{_IN}assert len(seen.urls) == 1"),
    "a query": (f"http.get('{_URL}', params={{'who': a}})", f"{_IN}assert seen.urls[0].startswith('{_URL}')"),
    "a query after a call": (
        f"http.get('{_URL}', params={{'who': a}}).check()",
        f"{_IN}assert seen.urls[0].startswith('{_URL}')",
    ),
    "a connection": (
        "line = tcp.open('a.example', 7)\n    line.send(a.encode())",
        f"{_IN}assert [peer for peer, _ in seen.sent] == ['a.example:7']",
    ),
    "by another name": ("put = storage.set\n    put('x', a)", f"{_IN}assert list(seen.storage) == ['x']"),
    "by a function of Python": ("list(map(storage.set, ['x'], [a]))", f"{_IN}assert list(seen.storage) == ['x']"),
    "a check of its own": (
        "storage.set('x', a)\n    if storage.get('x') != a:\n        raise OSError",
        "with testing.outside():\n        assert f('ab') >= 1",
    ),
}


@pytest.mark.parametrize(("body", "checks"), UNSEEN.values(), ids=UNSEEN)
def test_what_no_test_looks_at_is_refused(judged, body, checks):
    found = looked(judged, body, checks)
    assert found
    assert all(item.line >= 4 and item.waivable and not item.advisory for item in found)


SEEN = {
    "the store": (_COUNTING, f"{_IN}assert seen.storage == {{'kept': ['ab'], 'count': 1}}"),
    "by reading it back": ("storage.set('x', a)", "with testing.outside():\n        f('c')\n        assert g() == 'c'"),
    "a key": ("storage.set(a, 1)", f"{_IN}assert seen.storage == {{'ab': 1}}"),
    "a test that trips": ("storage.set(a, a)", f"{_IN}assert seen.storage['ab'].startswith('ab')"),
    "what was there": (
        "storage.set('x', [one for one in storage.get('x') if one['n'] > 1])",
        (
            "with testing.outside(storage={'x': [{'n': 1, 'who': 'c'}, {'n': 2, 'who': 'd'}]}) as seen:\n"
            "        assert f('ab') == 1\n    assert [one['n'] for one in seen.storage['x']] == [2]"
        ),
    ),
    "what a second change undoes": (
        "rows = storage.get('x', [])\n    storage.set('x', [*(not one for one in rows), not a])",
        "with testing.outside() as seen:\n        f('')\n        f('')\n    assert seen.storage['x'] == [False, True]",
    ),
    "a file": ("files.write_text('~/x', a)", f"{_IN}assert [*seen.files.values()] == [b'ab']"),
    "JSON in a file": (
        "files.write_text('~/x', '{\"n\": [\"' + a + '\"]}')",
        f"{_IN}assert json.loads([*seen.files.values()][0])['n'] == ['ab']",
    ),
    "a body": (
        f"http.post('{_URL}', json={{'a': a}})",
        f"{_IN}assert json.loads(seen.requests[0]['body']) == {{'a': 'ab'}}",
    ),
    "an address that is answered": (
        "if http.get(f'https://a.example/{a}').text != 'x':\n        raise OSError",
        "with testing.outside(http={'https://a.example/ab': testing.reply(text='x')}):\n        assert f('ab')",
    ),
    "constants": (
        f"http.post('{_URL}', json={{'n': 1, 'm': {{'k': 'x'}}}}, headers=HEADERS)\n    storage.set('x', [1, 'y'])",
        f"{_IN}assert seen.operations",
    ),
    "constants behind names": ("body = {'n': 1}\n    storage.set('x', body)", f"{_IN}assert seen.operations"),
    "the same header elsewhere": (
        f"http.get('{_URL}', headers=known())\n    http.post('{_URL}', headers=known())",
        (
            "with testing.outside(environment={'T': 'secret'}) as seen:\n        assert f('a') == 1\n"
            "    assert seen.requests[0]['headers'] == {'X-T': 'secret'}"
        ),
    ),
    "signatures, of which each is another": (
        f"http.get('{_URL}', headers={{'X-Sign': 'Basic ' + hashlib.sha256(a.encode()).hexdigest()[:4]}})",
        (
            "with testing.outside() as seen:\n        f('a')\n        f('b')\n        f('e')\n"
            "    assert seen.requests[0]['headers'] == {'X-Sign': 'Basic ca97'}"
        ),
    ),
    "messages": ("log.info(a)\n    progress.update(len(a) / 9, a)", f"{_IN}assert seen.operations"),
    "what goes away": ("storage.delete(a)", f"{_IN}assert seen.storage == {{}}"),
    "what the tests write": (
        "storage.get(a)",
        "with testing.outside():\n        storage.set('k', 'v')\n        assert f('k') == 1",
    ),
}
_MORE = """\
import hashlib

from plugins.sdk import log, progress

HEADERS = {"Accept": "text/plain"}


def known() -> dict[str, str]:
    return {"X-T": environment["T"]}


def g() -> str:
    return str(storage.get("x"))


"""


@pytest.mark.parametrize(("body", "checks"), SEEN.values(), ids=SEEN)
def test_what_a_test_looks_at_or_what_tells_nothing_is_not(judged, body, checks):
    module = f"{_HEAD}{_MORE}def f(a: str) -> int:\n    {body}\n    return 1\n"
    tests = _TESTS.replace("import f\n", "import f, g\n").replace("import testing", "import storage, testing")
    stage = judged(module, tests.format(checks=checks), ManifestStage(), Tests(), Mutation(), handler="f")
    assert [test.outcome for test in stage.subject.run.tests] == ["passed"]
    assert [item for item in stage.stages["mutation"].findings if item.rule == "mutation.effect"] == []


def test_a_finding_says_what_to_look_at(judged):
    (found,) = looked(judged, _COUNTING, f"{_IN}assert seen.storage['count'] == 1")
    assert found.line == 6
    assert "storage.set('kept')" in found.message
    assert "seen.storage" in found.hint


def test_more_than_can_be_tried_is_refused(judged):
    fields = ", ".join(f"'f{number}': a" for number in range(130))
    module = f"{_HEAD}def f(a: str) -> int:\n    storage.set('x', {{{fields}}})\n    return 1\n"
    tests = _TESTS.format(checks=f"{_IN}assert set(seen.storage['x'].values()) == {{'ab'}}")
    stage = judged(module, tests, ManifestStage(), Tests(), Mutation(), handler="f")
    assert "mutation.effects" in stage.rules("mutation")
