"""Requests and connections made by the host: checked, then sent to exactly the address that was checked."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from sandbox.outside.addresses import Names
from sandbox.outside.counted import Counted
from sandbox.outside.decide import Permit
from sandbox.outside.desk import CHUNK, MAX_OPEN, Request
from sandbox.outside.held import HELD, Held, shut
from sandbox.outside.limited import LimitReached, NotGranted, Traffic
from sandbox.outside.urls import Url, redirected

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 5
_MAX_HEADER_BYTES: Final = 64 * 1024
#: Headers that steer the connection, and are the host's alone.
_OWN_HEADERS: Final = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"),
        *("expect", "accept-encoding", "via", "forwarded", "http2-settings"),
    }
)
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


@dataclass(slots=True)
class _Open:
    """A response or a connection that is still being read, how long each piece of it may take, and for whom it is.

    `reading` is for the response, which takes one thread at a time, also for its end.
    """

    socket: socket.socket
    response: http.client.HTTPResponse | None
    wall_s: float
    held: Held
    reading: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        shut(self.socket)  # whoever is reading comes to an end
        if self.response is not None:
            with self.reading:
                self.response.close()
        self.socket.close()


class HostWeb:
    """The real web. Counts what is sent and received against `network_mb`, each on its own."""

    def __init__(
        self,
        permit: Permit,
        *,
        network_mb: float,
        wall_s: float,
        secrets: Mapping[str, str] | None = None,
        names: Names | None = None,
        trusted_ca: str | None = None,
    ) -> None:
        self._permit, self._wall_s = permit, wall_s
        self._traffic = Traffic(network_mb)
        self._secrets = dict(secrets or {})
        self._names = names or Names()
        self._trusted_ca = trusted_ca
        self._open: dict[int, _Open] = {}
        self._own = Held()
        self._last = 0
        self._lock = threading.Lock()

    @property
    def moved(self) -> int:
        """The bytes counted so far, both ways together; with those of the attempt that went over the limit."""
        return self._traffic.moved

    # ---- http ------------------------------------------------------------------------------------------------------

    def request(self, request: Request) -> dict[str, object]:
        """Make a request, follow redirects that are allowed, and return the answer's head and first bytes."""
        deadline = time.monotonic() + request.timeout_s
        for _ in range(_MAX_REDIRECTS + 1):
            refused = self._permit.network(request.url.host, request.url.port)
            if refused:
                raise NotGranted(refused)
            opened = self._exchange(request, deadline)
            response = opened.response
            assert response is not None
            location = response.getheader("Location") if response.status in _REDIRECTS else None
            if location is None:
                return self._answer(request, opened, response)
            opened.close()
            request = _follow(request, response.status, location)
        raise ConnectionError(f"more than {_MAX_REDIRECTS} redirects")

    def _exchange(self, request: Request, deadline: float) -> _Open:
        connection = self._connect(request.url.host, request.url.port, deadline)
        guard = _Deadline(connection, deadline)
        try:
            if request.url.scheme == "https":
                connection = self._secured(connection, request.url.host, guard)
            self._send_request(connection, request)
            arriving = Counted(connection, partial(self._traffic.count, "received"))
            response = http.client.HTTPResponse(arriving, method=request.method)  # type: ignore[arg-type] # no more of it
            response.begin()
            guard.check()
        except OSError as error:
            guard.fail(_as_connection_error(request.url.host, error), error)
        except (http.client.HTTPException, ValueError) as error:
            guard.fail(ConnectionError(f"{request.url.host} does not speak HTTP: {type(error).__name__}"), error)
        except LimitReached:
            connection.close()
            raise
        finally:
            guard.stop()
        return _Open(connection, response, request.timeout_s, self._held)

    def _secured(self, connection: socket.socket, host: str, guard: _Deadline) -> socket.socket:
        context = ssl.create_default_context(cafile=self._trusted_ca)
        # It takes the place of the other one, which nothing can be shut by any more, so it is known before it is used.
        secured = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
        guard.take(secured)
        self._held.add(secured)
        secured.do_handshake()
        return secured

    def _send_request(self, connection: socket.socket, request: Request) -> None:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        headers = self._with_secret(request.url, headers)
        writer = http.client.HTTPConnection(request.url.host, request.url.port)
        writer.sock = connection
        writer.auto_open = 0
        writer.putrequest(request.method, request.url.target, skip_host=True, skip_accept_encoding=True)
        writer.putheader("Host", request.url.authority)
        writer.putheader("Accept-Encoding", "identity")
        writer.putheader("Connection", "close")
        for name, value in headers.items():
            writer.putheader(name, value)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            writer.putheader("Content-Length", str(len(request.body)))
        self._traffic.count("sent", replace(request, headers=headers).size())
        writer.endheaders(request.body or None)
        writer.sock = None  # the response owns the socket now

    def _with_secret(self, url: Url, headers: dict[str, str]) -> dict[str, str]:
        """Add the header that the person configured for this host; only where TLS proves who reads it."""
        secret_name, _, secret = self._secrets.get(f"{url.host}:{url.port}", "").partition(":")
        if not secret or url.scheme != "https":
            return headers
        others = {name: value for name, value in headers.items() if name.lower() != secret_name.strip().lower()}
        return {**others, secret_name.strip(): secret.strip()}

    def _answer(self, request: Request, opened: _Open, response: http.client.HTTPResponse) -> dict[str, object]:
        handle = self._keep(opened)
        try:
            headers, body = _headers(response), self.read(handle, CHUNK)
        except (OSError, LimitReached):
            self.disconnect(handle)
            raise
        done = not body or response.isclosed() or response.length == 0
        if done:
            self.disconnect(handle)
        return {
            "status": response.status,
            "url": str(request.url),
            "headers": headers,
            "body": body,
            "handle": None if done else handle,
        }

    def read(self, handle: int, size: int) -> bytes:
        """Return what has arrived of a body; empty at its end."""
        opened = self._opened(handle)
        if opened.response is None:
            raise ValueError("this is a connection, not a response")
        guard, data = _Deadline(opened.socket, time.monotonic() + opened.wall_s), b""
        try:
            with opened.reading:
                data = opened.response.read1(size)
            guard.check()
            if not data and opened.response.length:
                raise http.client.IncompleteRead(b"")
        except OSError as error:
            guard.fail(_as_connection_error("the server", error), error)
        except (http.client.HTTPException, ValueError) as error:
            guard.fail(ConnectionError("the answer was cut off"), error)
        finally:
            guard.stop()
            if not data:
                self.disconnect(handle)
        return data

    # ---- tcp -------------------------------------------------------------------------------------------------------

    def connect(self, host: str, port: int, timeout_s: float) -> int:
        """Open a connection and return its handle; the socket stays here."""
        connection = self._connect(host, port, time.monotonic() + timeout_s)
        return self._keep(_Open(connection, None, self._wall_s, self._held))

    def send(self, handle: int, data: bytes) -> None:
        """Send all of `data`."""
        opened = self._connected(handle)
        self._traffic.count("sent", len(data))
        opened.socket.settimeout(opened.wall_s)
        opened.socket.sendall(data)

    def receive(self, handle: int, size: int) -> bytes:
        """Return what has arrived; empty when the other side closed."""
        opened = self._connected(handle)
        opened.socket.settimeout(opened.wall_s)
        data = opened.socket.recv(size)
        self._traffic.count("received", len(data))
        return data

    def disconnect(self, handle: int) -> None:
        """Close a connection or a response; an unknown handle is fine."""
        with self._lock:
            opened = self._open.pop(handle, None)
        if opened is not None:
            opened.close()

    def _connected(self, handle: int) -> _Open:
        """Return a raw connection; what a request opened speaks for the host, in its name, to what was checked."""
        opened = self._opened(handle)
        if opened.response is not None:
            raise ValueError("this is a response, not a connection")
        return opened

    def close(self) -> None:
        """Close everything."""
        for handle in list(self._open):
            self.disconnect(handle)

    # ---- shared ----------------------------------------------------------------------------------------------------

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        """Resolve once, check every address, and connect to one that was checked."""
        addresses = self._names.resolve(host, port, timeout_s=max(deadline - time.monotonic(), 0.001))
        problem = OSError("no address")
        for address in addresses:
            left = max(deadline - time.monotonic(), 0.001)
            connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            try:
                self._held.add(connection)
                connection.settimeout(left)
                connection.connect((address, port))
                self._held.add(connection)  # again: it could not be shut before it was connected
            except OSError as error:
                connection.close()
                problem = error
            else:
                return connection
        raise _as_connection_error(host, problem) from problem

    @property
    def _held(self) -> Held:
        """What belongs to the worker that is being answered."""
        return HELD.get(self._own)

    def _keep(self, opened: _Open) -> int:
        self._sweep()
        with self._lock:
            if len(self._open) < MAX_OPEN:
                self._last += 1
                self._open[self._last] = opened
                return self._last
        opened.close()
        raise LimitReached("open_files", f"more than {MAX_OPEN} open connections")

    def _sweep(self) -> None:
        """Close what a worker that has ended left open."""
        with self._lock:
            left = [handle for handle, opened in self._open.items() if opened.held.over]
        for handle in left:
            self.disconnect(handle)

    def _opened(self, handle: int) -> _Open:
        with self._lock:
            opened = self._open.get(handle)
        if opened is None:
            raise ValueError("this connection is closed")
        self._held.add(opened.socket)
        return opened


