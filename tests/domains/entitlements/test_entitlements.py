"""Who may use what: granted once per source, ended once, live by the clock."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests.domains.commerce.shop import Shop
from xingtan.core.errors import NotAllowed
from xingtan.core.period import Period
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.entitlements.models import Entitlement
from xingtan.domains.entitlements.queries import CLOCK_SKEW
from xingtan.infra.db import new_id
from xingtan.infra.outbox import OutboxEvent
from xingtan.infra.platform import Platform


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(platform)


def _events(shop: Shop, kind: str) -> int:
    wanted = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.kind == kind)
    return shop.platform.database.read(lambda session: session.scalar(wanted) or 0)


def test_granting_twice_is_granting_once_and_each_source_counts_alone(shop: Shop) -> None:
    """E4."""
    ann, tea, now = shop.person(), shop.product(), shop.clock.now()
    assert ann.person_id is not None
    write = shop.platform.database.write

    def grant(command: entitlements.Grant) -> object:
        return write(lambda session: entitlements.grant(session, command, clock=shop.clock))

    gift = entitlements.Grant(ann.person_id, (tea, tea), "grant", new_id(), Period(now))
    bought = entitlements.Grant(ann.person_id, (tea,), "order", new_id(), Period(now))
    assert grant(gift) == grant(gift)
    assert grant(bought) != grant(gift)
    assert _events(shop, "entitlements.granted") == 2

    def end(source: entitlements.Grant) -> int:
        return len(
            write(
                lambda session: entitlements.end(
                    session, (source.source_kind,), source.source_id, reason="refunded", clock=shop.clock
                )
            )
        )

    assert (end(bought), end(bought)) == (1, 0)
    assert shop.owns(ann, tea)  # by the gift still
    grant(bought)  # what has ended is not given again by the same source
    assert end(gift) == 1
    assert not shop.owns(ann, tea)
    assert _events(shop, "entitlements.ended") == 2


def test_a_right_begins_and_ends_by_the_clock(shop: Shop) -> None:
    ann, tea, now = shop.person(), shop.product(), shop.clock.now()
    assert ann.person_id is not None
    period = Period(now + timedelta(days=1), now + timedelta(days=3))
    command = entitlements.Grant(ann.person_id, (tea,), "grant", new_id(), period)
    shop.platform.database.write(lambda session: entitlements.grant(session, command, clock=shop.clock))
    seen = []
    early = period.starts_at - CLOCK_SKEW
    for moment in (now, early - timedelta(microseconds=1), early, now + timedelta(days=2),
                   now + timedelta(days=3) - timedelta(microseconds=1), now + timedelta(days=3)):  # fmt: skip
        shop.clock.set(moment)
        seen.append(shop.owns(ann, tea))
    assert seen == [False, False, True, True, True, False]


def test_a_clock_that_jumps_back_neither_takes_away_nor_brings_back(shop: Shop) -> None:
    ann, tea, ink = shop.person(), shop.product("tea"), shop.product("ink")
    tea_offer, ink_offer = shop.offer(tea), shop.offer(ink)
    shop.pass_time(hours=1)
    shop.buy(ann, tea_offer)
    shop.refund(shop.buy(ann, ink_offer))
    shop.pass_time(minutes=-15)
    assert (shop.owns(ann, tea), shop.owns(ann, ink)) == (True, False)
    shop.pass_time(days=-2)  # a clock so wrong shows nothing, and brings nothing back
    assert (shop.owns(ann, tea), shop.owns(ann, ink)) == (False, False)


def test_staff_may_open_what_they_work_on_and_strangers_nothing(shop: Shop) -> None:
    ann, tea, at = shop.person(), shop.product(), shop.clock.now()
    editor = Viewer(shop.person("ed").person_id, frozenset({Permission.CONTENT_USE}))
    with shop.platform.database.reading() as session:
        assert [entitlements.may_use(session, who, tea, at=at) for who in (Viewer(), ann, editor)] == [
            False,
            False,
            True,
        ]
        assert not entitlements.accessible(session, editor.person_id, at=at)  # type: ignore[arg-type]


def test_holdings_say_since_when_and_by_what(shop: Shop) -> None:
    ann, bob = shop.person(), shop.person("bob")
    tea, ink = shop.product("tea"), shop.product("ink")
    shop.buy(ann, shop.offer(tea))
    number = shop.buy(ann, shop.offer(ink))
    shop.refund(number)
    at = shop.clock.now()
    support = Viewer(new_id(), frozenset({Permission.PEOPLE_READ}))
    with shop.platform.database.reading() as session:
        mine = entitlements.holdings(session, ann, at=at)
        assert {(one.product_id, one.is_live, one.end_reason) for one in mine} == {
            (tea, True, None),
            (ink, False, "refunded"),
        }
        assert {one.source_kind for one in mine} == {"order"}
        assert entitlements.holdings(session, support, person_id=ann.person_id, at=at) == mine
        assert entitlements.holder_count(session, [tea, ink], at=at) == {tea: 1, ink: 0}
        with pytest.raises(NotAllowed):
            entitlements.holdings(session, bob, person_id=ann.person_id, at=at)
        with pytest.raises(NotAllowed):
            entitlements.holdings(session, Viewer(), at=at)


def test_the_database_knows_the_rules_too(shop: Shop) -> None:
    ann, tea, now = shop.person(), shop.product(), shop.clock.now()

    def row(**changed: object) -> dict[str, object]:
        return {
            "id": new_id(), "person_id": ann.person_id, "product_id": tea, "source_kind": "grant", "source_id": tea,
            "starts_at": now, "ends_at": None, "ended_at": None, "end_reason": None, **changed,
        }  # fmt: skip

    bad = (
        row(source_kind="wish"), row(ends_at=now - timedelta(seconds=1)), row(ended_at=now), row(end_reason="why"),
        row(person_id=new_id()), row(product_id=new_id()),
    )  # fmt: skip
    for values in bad:
        with pytest.raises(IntegrityError):
            shop.platform.database.write(lambda session, values=values: session.add(Entitlement(**values)))
    shop.platform.database.write(lambda session: session.add(Entitlement(**row())))
    with pytest.raises(IntegrityError):
        shop.platform.database.write(lambda session: session.add(Entitlement(**row())))
