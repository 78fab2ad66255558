"""Prices over time, and the figures that are told of what was sold."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import Offer
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id


def _current(shop: Shop, product_id: object, currency: str = "CNY") -> Money | None:
    at = shop.clock.now()
    found = shop.platform.database.read(
        lambda session: commerce.offers_for(session, [product_id], currency=currency, at=at)  # type: ignore[list-item]
    )
    return found[product_id].price if product_id in found else None  # type: ignore[index]


def test_a_season_lies_over_the_standing_price_and_goes_again(shop: Shop) -> None:
    tea, now = shop.product(), shop.clock.now()
    shop.offer(tea, "199")
    shop.offer(tea, "99", starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=3))
    seen = []
    for day in range(5):
        shop.clock.set(now + timedelta(days=day))
        seen.append(_current(shop, tea))
    assert seen == [yuan("199"), yuan("99"), yuan("99"), yuan("199"), yuan("199")]


def test_a_new_price_replaces_the_old_one_of_its_currency_only(shop: Shop) -> None:
    tea = shop.product()
    shop.offer(tea, "199")
    dollars = commerce.MakeOffer(tea, "once", Money(2900, "USD"))
    shop.platform.database.write(lambda session: commerce.make_offer(session, SYSTEM, dollars, clock=shop.clock))
    shop.pass_time(minutes=1)
    shop.offer(tea, "249")
    assert _current(shop, tea) == yuan("249")
    assert _current(shop, tea, "USD") == Money(2900, "USD")
    assert _current(shop, tea, "EUR") in {yuan("249"), Money(2900, "USD")}  # better another currency than none
    offers = shop.platform.database.read(lambda session: commerce.offers_of(session, SYSTEM, tea))
    assert [one.retired_at is None for one in offers] == [True, True, False]


def test_a_retired_price_is_gone_and_stays_in_the_list(shop: Shop) -> None:
    tea = shop.product()
    offer = shop.offer(tea)
    write = shop.platform.database.write
    write(lambda session: commerce.retire_offer(session, SYSTEM, offer.id, clock=shop.clock))
    assert _current(shop, tea) is None
    with pytest.raises(Conflict):
        write(lambda session: commerce.retire_offer(session, SYSTEM, offer.id, clock=shop.clock))
    with pytest.raises(NotFound):
        write(lambda session: commerce.retire_offer(session, SYSTEM, new_id(), clock=shop.clock))


def test_prices_that_make_no_sense_are_refused(shop: Shop) -> None:
    tea, now, ann = shop.product(), shop.clock.now(), shop.person()
    bad = (
        ("price", commerce.MakeOffer(tea, "once", yuan("0"))),
        ("price", commerce.MakeOffer(tea, "once", Money(-1, "CNY"))),
        ("price", commerce.MakeOffer(tea, "once", Money(10**12 + 1, "CNY"))),
        ("price", commerce.MakeOffer(tea, "free", yuan("1"))),
        ("floor", commerce.MakeOffer(tea, "once", yuan("5"), yuan("1"))),
        ("floor", commerce.MakeOffer(tea, "pay_what_you_want", yuan("5"), yuan("6"))),
        ("floor", commerce.MakeOffer(tea, "pay_what_you_want", yuan("5"), Money(1, "USD"))),
        ("ends_at", commerce.MakeOffer(tea, "once", yuan("5"), ends_at=now)),
    )
    for field, command in bad:
        with pytest.raises(Invalid) as refused:
            shop.platform.database.write(
                lambda session, command=command: commerce.make_offer(session, SYSTEM, command, clock=shop.clock)
            )
        assert field in refused.value.fields
    with pytest.raises(NotAllowed):
        shop.platform.database.write(
            lambda session: commerce.make_offer(
                session, ann, commerce.MakeOffer(tea, "free", yuan("0")), clock=shop.clock
            )
        )


def test_the_database_knows_what_a_price_is(shop: Shop) -> None:
    tea, now = shop.product(), shop.clock.now()

    def row(**changed: object) -> dict[str, object]:
        return {
            "id": new_id(), "product_id": tea, "model": "once", "currency": "CNY", "amount_minor": 100,
            "floor_minor": None, "starts_at": now, "ends_at": None, "terms": {}, "retired_at": None, "created_at": now,
            "created_by_id": None, **changed,
        }  # fmt: skip

    for changed in ({"amount_minor": 0}, {"amount_minor": -1}, {"model": "free"}, {"model": "rent"}, {"floor_minor": 5},
                    {"currency": "CN"}, {"model": "pay_what_you_want"}, {"ends_at": now}):  # fmt: skip
        with pytest.raises(IntegrityError):
            shop.platform.database.write(lambda session, changed=changed: session.add(Offer(**row(**changed))))


def test_what_is_told_is_what_was_paid_and_kept(shop: Shop) -> None:
    tea, ink, gift = shop.product("tea"), shop.product("ink"), shop.product("gift")
    tea_offer, ink_offer, free = shop.offer(tea, "100"), shop.offer(ink, "50"), shop.offer(gift, "0", model="free")
    people = [shop.person(f"p{number}") for number in range(4)]
    start = shop.clock.now()
    numbers = [shop.buy(person, tea_offer) for person in people[:3]]
    shop.place(people[3], tea_offer)  # not paid: counts nowhere
    shop.place(people[0], free)
    shop.pass_time(days=1)
    shop.buy(people[0], ink_offer)
    shop.refund(numbers[0])
    shop.refund(numbers[1], "30")
    shop.pass_time(minutes=1)
    whole = Period(start, shop.clock.now())
    with shop.platform.database.reading() as session:
        nobody = new_id()
        assert commerce.sold_count(session, [tea, ink, gift, nobody]) == {tea: 2, ink: 1, gift: 1, nobody: 0}
        (summary,) = commerce.sales_summary(session, SYSTEM, whole)
        assert (summary.orders, summary.free_orders, summary.buyers, summary.refunds) == (5, 1, 3, 2)
        assert (summary.gross, summary.refunded, summary.net) == (yuan("350"), yuan("130"), yuan("220"))
        days = commerce.sales_by_day(session, SYSTEM, whole, zone=ZoneInfo("UTC"))
        assert [(one.orders, one.gross, one.refunded) for one in days] == [
            (4, yuan("300"), yuan("0")), (1, yuan("50"), yuan("130")),
        ]  # fmt: skip
        for read in (commerce.sales_summary, lambda *a: commerce.sales_by_day(*a, zone=ZoneInfo("UTC"))):
            with pytest.raises(NotAllowed):
                read(session, people[0], whole)
    assert shop.balances()["assets:provider:sandbox"] == summary.net.minor


def test_a_day_is_the_academys_own(shop: Shop) -> None:
    tea = shop.product()
    shop.clock.set(datetime(2026, 3, 1, 16, 30, tzinfo=UTC))  # half past midnight in Shanghai
    shop.buy(shop.person(), shop.offer(tea))
    whole = Period(datetime(2026, 1, 1, tzinfo=UTC))
    with shop.platform.database.reading() as session:
        for zone, day in (("UTC", date(2026, 3, 1)), ("Asia/Shanghai", date(2026, 3, 2))):
            (row,) = commerce.sales_by_day(session, SYSTEM, whole, zone=ZoneInfo(zone))
            assert row.day == day


def _selects(shop: Shop, *, limit: int) -> int:
    asked: list[str] = []

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    engine = shop.platform.database.engine
    event.listen(engine, "before_cursor_execute", note)
    shop.platform.database.read(lambda session: commerce.orders(session, SYSTEM, limit=limit))
    event.remove(engine, "before_cursor_execute", note)
    return len([one for one in asked if one.startswith("SELECT")])


def test_lists_are_paged_and_cost_the_same_however_long(shop: Shop) -> None:
    ann, offers = shop.person(), [shop.offer(shop.product(f"p{number}")) for number in range(7)]
    for offer in offers:
        shop.buy(ann, offer)
    seen: list[str] = []
    cursor = None
    while True:
        page = shop.platform.database.read(
            lambda session, cursor=cursor: commerce.my_orders(session, ann, cursor=cursor, limit=3)
        )
        seen += [one.number for one in page.orders]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    assert _selects(shop, limit=1) == _selects(shop, limit=7) == 3
    for bad in ("", "x", "AAAA", "é", "9" * 4000):
        with pytest.raises(Invalid):
            shop.platform.database.read(lambda session, bad=bad: commerce.my_orders(session, ann, cursor=bad))


def test_a_person_takes_her_orders_and_rights_along_and_nobody_elses(shop: Shop) -> None:
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    offer = shop.offer(tea, "100")
    number = shop.buy(ann, offer)
    shop.refund(number, "30")
    shop.buy(bob, offer)
    assert ann.person_id is not None
    owner, vault = ann.person_id, shop.platform.vault
    with shop.platform.database.reading() as session:
        orders = commerce.export_part(session, owner, clock=shop.clock, vault=vault)["orders"]
        rights = entitlements.export_part(session, owner, clock=shop.clock, vault=vault)["rights"]
    assert json.loads(json.dumps(orders)) == orders
    assert [one["number"] for one in orders] == [number]
    assert orders[0]["refunded"] == "30.00 CNY"
    assert [one["amount"] for one in orders[0]["refunds"]] == ["30.00 CNY"]
    assert [(one["by"], one["ended_at"]) for one in rights] == [("order", None)]
