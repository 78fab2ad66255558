"""What each sequence begins with, what it asks after each step, and the words in which its rules are told."""

import os
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.domains.commerce.sequences.market import Goods, Market, furnish, open_market
from tests.domains.commerce.sequences.promises import broken, m10, m13
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.viewer import Viewer
from xingtan.domains.books.models import Posting
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.machines import OPEN
from xingtan.domains.commerce.models import (
    BuyingGroup,
    Gift,
    Payment,
    Payout,
    SalesOrder,
    ServiceRequest,
    Subscription,
    WalletEntry,
)
from xingtan.domains.entitlements.models import Entitlement
from xingtan.domains.identity.models import Academy
from xingtan.wiring import broken_promises

STEPS = 200
EVERY = 12
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("COMMERCE_SHRINK") else (Phase.generate,)
SEED = int(os.environ.get("COMMERCE_SEED", "20261101"))
STARTS = (
    OPENING_DAY,  # a week before the clocks of New York go forward
    datetime(2026, 10, 27, 22, tzinfo=UTC),  # a few days before they go back
    datetime(2027, 12, 30, 15, tzinfo=UTC),  # the year's end, and then the leap day
    datetime(2028, 1, 31, 1, tzinfo=UTC),  # months that are shorter than their day
)
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
WHO, PICK = st.integers(0, 2), st.integers(0, 7)
MODES = st.sampled_from(subscribing.MODES)
HOW = ("success", "success", "success", "leave", "leave", "declined", "late", "twice", "never", "short")
CARDS = ("pays", "pays", "pays", "declines_once", "declines_thrice", "expired", "answers_late")
FOR_EVER = ("tea", "ink", "both", "film", "print")
ASIDE = {
    **{(state, 0): "left" for state in ("requested", "quoted", "agreed", "deposit_paid", "in_work", "delivered")},
    **{(state, 1): "declined" for state in ("requested", "quoted", "agreed", "deposit_paid", "in_work")},
    ("deposit_paid", 2): "agreed", ("delivered", 3): "refused", ("in_work", 4): "agreed",
}  # fmt: skip
"""What is done one time in ten instead of what a request waits for."""
_homes = count()
done: Counter[str] = Counter()
"""What all sequences of this process did: steps, sequences, deeds, events."""


@cache
def furnished() -> tuple[Path, Goods]:
    """Return a home folder with a market in it, which each sequence copies."""
    folder = Path(tempfile.mkdtemp(prefix="xingtan-market-"))
    platform = open_market(folder / "template", OPENING_DAY)
    goods = furnish(platform)
    platform.close()
    return folder, goods


def clear_away() -> None:
    """Remove what the sequences left on the disk."""
    shutil.rmtree(furnished()[0], ignore_errors=True)
    furnished.cache_clear()


