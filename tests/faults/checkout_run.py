"""One process that buys (or gives back) and is killed on the way: what the fault tests start and lose."""

from pathlib import Path
from typing import Any

from tests.domains.commerce.shop import Shop
from tests.faults.killing import Killer, open_home
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce

KEY = "the-buyers-own-key"
REFUND_KEY = "the-owners-own-key"


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


def run(home: Path, clock: ManualClock, scenario: str, facts: dict[str, Any], *, place: str, at: int) -> None:
    """Play the scenario and die when the process comes past `place` for the `at`-th time."""
    platform = open_home(home, clock)
    Killer(platform, place, at)
    shop = Shop(platform)
    if scenario == "buy":
        buy(shop, facts["who"], facts["offer"])
    else:
        give_back(shop, facts["number"])
    platform.close()
