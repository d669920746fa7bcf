"""What is sent whatever a plugin is given: a secret in its code is seen where it goes, however it is worked out."""

from __future__ import annotations

import pytest

from plugins.manifest import parse_manifest
from sandbox.outside.base import Ask, Failed, Given
from sandbox.outside.doubles import Doubles
from sandbox.outside.rehearsed import Exchange, Rehearsed
from selfmod.gate.sent import Overheard
from selfmod.gate.stages.oracle import Oracle
from selfmod.gate.stages.tests import Tests

RULE = "oracle.constant-sent"
MANIFEST = b"""\
schema: 1
id: parcel
name: Parcel
version: 0.1.0
description: Asks where a parcel is.
license: MIT
entry: plugin.py
tools: [{name: where, handler: where}]
effects: [clock, random]
capabilities: {storage: true, environment: [KEY], network: ["api.example.org:443"]}
"""
MODULE = """\
import base64, hashlib, hmac, random as chance, uuid
from plugins.sdk import clock, environment, http, random, storage, tcp

URL = "https://api.example.org/v1/"
STOPS = (100, 34, 79, 97, 36, 89, 120, 77, 44, 33, 119, 71, 98, 112, 37, 94)


def _route(stops):
    return "".join(chr(stop ^ 21) for stop in stops)


def where({parameter}):
{body}
"""
TESTS = """\
from plugin import where
from plugins.sdk import testing

REPLIES = {"https://api.example.org/v1/login": testing.reply(json={"ok": True, "token": "p4Xk9QzT2mWv7LcB"})}


def outside():
    store = {"tag": "W7-b3Kq9Zr2Xm4Tn8"}
    return testing.outside(http=REPLIES, environment={"KEY": "k8Jd3Pq7Vn2Ws5"}, storage=store)


"""
ONE = "def test_one():\n    with outside():\n        where('AB12')\n"
TWO = ONE + "def test_two():\n    with outside():\n        where('xyz')\n"


def sent(judged, body, *, tests=TWO, parameter="parcel"):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    module = MODULE.replace("{parameter}", parameter).replace("{body}\n", lines)
    found = judged(module, TESTS + tests, Tests(), Oracle(), manifest=parse_manifest(MANIFEST))
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    return [finding for finding in found.stages["oracle"].findings if finding.rule == RULE]


SECRETS = {
    "a header": ("http.get(URL + parcel, headers={'X-Station': _route(STOPS)})", "the header X-Station"),
    "a part of a header": (
        "http.get(URL + parcel, headers={'X-At': f'{parcel} {_route(STOPS)}'})",
        "the header X-At",
    ),
    "the path": ("http.get(URL + _route(STOPS) + '/' + parcel)", "the path of an address"),
    "the query": ("http.get(URL, params={'at': _route(STOPS), 'of': parcel})", "the query of an address"),
    "the body": ("http.post(URL, json={'at': _route(STOPS), 'of': parcel})", "the body of a request"),
    "a connection": (
        "one = tcp.open('api.example.org', 443)\none.send(b' ' * 20_000)\none.send(f'{_route(STOPS)} ?'.encode())",
        "the bytes of a connection",
    ),
    "digits and letters of one case": (
        "http.get(URL + parcel, headers={'X-Station': hashlib.sha256(_route(STOPS).encode()).hexdigest()})",
        "the header X-Station",
    ),
    "a header beside a boundary of the same": (
        "at = _route(STOPS)\nhttp.get(URL + parcel, headers={'X-Station': at, 'Content-Type': f'a/b; boundary={at}'})",
        "the header X-Station",
    ),
    "something else was asked before": (
        "http.get(URL + 'login')\nhttp.get(URL + parcel, headers={'X-Station': _route(STOPS)})",
        "the header X-Station",
    ),
    "the environment was asked before": (
        "environment.get('KEY')\nhttp.get(URL + parcel, headers={'X-Station': _route(STOPS)})",
        "the header X-Station",
    ),
    "the time was asked before": (
        "clock.now()\nhttp.get(URL + parcel, headers={'X-Station': _route(STOPS)})",
        "the header X-Station",
    ),
}


