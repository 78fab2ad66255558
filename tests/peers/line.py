"""A provider's counter on the loopback: a real HTTP server with a line to it that can be cut in every way.

`faults` is what happens to the next calls, one word each, then all is well:
lost (the call never arrives), answer_lost (it is done, the answer never arrives), slow (it is done, the answer comes
after the caller has hung up), 500 (nothing is done), done_500 (done, and 500 says otherwise), garbage, half, empty.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

FAULTS = ("lost", "answer_lost", "slow", "500", "done_500", "garbage", "half", "empty")
NOT_DONE = frozenset({"lost", "500"})


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(found: object, status: int = 200, **headers: str) -> Reply:
    return Reply(
        json.dumps(found, ensure_ascii=False).encode(), status, {"Content-Type": "application/json", **headers}
    )


class Peer:
    """One provider: `answer` is what it does; the rest is the line to it."""

    def __init__(self, faults: Iterable[str] = (), *, slow_s: float = 0.5) -> None:
        self.faults = deque(faults)
        self.calls: list[Call] = []
        self._slow_s = slow_s
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it listens; before that, where nobody does."""
        return f"http://127.0.0.1:{self._server.server_address[1] if self._server else 1}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def through(self, call: Call) -> Reply | None:
        """What comes out at the caller's end of the line; None: nothing."""
        with self._lock:
            fault = self.faults.popleft() if self.faults else ""
            self.calls.append(call)
            reply = None if fault in NOT_DONE else self.answer(call)
        if fault == "slow":
            time.sleep(self._slow_s)
        if fault in {"lost", "answer_lost"} or reply is None:
            return as_json({}, 500) if fault == "500" else None
        spoiled = {
            "done_500": as_json({}, 500), "garbage": Reply(b"<html>504</html>", 200, {"Content-Type": "text/html"}),
            "half": Reply(reply.body[: len(reply.body) // 2], reply.status, {**reply.headers, "X-Cut": "1"}),
            "empty": as_json({}),
        }  # fmt: skip
        return spoiled.get(fault, reply)


def _handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = peer.through(Call(self.command, path, query, headers, body))
            self.close_connection = True
            if reply is None:
                self.connection.close()
                return
            is_cut = "X-Cut" in reply.headers
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) * (2 if is_cut else 1) + is_cut))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - http.server's names

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, ValueError):
                return  # the caller hung up

        def log_message(self, *_: object) -> None:
            pass

    return Handler
