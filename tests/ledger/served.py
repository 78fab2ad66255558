"""A log behind HTTP on this machine, for foreign clients."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.ledger.logs import World
from xingtan.ledger import serving
from xingtan.ledger.tiles import Read


@contextmanager
def served(world: World, *, through: Callable[[str, bytes], bytes] = lambda _path, data: data) -> Iterator[str]:
    """Serve the log of `world`, each answer changed by `through`; give its address."""
    read: Read = world.places.storage.read

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # the body does not wait until the head is acknowledged

        def do_GET(self) -> None:
            path = self.path.removeprefix("/ledger/")
            reply = serving.answer(path, read, published=world.places.published.load())
            body = through(path, reply.body)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Cache-Control", serving.caching(path, reply))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: object) -> None:
            """A client that has seen enough hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ledger"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
