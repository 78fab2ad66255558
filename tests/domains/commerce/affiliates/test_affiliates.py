"""Who brought a buyer earns what the rule says of what stays paid: to the unit, once, never of her own."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotFound
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.affiliates.accruing import accrue, reverse
from xingtan.domains.commerce.affiliates.payouts import draw_up, note_paid, note_unpaid
from xingtan.domains.commerce.affiliates.program import (
    Click,
    MakeRule,
    Program,
    apply,
    count_click,
    decide,
    make_rule,
    set_program,
)
from xingtan.domains.commerce.affiliates.statements import (
    AffiliateView,
    StatementLine,
    my_affiliate,
    payouts,
    statement,
)
from xingtan.domains.commerce.machines import AFFILIATE
from xingtan.domains.commerce.rules.commission import commission, taken_back


class Desk:
    """An academy with an affiliate program, in verbs."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.clock = shop, shop.clock
        self.write = shop.platform.database.write
        self.read = shop.platform.database.read
        self.write(lambda session: set_program(session, SYSTEM, Program(is_open=True), clock=self.clock))

    def rule(self, rate_bp: int, **more: object) -> UUID:
        wanted = MakeRule(rate_bp, **more)  # type: ignore[arg-type]
        return self.write(lambda session: make_rule(session, SYSTEM, wanted, clock=self.clock))

    def affiliate(self, name: str = "mia") -> tuple[Viewer, UUID]:
        who = self.shop.person(name)
        found = self.write(
            lambda session: apply(session, who, code=f"{name}-link", about="I write about tea.", clock=self.clock)
        )
        self.write(lambda session: decide(session, SYSTEM, found, "approved", clock=self.clock))
        return who, found

    def click(self, name: str = "mia") -> Click:
        return Click(f"{name}-link", self.clock.now())

    def buy(self, who: Viewer, offer: commerce.OfferView, click: Click | None) -> str:
        assert who.person_id is not None
        command = commerce.PlaceOrder(who.person_id, offer.id, self.shop.key(), "sandbox", "en", click=click)
        placed = self.write(lambda session: commerce.place_order(session, command, clock=self.clock))
        self.shop.choose(self.shop.present(placed.payment_id).rpartition("/")[2], "success")
        self.shop.drain()
        return placed.number

    def me(self, who: Viewer) -> AffiliateView:
        found = self.read(lambda session: my_affiliate(session, who, at=self.clock.now()))
        assert found is not None
        return found

    def owed(self, who: Viewer) -> list[int]:
        return [one.minor for one in self.me(who).owed]

    def lines(self, who: Viewer) -> tuple[StatementLine, ...]:
        return self.read(lambda session: statement(session, who, self.me(who).id))


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop)


# The rule alone


@given(net=st.integers(1, 10**9), rate=st.integers(0, 9_000), cuts=st.lists(st.integers(0, 10**9), max_size=6))
def test_commission_never_exceeds_its_rule_and_follows_what_is_left(net: int, rate: int, cuts: list[int]) -> None:
    back = 0
    for returned in sorted(min(cut, net) for cut in [*cuts, net]):
        more = taken_back(net, rate, returned_minor=returned, before=back)
        assert more >= 0
        back += more
        left = commission(net, rate) - back
        assert left * 10_000 <= (net - returned) * rate
    assert back == commission(net, rate)


# With the first sale


def test_a_sale_earns_its_share_once_and_the_books_say_so(shop: Shop, desk: Desk) -> None:
    desk.rule(2_000)
    mia, _ = desk.affiliate()
    number = desk.buy(shop.person(), shop.offer(shop.product(), "99.99"), desk.click())
    assert desk.owed(mia) == [19_99]
    order = shop.order(number)
    shop.platform.database.write(lambda session: accrue(session, order.id, clock=shop.clock))
    assert desk.owed(mia) == [19_99]
    assert (shop.balances()["expense:commission"], shop.balances()["liability:affiliates"]) == (19_99, -19_99)
    line = desk.lines(mia)[0]
    assert (line.kind, line.rate_bp, line.net, line.order_mark) == ("accrual", 2_000, yuan("99.99"), number[-4:])
    assert shop.faults() == []


