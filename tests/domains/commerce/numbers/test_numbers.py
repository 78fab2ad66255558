"""The numbers against what was seen at the time, against the rows, and against the books, to the minor unit."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests.domains.commerce.shop import yuan
from tests.domains.commerce.subscriptions.club import Club
from tests.domains.commerce.wallets.purser import Purser
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM, Permission, Viewer
from xingtan.domains.books import api as books
from xingtan.domains.books.models import JournalEntry, Posting
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.documents import api as documents
from xingtan.domains.commerce.models import Subscription
from xingtan.domains.commerce.numbers import api as numbers
from xingtan.domains.commerce.rules.tax import Rate
from xingtan.domains.commerce.subscriptions.rows import plan

TICK = timedelta(microseconds=1)


def figures(club: Club, starts_at: datetime, ends_at: datetime, *, currency: str = "CNY") -> numbers.Numbers:
    wanted = numbers.Wanted(starts_at, ends_at, (starts_at, ends_at), (starts_at, ends_at))
    found = club.read(lambda session: numbers.numbers(session, SYSTEM, wanted))
    return next(one for one in found if one.currency == currency)


def rows(club: Club, code: str, starts_at: datetime, ends_at: datetime) -> tuple[numbers.Row, ...]:
    period = Period(starts_at, ends_at)
    return club.read(lambda session: numbers.rows(session, SYSTEM, code, over=period, currency="CNY"))


def minor(value: numbers.Value) -> int:
    assert isinstance(value, Money)
    return value.minor


def parts(found: numbers.Numbers) -> dict[str, int]:
    return {kind: amount.minor for kind, amount in found.bridge.sums if amount}


def now_recurring(club: Club) -> int:
    """Return what recurs at this moment by the subscriptions' own rows, without looking at any period."""
    now = club.shop.clock.now()

    def work(session: object) -> int:
        found = 0
        for sub in session.scalars(select(Subscription).where(Subscription.kind == "subscription")):  # type: ignore[attr-defined]
            is_running = sub.state in ("active", "past_due") or (sub.state == "cancelled" and now < sub.period_ends_at)
            if is_running and sub.payments:
                found += plan(sub).monthly.minor
        return found

    return club.read(work)


@dataclass
class History:
    """People who subscribe, change, pause, leave and come back, as a seed has it; and what was seen meanwhile."""

    club: Club
    rng: Random
    seen: list[tuple[datetime, int]] = field(default_factory=list)
    subs: dict[UUID, Viewer] = field(default_factory=dict)

    def play(self, steps: int) -> None:
        club, shop = self.club, self.club.shop
        tea, ink, silver, gold = shop.product("tea"), shop.product("ink"), club.tier("silver"), club.tier("gold")
        tiers = [
            club.plan(None, "30", tier_id=silver), club.plan(None, "45", tier_id=gold),
            club.plan(None, "400", "P1Y", tier_id=gold),
        ]  # fmt: skip
        products = [club.plan(tea, "30"), club.plan(tea, "300.01", "P1Y"), club.plan(tea, "100", "P3M")]
        weekly = [club.plan(ink, "9", "P1W"), club.plan(ink, "25", trial="P14D")]
        people = [shop.person(f"p{number}") for number in range(4)]
        book = shop.offer(shop.product("book"), "66.60")
        for _ in range(steps):
            shop.pass_time(seconds=1)  # what was seen at an instant was seen before this
            with suppress(Conflict, Invalid, NotFound):  # it cannot be done now, and nothing happened
                self._act(self.rng.choice(people), self.rng.choice((tiers, products, weekly)), book)
            club.days(self.rng.choice((1, 4, 11, 23)))
            self.seen.append((shop.clock.now() + TICK, now_recurring(club)))

    def _act(self, who: Viewer, plans: list[commerce.OfferView], book: commerce.OfferView) -> None:
        club, mine = self.club, [sub for sub, person in self.subs.items() if person == who]
        deed = self.rng.choice(("join", "join", "join", "leave", "at_once", "pause", "change", "change", "pay", "book"))
        if deed == "join":
            self.subs[club.subscribe(who, self.rng.choice(plans))] = who
        elif deed == "book":
            number = club.shop.buy(who, book)
            if self.rng.random() < 0.7:
                club.shop.refund(number, self.rng.choice((None, "12.34")))
        elif mine:
            self._go_on(who, self.rng.choice(mine), deed, plans)

    def _go_on(self, who: Viewer, sub: UUID, deed: str, plans: list[commerce.OfferView]) -> None:
        club, ways = self.club, ("prorate_now", "full_now", "next_invoice", "at_period_end")
        if deed in ("leave", "at_once"):
            club.cancel(who, sub, when="at_period_end" if deed == "leave" else "at_once")
        elif deed == "pause":
            club.pause(who, sub, days=20)
        elif deed == "change":
            club.change(who, sub, self.rng.choice(plans), self.rng.choice(ways))
        elif club.view(sub).open_order is not None:
            club.pay_now(who, sub)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_history_adds_up(club: Club, seed: int) -> None:
    history = History(club, Random(seed))
    start = club.shop.clock.now()
    history.play(16)
    first = next(place for place, (_, recurring) in enumerate(history.seen) if recurring)
    before = start
    for at, recurring in history.seen[first:]:
        found = figures(club, before, at)
        assert minor(found.values["mrr"]) == recurring == found.bridge.closing.minor, at
        assert found.bridge.opening.minor + sum(parts(found).values()) == recurring
        before = at
    _equals_its_rows(club, start, before)
    _equals_the_books(club, start, before)
    assert club.faults() == []