class Sequence(RuleBasedStateMachine):
    """A market, and what holds in it."""

    market: Market

    @initialize(start=st.sampled_from(STARTS), zone=st.sampled_from(ZONES))
    def open(self, start: datetime, zone: str) -> None:
        self.market = self.begin(start)
        self.market.write(lambda session: session.execute(update(Academy).values(time_zone=zone)))
        self.latest, self.steps = start, 0
        self.postings: dict[Any, tuple[Any, ...]] = {}
        self.placed: list[tuple[commerce.PlaceOrder, commerce.PlacedOrder, datetime]] = []

    def begin(self, start: datetime) -> Market:
        """Return a market of this sequence's own."""
        folder, goods = furnished()
        home = folder / f"sequence-{next(_homes)}"
        shutil.copytree(folder / "template", home)
        return Market(home, goods, open_market(home, start))

    def teardown(self) -> None:
        if not hasattr(self, "market"):
            return
        try:
            self.let_all_be_done()
            done.update({"steps": self.steps, "sequences": 1})
            done.update(self.market.seen)
            done.update(self.market.events())
        finally:
            self.market.close()

    def let_all_be_done(self) -> None:
        """Let two days pass with a machine that works, and see that nothing is left open."""
        market = self.market
        for hours in (0, 1, 7, 25, 25):
            self.pass_time(timedelta(hours=hours))
        self.all_holds()
        none([*market.shop.dead_jobs(), *market.failing_jobs()])
        none([f"M10: {what}" for what in market.read(lambda session: list(m10(session)))])
        none([f"M13: {what}" for what in market.read(lambda session: list(m13(session, market.clock.now())))])
        self.twice_is_once()

    # what holds

    @invariant()
    def what_is_cheap_holds(self) -> None:
        if not hasattr(self, "market"):
            return
        self.steps += 1
        if self.steps % EVERY:
            self.market.read(_cheap)
        else:
            self.all_holds()

    def all_holds(self) -> None:
        market, at = self.market, self.market.clock.now()
        faults = market.read(lambda session: [*broken_promises(session, at=at), *broken(session, at)])
        columns = (Posting.id, Posting.entry_id, Posting.account, Posting.amount_minor, Posting.currency)
        now = {row[0]: tuple(row) for row in market.read(lambda session: session.execute(select(*columns)).all())}
        if not self.postings.items() <= now.items():
            faults.append("M4: a posting has changed")
        none(faults)
        self.postings = now

    def twice_is_once(self) -> None:
        """Running every periodic job, and every job that ever ran, once more changes nothing.

        What the provider has to tell is asked before: a job that runs again may hear it first.
        """
        for payment_id in self.market.rows(select(Payment.id).where(Payment.state.in_(OPEN))):
            self.market.ask(payment_id)
        self.market.work()
        before = self.state()
        self.market.work_again()
        after = self.state()
        none(
            [f"a second run changed {key}: {before[key]} → {after[key]}" for key in before if before[key] != after[key]]
        )

    def state(self) -> dict[str, Any]:
        def look(session: Session) -> dict[str, Any]:
            found: dict[str, Any] = {
                "books": sorted(
                    (account, int(minor))
                    for account, minor in session.execute(
                        select(Posting.account, func.sum(Posting.amount_minor)).group_by(Posting.account)
                    )
                )
            }
            for row in (SalesOrder, Payment, Subscription, Gift, BuyingGroup, Payout, ServiceRequest):
                found[row.__tablename__] = sorted(
                    (str(one), state) for one, state in session.execute(select(row.id, row.state))
                )  # type: ignore[attr-defined]
            found["rights"] = sorted(
                map(str, session.scalars(select(Entitlement.id).where(Entitlement.ended_at.is_(None))))
            )
            return found

        return self.market.read(look)

    # helpers of rules

    def person(self, number: int) -> Viewer:
        return self.market.goods.people[number]

    def one_of(self, rows: list[Any], pick: int) -> Any:
        """Return one of the newest rows, or None."""
        return rows[-1 - pick % len(rows)] if rows else None

    def pass_time(self, span: timedelta) -> None:
        self.market.clock.set(max(self.latest, self.market.clock.now() + span))
        self.latest = self.market.clock.now()
        self.market.work()

    def order(self, who: Viewer, what: str, key: str = "", **more: Any) -> commerce.PlaceOrder:
        assert who.person_id is not None
        offer = self.market.goods.offers[what]
        provider = more.pop("provider", "sandbox")
        return commerce.PlaceOrder(who.person_id, offer.id, key or self.market.shop.key(), provider, "en", **more)

    def buy(self, deed: str, command: commerce.PlaceOrder, *, how: str = "success", card: str = "pays") -> None:
        """Look at the price, place the order, pay. What was shown is what is charged."""
        market = self.market
        with market.trying(deed):
            owned = self.owns_for_good(command)
            shown = market.read(lambda session: commerce.preview_order(session, command, clock=market.clock))
            placed = market.write(lambda session: commerce.place_order(session, command, clock=market.clock))
            self.placed.append((command, placed, market.clock.now()))
            total = market.rows(select(SalesOrder.total_minor).where(SalesOrder.id == placed.order_id))[0]
            assert total == shown.quote.total.minor, "M11: another amount was shown"
            assert not owned, "she owns it, and was asked to pay for it"
            if placed.payment_id is not None:
                self.pay(placed.payment_id, command.provider, how=how, card=card)

    def pay(self, payment_id: UUID, provider: str, *, how: str, card: str = "pays") -> None:
        market = self.market
        if provider == "wallet":
            commerce.present(market.platform.database, market.shop.providers, payment_id, clock=market.clock)
        else:
            market.pay(payment_id, how, card=card)

    def owns_for_good(self, command: commerce.PlaceOrder) -> bool:
        name = next(key for key, offer in self.market.goods.offers.items() if offer.id == command.offer_id)
        if name not in FOR_EVER or command.gift is not None:
            return False
        wanted = select(Entitlement.id).where(
            Entitlement.person_id == command.person_id, Entitlement.ends_at.is_(None), Entitlement.ended_at.is_(None),
            Entitlement.product_id == self.market.goods.products[name],
            Entitlement.source_kind.in_(("order", "gift", "code", "group")),
        )  # fmt: skip
        return bool(self.market.rows(wanted))


def none(faults: list[str]) -> None:
    """Fail with all that is wrong."""
    if faults:
        raise AssertionError("; ".join(faults))


def _cheap(session: Session) -> None:
    sums = session.execute(select(Posting.currency, func.sum(Posting.amount_minor)).group_by(Posting.currency)).all()
    assert all(not minor for _, minor in sums), "M2: the trial balance is not nothing"
    low = select(func.count()).where((WalletEntry.balance_minor < 0) | (WalletEntry.bonus_balance_minor < 0))
    assert not session.scalar(low), "M6: a wallet is below nothing"
