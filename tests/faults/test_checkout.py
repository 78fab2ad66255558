"""Kill -9 before every write, before every commit and after every commit of checkout, settlement and refund.

A real process is really killed; then the academy is started again on the same file, the buyer presses the button again,
the worker and reconciliation do what is theirs. In the end: paid exactly once, books balanced, one right, one letter's
job; or all of it back, exactly once, and no right.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.domains.commerce.shop import Shop
from tests.faults.checkout_run import buy, give_back, run
from tests.faults.killing import open_home, was_killed
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements.models import Entitlement
from xingtan.infra.jobs import LEASE, Job

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Ready:
    """A home folder in which a scenario can begin, and what the scenario needs to know."""

    home: Path
    facts: dict[str, Any]


@pytest.fixture(scope="module")
def before_buying(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    home = tmp_path_factory.mktemp("buying") / "home"
    platform = open_home(home, ManualClock(OPENING_DAY))
    shop = Shop(platform)
    tea, ink = shop.product("tea"), shop.product("ink")
    bundle = shop.product("both", kind="bundle", parts=(tea, ink))
    facts = {"who": shop.person(), "offer": shop.offer(bundle, "199"), "products": (bundle, tea, ink)}
    shop.drain()
    platform.close()
    return Ready(home, facts)


@pytest.fixture(scope="module")
def before_giving_back(before_buying: Ready, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    home = tmp_path_factory.mktemp("giving-back") / "home"
    shutil.copytree(before_buying.home, home)
    platform = open_home(home, ManualClock(OPENING_DAY))
    number = buy(Shop(platform), before_buying.facts["who"], before_buying.facts["offer"])
    platform.close()
    return Ready(home, {**before_buying.facts, "number": number})


def _restart(home: Path, minutes: float = LEASE / timedelta(minutes=1) + 5) -> Shop:
    """Start again some minutes later, when the dead worker's leases have run out."""
    return Shop(open_home(home, ManualClock(OPENING_DAY + timedelta(minutes=minutes))))


def _must_be_bought_once(shop: Shop, ready: Ready) -> None:
    number = buy(shop, ready.facts["who"], ready.facts["offer"])
    shop.live_through(minutes=30)
    order = shop.order(number)
    assert order.state == "paid"
    assert [one.state for one in order.payments] == ["succeeded"]
    assert shop.balances() == {"assets:provider:sandbox": 19900, "income:sales": -19900}
    with shop.platform.database.reading() as session:
        assert len(commerce.orders(session, SYSTEM).orders) == 1
        rights = session.scalars(select(Entitlement.product_id)).all()
        assert sorted(rights) == sorted(ready.facts["products"])
        letters = select(func.count()).select_from(Job).where(Job.kind == "commerce.mail_receipt", Job.state == "done")
        assert session.scalar(letters) == 1


def _must_be_given_back_once(shop: Shop, ready: Ready) -> None:
    give_back(shop, ready.facts["number"])
    shop.live_through(minutes=30)
    order = shop.order(ready.facts["number"])
    assert (order.state, order.refunded) == ("refunded", order.total)
    assert [one.state for one in order.refunds] == ["succeeded"]
    assert shop.balances() == {"income:sales": -19900, "income:refunds": 19900}
    assert not any(shop.owns(ready.facts["who"], product) for product in ready.facts["products"])


def _survives(ready: Ready, folder: Path, scenario: str, place: str, check: Callable[[Shop, Ready], None]) -> int:
    """Kill at `place`, the first time, the second, … until the scenario survives; return how often it was killed."""
    at = 1
    while True:
        home = folder / f"{place}-{at}"
        shutil.copytree(ready.home, home)
        clock = ManualClock(OPENING_DAY)
        is_killed = was_killed(run, home, clock, scenario, ready.facts, place=place, at=at)
        shop = _restart(home)
        try:
            check(shop, ready)
            assert shop.faults() == []
            assert shop.peer_differs() == []
            assert shop.dead_jobs() == []
        except Exception as error:
            error.add_note(f"killed at {place} {at} of {scenario}")
            raise
        finally:
            shop.platform.close()
        shutil.rmtree(home)
        if not is_killed:
            return at - 1
        at += 1


PLACES = [("write", 25), ("commit", 8), ("committed", 8)]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("place", "at_least"), PLACES)
def test_a_checkout_survives_kill_9_anywhere(before_buying: Ready, tmp_path: Path, place: str, at_least: int) -> None:
    assert _survives(before_buying, tmp_path, "buy", place, _must_be_bought_once) >= at_least


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("place", "at_least"), [("write", 15), ("commit", 4), ("committed", 4)])
def test_a_refund_survives_kill_9_anywhere(
    before_giving_back: Ready, tmp_path: Path, place: str, at_least: int
) -> None:
    assert _survives(before_giving_back, tmp_path, "give back", place, _must_be_given_back_once) >= at_least
