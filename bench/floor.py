"""The floor: the same server with an application that only sends bytes it already holds."""

import sys

import uvicorn
from starlette.types import Receive, Scope, Send

_BODY = b"x" * 10_000


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer every request with ten thousand bytes."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10000")]})
    await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