@pytest.mark.parametrize(("body", "place"), SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("tests", [TWO, ONE], ids=["two calls", "one call"])
def test_what_is_sent_whatever_the_plugin_is_given_is_refused(judged, body, place, tests):
    (finding,) = sent(judged, body, tests=tests)
    assert (finding.advisory, finding.waivable) == (False, False)
    assert f"... is sent in {place} whatever" in finding.message
    assert "q7Zt1" not in finding.message


def test_without_any_argument_one_call_is_enough(judged):
    tests = "def test_one():\n    with outside():\n        where()\n"
    body = "http.get(URL, headers={'X-Station': _route(STOPS)})"
    (finding,) = sent(judged, body, tests=tests, parameter="")
    assert finding.message.startswith("q7Zt... ")


def test_a_secret_behind_a_large_body_is_seen(judged):
    (finding,) = sent(judged, "http.post(URL, body=parcel + ' ' * 600_000 + _route(STOPS))", tests=ONE)
    assert "the body of a request" in finding.message


def test_the_largest_number_that_crosses_has_another_one_beside_it(judged):
    tests = "def test_one():\n    with outside():\n        where((1 << 14_000) - 1)\n"
    assert len(sent(judged, "http.get(URL, headers={'X-Station': _route(STOPS)})", tests=tests)) == 1


HONEST = {
    "a key of the environment": "http.get(URL + parcel, headers={'X-Key': environment.get('KEY')})",
    "encoded": (
        "login = base64.b64encode(b'me:' + environment.get('KEY').encode()).decode()\n"
        "http.get(URL + parcel, headers={'Authorization': 'Basic ' + login})"
    ),
    "a signature of what never changes": (
        "key = environment.get('KEY').encode()\n"
        "http.get(URL + parcel, headers={'X-Sign': hmac.new(key, b'status', 'sha256').hexdigest()})"
    ),
    "a mark from the store": "http.get(URL + parcel, headers={'If-None-Match': storage.get('tag')})",
    "what a server gave": (
        "token = http.get(URL + 'login').json()['token']\nhttp.get(URL + parcel, headers={'X-Token': token})"
    ),
    "worked out of what a server gave": (
        "token = http.get(URL + 'login').json()['token']\n"
        "http.get(URL + parcel, headers={'X-Token': hashlib.md5(token.encode()).hexdigest()})"
    ),
    "worked out of the argument": (
        "http.get(URL + 'of', headers={'X-Name': hashlib.sha1(parcel.encode()).hexdigest()})"
    ),
    "what is drawn": "http.get(URL + parcel, headers={'X-Request': random.bytes(16).hex()})",
    "what is drawn in the process": "http.get(URL, headers={'X-Request': '%032x' % chance.getrandbits(128)})",
    "an id that is drawn": "http.get(URL, headers={'X-Request': str(uuid.uuid4())})",
    "the digest of the body": (
        "body = b'{\"all\": true}'\n"
        "http.post(URL + parcel, body=body, headers={'X-Digest': hashlib.sha256(body).hexdigest()})"
    ),
    "the digest of nothing": (
        "http.get(URL + parcel, headers={'X-Digest': base64.b64encode(hashlib.sha256(b'').digest()).decode()})"
    ),
    "the boundary of parts": (
        "mark = '----WebKitFormBoundary7MA4YWxkTrZu0gW'\n"
        "kind = f'multipart/form-data; boundary={mark}'\n"
        "body = f'--{mark}\\r\\n\\r\\n{parcel}\\r\\n--{mark}--\\r\\n'\n"
        "http.post(URL, body=body, headers={'Content-Type': kind})"
    ),
    "versions and kinds": (
        "kinds = 'application/vnd.api.v3+json, application/x-ndjson2024'\n"
        "agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0'\n"
        "http.get(URL + parcel, headers={'X-Api-Version': '2022-11-28', 'Accept': kinds, 'User-Agent': agent})"
    ),
    "the public name of a resource": (
        "http.get(URL, params={'resource': 'd89cf9ad-3ee0-4b5f-a1c7-06f2e9b84d13', 'of': parcel})"
    ),
    "a commit in a path": "http.get(URL + '3f2a9c41d07be586a2f4c1907d3be85f6a1c2049/' + parcel)",
    "words": "http.get(URL + 'reading-list-of-2024-for-everybody-2/' + parcel)",
}


@pytest.mark.parametrize("body", HONEST.values(), ids=HONEST)
def test_what_depends_on_what_was_given_or_is_public_is_no_secret(judged, body):
    assert sent(judged, body) == []


def test_what_a_test_gives_as_an_argument_is_no_secret(judged):
    tests = "".join(
        f"def test_{name}():\n    with outside():\n        where('q7Zt1LmX94bRwe0K', {name!r})\n" for name in "ab"
    )
    assert sent(judged, "http.get(URL + parcel + '/' + more)", tests=tests, parameter="parcel, more") == []


def test_what_is_drawn_once_for_two_requests_is_no_secret(judged):
    tests = "def test_one():\n    with outside():\n        where()\n"
    body = "one = uuid.uuid4().hex\nfor _ in 'ab':\n    http.get(URL, headers={'X-Request': one})"
    assert sent(judged, body, tests=tests, parameter="") == []


MALFORMED = [{"status": 1, "headers": 7}, {"status": 1, "headers": [[1], "x"], "body": 3}, [{1: b"\xff{"}], 2**13_999]


@pytest.mark.parametrize("value", MALFORMED, ids=range(len(MALFORMED)))
def test_answers_that_a_recording_made_up_do_no_harm(value):
    ask = Ask(op="http.request", argument={"url": "no address", "headers": {1: 2, "a\nb": "q7Zt1LmX94bRwe0K"}})
    outside = Overheard(Rehearsed(Doubles(), [Exchange(ask=ask, answer=Given(value=value))]), [], other=True)
    assert isinstance(outside.answer(ask), Given)
    assert {one.place for one in outside.sent.values()} == {"the header a?b"}


def test_replies_however_deep_do_no_harm():
    for depth in range(20, 1200, 20):
        ask = Ask(op="http.request", argument={"url": "https://api.example.org/"})
        reply = Given(value={"status": 200, "headers": [], "body": b"[" * depth + b"1" + b"]" * depth})
        for other in (False, True):
            outside = Overheard(Rehearsed(Doubles(), [Exchange(ask=ask, answer=reply)]), [], other=other)
            assert isinstance(outside.answer(ask), Given)


def test_what_fails_is_passed_on():
    ask = Ask(op="files.read", argument={"path": "x"})
    failed = Failed(kind="OSError", message="no")
    outside = Overheard(Rehearsed(Doubles(), [Exchange(ask=ask, answer=failed)]), [], other=True)
    assert (outside.answer(ask), outside.sent) == (failed, {})
