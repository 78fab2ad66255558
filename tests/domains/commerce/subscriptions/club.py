"""What subscribers do, in a few words; on top of the shop."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.domains.commerce.shop import WIRING, Shop, yuan
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.models import BillingPeriod, Subscription
from xingtan.domains.commerce.queries import invariants_subscriptions
from xingtan.domains.commerce.subscriptions.views import SubscriptionView
from xingtan.infra.outbox import OutboxEvent
from xingtan.infra.platform import Platform
from xingtan.worker.loop import Worker

T = TypeVar("T")
_NEEDED = ("commerce.run_subscriptions", "commerce.expire_orders", "commerce.reconcile", "commerce.earn")
QUIET = replace(WIRING, periodic=tuple(one for one in WIRING.periodic if one.kind in _NEEDED))
"""The shop's wiring with the periodic jobs that subscriptions need, so that two years pass in seconds."""


@dataclass
class Club:
    """A shop, and verbs of subscriptions. Every verb is one transaction, or what a browser would do."""

    shop: Shop

    @property
    def platform(self) -> Platform:
        return self.shop.platform

    def write(self, work: Callable[[Session], T]) -> T:
        return self.platform.database.write(work)

    def read(self, work: Callable[[Session], T]) -> T:
        return self.platform.database.read(work)

    # what is sold

    def plan(self, product_id: UUID | None, price: str = "30", every: str = "P1M", **terms: Any) -> commerce.OfferView:
        tier_id = terms.pop("tier_id", None)
        model = terms.pop("model", "subscription")
        command = commerce.MakeOffer(
            product_id, model, yuan(price), terms={"interval": every, **terms}, tier_id=tier_id
        )
        return self.write(lambda session: commerce.make_offer(session, SYSTEM, command, clock=self.shop.clock))

    def tier(self, slug: str = "gold", *rules: subscribing.RuleView, **more: Any) -> UUID:
        found = rules or (subscribing.RuleView("everything"),)
        command = subscribing.SaveTier(slug, {"en": slug.title(), "zh": "会员"}, found, **more)
        return self.write(lambda session: subscribing.save_tier(session, SYSTEM, command, clock=self.shop.clock)).id

    def rules(self, **more: Any) -> None:
        found: dict[str, Any] = {
            "dunning_days": (2, 7, 14, 21), "ask_days": 3, "remind_days": 7, "trial_remind_days": 3,
            "pause_days_at_most": 90, "save_bp": 0, "save_periods": 0,
        }  # fmt: skip
        command = subscribing.SaveSubscriptionRules(**found | more)
        self.write(lambda session: subscribing.save_subscription_rules(session, SYSTEM, command, clock=self.shop.clock))

    # subscribing

    def subscribe(self, who: Viewer, offer: commerce.OfferView, *, card: str = "pays") -> UUID:
        """Buy by the ordinary checkout, leaving a card; return the subscription's id."""
        placed = self.shop.place(who, offer)
        if placed.payment_id is not None:
            self.pay(placed.payment_id, card=card)
        return self.read(
            lambda session: session.scalars(
                select(Subscription.id).where(Subscription.first_order_id == placed.order_id)
            ).one()
        )

    def pay(self, payment_id: UUID, *, card: str = "pays", choice: str = "success") -> None:
        reference = self.shop.present(payment_id).rpartition("/")[2]
        self.write(lambda session: commerce.choose(session, reference, choice, clock=self.shop.clock, card=card))
        self.work()

    def pay_now(self, who: Viewer, sub: UUID, *, card: str = "pays") -> None:
        """Pay what is asked for by the button on the subscription's page."""
        number = self.write(lambda session: subscribing.pay_subscription(session, who, sub, clock=self.shop.clock))
        assert number is not None
        placed = self.write(
            lambda session: commerce.pay_again(session, who, number, provider="sandbox", clock=self.shop.clock)
        )
        assert placed.payment_id is not None
        self.pay(placed.payment_id, card=card)

    def cancel(self, who: Viewer, sub: UUID, *, when: Any = "at_period_end", reason: str = "no_time") -> None:
        command = subscribing.Cancel(sub, reason, when)
        payment = self.write(
            lambda session: subscribing.cancel_subscription(session, who, command, clock=self.shop.clock)
        )
        self._charge(sub, payment)

    def resume(self, who: Viewer, sub: UUID) -> None:
        self._charge(
            sub,
            self.write(lambda session: subscribing.resume_subscription(session, who, sub, clock=self.shop.clock)),
        )

    def pause(self, who: Viewer, sub: UUID, *, days: int) -> None:
        until = self.view(sub).period_ends_at + timedelta(days=days)
        self.write(
            lambda session: subscribing.pause_subscription(session, who, sub, until=until, clock=self.shop.clock)
        )

    def preview(self, who: Viewer, sub: UUID, offer: commerce.OfferView, mode: Any) -> subscribing.ChangePreview:
        command = subscribing.ChangePlan(sub, offer.id, mode, self.shop.clock.now())
        return self.read(lambda session: subscribing.preview_change(session, who, command, clock=self.shop.clock))

    def change(
        self, who: Viewer, sub: UUID, offer: commerce.OfferView, mode: Any, *, at: datetime | None = None
    ) -> subscribing.Changed:
        command = subscribing.ChangePlan(sub, offer.id, mode, at or self.shop.clock.now())
        changed = self.write(lambda session: subscribing.change_plan(session, who, command, clock=self.shop.clock))
        self._charge(sub, changed.payment_id)
        return changed

    def forget_cards(self, who: Viewer) -> None:
        for method in self.read(lambda session: subscribing.payment_methods(session, who)):
            self.write(lambda session, one=method.id: subscribing.end_method(session, who, one, clock=self.shop.clock))

    def _charge(self, sub: UUID, payment_id: UUID | None) -> None:
        if payment_id is not None:
            subscribing.charge_subscription(
                self.platform.database, self.shop.providers, sub, payment_id, clock=self.shop.clock
            )
        self.work()

    # time

    def at(self, moment: datetime) -> None:
        """Go on until `moment`, step by step and at least once in six days, with the worker at work."""
        while (now := self.shop.clock.now()) < moment:
            due = self.read(lambda session: session.scalar(select(func.min(Subscription.next_at))))
            step = max(due or moment, now + timedelta(minutes=5))
            self.shop.clock.set(min(moment, step, now + timedelta(days=6)))
            self.work()

    def work(self) -> None:
        """Do what is due: the run of subscriptions, orders that expire, reconciliation, earning, and letters."""
        Worker(self.platform, QUIET).drain()

    def days(self, count: float) -> None:
        self.at(self.shop.clock.now() + timedelta(days=count))

    # looking

    def view(self, sub: UUID) -> SubscriptionView:
        return self.read(lambda session: subscribing.subscription(session, SYSTEM, sub))

    def state(self, sub: UUID) -> str:
        return self.view(sub).state

    def paid(self, who: Viewer) -> list[int]:
        """Return what the person has paid, in the order of paying."""
        page = self.read(lambda session: commerce.my_orders(session, who, limit=100))
        rows = [row for row in page.orders if row.paid_at is not None]
        return [row.total.minor for row in sorted(rows, key=lambda row: (row.paid_at, row.placed_at))]

    def events(self, kind: str) -> list[dict[str, Any]]:
        wanted = select(OutboxEvent.payload).where(OutboxEvent.kind == f"commerce.{kind}").order_by(OutboxEvent.id)
        return list(self.read(lambda session: session.scalars(wanted).all()))

    def moves(self) -> list[str]:
        return [f"{one['before']} → {one['after']}" for one in self.events("subscription_moved")]

    def tiles(self, sub: UUID) -> list[tuple[str, str, datetime, datetime]]:
        rows = self.read(
            lambda session: session.scalars(
                select(BillingPeriod).where(BillingPeriod.subscription_id == sub).order_by(BillingPeriod.number)
            ).all()
        )
        found = [(row.kind, row.state, row.starts_at, row.ends_at) for row in rows]
        assert all(before[3] == after[2] for before, after in pairwise(found))
        return found

    def faults(self) -> list[str]:
        at = self.shop.clock.now()
        mine = self.read(lambda session: list(invariants_subscriptions.check(session, at=at)))
        return [*mine, *self.shop.faults(), *self.shop.dead_jobs()]