def _equals_its_rows(club: Club, start: datetime, end: datetime) -> None:
    found = figures(club, start, end)
    for code in ("mrr", "arr", "gross", "refunded", "tax", "net", "deferred"):
        assert minor(found.values[code]) == sum(row.amount.minor for row in rows(club, code, start, end)), code
    for kind, amount in found.bridge.sums:
        assert amount.minor == sum(row.amount.minor for row in rows(club, kind, start, end)), kind
    assert found.values["subscribers"] == len({row.person_id for row in rows(club, "subscribers", start, end)})
    assert sum(one.mrr.minor for one in found.plans) == minor(found.values["mrr"])
    assert sum(one.net.minor for one in found.by_product) == minor(found.values["net"])
    assert minor(found.values["net"]) == sum(minor(found.values[code]) * sign for code, sign in
                                             (("gross", 1), ("refunded", -1), ("tax", -1)))  # fmt: skip


def _memo(club: Club, memo: str) -> int:
    """Return what entries of this kind have debited, straight from the postings."""
    wanted = (
        select(func.sum(Posting.amount_minor))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.memo == memo, Posting.amount_minor > 0)
    )
    return int(club.read(lambda session: session.scalar(wanted)) or 0)


def _equals_the_books(club: Club, start: datetime, end: datetime) -> None:
    found = figures(club, start, end)
    balances = club.shop.balances()
    assert minor(found.values["gross"]) == _memo(club, "sale")
    assert minor(found.values["refunded"]) == _memo(club, "refund")
    assert minor(found.values["deferred"]) == -balances.get(books.DEFERRED, 0)
    assert minor(found.values["earned"]) == -sum(
        amount for account, amount in balances.items() if account.startswith("income:")
    )
    assert minor(found.values["cash"]) == balances.get("assets:provider:sandbox", 0)
    profit = minor(found.values["earned"]) - sum(
        amount for account, amount in balances.items() if account.startswith("expense:")
    )
    assert minor(found.values["profit"]) == profit


