"""A real receiver on the loopback address: notes what comes, verifies it with the foreign library, answers as told."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Arrived:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Return the payload, once the foreign library believes the signature; it raises otherwise."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What has arrived so far, and how the next request is answered."""

    url: str
    behave: Behaviour
    arrived: list[Arrived] = field(default_factory=list)

    def last(self) -> Arrived:
        return self.arrived[-1]


def answers(status: int, *, body: bytes = b"", headers: dict[str, str] | None = None) -> Behaviour:
    """Return a behaviour that answers with `status`."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return behave


def never_ends(request: BaseHTTPRequestHandler) -> None:
    """Answer 200 and go on writing for as long as somebody listens."""
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x" * 65_536)


def cuts(request: BaseHTTPRequestHandler) -> None:
    """Hang up without a word."""
    request.connection.shutdown(socket.SHUT_RDWR)


def drips(request: BaseHTTPRequestHandler) -> None:
    """Send the answer's head one byte at a time, so that no single wait is long."""
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000:
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        time.sleep(0.05)


def speaks_no_http(request: BaseHTTPRequestHandler) -> None:
    """Answer with something else."""
    request.wfile.write(b"220 mail.example.org ESMTP\r\n")


def silent(request: BaseHTTPRequestHandler) -> None:
    """Take the request and say nothing until the other side hangs up."""
    request.connection.recv(1)


@contextmanager
def receiving(behave: Behaviour | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen on a free port while the block runs; with `tls`, encrypted."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.arrived.append(Arrived(self.path, headers, body))
            receiver.behave(self)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return  # the other side hung up, as these tests want it to

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", behave or answers(204))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
