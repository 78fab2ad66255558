"""Checkouts per second to a paid order, through HTTP, beside the bare-SQL floor of the same run.

Each checkout is one request to the API that places an order and pays it from the buyer's wallet: price, tax, one-time
key, order, payment, wallet, books, right, news. `free` is the same for nothing. Every buyer buys each product once.
The server runs without its worker: what the news bring about (letters, the log, documents) is done after the answer.
"""

import argparse
import http.client
import json
import secrets
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

from bench.bare import floor
from bench.postgres import postgres, programs
from bench.server import free_port, running
from bench.shop import Till, shop
from xingtan.core.ids import public_id
from xingtan.domains.identity import api as identity
from xingtan.infra.platform import Platform
from xingtan.infra.telemetry import configure_logging

PRODUCTS = 20
CLIENTS = (1, 8)
_TRIES, _BUSY = 20, 503


@dataclass(frozen=True, slots=True)
class Academy:
    """What is sold, and the tokens of those who buy; `fresh` products are taken in turn."""

    paid: tuple[str, ...]
    free: tuple[str, ...]
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """How it went: per second, the milliseconds that half, and 99 of 100, stayed under, and how often it was busy."""

    rate: float
    p50_ms: float
    p99_ms: float
    busy: int


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000, help="checkouts for each line")
    parser.add_argument("--seconds", type=float, default=4, help="how long the floor is measured")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    arguments, _ = parser.parse_known_args()
    configure_logging(log_format="json", level="error")
    print("Checkouts to a paid order, through HTTP")
    print(
        f"{'database':<12}{'clients':>8}  {'order':<7}{'per s':>8}{'p50 ms':>9}{'p99 ms':>9}{'busy':>6}"
        f"{'floor/s':>9}{'of floor':>10}"
    )
    for name in arguments.on or ("sqlite", "postgresql"):
        if name == "postgresql" and programs() is None:
            print(f"{name:<12}skipped: PostgreSQL is not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            if name == "sqlite":
                _table(name, Path(folder), "", arguments)
            else:
                with postgres() as url:
                    _table(name, Path(folder), url, arguments)


def _table(name: str, home: Path, url: str, arguments: argparse.Namespace) -> None:
    buyers = -(-arguments.count // PRODUCTS)
    with shop(home, url) as platform:
        found = furnish(platform, buyers=buyers * len(CLIENTS))
    bare = {clients: floor(home, url, clients=clients, seconds=arguments.seconds) for clients in CLIENTS}
    port = free_port()
    environment = {"XINGTAN_DATABASE_URL": url, "XINGTAN_RUN_WORKER": "false", "XINGTAN_LOG_LEVEL": "error"}
    environment |= {"XINGTAN_WORKERS": "2"} if url else {}
    serve = ("xingtan.cli.main", "serve", "--home", str(home), "--port", str(port))
    with running(*serve, port=port, path="/healthz", environment=environment) as server:
        for place, clients in enumerate(CLIENTS):
            tokens = found.tokens[place * buyers : (place + 1) * buyers]
            for what, offers in (("paid", found.paid), ("free", found.free)):
                figure = load(server.url, tokens, offers, clients=clients)
                print(
                    f"{name:<12}{clients:>8}  {what:<7}{figure.rate:>8.0f}{figure.p50_ms:>9.1f}{figure.p99_ms:>9.1f}"
                    f"{figure.busy:>6}{bare[clients]:>9.0f}{figure.rate / bare[clients]:>10.2f}",
                    flush=True,
                )


def furnish(platform: Platform, *, buyers: int) -> Academy:
    """Put products on the shelf, and give each buyer a full wallet and a token."""
    till = Till(platform)
    paid = tuple(public_id("offer", till.offer(till.product(f"paid-{number}")).id) for number in range(PRODUCTS))
    free = tuple(
        public_id("offer", till.offer(till.product(f"free-{number}"), "free").id) for number in range(PRODUCTS)
    )
    fill = till.offer(None, "top_up", terms={"title": "Wallet", "bonus_minor": PRODUCTS * 20_000})
    return Academy(paid, free, tuple(_buyer(till, fill.id) for _ in range(buyers)))


def _buyer(till: Till, fill_id: "object") -> str:
    who, platform = till.person(), till.platform
    till.buy(who, fill_id)  # type: ignore[arg-type]
    command = identity.MakeToken("bench", ("read:mine", "write:mine"))
    token = platform.database.write(
        lambda session: identity.make_token(session, command, viewer=who, clock=platform.clock, vault=platform.vault)
    )
    return token.secret


def load(url: str, tokens: Sequence[str], offers: Sequence[str], *, clients: int) -> Figure:
    """Have every buyer buy by each offer; buyers are shared out among the clients."""
    took: list[list[float]] = [[] for _ in range(clients)]
    faults: list[str] = []
    busy: list[str] = []

    def client(number: int) -> None:
        there = urlsplit(url)
        connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=60)
        for token in tokens[number::clients]:
            for offer in offers:
                began = time.perf_counter()
                fault = _buy(connection, token, offer, busy=busy)
                took[number].append(time.perf_counter() - began)
                if fault:
                    faults.append(fault)
                    return

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    all_of_it = time.perf_counter() - began
    assert not faults, faults[0]
    times = [one * 1000 for of_client in took for one in of_client]
    cuts = quantiles(times, n=100)
    return Figure(len(times) / all_of_it, cuts[49], cuts[98], len(busy))


def _buy(connection: http.client.HTTPConnection, token: str, offer: str, *, busy: list[str]) -> str:
    """Buy, and return what went wrong; note in `busy` each time that the academy asked to try again."""
    body = json.dumps({"offer": offer, "provider": "wallet"})
    headers = {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json",
        "Idempotency-Key": secrets.token_hex(12),
    }  # fmt: skip
    for _ in range(_TRIES):  # by the same key: who is told that the academy is busy tries again
        connection.request("POST", "/api/v1/orders", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != _BUSY:
            break
        busy.append(offer)
    is_paid = answer.status == 201 and json.loads(text)["order"]["state"] == "paid"  # noqa: PLR2004 - Created
    return "" if is_paid else f"{answer.status} {text.decode()[:500]}"


if __name__ == "__main__":
    main()
