"""Time that passes on a stage leaves the very rows that requests and the worker leave, and no news."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.subscriptions.club import Club
from tests.domains.commerce.test_rehearsal import OTHER_SIDE, OWN, rows_of
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.models import BillingPeriod, Deferral, OrderLine, SalesOrder, Subscription
from xingtan.infra.jobs import Job
from xingtan.infra.outbox import OutboxEvent, has_waiting

OF_SUBSCRIPTIONS = {"access_id", "subscription_id", "first_order_id", "open_order_id", "method_id", "subject_id"}


def on_stage(shop: Shop, who: Viewer, offer: commerce.OfferView, *, days: float, card: str) -> None:
    """Buy on a stage that begins now, and let as many days pass there."""
    starts_at = shop.clock.now()

    def work(session: Session) -> None:
        stage = commerce.Stage(shop.platform, session, begins_at=starts_at)
        assert who.person_id is not None
        command = commerce.PlaceOrder(who.person_id, offer.id, shop.key(), "sandbox", "en")
        placed = stage.do(lambda inner: commerce.place_order(inner, command, clock=stage.clock))
        assert placed is not None
        stage.pay(placed.payment_id, commerce.Payer(card))
        stage.until(starts_at + timedelta(days=days))
        stage.close()

    shop.platform.database.write(work)


def plain(row: Any) -> dict[str, Any]:
    names = [column.key for column in row.__mapper__.column_attrs]
    return {name: getattr(row, name) for name in names if name not in OWN | OTHER_SIDE | OF_SUBSCRIPTIONS}


def left_by(shop: Shop, who: Viewer) -> list[Any]:
    """Return all that a person's orders and subscriptions left, without the names that are drawn anew."""

    def found(session: Session) -> tuple[list[UUID], list[Any]]:
        orders = session.scalars(
            select(SalesOrder.id).where(SalesOrder.person_id == who.person_id).order_by(SalesOrder.placed_at)
        ).all()
        subs = session.scalars(select(Subscription).where(Subscription.person_id == who.person_id)).all()
        lines = select(OrderLine.id).where(OrderLine.order_id.in_(orders))
        rows = [
            *subs,
            *session.scalars(
                select(BillingPeriod)
                .where(BillingPeriod.subscription_id.in_([one.id for one in subs]))
                .order_by(BillingPeriod.number)
            ),
            *session.scalars(select(Deferral).where(Deferral.line_id.in_(lines)).order_by(Deferral.starts_at)),
        ]
        return list(orders), [plain(row) for row in rows]

    orders, rows = shop.platform.database.read(found)
    return [*rows, *(strip(rows_of(shop, one)) for one in orders)]


def strip(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    more = OF_SUBSCRIPTIONS
    return {
        table: sorted(({k: v for k, v in row.items() if k not in more} for row in some), key=repr)
        for table, some in rows.items()
    }


@pytest.mark.parametrize("card", ["pays", "declines_once"])
def test_a_subscription_of_some_months(shop: Shop, card: str) -> None:
    club = Club(shop)
    club.rules(dunning_days=(2, 5, 9))
    ann, ben = shop.person("ann"), shop.person("ben")
    offer = club.plan(shop.product(), "30", "P1M")
    begun_at = shop.clock.now()
    club.subscribe(ann, offer, card=card)
    for _ in range(65):  # the worker earns day by day
        club.days(1)
    shop.clock.set(begun_at)
    on_stage(shop, ben, offer, days=65, card=card)
    shop.clock.set(begun_at + timedelta(days=65))
    theirs, ours = left_by(shop, ann), left_by(shop, ben)
    assert len(ours) >= 7
    for mine, hers in zip(ours, theirs, strict=True):
        assert mine == hers
    with shop.platform.database.reading() as session:
        assert commerce.check(session, at=shop.clock.now()) == []
        assert documents.check(session) == []


def test_no_job_and_no_news_is_left(shop: Shop) -> None:
    club = Club(shop)
    offer = club.plan(shop.product(), "30", "P1M")
    shop.drain()
    with shop.platform.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Job))
    on_stage(shop, shop.person(), offer, days=40, card="pays")
    with shop.platform.database.reading() as session:
        told = select(OutboxEvent.kind).where(OutboxEvent.kind.like("commerce.%"))
        assert "commerce.subscription_renewed" in set(session.scalars(told))
        assert session.scalar(select(func.count()).select_from(Job)) == before


def test_what_is_refused_leaves_no_trace(shop: Shop) -> None:
    offer, who = shop.offer(shop.product(), "199", stock=1), shop.person()
    shop.buy(shop.person("ben"), offer)

    def work(session: Session) -> object:
        stage = commerce.Stage(shop.platform, session, begins_at=shop.clock.now())
        command = commerce.PlaceOrder(who.person_id, offer.id, shop.key(), "sandbox", "en")  # type: ignore[arg-type]
        placed = stage.do(lambda inner: commerce.place_order(inner, command, clock=stage.clock))
        stage.close()
        return placed

    assert shop.platform.database.write(work) is None
    mine = shop.platform.database.read(lambda session: commerce.my_orders(session, who)).orders
    assert mine == ()
    assert not shop.platform.database.read(has_waiting)
    assert shop.balances()["income:sales"] == -yuan("199").minor
