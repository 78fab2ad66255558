"""The machine: everything that can happen, in any order; a step is one rule. What holds is asked after each.

The cheap promises are asked after each step, all of them after every `EVERY`-th, and at the end, when all that was open
has been asked for and done. The seed and the number of steps come from the environment
(docs/explanations/how-commerce-is-tested.md).
"""

import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.domains.commerce.sequences.market import Goods, Market, furnish, open_market
from tests.domains.commerce.sequences.promises import broken, m10, m13
from tests.domains.commerce.shop import yuan
from tests.fixtures.academy import OPENING_DAY
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.books.models import Posting
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.affiliates.payouts import draw_up, note_paid, note_unpaid
from xingtan.domains.commerce.affiliates.program import Click
from xingtan.domains.commerce.idempotency import KEPT_FOR
from xingtan.domains.commerce.models import (
    BuyingGroup,
    Gift,
    OrderLine,
    Payment,
    Payout,
    SalesOrder,
    SandboxPayment,
    ServiceRequest,
    Subscription,
    UseCharge,
    WalletEntry,
)
from xingtan.domains.commerce.promotions import api as promotions
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


class AnySequence(RuleBasedStateMachine):
    """A market in which everything may happen in any order."""

    market: Market

    @initialize(start=st.sampled_from(STARTS), zone=st.sampled_from(ZONES))
    def open(self, start: datetime, zone: str) -> None:
        folder, goods = furnished()
        home = folder / f"sequence-{next(_homes)}"
        shutil.copytree(folder / "template", home)
        self.market = Market(home, goods, open_market(home, start))
        self.market.write(lambda session: session.execute(update(Academy).values(time_zone=zone)))
        self.latest, self.steps = start, 0
        self.postings: dict[Any, tuple[Any, ...]] = {}
        self.placed: list[tuple[commerce.PlaceOrder, commerce.PlacedOrder, datetime]] = []

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
        none(market.shop.dead_jobs())
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
        none(market.read(lambda session: [*broken_promises(session, at=at), *broken(session, at)]))
        columns = (Posting.id, Posting.entry_id, Posting.account, Posting.amount_minor, Posting.currency)
        now = {row[0]: tuple(row) for row in market.read(lambda session: session.execute(select(*columns)).all())}
        assert self.postings.items() <= now.items(), "M4: a posting has changed"
        self.postings = now

    def twice_is_once(self) -> None:
        """Running every periodic job, and every job that ever ran, once more changes nothing."""
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

    # buying

    @rule(who=WHO, what=st.sampled_from((*FOR_EVER, "cup")), how=st.sampled_from(HOW), extra=st.integers(0, 15))
    def buy_for_ever(self, who: int, what: str, how: str, extra: int) -> None:
        """With or without a coupon, an affiliate's click, another thing taken along, from the wallet."""
        more: dict[str, Any] = {}
        coupons = self.market.goods.coupons
        if extra & 1:
            more["codes"] = coupons[extra // 2 % 3 : extra // 2 % 3 + 1]
        if extra & 2:
            more["click"] = Click("mia-link", self.market.clock.now() - timedelta(minutes=5))
        if extra == 4:
            more["also"] = (self.market.goods.offers["print"].id,)
        if what == "ink":
            more["chosen"] = yuan(("5", "30", "88.88")[extra % 3])
        if extra == 8:
            more["provider"] = "wallet"
        self.buy(f"buy {what}", self.order(self.person(who), what, **more), how=how)

    @rule(
        who=WHO,
        what=st.sampled_from(("film week", "top-up", "credits", "film week", "top-up")),
        how=st.sampled_from(HOW),
    )
    def buy_for_a_time(self, who: int, what: str, how: str) -> None:
        self.buy(f"buy {what}", self.order(self.person(who), what), how=how)

    @rule(pick=PICK)
    def send_the_form_again(self, pick: int) -> None:
        """M8: the same key has one effect, today and in a year."""
        found = self.one_of(self.placed, pick)
        if found is not None:
            command, before, placed_at = found
            with self.market.trying("again"):
                again = self.market.write(
                    lambda session: commerce.place_order(session, command, clock=self.market.clock)
                )
                is_kept = placed_at > self.market.clock.now() - KEPT_FOR
                assert not is_kept or again.order_id == before.order_id, "M8: the same form made two orders"

    @rule(pick=PICK, how=st.sampled_from(HOW))
    def try_again(self, pick: int, how: str) -> None:
        found = self.one_of(self.placed, pick)
        if found is None:
            return
        command, placed, _ = found
        with self.market.trying("pay again"):
            again = self.market.write(
                lambda session: commerce.pay_again(
                    session, Viewer(command.person_id), placed.number, provider="sandbox", clock=self.market.clock
                )
            )
            assert again.payment_id is not None
            self.market.pay(again.payment_id, how)

    @rule(pick=PICK)
    def cancel_an_order(self, pick: int) -> None:
        found = self.one_of(self.placed, pick)
        if found is not None:
            command, placed, _ = found
            with self.market.trying("cancel order"):
                self.market.write(
                    lambda session: commerce.cancel_order(
                        session, Viewer(command.person_id), placed.number, clock=self.market.clock
                    )
                )

    # at the provider

    @rule(pick=PICK, how=st.sampled_from(("success", "late", "twice", "never", "declined")))
    def pay_late(self, pick: int, how: str) -> None:
        reference = self.one_of(self.market.open_references(), pick)
        if reference is not None:
            with self.market.trying(f"pay {how}"):
                self.market.shop.choose(reference, how)

    @rule(pick=PICK)
    def ask_the_provider(self, pick: int) -> None:
        payment_id = self.one_of(self.market.rows(select(Payment.id).order_by(Payment.id)), pick)
        if payment_id is not None:
            self.market.ask(payment_id)

    @rule(
        pick=PICK,
        deed=st.sampled_from(
            (
                "open_dispute",
                "open_dispute",
                "win_dispute",
                "lose_dispute",
                "slow_refunds",
                "let_refunds_through",
                "fail_refunds",
            )
        ),
    )
    def what_only_the_other_side_can(self, pick: int, deed: str) -> None:
        wanted = select(SandboxPayment.reference).where(SandboxPayment.state == "succeeded")
        references = self.market.rows(wanted.order_by(SandboxPayment.created_at))
        for reference in references[-1 - pick :]:
            with self.market.trying(deed):
                self.market.write(
                    lambda session, one=reference: commerce.act(session, one, deed, clock=self.market.clock)
                )
                return

    # the studio

    @rule(pick=PICK, amount=st.sampled_from((None, "1", "9.99", "50", "199")), by_line=st.booleans())
    def give_back(self, pick: int, amount: str | None, by_line: bool) -> None:  # noqa: FBT001 - drawn
        payment_id = self.one_of(self.market.kept_payments(), pick)
        if payment_id is None:
            return
        lines = self.market.rows(
            select(OrderLine.id).join(Payment, Payment.order_id == OrderLine.order_id).where(Payment.id == payment_id)
        )
        command = commerce.RequestRefund(
            payment_id, yuan(amount) if amount else None, "goodwill", self.market.shop.key(),
            line_id=lines[0] if by_line else None,
        )  # fmt: skip
        with self.market.trying("refund"):
            self.market.write(
                lambda session: commerce.request_refund(session, SYSTEM, command, clock=self.market.clock)
            )

    @rule(what=st.sampled_from(("tea", "both", "mag", "film week")), price=st.sampled_from(("9.99", "120", "300")))
    def a_price_changes(self, what: str, price: str) -> None:
        old = self.market.goods.offers[what]
        command = commerce.MakeOffer(old.product_id, old.model, yuan(price), terms=old.terms)  # type: ignore[arg-type]
        with self.market.trying("price"):
            self.market.goods.offers[what] = self.market.write(
                lambda session: commerce.make_offer(session, SYSTEM, command, clock=self.market.clock)
            )

    # gifts and codes

    @rule(who=WHO, what=st.sampled_from(("tea", "film", "both")), how=st.sampled_from(HOW))
    def give_a_gift(self, who: int, what: str, how: str) -> None:
        market, order = self.market, self.order(self.person(who), what)
        command = commerce.PlaceGift(order, promotions.Letter(), 30)
        with market.trying("gift"):
            placed = market.write(
                lambda session: commerce.place_gift(session, command, clock=market.clock, vault=market.platform.vault)
            )
            if placed.payment_id is not None:
                market.pay(placed.payment_id, how)

    @rule(who=WHO, giver=WHO, pick=PICK)
    def claim_a_gift(self, who: int, giver: int, pick: int) -> None:
        found = self.one_of(list(self.market.stall.gifts(self.person(giver))), pick)
        if found is not None and found.token:
            with self.market.trying("claim"):
                self.market.stall.claim(self.person(who), found.token)

    @rule(giver=WHO, pick=PICK)
    def take_a_gift_back(self, giver: int, pick: int) -> None:
        found = self.one_of(list(self.market.stall.gifts(self.person(giver))), pick)
        if found is not None:
            with self.market.trying("take back"):
                self.market.write(
                    lambda session: commerce.take_back_gift(
                        session, self.person(giver), found.id, clock=self.market.clock
                    )
                )

    @rule(who=WHO, code=st.integers(0, 3))
    def redeem(self, who: int, code: int) -> None:
        with self.market.trying("redeem"):
            self.market.stall.redeem(self.person(who), self.market.goods.codes[code])

    # groups

    @rule(who=WHO, is_new=st.booleans(), how=st.sampled_from(HOW))
    def join_a_group(self, who: int, is_new: bool, how: str) -> None:  # noqa: FBT001 - drawn
        open_ = [] if is_new else self.market.rows(select(BuyingGroup.id).where(BuyingGroup.state == "open"))
        self.buy("group", self.order(self.person(who), "choir", group_id=self.one_of(open_, 0)), how=how)

    # subscriptions

    @rule(
        who=WHO, what=st.sampled_from(("mag", "mag year", "mag week", "silver", "gold", "atlas")),
        card=st.sampled_from(CARDS), how=st.sampled_from(HOW), coupon=st.integers(0, 7),
    )  # fmt: skip
    def subscribe(self, who: int, what: str, card: str, how: str, coupon: int) -> None:
        more: dict[str, Any] = {"codes": self.market.goods.coupons[:1]} if coupon == 0 else {}
        if coupon == 1:
            more["click"] = Click("mia-link", self.market.clock.now())
        self.buy(f"subscribe {what}", self.order(self.person(who), what, **more), how=how, card=card)

    def subscription(self, pick: int) -> tuple[Viewer, UUID] | None:
        def look(session: Session) -> list[tuple[UUID, UUID]]:
            wanted = select(Subscription.person_id, Subscription.id).where(Subscription.state != "ended")
            return [(one, two) for one, two in session.execute(wanted.order_by(Subscription.id))]

        found = self.one_of(self.market.read(look), pick)
        return (Viewer(found[0]), found[1]) if found else None

    def change_something(self, deed: str, pick: int, work: Callable[[Viewer, UUID], UUID | None]) -> None:
        found = self.subscription(pick)
        if found is None:
            return
        market, (who, sub) = self.market, found
        with market.trying(deed):
            payment_id = work(who, sub)
            if payment_id is not None:
                subscribing.charge_subscription(
                    market.platform.database, market.shop.providers, sub, payment_id, clock=market.clock
                )

    @rule(pick=PICK, when=st.sampled_from(("at_period_end", "at_period_end", "at_once")))
    def cancel_a_subscription(self, pick: int, when: subscribing.When) -> None:
        self.change_something(
            f"cancel {when}", pick,
            lambda who, sub: self.market.write(
                lambda session: subscribing.cancel_subscription(
                    session, who, subscribing.Cancel(sub, "no_time", when), clock=self.market.clock
                )
            ),
        )  # fmt: skip

    @rule(pick=PICK)
    def resume_a_subscription(self, pick: int) -> None:
        self.change_something(
            "resume", pick,
            lambda who, sub: self.market.write(
                lambda session: subscribing.resume_subscription(session, who, sub, clock=self.market.clock)
            ),
        )  # fmt: skip

    @rule(pick=PICK)
    def stay(self, pick: int) -> None:
        self.change_something(
            "stay", pick,
            lambda who, sub: self.market.write(
                lambda session: subscribing.stay(session, who, sub, clock=self.market.clock)
            ),
        )  # fmt: skip

    @rule(pick=PICK, days=st.sampled_from((2, 20, 80)))
    def pause_a_subscription(self, pick: int, days: int) -> None:
        def pause(who: Viewer, sub: UUID) -> None:
            until = self.market.club.view(sub).period_ends_at + timedelta(days=days)
            self.market.write(
                lambda session: subscribing.pause_subscription(session, who, sub, until=until, clock=self.market.clock)
            )

        self.change_something("pause", pick, pause)

    @rule(pick=PICK, what=st.sampled_from(("mag", "mag year", "mag week", "silver", "gold")), mode=MODES)
    def change_the_plan(self, pick: int, what: str, mode: subscribing.Mode) -> None:
        """M11: what the preview says is due is what the change asks for, to the unit."""
        market = self.market

        def change(who: Viewer, sub: UUID) -> UUID | None:
            wanted = subscribing.ChangePlan(sub, market.goods.offers[what].id, mode, market.clock.now())
            shown = market.read(lambda session: subscribing.preview_change(session, who, wanted, clock=market.clock))
            changed = market.write(lambda session: subscribing.change_plan(session, who, wanted, clock=market.clock))
            asked = market.rows(select(SalesOrder.total_minor).where(SalesOrder.number == changed.order_number))
            assert (asked or [0])[0] == shown.due_now.minor, "M11: another amount was shown"
            return changed.payment_id

        self.change_something(f"change {mode}", pick, change)

    @rule(pick=PICK, how=st.sampled_from(HOW), card=st.sampled_from(CARDS))
    def pay_a_subscription(self, pick: int, how: str, card: str) -> None:
        def pay(who: Viewer, sub: UUID) -> None:
            market = self.market
            number = market.write(lambda session: subscribing.pay_subscription(session, who, sub, clock=market.clock))
            if number is not None:
                placed = market.write(
                    lambda session: commerce.pay_again(session, who, number, provider="sandbox", clock=market.clock)
                )
                if placed.payment_id is not None:
                    market.pay(placed.payment_id, how, card=card)

        self.change_something("pay subscription", pick, pay)

    @rule(who=WHO)
    def forget_cards(self, who: int) -> None:
        with self.market.trying("forget cards"):
            self.market.club.forget_cards(self.person(who))

    # wallets, credits, uses

    @rule(who=WHO, lesson=st.integers(0, 1), seconds=st.integers(0, 200))
    def open_a_lesson(self, who: int, lesson: int, seconds: int) -> None:
        with self.market.trying("lesson"):
            self.market.purser.open(self.person(who), self.market.goods.lessons[lesson], seconds=seconds)

    @rule(who=WHO, amount=st.sampled_from((None, "5", "60")))
    def withdraw(self, who: int, amount: str | None) -> None:
        with self.market.trying("withdraw"):
            self.market.purser.withdraw(self.person(who), amount)

    @rule(pick=PICK)
    def give_a_use_back(self, pick: int) -> None:
        use_id = self.one_of(self.market.rows(select(UseCharge.id).order_by(UseCharge.id)), pick)
        if use_id is not None:
            with self.market.trying("reverse use"):
                self.market.purser.reverse(use_id)

    # custom service

    @rule(who=WHO)
    def ask_for_a_service(self, who: int) -> None:
        with self.market.trying("ask"):
            self.market.bureau.ask(self.person(who), self.market.goods.products["advice"])

    @rule(
        pick=PICK, how=st.sampled_from(("success", "success", "leave")), deposit=st.sampled_from((0, 3_000, 10_000)),
        aside=st.integers(0, 9),
    )  # fmt: skip
    def a_service_goes_on(self, pick: int, how: str, deposit: int, aside: int) -> None:
        """Do the next thing that a request waits for; one time in ten, something else."""
        market = self.market

        def look(session: Session) -> list[tuple[UUID, str, str]]:
            wanted = select(ServiceRequest.person_id, ServiceRequest.number, ServiceRequest.state)
            return [tuple(row) for row in session.execute(wanted.order_by(ServiceRequest.id))]  # type: ignore[misc]

        found = self.one_of(market.read(look), pick)
        if found is None:
            return
        who, number, state = Viewer(found[0]), found[1], found[2]
        with market.trying(f"service {state}"):
            self.next_of_service(who, number, deposit=deposit, how=how)[ASIDE.get((state, aside), state)]()

    def next_of_service(self, who: Viewer, number: str, *, deposit: int, how: str) -> Mapping[str, Callable[[], Any]]:
        """Return what is done next in each state."""
        bureau, pay = self.market.bureau, lambda: self.pay_for_service(who, number, how)
        return defaultdict(lambda: pay, {
            "left": lambda: bureau.leave(who, number), "declined": lambda: bureau.decline(number),
            "requested": lambda: bureau.quote(number, bureau.terms("1000", deposit or 10_000)),
            "quoted": lambda: bureau.accept(who, number), "deposit_paid": lambda: bureau.begin(number),
            "in_work": lambda: bureau.deliver(number), "refused": lambda: bureau.dispute(who, number),
            "delivered": lambda: bureau.take(who, number),
            "disputed": lambda: bureau.settle(number, ("0", "100", "1000")[deposit % 7 % 3]),
        })  # fmt: skip

    def pay_for_service(self, who: Viewer, number: str, how: str) -> None:
        placed = self.market.bureau.place(who, number)
        if placed.payment_id is not None:
            self.market.pay(placed.payment_id, how)

    # affiliates

    @rule(is_paid=st.booleans())
    def affiliates_are_paid(self, is_paid: bool) -> None:  # noqa: FBT001 - drawn
        market = self.market
        with market.trying("draw up"):
            market.write(lambda session: draw_up(session, SYSTEM, clock=market.clock))
        for payout_id in market.rows(select(Payout.id).where(Payout.state == "drawn_up")):
            if is_paid:
                market.write(
                    lambda session, one=payout_id: note_paid(session, SYSTEM, one, reference="x", clock=market.clock)
                )
            else:
                market.write(lambda session, one=payout_id: note_unpaid(session, SYSTEM, one, clock=market.clock))

    # time and machines

    @rule(minutes=st.sampled_from((0.05, 1, 14, 31, 50)))
    def minutes_pass(self, minutes: float) -> None:
        """Nobody works meanwhile."""
        self.market.clock.set(max(self.latest, self.market.clock.now() + timedelta(minutes=minutes)))
        self.latest = self.market.clock.now()

    @rule(hours=st.sampled_from((2, 7, 25, 26, 3 * 24, 3 * 24, 8 * 24, 15 * 24, 31 * 24, 33 * 24, 95 * 24)))
    def time_passes(self, hours: int) -> None:
        """The machine may have been off for all of it: three months are one sweep."""
        self.pass_time(timedelta(hours=hours))

    @rule()
    def the_clock_jumps_back(self) -> None:
        """By ten minutes, once: further than two machines ever disagree."""
        self.market.clock.set(self.latest - timedelta(minutes=10))

    @rule()
    def the_worker_works(self) -> None:
        self.market.work()

    @rule(luck=st.integers(0, 3))
    def everything_runs_again(self, luck: int) -> None:
        if not luck:
            self.twice_is_once()

    @rule()
    def the_machine_restarts(self) -> None:
        self.market.restart()


def none(faults: list[str]) -> None:
    """Fail with all that is wrong."""
    if faults:
        raise AssertionError("; ".join(faults))


def _cheap(session: Session) -> None:
    sums = session.execute(select(Posting.currency, func.sum(Posting.amount_minor)).group_by(Posting.currency)).all()
    assert all(not minor for _, minor in sums), "M2: the trial balance is not nothing"
    low = select(func.count()).where((WalletEntry.balance_minor < 0) | (WalletEntry.bonus_balance_minor < 0))
    assert not session.scalar(low), "M6: a wallet is below nothing"


def run(machine: type[AnySequence], *, steps: int, offset: int) -> None:
    """Run sequences of `STEPS` until there were `steps` of them, from the seed of the environment and `offset` on."""
    before, turn = done["steps"], 0
    while done["steps"] - before < steps:
        wanted = max(1, -(-(steps - (done["steps"] - before)) // STEPS))
        wrapped = seed(SEED + offset + 1_000 * turn)(machine)
        run_state_machine_as_test(
            wrapped,
            settings=settings(
                max_examples=wanted, stateful_step_count=STEPS, deadline=None, database=None,
                phases=PHASES, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
        turn += 1
