"""Money asked back by the buyer: the rule of her order decides, and its next version touches nobody."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import NotByRule
from xingtan.domains.commerce.rules.refunds import BY_RULE, why_not_back

PAID_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def ask(shop: Shop, who: Viewer, number: str, *, completed_bp: int = 0, key: str = "") -> UUID:
    command = commerce.AskBack(number, completed_bp, key or shop.key())
    return shop.platform.database.write(lambda s: commerce.ask_back(s, who, command, clock=shop.clock))


def rule(shop: Shop, days: int, most_completed_bp: int, *, viewer: Viewer = SYSTEM) -> commerce.RefundPolicy:
    return shop.platform.database.write(
        lambda s: commerce.set_refund_policy(
            s, viewer, days=days, most_completed_bp=most_completed_bp, clock=shop.clock
        )
    )


@given(
    st.integers(0, 365), st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 400 * 86_400),
    st.lists(st.sampled_from((*BY_RULE, "gift", "top_up", "credits", "service")), min_size=1),
)  # fmt: skip
def test_the_rule_gives_back_exactly_within_its_days_and_share(
    days: int, most: int, completed: int, seconds: int, kinds: list[str]
) -> None:
    policy = commerce.RefundPolicy(days, 3, most)
    at = PAID_AT + timedelta(seconds=seconds)
    why = why_not_back(policy, order_kind="checkout", paid_at=PAID_AT, at=at, completed_bp=completed, kinds=kinds)
    is_given = seconds < days * 86_400 and completed <= most and set(kinds) <= set(BY_RULE)
    assert (why is None) == is_given
    for kind in ("change", "service"):
        assert why_not_back(policy, order_kind=kind, paid_at=PAID_AT, at=at, completed_bp=0, kinds=kinds)


def test_within_the_rule_it_goes_back_by_itself(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    number = shop.buy(ann, shop.offer(tea))
    first = ask(shop, ann, number, key="asked-once-0001")
    assert ask(shop, ann, number, key="asked-once-0001") == first
    with pytest.raises(Conflict):
        ask(shop, ann, number)
    shop.drain()
    order = shop.order(number)
    assert (order.state, order.refunded) == ("refunded", yuan("199"))
    assert [one.reason for one in order.refunds] == ["buyer_asked"]
    with pytest.raises(NotByRule) as refused:
        ask(shop, ann, number)
    assert refused.value.reason == "not_paid"
    assert not shop.platform.database.read(lambda s: tuple(commerce.check(s, at=shop.clock.now())))


def test_beyond_the_rule_nothing_moves(shop: Shop) -> None:
    rule(shop, 7, 2_000)
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    number = shop.buy(ann, shop.offer(tea))
    with pytest.raises(NotByRule) as refused:
        ask(shop, ann, number, completed_bp=2_001)
    assert refused.value.reason == "too_far"
    with pytest.raises(NotFound):
        ask(shop, bob, number)
    shop.clock.advance(days=7)
    with pytest.raises(NotByRule) as refused:
        ask(shop, ann, number)
    assert refused.value.reason == "too_late"
    assert not shop.order(number).refunds


def test_an_order_keeps_the_rule_that_it_was_placed_under(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    before = shop.buy(ann, shop.offer(tea))
    assert rule(shop, 0, 0).version == 2
    assert rule(shop, 0, 0).version == 2  # the same again is no new version
    after = shop.buy(ann, shop.offer(shop.product("coffee")))
    assert (shop.order(before).policy.version, shop.order(after).policy.version) == (1, 2)
    with pytest.raises(NotByRule):
        ask(shop, ann, after)
    ask(shop, ann, before)
    versions = shop.platform.database.read(lambda s: commerce.refund_policies(s, SYSTEM))
    assert [one.policy.version for one in versions] == [2, 1]


@pytest.mark.parametrize(("days", "most"), [(-1, 0), (366, 0), (10**18, 0), (7, -1), (7, 10_001), (7, 10**18)])
def test_a_rule_that_is_none_is_refused(shop: Shop, days: int, most: int) -> None:
    with pytest.raises(Invalid):
        rule(shop, days, most)


def test_only_those_who_write_settings_set_it(shop: Shop) -> None:
    with pytest.raises(NotAllowed):
        rule(shop, 3, 0, viewer=shop.person())


def test_what_is_open_is_listed_and_asked_about_at_a_word(shop: Shop) -> None:
    ann, tea = shop.person(), shop.product()
    placed, reference = shop.checkout(ann, shop.offer(tea))
    shop.choose(reference, "never")
    database = shop.platform.database
    waiting = database.read(lambda s: commerce.open_payments(s, SYSTEM))
    assert [(one.number, one.state) for one in waiting] == [(placed.number, "pending")]
    assert commerce.ask_all_open(database, shop.providers, clock=shop.clock) == (1, 0)
    assert not database.read(lambda s: commerce.open_payments(s, SYSTEM))
    found = commerce.compare(database, shop.providers, "sandbox")
    assert (found.asked, found.unanswered, found.differences) == (1, 0, ())
    ask(shop, ann, placed.number)
    assert [one.is_by_buyer for one in database.read(lambda s: commerce.refunds(s, SYSTEM))] == [True]
    shop.drain()
    (held,) = database.read(lambda s: commerce.provider_sums(s, SYSTEM))
    assert held.is_equal
    assert (held.received, held.returned) == (yuan("199"), yuan("199"))


def test_the_very_same_in_other_currencies(shop: Shop) -> None:
    tea = shop.product()
    kept = shop.offer(tea)
    shop.offer(tea, "9", model="rental", terms={"days": 30})
    for model, terms in (("once", {}), ("rental", {"days": 60})):
        command = commerce.MakeOffer(tea, model, Money(2_900, "USD"), terms=terms)  # type: ignore[arg-type]
        shop.platform.database.write(lambda s, it=command: commerce.make_offer(s, SYSTEM, it, clock=shop.clock))
    found = shop.platform.database.read(lambda s: commerce.in_other_currencies(s, kept, at=shop.clock.now()))
    assert [(one.model, one.price) for one in found] == [("once", Money(2_900, "USD"))]
