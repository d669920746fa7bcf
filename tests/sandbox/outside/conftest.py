"""Servers on loopback that tests make addressable by configuration; nothing here sends a packet anywhere else."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox import Limits, Policy
from sandbox.outside.base import Ask
from sandbox.outside.real import RealOutside

HOST = "api.example.org"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers.items()), body))
        path = self.path.partition("?")[0]
        if path.startswith("/redirect/"):
            status, _, target = path.removeprefix("/redirect/").partition("/")
            return self.send(int(status), b"", {"Location": self.server.targets[target]})
        if path.startswith("/bytes/"):
            return self.send(200, b"x" * int(path.removeprefix("/bytes/")), {})
        if path == "/headers":
            return self.send(200, b"", {f"X-{number}": "x" * 2000 for number in range(60)})
        if path == "/chunked":
            return self.chunked([b"one", b"two" * 100_000, b"three"])
        if path == "/endless":
            return self.endless()
        if path == "/padded":
            return self.padded()
        if path == "/continued":
            for _ in range(50):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 50_000 + b"\r\n\r\n")
        if path == "/silent":
            self.server.released.wait(30)
            return None
        if path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
            return None
        status = int(path.removeprefix("/status/")) if path.startswith("/status/") else 200
        return self.send(status, b'{"ok": true}', {"Content-Type": "application/json", "X-Two": "a"})

    def send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunked(self, parts):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (*parts, b""):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def padded(self):
        """Send a byte at a time, each in a chunk that is mostly extension."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(50):
            self.wfile.write(b"1;" + b"x" * 50_000 + b"\r\nx\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def endless(self):
        """Send the first piece, then the rest only after the test has seen the first."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n")
        self.wfile.flush()
        self.server.released.wait(30)
        self.wfile.write(b"4\r\nlast\r\n0\r\n\r\n")

    def __getattr__(self, name):
        """Answer every method alike."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.targets, self.names = [], {}, []
        self.released = threading.Event()
        if context is not None:
            context.sni_callback = lambda _socket, name, _context: self.names.append(name)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what several tests are about


def started(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return thread


def stopped(server, thread):
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def server():
    server = Server()
    thread = started(server)
    yield server
    stopped(server, thread)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for HOST, signed by itself; (path of the certificate, path of the key)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture
def tls_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = Server(context)
    thread = started(server)
    yield server
    stopped(server, thread)


class Names:
    """A resolver that knows a few names, and counts what it was asked."""

    def __init__(self, **known):
        self.known = known
        self.asked = []

    def __call__(self, host, port):
        self.asked.append((host, port))
        addresses = self.known.get(host.replace(".", "_").replace("-", "_"), "127.0.0.1")
        if callable(addresses):
            return addresses()
        if addresses is None:
            raise OSError("no such name")
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            return [addresses] if isinstance(addresses, str) else list(addresses)


@pytest.fixture
def names():
    return Names()


@pytest.fixture
def outside(tmp_path, names):
    """Make a real outside whose names lead to loopback."""
    made = []

    def make(policy=None, **options):
        limits = options.pop("limits", Limits(wall_s=10))
        options.setdefault("resolver", names)
        options.setdefault("addressable", {"127.0.0.1"})
        options.setdefault("home", str(tmp_path / "home"))
        (tmp_path / "home").mkdir(exist_ok=True)
        door = RealOutside(policy or Policy(), limits, tmp_path / "storage", options.pop("secrets", None), **options)
        made.append(door)
        return door

    yield make
    for door in made:
        door.close()


@pytest.fixture
def ask():
    def send(door, op, **argument):
        return door.answer(Ask(op=op, argument=argument))

    return send


@pytest.fixture
def fetch(ask):
    """Make an HTTP request through a door."""

    def send(door, url, *, method="GET", headers=None, body=None, timeout_s=5.0):
        return ask(
            door,
            "http.request",
            method=method,
            url=url,
            headers=headers or {},
            body=body,
            upload=0,
            timeout_s=timeout_s,
        )

    return send
