"""Load: `wrk` against a server of ours on the loopback, for a bounded time."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_BAD = re.compile(r"Non-2xx or 3xx responses:\s+(\d+)")


@dataclass(frozen=True, slots=True)
class Figure:
    """Requests per second, and the latency in milliseconds that half, and 99 of 100, requests stayed under."""

    rate: float
    p50_ms: float
    p99_ms: float


def has_wrk() -> bool:
    """Say whether `wrk` is installed."""
    return shutil.which("wrk") is not None


def load(url: str, *, connections: int, seconds: int, headers: Mapping[str, str] | None = None) -> Figure:
    """Ask for `url` over `connections` connections for `seconds` and return how it went; any failure is an error."""
    given = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *given, url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bad = _BAD.search(output)
    if bad or "Socket errors" in output:
        msg = f"{url} did not answer every request well:\n{output}"
        raise RuntimeError(msg)
    latency = {mark: float(value) * _UNITS[unit] for mark, value, unit in _LATENCY.findall(output)}
    rate = _RATE.search(output)
    if rate is None:
        msg = f"wrk said something unexpected:\n{output}"
        raise RuntimeError(msg)
    return Figure(float(rate[1]), latency["50"], latency["99"])
