"""Days of a tier by a code: what they open, how they add up, and what they are beside a paid membership."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domains.commerce.promotions.stall import Stall
from tests.domains.commerce.subscriptions.club import Club
from tests.domains.commerce.subscriptions.test_tiers import publish
from xingtan.core.errors import Conflict, Invalid
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.errors import AlreadyOwned
from xingtan.domains.commerce.subscribing import PerkView, RuleView
from xingtan.domains.commerce.subscriptions.given import RedeemedDays, in_turn
from xingtan.infra.db import new_id

_START = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def stall(club: Club) -> Stall:
    return Stall(club.shop)


def _perks(club: Club, who: Viewer) -> list[tuple[int, tuple[str, ...]]]:
    assert who.person_id is not None
    person_id, at = who.person_id, club.shop.clock.now()
    found = club.read(lambda session: subscribing.memberships(session, person_id, at=at))
    return [(one.discount_bp, one.perks) for one in found]


def test_a_code_makes_a_member_for_its_days(club: Club, stall: Stall) -> None:
    ann, bob = club.shop.person(), club.shop.person("bob")
    column, course = club.shop.product("column", kind="column"), club.shop.product("course")
    gold = club.tier("gold", RuleView("kind", "column"), discount_bp=1500, perks=[PerkView("forum", {"en": "Forum"})])
    code, other = stall.codes(stall.batch(None, 2, tier_id=gold, days=30))
    start = club.shop.clock.now()
    given_ = stall.redeem(ann, code)
    assert (given_.product_id, given_.tier_id, given_.until) == (None, gold, start + timedelta(days=30))
    assert [club.shop.owns(ann, one) for one in (column, course)] == [True, False]
    assert not club.shop.owns(bob, column)
    assert _perks(club, ann) == [(1500, ("forum",))]
    late = publish(club, "late", kind="column")
    assert [club.shop.owns(who, late) for who in (ann, bob)] == [True, False]  # type: ignore[arg-type]
    club.shop.clock.set(start + timedelta(days=30))
    later = publish(club, "later", kind="column")
    assert not any(club.shop.owns(ann, one) for one in (column, late, later))  # type: ignore[arg-type]
    assert _perks(club, ann) == []
    stall.redeem(bob, other)
    assert club.shop.owns(bob, later)  # type: ignore[arg-type]
    assert club.faults() == []


def test_days_of_a_tier_add_up_and_take_in_what_is_published_meanwhile(club: Club, stall: Stall) -> None:
    ann, tea, start = club.shop.person(), club.shop.product(), club.shop.clock.now()
    gold = club.tier("gold")
    codes = stall.codes(stall.batch(None, 2, tier_id=gold, days=10, per_person=2))
    first, second = (stall.redeem(ann, code) for code in codes)
    assert (second.starts_at, second.until) == (first.until, start + timedelta(days=20))
    ink = publish(club, "ink")
    for day, held in ((9, True), (10, True), (19, True), (20, False)):
        club.shop.clock.set(start + timedelta(days=day))
        assert [club.shop.owns(ann, one) for one in (tea, ink)] == [held, held]  # type: ignore[arg-type]
    assert club.faults() == []


def test_who_pays_for_a_tier_keeps_the_code(club: Club, stall: Stall) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    gold, silver = club.tier("gold"), club.tier("silver")
    sub = club.subscribe(ann, club.plan(None, "30", "P30D", tier_id=gold))
    (code,) = stall.codes(stall.batch(None, 1, tier_id=gold, days=30))
    (another,) = stall.codes(stall.batch(None, 1, tier_id=silver, days=90))
    with pytest.raises(AlreadyOwned):
        stall.redeem(ann, code)
    stall.redeem(ann, another)
    club.cancel(ann, sub)
    club.days(31)
    assert stall.redeem(ann, code).starts_at == club.shop.clock.now()
    assert club.shop.owns(ann, tea)
    assert club.faults() == []


def test_batches_for_a_tier_that_make_no_sense_are_refused(club: Club, stall: Stall) -> None:
    tea, gold = club.shop.product(), club.tier("gold")
    for bad in ({"tier_id": gold}, {"tier_id": None, "days": 3}):
        with pytest.raises(Invalid):
            stall.batch(None, **bad)
    with pytest.raises(Invalid):
        stall.batch(tea, tier_id=gold, days=3)
    club.write(lambda session: subscribing.retire_tier(session, SYSTEM, gold, clock=club.shop.clock))
    with pytest.raises((Invalid, Conflict)):
        stall.batch(None, tier_id=gold, days=3)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60), st.booleans()), max_size=12))
def test_days_neither_overlap_nor_are_lost(found: list[tuple[int, int, bool]]) -> None:
    people = {True: new_id(), False: new_id()}
    tier_id = new_id()
    rows = [
        RedeemedDays(new_id(), people[who], tier_id, days, _START + timedelta(days=day)) for day, days, who in found
    ]
    spans = list(in_turn(reversed(rows)))
    assert sum((one.ends_at - one.starts_at).days for one in spans) == sum(days for _, days, _ in found)
    for person_id in people.values():
        mine = [one for one in spans if one.person_id == person_id]
        assert all(before.ends_at <= after.starts_at for before, after in pairwise(mine))
    redeemed = {one.code_id: one.at for one in rows}
    assert all(one.starts_at >= redeemed[one.code_id] for one in spans)
