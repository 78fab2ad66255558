"""Orders of the past leave the very rows that placing, paying and refunding one by one would have left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Broken
from xingtan.core.viewer import Viewer
from xingtan.domains.books import api as books
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import OrderLine, Payment, Refund, SalesOrder, SandboxPayment
from xingtan.domains.entitlements.models import Entitlement
from xingtan.infra.outbox import OutboxEvent

OWN = {"id", "number", "order_id", "payment_id", "entry_id", "person_id", "source_id", "reference_id", "key"}
OTHER_SIDE = {"reference", "merchant_key", "provider_reference", "redirect_url", "return_url", "description", "refunds"}


def rows_of(shop: Shop, order_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Return all that belongs to an order, without the names that are drawn anew for each."""

    def found(session: Session) -> dict[str, list[dict[str, Any]]]:
        payments = session.scalars(select(Payment).where(Payment.order_id == order_id)).all()
        entries = session.scalars(select(JournalEntry).where(JournalEntry.reference_id == order_id)).all()
        wanted = {
            "order": [session.get_one(SalesOrder, order_id)],
            "lines": session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)),
            "payments": payments,
            "refunds": session.scalars(select(Refund).where(Refund.order_id == order_id)),
            "sandbox": session.scalars(
                select(SandboxPayment).where(SandboxPayment.merchant_key.in_([str(one.id) for one in payments]))
            ),
            "entries": entries,
            "postings": session.scalars(select(Posting).where(Posting.entry_id.in_([one.id for one in entries]))),
            "rights": session.scalars(select(Entitlement).where(Entitlement.source_id == order_id)),
        }
        return {name: sorted(map(_plain, rows), key=repr) for name, rows in wanted.items()}

    return shop.platform.database.read(found)


def _plain(row: Any) -> dict[str, Any]:
    names = [column.key for column in row.__mapper__.column_attrs]
    return {name: getattr(row, name) for name in names if name not in OWN | OTHER_SIDE}


def in_the_past(shop: Shop, who: Viewer, offer: commerce.OfferView, **more: Any) -> UUID:
    assert who.person_id is not None
    past = commerce.PastOrder(who.person_id, offer.product_id, offer.id, language="en", **more)
    return shop.platform.database.write(lambda session: commerce.keep_past_orders(session, [past]))[0]


def bundle(shop: Shop) -> UUID:
    parts = (shop.product("one"), shop.product("two"))
    return shop.product("both", kind="bundle", parts=parts)


@pytest.mark.parametrize("thing", [lambda shop: shop.product(), bundle], ids=["course", "bundle"])
def test_a_paid_order(shop: Shop, thing: Callable[[Shop], UUID]) -> None:
    offer = shop.offer(thing(shop))
    real = shop.order(shop.buy(shop.person("ann"), offer)).id
    now = shop.clock.now()
    past = in_the_past(shop, shop.person("ben"), offer, total=yuan("199"), placed_at=now, paid_at=now)
    assert rows_of(shop, past) == rows_of(shop, real)


def test_a_refunded_order(shop: Shop) -> None:
    offer = shop.offer(bundle(shop))
    bought_at = shop.clock.now()
    number = shop.buy(shop.person("ann"), offer)
    back_at = shop.pass_time(days=3)
    shop.refund(number)
    past = in_the_past(
        shop, shop.person("ben"), offer, total=yuan("199"), placed_at=bought_at, paid_at=bought_at, refunded_at=back_at
    )
    ours, theirs = rows_of(shop, past), rows_of(shop, shop.order(number).id)
    assert [one.pop("reason") for one in ours["refunds"]] == ["buyer_asked"]
    assert [one.pop("reason") for one in theirs["refunds"]] == ["goodwill"]
    assert ours == theirs


def test_a_free_order(shop: Shop) -> None:
    offer = shop.offer(shop.product(), "0", model="free")
    real = shop.place(shop.person("ann"), offer).order_id
    now = shop.clock.now()
    past = in_the_past(shop, shop.person("ben"), offer, total=yuan("0"), placed_at=now, paid_at=now)
    assert rows_of(shop, past) == rows_of(shop, real)


def test_an_order_left_unpaid(shop: Shop) -> None:
    offer, placed_at = shop.offer(shop.product()), shop.clock.now()
    real = shop.place(shop.person("ann"), offer).order_id
    shop.live_through(days=2)
    past = in_the_past(shop, shop.person("ben"), offer, total=yuan("199"), placed_at=placed_at, paid_at=None)
    ours, theirs = rows_of(shop, past), rows_of(shop, real)
    for one in (*ours["payments"], *theirs["payments"]):
        assert one.pop("settled_at") >= placed_at
        assert one.pop("updated_at") >= placed_at
    assert ours == theirs


def test_the_promises_hold_and_nobody_is_told(shop: Shop) -> None:
    offer, who = shop.offer(shop.product()), shop.person()
    with shop.platform.database.reading() as session:
        told = session.scalars(select(OutboxEvent.id)).all()
    now = shop.clock.now()
    in_the_past(shop, who, offer, total=yuan("199"), placed_at=now, paid_at=now, refunded_at=now + timedelta(days=1))
    in_the_past(shop, who, offer, total=yuan("199"), placed_at=now, paid_at=now)
    shop.pass_time(days=2)
    with shop.platform.database.reading() as session:
        assert books.check(session) == []
        assert commerce.check(session, at=shop.clock.now()) == []
        assert session.scalars(select(OutboxEvent.id)).all() == told


def test_a_past_payment_can_still_be_refunded_today(shop: Shop) -> None:
    offer, who, now = shop.offer(shop.product()), shop.person(), shop.clock.now()
    order_id = in_the_past(shop, who, offer, total=yuan("199"), placed_at=now, paid_at=now)
    with shop.platform.database.reading() as session:
        number = commerce.order_numbers(session, [order_id])[order_id]
    shop.refund(number)
    assert shop.order(number).state == "refunded"


@pytest.mark.parametrize(
    "more", [{"total": yuan("0"), "paid_at": None}, {"total": yuan("9"), "paid_at": None, "refunded_at": "now"}]
)
def test_what_could_not_have_been_is_refused(shop: Shop, more: dict[str, Any]) -> None:
    offer, who, now = shop.offer(shop.product()), shop.person(), shop.clock.now()
    dated = {name: now if value == "now" else value for name, value in more.items()}
    with pytest.raises(Broken):
        in_the_past(shop, who, offer, placed_at=now, **dated)
