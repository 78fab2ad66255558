"""Any sequence of buying, paying, failing, expiring and giving back: the invariants hold after every step.

Checked after each step: M1 entries sum to nothing, M2 so does the whole, M3 balances equal a replay, M4 postings never
change, M5 what goes back never exceeds what came, M7 one kept payment per order, M8 a key has one effect, M9 lines add
up to the total, M10 the books equal the payments, E1 and E2 access exactly while paid, E4 one right per source. At the
end, when all is asked and done: M10 against the provider's own books, M13 nothing is left unknown, no job has died.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from tests.domains.commerce.shop import WIRING, Shop, yuan
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Conflict, Invalid
from xingtan.core.money import Money
from xingtan.core.viewer import Viewer
from xingtan.domains.books.models import Posting
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, OfferGone, RefundTooLarge
from xingtan.domains.commerce.models import OrderLine, Payment, SalesOrder, SandboxPayment
from xingtan.domains.entitlements.models import Entitlement
from xingtan.infra.jobs import Job
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.worker.loop import Worker

EXAMPLES = int(os.environ.get("COMMERCE_EXAMPLES", "20"))
STEPS = 25
PEOPLE = ("ann", "bob")
UNPOSTED = replace(WIRING, handlers={})  # letters have tests of their own, and cost a file each
_homes = count()


def _open(home: Path) -> Platform:
    made = Settings(home=home, argon2_fast=True, base_url="http://testserver")
    return open_platform(made, clock=ManualClock(OPENING_DAY))


@cache
def _furnished() -> tuple[Path, tuple[Viewer, ...], tuple[commerce.OfferView, ...]]:
    """Return a home folder with people and prices, which each example copies."""
    folder = Path(tempfile.mkdtemp(prefix="xingtan-shop-"))
    platform = _open(folder / "template")
    shop = Shop(platform)
    people = tuple(shop.person(name) for name in PEOPLE)
    tea, ink, gift = (shop.product(slug) for slug in ("tea", "ink", "gift"))
    both = shop.product("both", kind="bundle", parts=(tea, ink))
    offers = (
        shop.offer(tea, "199"),
        shop.offer(ink, "30", model="pay_what_you_want", floor=yuan("5")),
        shop.offer(both, "210"),
        shop.offer(gift, "0", model="free"),
    )
    platform.close()
    return folder, people, offers


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:
    yield
    shutil.rmtree(_furnished()[0], ignore_errors=True)
    _furnished.cache_clear()


class AnySequence(RuleBasedStateMachine):
    """A shop in which everything may happen in any order."""

    shop: Shop

    @initialize()
    def open(self) -> None:
        folder, self.people, self.offers = _furnished()
        self.home = folder / f"example-{next(_homes)}"
        shutil.copytree(folder / "template", self.home)
        self.shop = Shop(_open(self.home))
        self.latest = self.shop.clock.now()
        self.postings: dict[object, tuple[object, ...]] = {}
        self.placed: list[tuple[Viewer, commerce.OfferView, Money | None, str, commerce.PlacedOrder]] = []

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        try:
            self._let_all_be_done()
        finally:
            self.shop.platform.close()
            shutil.rmtree(self.home, ignore_errors=True)

    def _let_all_be_done(self) -> None:
        for hours in (0, 1, 7, 25, 7):
            self.shop.pass_time(hours=hours)
            self._work()
        assert self.shop.faults() == []
        assert self.shop.peer_differs() == []
        assert self.shop.dead_jobs() == []
        states = set(self._rows(select(Payment.state)))
        assert not states & {"started", "pending", "unknown", "surplus"}, "M13: every payment is known in the end"
        assert "placed" not in set(self._rows(select(SalesOrder.state)))

    def _rows(self, wanted: object) -> list[object]:
        return self.shop.platform.database.read(lambda session: list(session.scalars(wanted)))  # type: ignore[call-overload]

    def _work(self) -> None:
        Worker(self.shop.platform, UNPOSTED).drain()

    # what a buyer does

    @rule(who=st.integers(0, 1), what=st.integers(0, 3), chosen=st.sampled_from(["5", "30", "88.88"]))
    def place(self, who: int, what: int, chosen: str) -> None:
        person, offer, key = self.people[who], self.offers[what], self.shop.key()
        amount = yuan(chosen) if offer.is_open_priced else None
        try:
            placed = self.shop.place(person, offer, chosen=amount, key=key)
        except (AlreadyOwned, OfferGone):  # gone: the clock jumped back to before the price began
            return
        self.placed.append((person, offer, amount, key, placed))
        if placed.payment_id is not None:
            self.shop.present(placed.payment_id)

    @precondition(lambda self: self.placed)
    @rule(data=st.data())
    def send_the_form_again(self, data: st.DataObject) -> None:
        """M8: the same key has one effect, today and tomorrow."""
        person, offer, amount, key, before = data.draw(st.sampled_from(self.placed))
        again = self.shop.place(person, offer, chosen=amount, key=key)
        assert (again.order_id, again.number) == (before.order_id, before.number)

    @precondition(lambda self: self.placed)
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        person, *_, placed = data.draw(st.sampled_from(self.placed))
        database, clock = self.shop.platform.database, self.shop.clock
        try:
            again = database.write(
                lambda session: commerce.pay_again(session, person, placed.number, provider="sandbox", clock=clock)
            )
        except Conflict:
            return
        self.shop.present(again.payment_id)

    @precondition(lambda self: self.placed)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        person, *_, placed = data.draw(st.sampled_from(self.placed))
        database, clock = self.shop.platform.database, self.shop.clock
        try:
            database.write(lambda session: commerce.cancel_order(session, person, placed.number, clock=clock))
        except Conflict:
            return

    # what happens at the provider's counter

    @rule(data=st.data(), choice=st.sampled_from(["success", "late", "twice", "never", "declined", "short", "success"]))
    def decide(self, data: st.DataObject, choice: str) -> None:
        references = self._rows(select(SandboxPayment.reference).where(SandboxPayment.state == "open"))
        if references:
            try:
                self.shop.choose(str(data.draw(st.sampled_from(sorted(references)))), choice)  # type: ignore[type-var]
            except Conflict:
                return  # its day is over

    @rule(data=st.data())
    def ask_the_provider(self, data: st.DataObject) -> None:
        payments = self._rows(select(Payment.id))
        if payments:
            payment_id = data.draw(st.sampled_from(payments))
            commerce.ask(self.shop.platform.database, self.shop.providers, payment_id, clock=self.shop.clock)  # type: ignore[arg-type]

    # what the studio does

    @rule(data=st.data(), amount=st.sampled_from([None, "1", "50", "199", "210"]))
    def give_back(self, data: st.DataObject, amount: str | None) -> None:
        kept = self._rows(select(Payment.id).where(Payment.received_minor.is_not(None)))
        if not kept:
            return
        payment_id = data.draw(st.sampled_from(kept))
        try:
            self.shop.refund_payment(payment_id, yuan(amount) if amount else None, drain=False)  # type: ignore[arg-type]
        except (Conflict, RefundTooLarge, Invalid):
            return

    # time and machines

    @rule(minutes=st.sampled_from([0.05, 1, 31, 7 * 60, 25 * 60]))
    def time_passes(self, minutes: float) -> None:
        self.latest = max(self.latest, self.shop.pass_time(minutes=minutes))

    @rule()
    def the_clock_jumps_back(self) -> None:
        """By ten minutes, once: further than two machines ever disagree."""
        self.shop.clock.set(self.latest - timedelta(minutes=10))

    @rule()
    def the_worker_works(self) -> None:
        self._work()

    @rule()
    def every_job_runs_again(self) -> None:
        """A crash after each effect and before its end was noted: everything that ever ran is run once more."""
        again = {
            "state": "queued",
            "attempts": 0,
            "run_at": self.shop.clock.now(),
            "leased_by": None,
            "finished_at": None,
        }
        self.shop.platform.database.write(lambda session: session.execute(update(Job).values(**again)))
        self._work()

    # what holds at every moment

    @invariant()
    def money_and_access_agree(self) -> None:
        if hasattr(self, "shop"):
            assert self.shop.faults() == []

    @invariant()
    def postings_never_change(self) -> None:
        """M4."""
        if hasattr(self, "shop"):
            database = self.shop.platform.database
            columns = (Posting.id, Posting.entry_id, Posting.account, Posting.amount_minor, Posting.currency)
            rows = database.read(lambda session: session.execute(select(*columns)).all())
            now = {row[0]: tuple(row) for row in rows}
            assert self.postings.items() <= now.items()
            self.postings = now

    @invariant()
    def nobody_pays_twice_for_what_she_owns(self) -> None:
        """E4, and the promise at the checkout: one live right by order per person and product."""
        if hasattr(self, "shop"):
            live = select(SalesOrder.person_id, OrderLine.product_id, func.count()).join(OrderLine)
            live = live.where(SalesOrder.state.in_(("paid", "partly_refunded")))
            doubled = live.group_by(SalesOrder.person_id, OrderLine.product_id).having(func.count() > 1)
            rights = select(Entitlement.person_id, func.count()).where(Entitlement.ended_at.is_(None))
            rights = rights.group_by(
                Entitlement.person_id, Entitlement.product_id, Entitlement.source_kind, Entitlement.source_id
            ).having(func.count() > 1)
            assert self._rows(doubled) == []
            assert self._rows(rights) == []

    @invariant()
    def what_is_held_for_us_is_what_came_less_what_went(self) -> None:
        if hasattr(self, "shop"):
            balances = self.shop.balances()
            assert sum(balances.values()) == 0
            assert balances.get("assets:provider:sandbox", 0) >= 0


def test_any_sequence() -> None:
    run_state_machine_as_test(
        AnySequence,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
