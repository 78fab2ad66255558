"""What a tier opens: by rule, at once, and no longer than it is paid for."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.domains.commerce.subscriptions.club import Club
from xingtan.core.errors import Invalid, NotAllowed
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.catalog.events import ProductPublished
from xingtan.domains.catalog.models import Product
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.subscribing import PerkView, RuleView
from xingtan.infra.outbox import emit


def publish(club: Club, slug: str, **more: str) -> object:
    """Make a published product and tell of it, as the catalogue does."""
    product_id = club.shop.product(slug, **more)  # type: ignore[arg-type]

    def tell(session: Session) -> None:
        version = session.get_one(Product, product_id).published_version_id
        assert version is not None
        emit(session, ProductPublished(product_id, version, "0"), at=club.shop.clock.now())

    club.write(tell)
    club.work()
    return product_id


def test_a_member_may_use_all_that_matches_and_nothing_else(club: Club) -> None:
    ann = club.shop.person()
    column, course = club.shop.product("column", kind="column"), club.shop.product("course")
    draft = club.shop.product("draft", kind="column", state="draft")
    gold = club.tier("gold", RuleView("kind", "column"))
    club.subscribe(ann, club.plan(None, "30", tier_id=gold))
    assert [club.shop.owns(ann, one) for one in (column, course, draft)] == [True, False, False]
    assert club.faults() == []


def test_a_new_product_joins_at_once(club: Club) -> None:
    ann, bob = club.shop.person(), club.shop.person("bob")
    gold = club.tier("gold", RuleView("kind", "column"))
    sub = club.subscribe(ann, club.plan(None, "30", "P30D", tier_id=gold))
    first, other = publish(club, "first", kind="column"), publish(club, "other")
    assert [club.shop.owns(ann, one) for one in (first, other)] == [True, False]  # type: ignore[arg-type]
    assert not club.shop.owns(bob, first)  # type: ignore[arg-type]
    club.days(31)
    assert club.shop.owns(ann, first)  # type: ignore[arg-type]
    club.cancel(ann, sub)
    club.days(31)
    assert not club.shop.owns(ann, first)  # type: ignore[arg-type]
    assert club.faults() == []


def test_what_leaves_a_tier_stays_until_the_end_of_what_is_paid(club: Club) -> None:
    ann = club.shop.person()
    one, two = club.shop.product("one"), club.shop.product("two")
    gold = club.tier("gold", RuleView("product", product_id=one), RuleView("product", product_id=two))
    club.rules(dunning_days=(1,))
    club.subscribe(ann, club.plan(None, "30", "P30D", tier_id=gold))
    command = subscribing.SaveTier("gold", {"en": "Gold"}, [RuleView("product", product_id=one)], tier_id=gold)
    club.write(lambda session: subscribing.save_tier(session, SYSTEM, command, clock=club.shop.clock))
    club.days(29)
    assert [club.shop.owns(ann, it) for it in (one, two)] == [True, True]
    club.days(5)
    assert [club.shop.owns(ann, it) for it in (one, two)] == [True, False]
    assert club.faults() == []


def test_a_wider_tier_is_wider_at_once(club: Club) -> None:
    ann = club.shop.person()
    one, two = club.shop.product("one"), club.shop.product("two")
    gold = club.tier("gold", RuleView("product", product_id=one))
    club.subscribe(ann, club.plan(None, "30", "P30D", tier_id=gold))
    command = subscribing.SaveTier("gold", {"en": "Gold"}, [RuleView("everything")], tier_id=gold)
    club.write(lambda session: subscribing.save_tier(session, SYSTEM, command, clock=club.shop.clock))
    club.work()
    assert club.shop.owns(ann, two)
    assert club.faults() == []


def test_another_tier_opens_other_things(club: Club) -> None:
    ann = club.shop.person()
    one, two = club.shop.product("one"), club.shop.product("two")
    silver = club.tier("silver", RuleView("product", product_id=one))
    gold = club.tier("gold", RuleView("product", product_id=two))
    sub = club.subscribe(ann, club.plan(None, "30", "P30D", tier_id=silver))
    club.days(31)
    club.change(ann, sub, club.plan(None, "60", "P30D", tier_id=gold), "prorate_now")
    assert [club.shop.owns(ann, it) for it in (one, two)] == [False, True]
    assert club.faults() == []


def test_members_pay_less_for_everything_else(club: Club) -> None:
    ann, bob = club.shop.person(), club.shop.person("bob")
    book = club.shop.offer(club.shop.product("book"), "100")
    gold = club.tier("gold", RuleView("kind", "column"), discount_bp=1500)
    club.subscribe(ann, club.plan(None, "30", tier_id=gold))
    for who, minor in ((ann, 8500), (bob, 10000)):
        assert club.shop.order(club.shop.place(who, book).number).total.minor == minor


def test_perks_are_asked_for_by_name(club: Club) -> None:
    ann = club.shop.person()
    gold = club.tier("gold", perks=[PerkView("forum", {"en": "The forum"})])
    sub = club.subscribe(ann, club.plan(None, "30", "P30D", tier_id=gold))

    def perks() -> list[tuple[str, ...]]:
        assert ann.person_id is not None
        person_id, at = ann.person_id, club.shop.clock.now()
        return [one.perks for one in club.read(lambda session: subscribing.memberships(session, person_id, at=at))]

    assert perks() == [("forum",)]
    club.cancel(ann, sub)
    assert perks() == [("forum",)]
    club.shop.clock.set(club.view(sub).period_ends_at + timedelta(seconds=1))
    assert perks() == []


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("slug", {"slug": "Gold!"}), ("slug", {"slug": ""}), ("slug", {"slug": "taken"}),
        ("names", {"names": {"en": " "}}), ("names", {"names": {"en": "x" * 40_000}}),
        ("discount", {"discount_bp": 10_000}), ("discount", {"discount_bp": -1}),
        ("rules", {"rules": []}), ("rules", {"rules": [RuleView("kind", "bundle")]}),
        ("rules", {"rules": [RuleView("topic", "nowhere")]}), ("rules", {"rules": [RuleView("magic")]}),
        ("perks", {"perks": [PerkView("A perk", {})]}),
    ],
)  # fmt: skip
def test_what_makes_no_tier_is_refused(club: Club, field: str, more: dict[str, object]) -> None:
    club.tier("taken")
    given: dict[str, object] = {"slug": "gold", "names": {"en": "Gold"}, "rules": [RuleView("everything")], **more}
    command = subscribing.SaveTier(**given)  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        club.write(lambda session: subscribing.save_tier(session, SYSTEM, command, clock=club.shop.clock))
    assert set(refused.value.fields) == {field}


def test_only_who_writes_the_catalogue_writes_tiers(club: Club) -> None:
    command = subscribing.SaveTier("gold", {"en": "Gold"}, [RuleView("everything")])
    with pytest.raises(NotAllowed):
        club.write(lambda session: subscribing.save_tier(session, Viewer(), command, clock=club.shop.clock))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"interval": "P0M"}, "interval"), ({}, "interval"), ({"interval": "P1M", "trial": "x"}, "trial"),
        ({"interval": "P1M", "intro": {"minor": 3001, "periods": 1}}, "intro_price"),
        ({"interval": "P1M", "intro": {"minor": 10**18, "periods": 0}}, "intro_periods"),
        ({"interval": "P1M", "trial": "P7D", "card": "maybe"}, "card"),
    ],
)  # fmt: skip
def test_what_makes_no_plan_is_refused(terms: dict[str, object], field: str) -> None:
    from xingtan.core.money import Money

    with pytest.raises(Invalid) as refused:
        subscribing.plan_of("subscription", Money(3000, "CNY"), terms)
    assert field in refused.value.fields


@pytest.mark.parametrize("days", [(), (0,), (2, 2), (7, 2), (61,), tuple(range(1, 10))])
def test_days_of_dunning_grow(club: Club, days: tuple[int, ...]) -> None:
    with pytest.raises(Invalid):
        club.rules(dunning_days=days)


assert commerce
