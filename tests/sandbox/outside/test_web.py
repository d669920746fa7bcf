"""Requests by the host, against real servers on loopback that the test makes addressable."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress

import pytest

from sandbox import Limits, Policy
from sandbox.outside.base import Exceeded, Failed, Given, Refused

HOST = "api.example.org"


def policy_for(*servers, hosts=(HOST,)):
    return Policy(network=tuple(f"{host}:{server.server_address[1]}" for server in servers for host in hosts))


def url_of(server, path="/", *, host=HOST, scheme="http"):
    return f"{scheme}://{host}:{server.server_address[1]}{path}"


def test_method_headers_and_body_arrive_and_the_answer_comes_back(server, outside, fetch):
    door = outside(policy_for(server))
    answer = fetch(
        door, url_of(server, "/a?b=c d".replace(" ", "%20")), method="POST", headers={"X-One": "1"}, body=b"hello"
    )
    assert isinstance(answer, Given)
    assert answer.value["status"] == 200 and json.loads(answer.value["body"]) == {"ok": True}
    assert ["X-Two", "a"] in answer.value["headers"] and answer.value["handle"] is None
    ((method, path, headers, body),) = server.seen
    assert (method, path, headers["X-One"], body) == ("POST", "/a?b=c%20d", "1", b"hello")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method(method, server, outside, fetch):
    answer = fetch(outside(policy_for(server)), url_of(server), method=method)
    assert answer.value["status"] == 200 and server.seen[0][0] == method


def test_a_host_that_is_not_declared_is_refused_without_a_packet(server, outside, fetch, names):
    answer = fetch(outside(policy_for(server)), url_of(server, host="evil.example.org"))
    assert answer == Refused(
        capability=f"network:evil.example.org:{server.server_address[1]}",
        message=f"the manifest does not declare the host evil.example.org:{server.server_address[1]}",
    )
    assert names.asked == [] and server.seen == []


def test_another_port_is_another_capability(server, outside, fetch, names):
    answer = fetch(outside(policy_for(server)), f"http://{HOST}/")
    assert isinstance(answer, Refused) and answer.capability == f"network:{HOST}:80" and names.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::1", "fd00:ec2::254"],
)
def test_a_declared_name_that_leads_inside_is_refused(address, server, outside, fetch, names):
    names.known["api_example_org"] = address
    answer = fetch(outside(policy_for(server), addressable=()), url_of(server))
    assert isinstance(answer, Refused) and answer.capability == f"address:{address}"
    assert server.seen == []


def test_a_rebinding_name_is_resolved_once_and_that_address_is_used(server, outside, fetch, names):
    turns = iter([["127.0.0.1"], ["169.254.169.254"]])
    names.known["api_example_org"] = lambda: next(turns)
    door = outside(policy_for(server))
    assert isinstance(fetch(door, url_of(server)), Given)
    assert len(names.asked) == 1
    assert isinstance(fetch(door, url_of(server)), Refused)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_the_metadata_address_is_refused(status, server, outside, fetch):
    server.targets["meta"] = "http://169.254.169.254/latest/meta-data/"
    answer = fetch(outside(policy_for(server)), url_of(server, f"/redirect/{status}/meta"))
    assert isinstance(answer, Refused) and answer.capability == "network:169.254.169.254:80"


def test_the_metadata_address_is_refused_under_a_declared_name_and_as_itself(server, outside, fetch, names):
    names.known["other_example_org"] = "169.254.169.254"
    server.targets["meta"] = url_of(server, "/latest/meta-data/", host="other.example.org")
    door = outside(policy_for(server, hosts=(HOST, "other.example.org")))
    refused = fetch(door, url_of(server, "/redirect/302/meta"))
    assert isinstance(refused, Refused) and refused.capability == "address:169.254.169.254"
    literal = fetch(outside(Policy(network=("169.254.169.254:80",))), "http://169.254.169.254/latest/meta-data/")
    assert isinstance(literal, Refused) and literal.capability == "address:169.254.169.254"


def test_a_redirect_to_another_host_needs_that_host_too(server, outside, fetch):
    server.targets["other"] = url_of(server, "/landed", host="other.example.org")
    refused = fetch(outside(policy_for(server)), url_of(server, "/redirect/302/other"))
    assert isinstance(refused, Refused) and refused.capability.startswith("network:other.example.org:")
    both = outside(policy_for(server, hosts=(HOST, "other.example.org")))
    answer = fetch(both, url_of(server, "/redirect/302/other"), headers={"Authorization": "Bearer own", "X-Keep": "1"})
    assert answer.value["url"] == server.targets["other"]
    landed = server.seen[-1][2]
    assert "Authorization" not in landed and landed["X-Keep"] == "1"


def test_a_redirect_inside_the_origin_is_followed_and_a_loop_ends(server, outside, fetch):
    server.targets.update(here="/landed", again="/redirect/302/again")
    door = outside(policy_for(server))
    answer = fetch(
        door, url_of(server, "/redirect/303/here"), method="POST", body=b"x", headers={"Content-Type": "a/b"}
    )
    assert answer.value["status"] == 200
    method, path, headers, body = server.seen[-1]
    assert (method, path, body) == ("GET", "/landed", b"") and "Content-Type" not in headers
    loop = fetch(door, url_of(server, "/redirect/302/again"))
    assert loop == Failed(kind="ConnectionError", message="more than 5 redirects")


def test_a_307_keeps_method_and_body(server, outside, fetch):
    server.targets["here"] = "/landed"
    fetch(outside(policy_for(server)), url_of(server, "/redirect/307/here"), method="PUT", body=b"x")
    assert server.seen[-1][0] == "PUT" and server.seen[-1][3] == b"x"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://a.org/", "http://a:b@api.example.org/", "gopher://x/"])
def test_a_redirect_to_something_else_fails(target, server, outside, fetch):
    server.targets["odd"] = target
    assert isinstance(fetch(outside(policy_for(server)), url_of(server, "/redirect/302/odd")), Failed)


def test_the_host_header_is_the_checked_host_whatever_the_plugin_says(server, outside, fetch):
    headers = {"Host": "victim.example.org", "hOsT": "x", "Transfer-Encoding": "chunked", "Content-Length": "0"}
    fetch(outside(policy_for(server)), url_of(server), method="POST", headers=headers, body=b"abc")
    _, _, seen, body = server.seen[0]
    assert seen["Host"] == f"{HOST}:{server.server_address[1]}" and body == b"abc"
    assert "Transfer-Encoding" not in seen and seen["Content-Length"] == "3"


@pytest.mark.parametrize(
    "headers", [{"A": "x\r\nB: y"}, {"A\r\nB": "y"}, {"A": "x\ny"}, {"": "x"}, {"A": "\u4e2d"}, {"A": "\0"}]
)
def test_headers_cannot_smuggle_lines(headers, server, outside, fetch):
    assert fetch(outside(policy_for(server)), url_of(server), headers=headers).kind == "ValueError"
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://api.example.org:PORT/a b",
            "http://api.example.org:PORT/\r\nX: y",
            "http://api.example.org:PORT\\@evil/",
        ),
        *("http://evil@api.example.org:PORT/", "//api.example.org:PORT/", "file:///etc/passwd", "http://", "http:///x"),
        *("http://api.example.org:99999/", "http://[::1/", "http://%61pi.example.org:PORT/", "http://2130706433/"),
        *("http://[::1]evil.org:PORT/", "http://evil.org[::1]:PORT/", "http://[v1.a]:PORT/"),
    ],
)
def test_urls_that_can_be_read_in_two_ways_are_refused(url, server, outside, fetch):
    answer = fetch(outside(policy_for(server)), url.replace("PORT", str(server.server_address[1])))
    assert isinstance(answer, Failed) and answer.kind == "ValueError" and server.seen == []


def test_tls_uses_the_declared_name_everywhere(tls_server, certificate, outside, fetch):
    door = outside(policy_for(tls_server), trusted_ca=certificate[0])
    answer = fetch(door, url_of(tls_server, scheme="https"))
    assert answer.value["status"] == 200
    assert tls_server.names == [HOST]
    assert tls_server.seen[0][2]["Host"] == f"{HOST}:{tls_server.server_address[1]}"


def test_a_certificate_for_another_name_or_from_nobody_is_refused(tls_server, certificate, outside, fetch):
    other = outside(policy_for(tls_server, hosts=("other.example.org",)), trusted_ca=certificate[0])
    answer = fetch(other, url_of(tls_server, scheme="https", host="other.example.org"))
    assert answer.kind == "ConnectionError" and "certificate" in answer.message
    untrusted = fetch(outside(policy_for(tls_server)), url_of(tls_server, scheme="https"))
    assert untrusted.kind == "ConnectionError" and "certificate" in untrusted.message
    assert tls_server.seen == []


def test_the_host_adds_the_token_over_tls_only_and_for_its_host_only(server, tls_server, certificate, outside, fetch):
    port, plain = tls_server.server_address[1], server.server_address[1]
    secrets = {f"{HOST}:{port}": "Authorization: Bearer secret", f"{HOST}:{plain}": "Authorization: Bearer secret"}
    policy = policy_for(server, tls_server, hosts=(HOST, "other.example.org"))
    door = outside(policy, trusted_ca=certificate[0], secrets=secrets)
    fetch(door, url_of(tls_server, scheme="https"), headers={"authorization": "Bearer own"})
    sent = tls_server.seen[0][2]
    assert [value for name, value in sent.items() if name.lower() == "authorization"] == ["Bearer secret"]
    fetch(door, url_of(server))
    assert "Authorization" not in server.seen[0][2]
    tls_server.targets["other"] = url_of(server, "/landed", host="other.example.org")
    fetch(door, url_of(tls_server, "/redirect/302/other", scheme="https"))
    assert "Authorization" not in server.seen[-1][2]


def drain(door, ask, answer):
    """Everything of a body, and the last answer."""
    if not isinstance(answer, Given):
        return b"", answer
    body, handle = answer.value["body"], answer.value["handle"]
    while handle is not None:
        more = ask(door, "http.read", handle=handle, size=65536)
        if not isinstance(more, Given) or not more.value:
            return body, more
        body += more.value
    return body, answer


def test_received_bytes_are_capped_to_the_byte_with_the_head_of_the_answer(server, outside, fetch, ask):
    wide = outside(policy_for(server))
    drain(wide, ask, fetch(wide, url_of(server, "/bytes/1000000")))
    head = wide.network_bytes - len("/bytes/1000000") - 1_000_000
    assert 50 < head < 500
    limits = Limits(network_mb=1, wall_s=10)
    fits = (1 << 20) - head
    door = outside(policy_for(server), limits=limits)
    body, last = drain(door, ask, fetch(door, url_of(server, f"/bytes/{fits}")))
    assert len(body) == fits and isinstance(last, Given)
    door = outside(policy_for(server), limits=limits)
    body, last = drain(door, ask, fetch(door, url_of(server, f"/bytes/{fits + 1}")))
    assert isinstance(last, Exceeded) and last.limit == "network_mb" and len(body) <= 1 << 20


@pytest.mark.parametrize("path", ["/padded", "/continued"])
def test_what_comes_beside_the_body_counts_too(path, server, outside, fetch, ask):
    """Extensions of chunks, answers before the answer: a megabyte of them is a megabyte."""
    door, last = outside(policy_for(server), limits=Limits(network_mb=1, wall_s=10)), None
    for _ in range(200):
        _, last = drain(door, ask, fetch(door, url_of(server, path)))
        if isinstance(last, Exceeded):
            break
    assert isinstance(last, Exceeded) and last.limit == "network_mb"


def test_sent_bytes_are_capped_before_they_are_sent(server, outside, fetch, ask):
    door = outside(policy_for(server), limits=Limits(network_mb=1, wall_s=10))
    handle = 0
    for _ in range(4):
        handle = ask(door, "http.body", handle=handle, data=b"x" * (256 * 1024)).value
    over = ask(door, "http.body", handle=handle, data=b"x")
    assert isinstance(over, Exceeded) and over.limit == "network_mb"
    url = url_of(server)
    answer = ask(door, "http.request", method="POST", url=url, headers={}, body=None, upload=handle, timeout_s=5)
    assert isinstance(answer, Exceeded) and answer.limit == "network_mb" and server.seen == []  # the target counts, too
    again = ask(door, "http.request", method="POST", url=url, headers={}, body=None, upload=handle, timeout_s=5)
    assert again.kind == "ValueError"
    door = outside(policy_for(server), limits=Limits(network_mb=0, wall_s=10))
    assert isinstance(fetch(door, url_of(server)), Exceeded)


def test_a_large_body_is_sent_in_pieces(server, outside, ask):
    door, handle = outside(policy_for(server)), 0
    for piece in (b"one" * 80_000, b"two" * 80_000):
        handle = ask(door, "http.body", handle=handle, data=piece).value
    url = url_of(server)
    answer = ask(door, "http.request", method="PUT", url=url, headers={}, body=None, upload=handle, timeout_s=5)
    assert answer.value["status"] == 200 and server.seen[0][3] == b"one" * 80_000 + b"two" * 80_000


def test_too_many_headers_are_a_failure(server, outside, fetch):
    answer = fetch(outside(policy_for(server)), url_of(server, "/headers"))
    assert answer.kind == "ConnectionError" and "headers" in answer.message


def test_a_stream_is_read_as_it_comes(server, outside, fetch, ask):
    door = outside(policy_for(server))
    answer = fetch(door, url_of(server, "/endless"))
    assert answer.value["body"] == b"first" and answer.value["handle"] is not None
    server.released.set()
    assert drain(door, ask, answer)[0] == b"firstlast"
    whole, _ = drain(door, ask, fetch(door, url_of(server, "/chunked")))
    assert whole == b"one" + b"two" * 100_000 + b"three"


def test_a_silent_server_ends_in_time(server, outside, fetch):
    answer = fetch(outside(policy_for(server)), url_of(server, "/silent"), timeout_s=0.1)
    assert isinstance(answer, Failed) and answer.kind == "TimeoutError"


def test_a_piece_that_does_not_come_ends_in_the_time_of_the_request(server, outside, fetch, ask):
    door = outside(policy_for(server), limits=Limits(wall_s=60))
    answer = fetch(door, url_of(server, "/endless"), timeout_s=0.2)
    assert answer.value["body"] == b"first"
    assert ask(door, "http.read", handle=answer.value["handle"], size=100).kind == "TimeoutError"


def test_a_dripping_server_ends_in_time(outside, fetch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def drip():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not stop.wait(0.01):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        port = listener.getsockname()[1]
        door = outside(Policy(network=(f"{HOST}:{port}",)))
        answer = fetch(door, f"http://{HOST}:{port}/", timeout_s=0.2)
        stop.set()
        thread.join(5)
    assert answer == Failed(kind="TimeoutError", message="the server did not answer in time")


def test_a_cut_answer_and_a_dead_server_are_failures(server, outside, fetch, ask):
    door = outside(policy_for(server))
    answer = fetch(door, url_of(server, "/cut"))
    _, last = drain(door, ask, answer) if isinstance(answer, Given) else (b"", answer)
    assert last == Failed(kind="ConnectionError", message="the answer was cut off")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    closed = outside(Policy(network=(f"{HOST}:{port}",)))
    assert fetch(closed, f"http://{HOST}:{port}/").kind == "ConnectionError"


def test_an_unknown_name_is_a_failure(server, outside, fetch, names):
    names.known["api_example_org"] = None
    assert fetch(outside(policy_for(server)), url_of(server)).kind == "ConnectionError"


def test_open_connections_are_bounded(server, outside, fetch):
    door = outside(policy_for(server))
    answers = [fetch(door, url_of(server, "/endless")) for _ in range(9)]
    assert [type(answer) for answer in answers] == [Given] * 8 + [Exceeded]
    assert answers[-1].limit == "open_files"


def test_an_error_status_is_an_answer(server, outside, fetch):
    assert fetch(outside(policy_for(server)), url_of(server, "/status/503")).value["status"] == 503


@pytest.fixture
def echo():
    """A TCP server that answers everything it hears."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                while data := connection.recv(1024):
                    connection.sendall(data.upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]


