"""How often the database is asked, and how often it has to write: a ceiling, so that neither grows unseen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import event

from tests.domains.commerce.shop import Shop
from tests.domains.commerce.subscriptions.club import Club
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.renewing import run_subscriptions
from xingtan.infra.db import Database

CHECKOUT_STATEMENTS = 76
RENEWAL_STATEMENTS = 70


class Count:
    """Statements sent, and transactions committed."""

    statements = 0
    commits = 0


@contextmanager
def counting(database: Database) -> Iterator[Count]:
    count = Count()

    def sent(*_: object) -> None:
        count.statements += 1

    def committed(*_: object) -> None:
        count.commits += 1

    listeners: tuple[tuple[str, Callable[..., None]], ...] = (("before_cursor_execute", sent), ("commit", committed))
    for name, listener in listeners:
        event.listen(database.engine, name, listener)
    try:
        yield count
    finally:
        for name, listener in listeners:
            event.remove(database.engine, name, listener)


def test_a_checkout_asks_no_more_than_it_did(shop: Shop) -> None:
    ann = shop.person()
    warm, tea = shop.offer(shop.product("ink")), shop.offer(shop.product("tea"))
    shop.buy(ann, warm)
    with counting(shop.platform.database) as count:
        placed, reference = shop.checkout(ann, tea)
        shop.choose(reference, "success")
        assert placed.payment_id is not None
        state = commerce.ask(shop.platform.database, shop.providers, placed.payment_id, clock=shop.clock)
    assert state == "succeeded"
    assert count.statements <= CHECKOUT_STATEMENTS
    assert count.commits <= 5  # placed, opened there, noted here; paid there, settled here


def _members(club: Club, *cards: str) -> list[UUID]:
    plan = club.plan(club.shop.product(), "30")
    subs = [club.subscribe(club.shop.person(f"p{n}"), plan, card=card) for n, card in enumerate(cards)]
    club.shop.clock.set(club.view(subs[0]).period_ends_at - timedelta(hours=1))
    run_subscriptions(club.platform, {}, lambda **_: None)
    club.shop.clock.set(club.view(subs[0]).period_ends_at + timedelta(hours=1))
    return subs


def test_renewals_share_their_transactions(club: Club) -> None:
    subs = _members(club, *["pays"] * 8)
    with counting(club.platform.database) as count:
        run_subscriptions(club.platform, {}, lambda **_: None)
    assert {club.state(sub) for sub in subs} == {"active"}
    assert count.commits <= 8 + 2  # each charge at the sandbox, all steps, all answers
    assert count.statements <= 8 * RENEWAL_STATEMENTS
    assert club.faults() == []


def test_in_one_night_each_has_the_answer_of_her_own_card(club: Club) -> None:
    pays, expired, late = _members(club, "pays", "expired", "answers_late")
    run_subscriptions(club.platform, {}, lambda **_: None)
    assert club.state(pays) == "active"
    assert club.state(expired) == "past_due"
    assert club.view(late).due_since is not None
    club.shop.pass_time(hours=1)
    commerce.reconcile(club.platform.database, club.shop.providers, clock=club.shop.clock)
    assert club.view(late).due_since is None
    assert club.faults() == []
