"""A witness behind HTTP: one address, `POST /add-checkpoint`, as tlog-witness has it; `GET /` gives the witness's key.

It is made for few logs and few requests a second, and to stand behind a reverse proxy that speaks TLS.
"""

import logging
import threading
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from xingtan.ledger.storage import FileHead
from xingtan.ledger.witness import MOST_BYTES, Reply, Witness

_PATIENCE_S = 10
_MOST_AT_ONCE = 64
_MOST_DISCARDED = 1 << 20
_log = logging.getLogger(__name__)


def head_of(folder: Path, origin: str) -> FileHead:
    """Return where a witness in `folder` keeps the latest checkpoint of `origin`."""
    return FileHead(folder / sha256(origin.encode()).hexdigest())


class WitnessServer(ThreadingHTTPServer):
    """Answers for `witness` at `address`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, _Handler)
        self.witness = witness
        self.places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    @property
    def url(self) -> str:
        """Return the address that this server listens on."""
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - as socketserver calls it
        """Note a connection that broke: that is the other side's affair."""
        _log.info("the connection with %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S
    disable_nagle_algorithm = True  # the body does not wait until the head is acknowledged
    server: WitnessServer

    def do_GET(self) -> None:
        if self.path == "/":
            self._send(Reply(200, f"{self.server.witness.key}\n".encode()))
        else:
            self._send(Reply(404, b"not found\n"))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MOST_BYTES:
            self.rfile.read(min(int(length), _MOST_DISCARDED))  # who still sends does not hear an answer
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        if self.path != "/add-checkpoint":
            self._send(Reply(404, b"not found\n"))
        elif not self.server.places.acquire(blocking=False):
            self._send(Reply(503, b"too many ask at once\n"))
        else:
            try:
                self._send(self._cosign(body))
            finally:
                self.server.places.release()

    def _cosign(self, body: bytes) -> Reply:
        try:
            return self.server.witness.add_checkpoint(body)
        except Exception:  # noqa: BLE001 - what the disk or the key did is ours to know and not theirs
            _log.exception("the witness could not answer")
            return Reply(500, b"the witness could not answer\n")

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # where the next request begins is not known
        self._send(Reply(status, f"{status.phrase}\n".encode()))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        _log.info(format, *args)