def test_one_life_in_movements(club: Club) -> None:
    ann, tea = club.shop.person(), club.shop.product()
    monthly, yearly, dear = club.plan(tea, "30"), club.plan(tea, "240", "P1Y"), club.plan(tea, "150", "P3M")
    start = club.shop.clock.now()
    sub = club.subscribe(ann, monthly)
    club.days(10)
    club.change(ann, sub, dear, "full_now")
    club.days(2)
    club.change(ann, sub, yearly, "full_now")
    club.days(2)
    club.cancel(ann, sub, when="at_once")
    club.days(5)
    club.subscribe(ann, monthly)
    end = club.shop.clock.now() + TICK
    found = figures(club, start, end)
    assert parts(found) == {
        "new": 3000, "expansion": 2000, "contraction": -3000, "churned": -2000, "reactivated": 3000,
    }  # fmt: skip
    assert (found.bridge.opening, found.bridge.closing) == (yuan("0"), yuan("30"))
    assert [(row.word, row.before, row.after) for row in rows(club, "churned", start, end)] == [
        ("churned", yuan("20"), yuan("0"))
    ]
    assert (found.values["subscribers"], found.values["arr"]) == (1, yuan("360"))


def test_rates_of_leaving_and_staying(club: Club) -> None:
    tea = club.shop.product()
    offer = club.plan(tea, "30")
    people = [club.shop.person(f"p{number}") for number in range(4)]
    subs = [club.subscribe(one, offer) for one in people]
    club.days(1)
    start = club.shop.clock.now()
    club.cancel(people[0], subs[0], when="at_once")
    club.days(1)
    found = figures(club, start, club.shop.clock.now())
    assert (found.values["churn"], found.values["revenue_churn"], found.values["net_retention"]) == (2500, 2500, 7500)
    assert found.values["arpu"] == yuan("30")
    paying_days = 3  # three people, one day; she left in its first moment
    assert found.values["ltv"] == Money(round(3000 * paying_days * 16 / 487), "CNY")


def test_a_trial_counts_when_it_is_over_and_recurs_when_it_is_paid(club: Club) -> None:
    tea, start = club.shop.product(), club.shop.clock.now()
    offer = club.plan(tea, "30", trial="P14D")
    ann, bob = club.shop.person(), club.shop.person("bob")
    sub = club.subscribe(ann, offer)
    club.subscribe(bob, offer)
    club.days(12)
    assert minor(figures(club, start, club.shop.clock.now()).values["mrr"]) == 0
    club.pay_now(ann, sub)
    club.days(1)
    assert figures(club, start, club.shop.clock.now()).values["trial_conversion"] is None
    club.days(30)
    found = figures(club, start, club.shop.clock.now())
    assert (found.values["trial_conversion"], found.values["mrr"]) == (5000, yuan("30"))
    assert [row.word for row in rows(club, "trial_conversion", start, club.shop.clock.now())].count("converted") == 1


def test_first_prices_and_the_last_of_them(club: Club) -> None:
    ann, tea, start = club.shop.person(), club.shop.product(), club.shop.clock.now()
    club.subscribe(ann, club.plan(tea, "30", intro={"minor": 1000, "periods": 1}))
    club.days(3)
    assert figures(club, start, club.shop.clock.now()).values["mrr"] == yuan("10")
    club.days(40)
    assert parts(figures(club, start, club.shop.clock.now())) == {"new": 1000, "expansion": 2000}


def test_instalments_recur_nowhere(club: Club) -> None:
    ann, tea, start = club.shop.person(), club.shop.product(), club.shop.clock.now()
    club.subscribe(ann, club.plan(tea, "90", model="instalments", count=3))
    club.days(10)
    found = figures(club, start, club.shop.clock.now())
    assert (found.values["mrr"], found.values["gross"]) == (yuan("0"), yuan("30"))


def test_a_closed_month_never_changes(club: Club) -> None:
    club.shop.clock.set(datetime(2026, 3, 1, tzinfo=UTC))
    ann, tea = club.shop.person(), club.shop.product()
    sub = club.subscribe(ann, club.plan(tea, "30"))
    club.shop.buy(ann, club.shop.offer(club.shop.product("book"), "20"))
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    club.at(april + timedelta(days=3))
    before = figures(club, march, april)
    club.cancel(ann, sub, when="at_once")
    club.days(40)
    assert figures(club, march, april) == before