def test_the_narrowest_rule_counts_and_orders_keep_the_rule_they_had(shop: Shop, desk: Desk) -> None:
    tea, cake = shop.product("tea"), shop.product("cake")
    desk.rule(1_000)
    desk.rule(3_000, product_id=tea)
    mia, mia_id = desk.affiliate()
    desk.buy(shop.person("a"), shop.offer(tea, "100"), desk.click())
    assert desk.owed(mia) == [30_00]
    desk.rule(5_000, affiliate_id=mia_id)
    desk.buy(shop.person("b"), shop.offer(cake, "100"), desk.click())
    assert desk.owed(mia) == [80_00]


@pytest.mark.parametrize("why", ["own", "late", "future", "unknown", "paused", "no rule", "no click"])
def test_what_earns_nothing(shop: Shop, desk: Desk, why: str) -> None:
    if why != "no rule":
        desk.rule(2_000)
    mia, mia_id = desk.affiliate()
    click: Click | None = desk.click()
    assert click is not None
    buyer = mia if why == "own" else shop.person()
    if why == "late":
        click = replace(click, at=shop.clock.now() - timedelta(days=30))
    if why == "future":
        click = replace(click, at=shop.clock.now() + timedelta(minutes=1))
    if why == "unknown":
        click = replace(click, code="nobody")
    if why == "paused":
        shop.platform.database.write(lambda session: decide(session, SYSTEM, mia_id, "paused", clock=shop.clock))
    desk.buy(buyer, shop.offer(shop.product(), "100"), None if why == "no click" else click)
    assert desk.owed(mia) == []
    assert shop.faults() == []


# When money goes back


def test_a_refund_takes_its_share_back_to_the_last_unit(shop: Shop, desk: Desk) -> None:
    desk.rule(1_500)
    mia, _ = desk.affiliate()
    number = desk.buy(shop.person(), shop.offer(shop.product(), "99.99"), desk.click())
    shop.refund(number, "33.33")
    assert desk.owed(mia) == [commission(66_66, 1_500)]
    line_id = shop.order(number).lines[0].id
    shop.platform.database.write(lambda session: reverse(session, line_id, clock=shop.clock))
    assert desk.owed(mia) == [commission(66_66, 1_500)]
    shop.refund(number)
    assert desk.owed(mia) == [0]
    assert sum(one.amount.minor for one in desk.lines(mia)) == 0
    assert "expense:commission" not in shop.balances()
    assert shop.faults() == []


# Paying out


def test_a_batch_pays_what_is_mature_once(shop: Shop, desk: Desk) -> None:
    desk.rule(2_000)
    mia, mia_id = desk.affiliate()
    desk.buy(shop.person(), shop.offer(shop.product(), "100"), desk.click())
    with pytest.raises(Conflict):
        shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))
    shop.clock.advance(days=15)
    shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))
    with pytest.raises(Conflict):
        shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))
    payout = shop.platform.database.read(lambda session: payouts(session, mia, affiliate_id=mia_id))[0]
    assert (payout.state, payout.amount) == ("drawn_up", yuan("20"))
    shop.platform.database.write(
        lambda session: note_paid(session, SYSTEM, payout.id, reference="bank 17", clock=shop.clock)
    )
    with pytest.raises(Conflict):
        shop.platform.database.write(
            lambda session: note_paid(session, SYSTEM, payout.id, reference="again", clock=shop.clock)
        )
    assert desk.owed(mia) == [0]
    assert shop.balances()["assets:bank"] == -20_00
    assert shop.faults() == []


def test_what_was_called_off_is_due_again(shop: Shop, desk: Desk) -> None:
    desk.rule(2_000)
    mia, _ = desk.affiliate()
    desk.buy(shop.person(), shop.offer(shop.product(), "100"), desk.click())
    shop.clock.advance(days=15)
    shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))
    payout = shop.platform.database.read(lambda session: payouts(session, SYSTEM))[0]
    shop.platform.database.write(lambda session: note_unpaid(session, SYSTEM, payout.id, clock=shop.clock))
    assert [one.minor for one in desk.me(mia).mature] == [20_00]
    assert shop.faults() == []
    shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))


