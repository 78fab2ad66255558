"""Pages per second: home, work, lesson as a signed-in buyer, catalogue JSON and search, at 1, 16 and 64 connections.

Beside each: the share of the floor (the same server sending bytes that it holds) in the same run, and what the anchor
was measured at on a machine of the same kind. Machines differ and are shared: read the ratios, not the rates.
"""

import argparse
import tempfile
from pathlib import Path

from bench.academy import furnish
from bench.load import Figure, has_wrk, load
from bench.server import free_port, running

CONNECTIONS = (1, 16, 64)
ANCHORS = {  # requests per second of Ghost 6.65 with its in-memory cache, at the same numbers of connections
    "home": (97, 94, 62),
    "work": (74, 83, 84),
    "lesson, signed in": (38, 52, 62),
    "catalogue JSON": (252, 424, 423),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--learners", type=int, default=2000)
    arguments = parser.parse_args()
    if not has_wrk():
        print("Skipped: this measurement needs the program wrk.")
        return
    with tempfile.TemporaryDirectory() as folder:
        measured = furnish(Path(folder), learners=arguments.learners)
        floor = _floor(arguments.seconds)
        port = free_port()
        with running("xingtan.cli.main", "serve", "--home", folder, "--port", str(port), port=port) as server:
            idle = server.resident_mb()
            cookie = {"Cookie": f"xt_session={measured.session}"}
            gzip = {"Accept-Encoding": "gzip", "Accept-Language": "en"}
            pages = (
                ("home", "/", gzip),
                ("work", measured.product, gzip),
                ("lesson, signed in", measured.lesson, gzip | cookie),
                ("catalogue JSON", "/api/v1/products", gzip),
                ("search", "/search?q=python", gzip),
                ("search, signed in", "/search?q=%E6%95%B0%E6%8D%AE", gzip | cookie),
            )
            print(f"{'page':<20}{'conn':>5}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'of floor':>10}{'x anchor':>10}")
            for name, path, headers in pages:
                for place, connections in enumerate(CONNECTIONS):
                    figure = load(
                        server.url + path, connections=connections, seconds=arguments.seconds, headers=headers
                    )
                    _print(name, connections, figure, floor[connections], ANCHORS.get(name, (0, 0, 0))[place])
            print(f"\nstart to first page {server.first_page_s:.1f} s (anchor 3.3 to 4.5 s)")
            print(
                f"resident memory {idle:.0f} MB idle, {server.resident_mb():.0f} MB after the load (anchor 235, 713 MB)"
            )


def _floor(seconds: int) -> dict[int, Figure]:
    port = free_port()
    with running("bench.floor", str(port), port=port) as server:
        figures = {
            connections: load(server.url, connections=connections, seconds=seconds) for connections in CONNECTIONS
        }
    for connections, figure in figures.items():
        _print("floor", connections, figure, figure, 0)
    return figures


def _print(name: str, connections: int, figure: Figure, floor: Figure, anchor: int) -> None:
    times = f"{figure.rate / anchor:>9.1f}x" if anchor else f"{'-':>10}"
    print(
        f"{name:<20}{connections:>5}{figure.rate:>9.0f}{figure.p50_ms:>9.2f}{figure.p99_ms:>9.2f}"
        f"{figure.rate / floor.rate:>10.2f}{times}"
    )


if __name__ == "__main__":
    main()
