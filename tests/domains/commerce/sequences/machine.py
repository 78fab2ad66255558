"""The machine: everything that can happen, in any order; a step is one rule. What holds is asked after each.

The cheap promises are asked after each step, all of them after every `EVERY`-th, and at the end, when all that was open
has been asked for and done. The seed and the number of steps come from the environment
(docs/explanations/how-commerce-is-tested.md).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.domains.commerce.sequences.base import (
    ASIDE,
    CARDS,
    FOR_EVER,
    HOW,
    MODES,
    PHASES,
    PICK,
    SEED,
    STEPS,
    WHO,
    Sequence,
    clear_away,
    done,
)
from tests.domains.commerce.shop import yuan
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.affiliates.payouts import draw_up, note_paid, note_unpaid
from xingtan.domains.commerce.affiliates.program import Click
from xingtan.domains.commerce.idempotency import KEPT_FOR
from xingtan.domains.commerce.models import (
    BuyingGroup,
    OrderLine,
    Payment,
    Payout,
    SalesOrder,
    SandboxPayment,
    ServiceRequest,
    Subscription,
    UseCharge,
)
from xingtan.domains.commerce.promotions import api as promotions


class AnySequence(Sequence):
    """A market in which everything may happen in any order."""

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


__all__ = ["AnySequence", "clear_away", "done", "run"]
