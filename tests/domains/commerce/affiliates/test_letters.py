"""The letters about commission: who gets one, and what it says."""

from tests.domains.commerce.affiliates.test_affiliates import Desk
from tests.domains.commerce.shop import Shop
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.infra.mail import MaildirMailer


def letters(shop: Shop, words: str) -> list[str]:
    mailer = shop.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return [one.text for one in mailer.letters(50) if words in one.subject]


def test_who_is_approved_gets_her_link_and_who_is_paid_the_reference(shop: Shop) -> None:
    desk = Desk(shop)
    desk.rule(2_000)
    mia, mia_id = desk.affiliate()
    shop.drain()
    (welcome,) = letters(shop, "You are an affiliate")
    assert "/?ref=mia-link" in welcome
    desk.buy(shop.person(), shop.offer(shop.product(), "100"), desk.click())
    shop.clock.advance(days=15)
    desk.write(lambda session: affiliates.draw_up(session, SYSTEM, clock=shop.clock))
    (payout,) = desk.read(lambda session: affiliates.payouts(session, mia, affiliate_id=mia_id))
    desk.write(lambda session: affiliates.note_paid(session, SYSTEM, payout.id, reference="bank 17", clock=shop.clock))
    shop.drain()
    (paid,) = letters(shop, "has paid you 20.00 CNY")
    assert "bank 17" in paid


def test_who_is_declined_gets_no_welcome(shop: Shop) -> None:
    desk = Desk(shop)
    who = shop.person("mia")
    found = desk.write(lambda session: affiliates.apply(session, who, code="mia-link", about="", clock=shop.clock))
    desk.write(lambda session: affiliates.decide(session, SYSTEM, found, "declined", clock=shop.clock))
    shop.drain()
    assert letters(shop, "affiliate") == []
