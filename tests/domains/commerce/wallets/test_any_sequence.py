"""Any sequence of filling, paying, using, giving back and taking out: after every step all invariants hold."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.wallets.purser import Purser
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Conflict, Invalid, Refused
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import Payment, UseCharge
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings

EXAMPLES = int(os.environ.get("COMMERCE_EXAMPLES", "12"))
_homes = count()

STEPS = st.one_of(
    st.tuples(st.just("fill"), st.integers(0, 1)),
    st.tuples(st.just("credits"), st.just(0)),
    st.tuples(st.just("pay"), st.integers(0, 2)),
    st.tuples(st.just("open"), st.integers(0, 5)),
    st.tuples(st.just("meter"), st.integers(0, 600)),
    st.tuples(st.just("withdraw"), st.sampled_from([None, "1", "7.77", "40", "500"])),
    st.tuples(st.just("refund"), st.integers(0, 9)),
    st.tuples(st.just("reverse"), st.integers(0, 9)),
    st.tuples(st.just("work"), st.sampled_from([0, 1, 40])),
)


def _open(home: Path) -> Platform:
    made = Settings(home=home, argon2_fast=True, base_url="http://testserver")
    return open_platform(made, clock=ManualClock(OPENING_DAY))


@cache
def _furnished() -> tuple[Path, Viewer, tuple[commerce.OfferView, ...], tuple[UUID, ...]]:
    """Return a home folder with a learner, packs, prices and lessons, which each example copies."""
    folder = Path(tempfile.mkdtemp(prefix="xingtan-wallet-"))
    shop = Shop(_open(folder / "template"))
    purser, ann = Purser(shop), shop.person()
    read, watch = shop.product("read"), shop.product("watch")
    lessons = (*(purser.lesson(read, f"l{one}") for one in range(5)), purser.lesson(watch, "film", kind="video"))
    purser.per_use(read, "3.33")
    purser.per_use(watch, "2", "minute")
    offers = (
        purser.pack("50", 999), purser.pack("20.01"), purser.credits("10", 3, days=30),
        *(shop.offer(shop.product(f"p{one}"), price) for one, price in enumerate(("9.99", "30", "66"))),
    )  # fmt: skip
    shop.platform.close()
    return folder, ann, offers, lessons


@contextmanager
def _academy() -> Iterator[Purser]:
    folder, *_ = _furnished()
    home = folder / f"home-{next(_homes)}"
    shutil.copytree(folder / "template", home)
    platform = _open(home)
    platform.clock.advance(minutes=1)  # type: ignore[attr-defined]
    try:
        yield Purser(Shop(platform))
    finally:
        platform.close()
        shutil.rmtree(home, ignore_errors=True)


def _step(purser: Purser, what: str, which: object) -> None:
    _, ann, offers, lessons = _furnished()
    shop = purser.shop
    match what, which:
        case "fill", int(one):
            shop.buy(ann, offers[one])
        case "credits", _:
            shop.buy(ann, offers[2])
        case "pay", int(one):
            purser.pay(ann, offers[3 + one])
        case "open", int(one):
            purser.open(ann, lessons[one], seconds=0)
        case "meter", int(seconds):
            purser.meter(ann, lessons[5], seconds=seconds)
        case "withdraw", amount:
            purser.withdraw(ann, None if amount is None else str(amount))
        case "refund", int(one):
            _refund(shop, one)
        case "reverse", int(one):
            _reverse(purser, one)
        case _, days:
            shop.pass_time(days=float(str(days)))
            shop.drain()


def _refund(shop: Shop, one: int) -> None:
    payments = _ids(shop, select(Payment.id).where(Payment.received_minor.is_not(None)).order_by(Payment.id))
    if payments:
        shop.refund_payment(payments[one % len(payments)], yuan("5") if one % 2 else None, drain=False)


def _reverse(purser: Purser, one: int) -> None:
    uses = _ids(purser.shop, select(UseCharge.id).order_by(UseCharge.id))
    if uses:
        purser.reverse(uses[one % len(uses)])


def _ids(shop: Shop, wanted: object) -> list[UUID]:
    return shop.platform.database.read(lambda session: list(session.scalars(wanted)))  # type: ignore[call-overload]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=4, max_size=25))
def test_any_sequence(steps: list[tuple[str, object]]) -> None:
    """M1 to M3, M5, M6, M10, E1, E2 after every step; at the end nothing hangs, and no job has died."""
    with _academy() as purser:
        for what, which in steps:
            with suppress(Conflict, Invalid, Refused):
                _step(purser, what, which)
            assert purser.faults() == []
        for _ in range(3):
            purser.shop.pass_time(hours=7)
            purser.shop.drain()
        assert purser.faults() == []
        assert purser.shop.peer_differs() == []
        assert purser.shop.dead_jobs() == []