def test_money_put_into_a_wallet_is_a_sale_when_it_is_spent(club: Club) -> None:
    shop, purser, start = club.shop, Purser(club.shop), club.shop.clock.now()
    ann, tea, ink = shop.person(), shop.product(), shop.product("ink")
    lesson = purser.lesson(tea)
    purser.per_use(tea, "3")
    purser.fill(ann, "100")
    assert minor(figures(club, start, shop.clock.now() + TICK).values["gross"]) == 0
    used = purser.open(ann, lesson)
    purser.pay(ann, shop.offer(ink, "20"))
    purser.withdraw(ann, "50")
    shop.drain()
    found = figures(club, start, shop.clock.now() + TICK)
    assert (found.values["gross"], found.values["refunded"]) == (yuan("23"), yuan("0"))
    assert {one.word: (one.gross.minor, one.refunded.minor) for one in found.by_kind} == {
        "top_up": (10000, 5000), "access": (2000, 0), "use": (300, 0),
    }  # fmt: skip
    assert {one.word for one in found.by_product} == {"Tea", "Ink"}
    assert (found.values["earned"], found.values["cash"]) == (yuan("23"), yuan("50"))
    purser.reverse(used.id)
    found = figures(club, start, shop.clock.now() + TICK)
    assert (found.values["refunded"], found.values["net"], found.values["earned"]) == (
        yuan("3"), yuan("20"), yuan("20"),
    )  # fmt: skip


def test_tax_within_a_price_recurs_nowhere(club: Club) -> None:
    inclusive = documents.MakeTaxRate("", "", Rate(600, "inclusive"))
    club.write(lambda session: documents.make_tax_rate(session, SYSTEM, inclusive, clock=club.shop.clock))
    start, ann = club.shop.clock.now(), club.shop.person()
    club.shop.pass_time(seconds=1)
    club.subscribe(ann, club.plan(club.shop.product(), "106"))
    found = figures(club, start, club.shop.clock.now() + TICK)
    assert (found.values["mrr"], found.values["gross"], found.values["tax"]) == (yuan("100"), yuan("106"), yuan("6"))
    assert found.values["net"] == found.values["deferred"] == yuan("100")


def test_currencies_stand_apart(club: Club) -> None:
    start, tea, ink = club.shop.clock.now(), club.shop.product(), club.shop.product("ink")
    ann, bob = club.shop.person(), club.shop.person("bob")
    dollars = commerce.MakeOffer(ink, "subscription", Money(900, "USD"), terms={"interval": "P1M"})
    club.subscribe(ann, club.plan(tea, "30"))
    club.subscribe(
        bob, club.write(lambda session: commerce.make_offer(session, SYSTEM, dollars, clock=club.shop.clock))
    )
    end = club.shop.clock.now() + TICK
    ours, theirs = figures(club, start, end), figures(club, start, end, currency="USD")
    assert (ours.values["mrr"], theirs.values["mrr"]) == (yuan("30"), Money(900, "USD"))
    assert (ours.values["subscribers"], theirs.values["subscribers"]) == (1, 1)
    assert (ours.values["cash"], theirs.values["cash"]) == (yuan("30"), Money(900, "USD"))
    assert {row.amount.currency for row in rows(club, "gross", start, end)} == {"CNY"}


def test_rows_name_people_and_so_need_more_than_sums(club: Club) -> None:
    now = club.shop.clock.now()
    wanted = numbers.Wanted(now, now + TICK, (now, now + TICK), (now, now + TICK))
    analyst = Viewer(club.shop.person().person_id, frozenset({Permission.NUMBERS_READ}))
    assert club.read(lambda session: numbers.numbers(session, analyst, wanted)) == ()
    for viewer in (analyst, Viewer()):
        with pytest.raises(NotAllowed):
            club.read(lambda session, viewer=viewer: numbers.rows(
                session, viewer, "mrr", over=wanted.period, currency="CNY"))  # fmt: skip
    with pytest.raises(NotAllowed):
        club.read(lambda session: numbers.numbers(session, Viewer(), wanted))
    for code in ("cash", "nonsense", ""):
        with pytest.raises(NotFound):
            rows(club, code, now, now + TICK)
