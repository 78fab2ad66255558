"""Another price for existing subscribers: told to each, a month before, and to nobody who was not told."""

import random
from datetime import datetime, timedelta

import pytest

from tests.domains.commerce.shop import yuan
from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.errors import Invalid, NotAllowed
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.models import Subscription
from xingtan.domains.commerce.use_cases.subscriptions.invoices import next_invoice
from xingtan.domains.commerce.use_cases.subscriptions.repricing import tell_next


def announce(club: Club, offer: commerce.OfferView, *, days: float, viewer: Viewer = SYSTEM) -> int:
    command = subscribing.NewPrice(offer.id, club.shop.clock.now() + timedelta(days=days))
    told = club.write(lambda session: subscribing.announce_price(session, viewer, command, clock=club.shop.clock))
    club.work()
    return told


def told(club: Club) -> list[dict[str, object]]:
    return [one for one in club.events("subscription_reminded") if one["why"] == "new_price"]


def test_everybody_of_the_plan_is_told_once_and_nobody_else(club: Club) -> None:
    ann, bob, eve = (club.shop.person(name) for name in ("ann", "bob", "eve"))
    tea, ink = club.shop.product(), club.shop.product("ink")
    old = club.plan(tea, "30", "P30D")
    hers, his = club.subscribe(ann, old), club.subscribe(bob, old)
    club.subscribe(eve, club.plan(ink, "30", "P30D"))
    dearer = club.plan(tea, "40", "P30D")
    assert announce(club, dearer, days=31) == 2
    assert sorted(str(one["subscription_id"]) for one in told(club)) == sorted(map(str, (hers, his)))
    with pytest.raises(Invalid):
        announce(club, dearer, days=31)
    again = club.write(
        lambda session: tell_next(
            session, offer_id=dearer.id, at=club.shop.clock.now(), after=None, limit=10, clock=club.shop.clock
        )
    )
    assert again == (0, None)
    club.days(91)
    assert [club.paid(who) for who in (ann, bob)] == [[3000, 3000, 4000, 4000]] * 2
    assert club.paid(eve) == [3000] * 4
    assert club.faults() == []


def test_the_notice_is_never_shorter_and_needs_the_right(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30", "P30D"))
    dearer = club.plan(tea, "40", "P30D")
    with pytest.raises(Invalid):
        announce(club, dearer, days=29.9)
    with pytest.raises(NotAllowed):
        announce(club, dearer, days=40, viewer=ann)
    now = club.shop.clock.now()
    club.write(
        lambda session: tell_next(session, offer_id=dearer.id, at=now, after=None, limit=10, clock=club.shop.clock)
    )
    assert club.view(sub).next_from == now + timedelta(days=30)


def test_the_page_and_the_letter_before_a_renewal_say_the_new_price(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "300", "P1Y"))
    club.days(300)
    announce(club, club.plan(tea, "400", "P1Y"), days=31)
    at = club.shop.clock.now()
    shown = club.read(lambda session: next_invoice(session, session.get_one(Subscription, sub), at=at).quote.total)
    assert shown == yuan("400")
    club.days(60)
    (reminder,) = [one for one in club.events("subscription_reminded") if one["why"] == "renewal"]
    assert reminder["amount"] == {"minor": 40_000, "currency": "CNY"}
    club.days(10)
    assert club.paid(ann) == [30_000, 40_000]
    assert club.faults() == []


def test_who_leaves_or_goes_over_to_another_plan_never_pays_it(club: Club) -> None:
    ann, bob, tea = club.shop.person(), club.shop.person("bob"), club.shop.product()
    month, year = club.plan(tea, "30", "P30D"), club.plan(tea, "300", "P1Y")
    hers, his = club.subscribe(ann, month), club.subscribe(bob, month)
    club.change(bob, his, year, "at_period_end")
    assert announce(club, club.plan(tea, "40", "P30D"), days=31) == 1
    club.cancel(ann, hers)
    club.days(100)
    assert (club.paid(ann), club.paid(bob)) == ([3000], [3000, 30_000])
    assert club.faults() == []


@pytest.mark.parametrize("seed", range(2))
def test_nobody_pays_another_price_unless_she_was_told_a_month_before(club: Club, seed: int) -> None:
    rng = random.Random(seed)
    tea = club.shop.product()
    now, people = club.plan(tea, "30", "P30D"), []
    for number in range(3):
        who = club.shop.person(f"p{number}")
        people.append((who, club.subscribe(who, now)))
        club.days(rng.randint(1, 12))
    for price in ("40", "25"):
        now = club.plan(tea, price, "P30D")
        announce(club, now, days=30 + rng.randint(0, 20))
        club.days(rng.randint(81, 90))
    for who, sub in people:
        changes = [
            (one["amount"]["minor"], datetime.fromisoformat(str(one["at"])))  # type: ignore[index]
            for one in told(club) if one["subscription_id"] == str(sub)
        ]  # fmt: skip
        for _, _, starts_at, _ in club.tiles(sub):
            due = [minor for minor, since in changes if since <= starts_at]
            row = next(it for it in club.view(sub).periods if it.starts_at == starts_at)
            assert row.value.minor == (due[-1] if due else 3000), (who, starts_at)
        assert set(club.paid(who)) <= {3000, 4000, 2500}
    assert club.faults() == []
