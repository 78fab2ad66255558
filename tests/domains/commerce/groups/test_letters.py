"""The letters about groups: everybody in one, and nobody else."""

from uuid import UUID

import pytest

from tests.domains.commerce.groups.test_groups import TERMS, only_group, order, pay_at_sandbox
from tests.domains.commerce.shop import Shop
from xingtan.domains.commerce import api as commerce
from xingtan.infra.mail import MaildirMailer


@pytest.fixture
def deal(shop: Shop) -> commerce.OfferView:
    return shop.offer(shop.product(), "60", model="group", terms=TERMS)


def letters(shop: Shop, subject: str) -> list[str]:
    mailer = shop.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return [one.text for one in mailer.letters(50) if one.subject.startswith(subject)]


def test_everybody_in_a_complete_group_hears_of_it_once(shop: Shop, deal: commerce.OfferView) -> None:
    group: UUID | None = None
    for name in ("ann", "ben", "cem"):
        pay_at_sandbox(shop, order(shop, shop.person(name), deal, group))
        group = only_group(shop).id
    assert len(letters(shop, "Your group is complete: Tea")) == 3
    shop.live_through(hours=25)
    assert len(letters(shop, "Your group is complete: Tea")) == 3
    assert letters(shop, "Your group has ended") == []


def test_everybody_in_a_failed_group_hears_where_her_money_is(shop: Shop, deal: commerce.OfferView) -> None:
    pay_at_sandbox(shop, order(shop, shop.person(), deal))
    shop.pass_time(hours=25)
    shop.drain()
    (letter,) = letters(shop, "Your group has ended: Tea")
    assert "of 3 places 1 were paid" in letter
    assert "/en/orders/" in letter