def test_tcp_is_relayed_and_no_socket_is_handed_out(echo, outside, ask):
    door = outside(Policy(network=(f"{HOST}:{echo}",)))
    handle = ask(door, "tcp.open", host=HOST, port=echo, timeout_s=5).value
    assert type(handle) is int
    ask(door, "tcp.send", handle=handle, data=b"ping")
    assert ask(door, "tcp.receive", handle=handle, size=100) == Given(value=b"PING")
    ask(door, "tcp.close", handle=handle)
    assert ask(door, "tcp.send", handle=handle, data=b"x").kind == "ValueError"


def test_a_request_opens_nothing_that_can_be_spoken_over(server, tls_server, certificate, outside, fetch, ask):
    """Over the connection of a request, in the name that was checked, another Host could be asked for: fronting."""
    door = outside(policy_for(server, tls_server), trusted_ca=certificate[0])
    for one, scheme in ((server, "http"), (tls_server, "https")):
        handle = fetch(door, url_of(one, "/endless", scheme=scheme)).value["handle"]
        smuggled = b"GET /fronted HTTP/1.1\r\nHost: victim.example.org\r\n\r\n"
        assert ask(door, "tcp.send", handle=handle, data=smuggled).kind == "ValueError"
        assert ask(door, "tcp.receive", handle=handle, size=100).kind == "ValueError"
        one.released.set()
        assert drain(door, ask, Given(value={"body": b"", "handle": handle}))[0] == b"last"
        assert [path for _, path, _, _ in one.seen] == ["/endless"]


def test_tcp_is_checked_as_http_is(echo, outside, ask, names):
    door = outside(Policy(network=(f"{HOST}:{echo}",)), limits=Limits(network_mb=1))
    assert ask(door, "tcp.open", host="evil.example.org", port=echo).capability == f"network:evil.example.org:{echo}"
    assert ask(door, "tcp.open", host="127.0.0.1", port=echo).capability == f"network:127.0.0.1:{echo}"
    names.known["api_example_org"] = "10.0.0.1"
    assert ask(door, "tcp.open", host=HOST, port=echo).capability == "address:10.0.0.1"
    names.known["api_example_org"] = "127.0.0.1"
    handle = ask(door, "tcp.open", host=HOST, port=echo).value
    for _ in range(4):
        ask(door, "tcp.send", handle=handle, data=b"x" * (256 * 1024))
    assert ask(door, "tcp.send", handle=handle, data=b"x").limit == "network_mb"
