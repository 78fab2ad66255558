"""A server of ours in a process of its own: started, watched, stopped."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_WAIT_S = 60


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    pid: int
    first_page_s: float

    def resident_mb(self) -> float:
        """Return the resident memory of the process, in MB (10^6 bytes)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        msg = "no VmRSS"
        raise RuntimeError(msg)


@contextmanager
def running(*command: str, port: int, path: str = "/", environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Run `command`, yield once `path` answers, stop it at the end."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url + path, process)
        yield Server(url, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            msg = f"the server ended with {process.returncode}"
            raise RuntimeError(msg)
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - a loopback address of ours
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    msg = f"{url} did not answer within {_WAIT_S} s"
    raise RuntimeError(msg)
