"""One process that buys (or gives back) and is killed on the way: what the fault tests start and lose."""

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.domains.commerce.shop import Shop
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings

KEY = "the-buyers-own-key"
REFUND_KEY = "the-owners-own-key"
WRITES = ("INSERT", "UPDATE", "DELETE")


def open_home(home: Path, clock: ManualClock) -> Platform:
    """Open the academy in `home`, as a restart does."""
    return open_platform(Settings(home=home, argon2_fast=True, base_url="http://testserver"), clock=clock)


def buy(shop: Shop, who: Viewer, offer: commerce.OfferView) -> str:
    """What a buyer and a worker do, written so that doing it again is what a buyer does after a crash."""
    placed = shop.place(who, offer, key=KEY)
    if placed.payment_id is not None:
        reference = shop.present(placed.payment_id).rpartition("/")[2]
        at = shop.clock.now()
        if shop.platform.database.read(lambda session: commerce.look(session, reference, at=at)).state == "open":
            shop.choose(reference, "success")
    shop.drain()
    return placed.number


def give_back(shop: Shop, number: str) -> None:
    """What the owner and a worker do to give the whole of an order back; again changes nothing."""
    payment = shop.order(number).kept_payment
    assert payment is not None
    shop.refund_payment(payment.id, payment.received, key=REFUND_KEY)


class Killer:
    """Counts writes, commits begun and commits done; at the chosen one of a kind the process kills itself."""

    def __init__(self, platform: Platform, kind: str, at: int) -> None:
        self._kind, self._at = kind, at
        self.counts = {"write": 0, "commit": 0, "committed": 0}
        engine = platform.database.engine
        event.listen(engine, "before_cursor_execute", self._before_execute)
        event.listen(engine, "commit", lambda _connection: self._count("commit"))
        event.listen(Session, "after_commit", self._after_commit)

    def _before_execute(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith(WRITES):
            self._count("write")

    def _after_commit(self, session: Session) -> None:
        if not session.info.get("reading"):
            self._count("committed")

    def _count(self, kind: str) -> None:
        self.counts[kind] += 1
        if kind == self._kind and self.counts[kind] == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def run(home: Path, clock: ManualClock, scenario: str, facts: dict[str, Any], *, kind: str, at: int) -> None:
    """Play the scenario and die at the `at`-th event of `kind`; when it is survived, leave the counts in a file."""
    platform = open_home(home, clock)
    killer = Killer(platform, kind, at)
    shop = Shop(platform)
    if scenario == "buy":
        buy(shop, facts["who"], facts["offer"])
    else:
        give_back(shop, facts["number"])
    (home / "survived").write_text(",".join(f"{name}={count}" for name, count in killer.counts.items()))
    platform.close()