class _Deadline:
    """Shuts a socket down at a moment, whatever the other side drips."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._socket = connection
        self._passed = False
        left = max(deadline - time.monotonic(), 0.001)
        connection.settimeout(left)
        self._timer = threading.Timer(left, self._shut)
        self._timer.daemon = True
        self._timer.start()

    def take(self, connection: socket.socket) -> None:
        self._socket = connection

    def _shut(self) -> None:
        self._passed = True
        shut(self._socket)

    def check(self) -> None:
        """Raise when the moment has passed: an answer that was cut off by it looks whole to the parser."""
        if self._passed:
            raise TimeoutError

    def fail(self, problem: OSError, cause: BaseException) -> None:
        self._socket.close()
        if self._passed:
            raise TimeoutError("the server did not answer in time") from cause
        raise problem from cause

    def stop(self) -> None:
        self._timer.cancel()


def _headers(response: http.client.HTTPResponse) -> list[list[str]]:
    """Return the headers, as far as they are of an ordinary size."""
    found = [[name, value] for name, value in response.getheaders()]
    if sum(len(name) + len(value) for name, value in found) > _MAX_HEADER_BYTES:
        raise ConnectionError(f"more than {_MAX_HEADER_BYTES} bytes of headers")
    return found


def _as_connection_error(host: str, error: OSError) -> OSError:
    if isinstance(error, TimeoutError):
        return TimeoutError(f"{host} did not answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionError(f"the certificate of {host} is not valid: {error.verify_message}")
    return ConnectionError(f"{host} cannot be reached: {error.strerror or type(error).__name__}")


def _follow(request: Request, status: int, location: str) -> Request:
    url: Url = redirected(request.url, location)
    headers = dict(request.headers)
    if url.origin != request.url.origin:
        headers = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
    changed = status == 303 or (status in (301, 302) and request.method == "POST")
    if changed and request.method != "HEAD":
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
        return replace(request, url=url, method="GET", body=b"", headers=headers)
    return replace(request, url=url, headers=headers)