def test_a_refund_after_the_payout_is_deducted_from_the_next(shop: Shop, desk: Desk) -> None:
    desk.rule(2_000)
    mia, _ = desk.affiliate()
    number = desk.buy(shop.person("a"), shop.offer(shop.product("tea"), "100"), desk.click())
    shop.clock.advance(days=15)
    shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))
    payout = shop.platform.database.read(lambda session: payouts(session, SYSTEM))[0]
    shop.platform.database.write(lambda session: note_paid(session, SYSTEM, payout.id, reference="", clock=shop.clock))
    shop.refund(number)
    assert desk.owed(mia) == [-20_00]
    desk.buy(shop.person("b"), shop.offer(shop.product("cake"), "150"), desk.click())
    shop.clock.advance(days=15)
    shop.platform.database.write(lambda session: draw_up(session, SYSTEM, clock=shop.clock))
    last = shop.platform.database.read(lambda session: payouts(session, SYSTEM))[0]
    assert last.amount == yuan("10")
    assert shop.faults() == []


# Taking part


@pytest.mark.parametrize("code", ["ab", "A" * 25, "-abc", "ab c", "tee/x", "茶茶茶茶", "a\x00bc"])
def test_a_code_can_be_read_out_and_written_in_an_address(shop: Shop, desk: Desk, code: str) -> None:
    who = shop.person()
    with pytest.raises(Invalid) as caught:
        desk.write(lambda session: apply(session, who, code=code, about="", clock=shop.clock))
    assert set(caught.value.fields) == {"code"}


def test_a_code_is_one_persons_and_a_person_applies_once(shop: Shop, desk: Desk) -> None:
    mia, _ = desk.affiliate()
    ben = shop.person("ben")
    with pytest.raises(Invalid):
        desk.write(lambda session: apply(session, ben, code="MIA-link", about="", clock=shop.clock))
    with pytest.raises(Conflict):
        desk.write(lambda session: apply(session, mia, code="other", about="", clock=shop.clock))


def test_nobody_reads_anothers_statement(shop: Shop, desk: Desk) -> None:
    _, mia_id = desk.affiliate()
    ben = shop.person("ben")
    with pytest.raises(NotFound):
        desk.read(lambda session: statement(session, ben, mia_id))
    with pytest.raises(NotFound):
        desk.read(lambda session: payouts(session, ben, affiliate_id=mia_id))


def test_clicks_are_counted_by_day_and_nobody_is_told_apart(shop: Shop, desk: Desk) -> None:
    mia, _ = desk.affiliate()
    for _ in range(3):
        assert desk.write(lambda session: count_click(session, "MIA-LINK", clock=shop.clock))
    assert not desk.write(lambda session: count_click(session, "nobody", clock=shop.clock))
    assert desk.me(mia).clicks == 3


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (MakeRule(-1), "rate"), (MakeRule(9_001), "rate"), (MakeRule(1, renewals="now"), "renewals"),
        (MakeRule(1, renewals="months"), "months"), (MakeRule(1, renewals="months", months=0), "months"),
        (MakeRule(1, months=3), "months"), (MakeRule(1, product_kind="cat"), "product_kind"),
        (MakeRule(1, product_id=UUID(int=1)), "product"), (MakeRule(1, affiliate_id=UUID(int=1)), "affiliate"),
    ],
)  # fmt: skip
def test_rules_that_make_no_sense(shop: Shop, desk: Desk, wanted: MakeRule, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        desk.write(lambda session: make_rule(session, SYSTEM, wanted, clock=shop.clock))
    assert set(caught.value.fields) == {field}


def test_every_move_of_an_affiliate_is_in_the_table() -> None:
    assert AFFILIATE.final == {"ended"}
    assert AFFILIATE.states == {"applied", "active", "declined", "paused", "ended"}
