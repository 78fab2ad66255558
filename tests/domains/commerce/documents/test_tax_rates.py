"""Rates of tax: who may make them, when they hold, and for whom."""

from datetime import timedelta

import pytest

from tests.domains.commerce.documents.desk import Desk
from xingtan.core.errors import Conflict, Invalid, NotAllowed
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce.documents import api as documents

SIX, NINE = documents.Rate(600, "inclusive"), documents.Rate(900, "exclusive")


def _make(desk: Desk, command: documents.MakeTaxRate) -> object:
    return desk.database.write(lambda session: documents.make_tax_rate(session, SYSTEM, command, clock=desk.shop.clock))


def _rate(desk: Desk, **asked: object) -> documents.Rate:
    wanted = {"person_id": None, "kind": "course", "at": desk.shop.clock.now()} | asked
    return desk.database.read(lambda session: documents.tax_rate(session, **wanted))


def test_a_rate_holds_until_it_is_ended(desk: Desk) -> None:
    assert _rate(desk) == documents.UNTAXED
    rate_id = _make(desk, documents.MakeTaxRate("", "", SIX))
    assert _rate(desk) == SIX
    with pytest.raises(Conflict):
        _make(desk, documents.MakeTaxRate("", "", NINE))
    desk.shop.pass_time(days=1)
    for _ in range(2):
        desk.database.write(lambda session: documents.end_tax_rate(session, SYSTEM, rate_id, clock=desk.shop.clock))
    _make(desk, documents.MakeTaxRate("", "", NINE))
    assert _rate(desk) == NINE
    assert _rate(desk, at=desk.shop.clock.now() - timedelta(hours=1)) == SIX
    listed = desk.database.read(lambda session: documents.tax_rates(session, SYSTEM))
    assert [one.rate for one in listed] == [NINE, SIX]


def test_a_rate_that_never_began_never_holds(desk: Desk) -> None:
    tomorrow = desk.shop.clock.now() + timedelta(days=1)
    rate_id = _make(desk, documents.MakeTaxRate("CN", "ebook", SIX, tomorrow))
    desk.database.write(lambda session: documents.end_tax_rate(session, SYSTEM, rate_id, clock=desk.shop.clock))
    assert _rate(desk, country="CN", kind="ebook", at=tomorrow) == documents.UNTAXED
    _make(desk, documents.MakeTaxRate("CN", "ebook", NINE))


def test_the_country_is_the_buyers_else_the_academys(desk: Desk) -> None:
    ann, bob = desk.shop.person(), desk.shop.person("bob")
    _make(desk, documents.MakeTaxRate("CN", "", SIX))
    _make(desk, documents.MakeTaxRate("DE", "", NINE))
    desk.save_details(ann, country="DE", kind="person")
    seller = documents.SellerDetails("杏坛书院", "", "", "CN", "")
    desk.database.write(lambda session: documents.save_seller(session, SYSTEM, seller, clock=desk.shop.clock))
    assert _rate(desk, person_id=ann.person_id) == NINE
    assert _rate(desk, person_id=bob.person_id) == SIX
    assert _rate(desk, person_id=ann.person_id, country="FR") == documents.UNTAXED


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (documents.MakeTaxRate("CHN", "", SIX), "country"),
        (documents.MakeTaxRate("", "tea", SIX), "kind"),
        (documents.MakeTaxRate("", "", documents.Rate(10_001, "inclusive")), "rate"),
        (documents.MakeTaxRate("", "", documents.Rate(-1, "inclusive")), "rate"),
    ],
)
def test_what_cannot_be_a_rate_is_refused(desk: Desk, command: documents.MakeTaxRate, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _make(desk, command)
    assert set(refused.value.fields) == {field}


def test_a_rate_ends_after_it_starts(desk: Desk) -> None:
    now = desk.shop.clock.now()
    with pytest.raises(Invalid, match="another look"):
        _make(desk, documents.MakeTaxRate("", "", SIX, now, now))


def test_only_who_may_change_settings_makes_rates(desk: Desk) -> None:
    ann, clock = desk.shop.person(), desk.shop.clock
    with pytest.raises(NotAllowed):
        desk.database.write(
            lambda session: documents.make_tax_rate(session, ann, documents.MakeTaxRate("", "", SIX), clock=clock)
        )
    with pytest.raises(NotAllowed):
        desk.database.read(lambda session: documents.tax_rates(session, ann))
