"""Paying per use: once per lesson, minute and question; by credits, then from the wallet. On both databases."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from tests.domains.commerce.shop import Shop, yuan
from tests.domains.commerce.wallets.purser import Purser
from xingtan.core.errors import Conflict, Invalid, Refused, Unavailable
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import AlreadyOwned, NotEnough, OfferGone
from xingtan.domains.entitlements import api as entitlements
from xingtan.infra.db import new_id

AT_ONCE = 64


def opens(shop: Shop, who: Viewer, lesson_id: UUID) -> bool:
    assert who.person_id is not None
    person_id = who.person_id
    return shop.platform.database.read(lambda session: entitlements.holds_part(session, person_id, lesson_id))


def test_a_lesson_is_charged_once_and_opens(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    one = purser.lesson(tea)
    purser.per_use(tea, "3")
    purser.fill(ann, "100")
    assert not opens(shop, ann, one)
    first, again = purser.open(ann, one), purser.open(ann, one)
    assert (first.amount, first.paid_by, first.is_new) == (yuan("3"), "wallet", True)
    assert (again.id, again.is_new) == (first.id, False)
    assert opens(shop, ann, one)
    assert not shop.owns(ann, tea), "a lesson is not the whole"
    assert purser.purse(ann) == (9700, 0)
    assert shop.balances()["income:sales"] == -300
    assert not purser.faults()


def test_without_money_nothing_opens(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    one = purser.lesson(tea)
    purser.per_use(tea, "3")
    with pytest.raises(NotEnough):
        purser.open(ann, one)
    assert not opens(shop, ann, one)
    assert not purser.faults()


def test_without_a_price_nothing_is_charged(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    one = purser.lesson(tea)
    purser.fill(ann, "100")
    with pytest.raises(OfferGone):
        purser.open(ann, one)


def test_who_owns_the_whole_pays_no_part(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    one = purser.lesson(tea)
    purser.per_use(tea, "3")
    shop.buy(ann, shop.offer(tea, "199"))
    with pytest.raises(AlreadyOwned):
        purser.open(ann, one)
    assert purser.meter(ann, one) == "unmetered"


def test_minutes_are_charged_as_they_begin_and_never_beyond_the_lesson(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    film = purser.lesson(tea, kind="video", minutes=3)
    purser.per_use(tea, "1", "minute")
    purser.fill(ann, "100")
    purser.open(ann, film, seconds=0)
    for seconds in (10, 59, 60, 61, 30, 121, 500, 10_000):
        assert purser.meter(ann, film, seconds=seconds) == "paid"
    assert purser.purse(ann) == (9700, 0)
    assert [line[0] for line in purser.lines(ann)] == ["top_up", "used", "used", "used"]
    assert not purser.faults()


def test_a_text_is_metered_by_how_far_she_is(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    text = purser.lesson(tea, minutes=4)
    purser.per_use(tea, "1", "minute")
    purser.fill(ann, "100")
    purser.open(ann, text)
    for fraction in (0.1, 0.24, 0.26, 0.26, 1.0):
        purser.meter(ann, text, fraction=fraction)
    assert purser.purse(ann) == (9700, 0), "the first, the second and the last minute"


def test_when_the_wallet_is_empty_the_lesson_closes_and_opens_again_with_money(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    film = purser.lesson(tea, kind="video", minutes=30)
    purser.per_use(tea, "40", "minute")
    purser.fill(ann, "90")
    purser.open(ann, film, seconds=0)
    assert purser.meter(ann, film, seconds=70) == "paid"
    assert purser.meter(ann, film, seconds=130) == "short"
    assert not opens(shop, ann, film)
    assert purser.purse(ann) == (1000, 0)
    purser.open(ann, film, seconds=65)
    assert opens(shop, ann, film), "what is paid can be seen again"
    assert purser.meter(ann, film, seconds=130) == "short"
    purser.fill(ann, "100")
    purser.open(ann, film, seconds=130)
    assert opens(shop, ann, film)
    assert not purser.faults()


def test_a_minute_keeps_its_price(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    film = purser.lesson(tea, kind="video", minutes=30)
    purser.per_use(tea, "1", "minute")
    purser.fill(ann, "100")
    purser.open(ann, film, seconds=0)
    shop.pass_time(seconds=1)
    purser.per_use(tea, "5", "minute")
    purser.meter(ann, film, seconds=60)
    assert purser.purse(ann) == (9800, 0)


def test_a_question_is_charged_once(shop: Shop, purser: Purser) -> None:
    ann, answers = shop.person(), shop.product("answers")
    purser.per_use(answers, "20", "question")
    purser.fill(ann, "100")
    asked = commerce.AskQuestion(answers, new_id(), "Which tea?")
    used = [
        shop.platform.database.write(
            lambda session: commerce.use_question(session, ann, asked, currency="CNY", clock=shop.clock)
        )
        for _ in range(3)
    ]
    assert [one.is_new for one in used] == [True, False, False]
    assert purser.purse(ann) == (8000, 0)
    assert not purser.faults()


def test_credits_are_used_before_the_wallet_the_oldest_first_and_earn_as_they_are_used(
    shop: Shop, purser: Purser
) -> None:
    ann, tea, ink = shop.person(), shop.product(), shop.product("ink")
    lessons = [purser.lesson(tea, f"l{number}") for number in range(5)]
    other = purser.lesson(ink, "ink-one")
    purser.per_use(tea, "9")
    purser.per_use(ink, "9")
    purser.fill(ann, "100")
    shop.buy(ann, purser.credits("10", 3))
    shop.pass_time(days=1)
    shop.buy(ann, purser.credits("16", 2, product_id=tea, days=30))
    used = [purser.open(ann, lesson) for lesson in lessons[:2]]
    assert [one.amount for one in used] == [yuan("8"), yuan("8")], "what ends comes first"
    used = [purser.open(ann, lesson) for lesson in (lessons[2], other, lessons[3])]
    assert [one.amount.minor for one in used] == [333, 333, 334], "the last one earns the rest"
    assert purser.left(ann) == 0
    assert purser.open(ann, lessons[4]).paid_by == "wallet"
    assert shop.balances()["income:sales"] == -(2600 + 900)
    assert "liability:credits" not in shop.balances()
    assert not purser.faults()


def test_unused_credits_go_back_and_end(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    lessons = [purser.lesson(tea, f"l{number}") for number in range(2)]
    purser.per_use(tea, "9")
    number = shop.buy(ann, purser.credits("10", 3))
    purser.open(ann, lessons[0])
    shop.refund(number, "2")
    assert purser.left(ann) == 2
    assert purser.open(ann, lessons[1]).amount.minor == 233
    shop.refund(number)
    assert purser.left(ann) == 0
    assert shop.balances() == {"income:sales": -566, "income:refunds": 566}
    assert not purser.faults()


def test_credits_lapse(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    one = purser.lesson(tea)
    purser.per_use(tea, "9")
    shop.buy(ann, purser.credits("10", 3, days=10))
    purser.open(ann, one)
    shop.pass_time(days=10, hours=2)
    shop.drain()
    assert purser.left(ann) == 0
    assert shop.balances()["income:breakage"] == -667
    assert not purser.faults()
    assert not shop.dead_jobs()


def test_a_use_is_taken_back_to_where_it_was_paid_from(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    lessons = [purser.lesson(tea, f"l{number}") for number in range(2)]
    purser.per_use(tea, "9")
    purser.fill(ann, "5", bonus=1000)
    shop.buy(ann, purser.credits("10", 1))
    by_credit, by_wallet = (purser.open(ann, lesson) for lesson in lessons)
    assert (by_credit.paid_by, by_wallet.paid_by) == ("credits", "wallet")
    purser.reverse(by_wallet.id)
    purser.reverse(by_credit.id)
    assert purser.purse(ann) == (500, 1000)
    assert purser.left(ann) == 1
    assert not any(opens(shop, ann, lesson) for lesson in lessons)
    with pytest.raises(Conflict):
        purser.reverse(by_wallet.id)
    assert purser.open(ann, lessons[1]).is_new, "and she can pay for it again"
    assert not purser.faults()


@pytest.mark.parametrize("paid_by", ["wallet", "credits"])
def test_sixty_four_at_once_use_what_is_there(shop: Shop, purser: Purser, paid_by: str) -> None:
    """M6: ten uses' worth, sixty-four lessons opened at the same moment."""
    ann, tea = shop.person(), shop.product()
    lessons = [purser.lesson(tea, f"l{number}") for number in range(AT_ONCE)]
    purser.per_use(tea, "10")
    if paid_by == "wallet":
        purser.fill(ann, "100")
    else:
        shop.buy(ann, purser.credits("70", 10))
    barrier = Barrier(AT_ONCE)

    def work(number: int) -> Any:
        barrier.wait()
        while True:
            try:
                return purser.open(ann, lessons[number])
            except Unavailable:
                continue
            except Refused as error:
                return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(work, range(AT_ONCE)))
    assert [one.paid_by for one in found if isinstance(one, commerce.Used)] == [paid_by] * 10
    assert sum(isinstance(one, NotEnough) for one in found) == AT_ONCE - 10
    assert purser.purse(ann) == (0, 0)
    assert purser.left(ann) == 0
    assert not purser.faults()


def test_one_lesson_opened_in_many_tabs_is_charged_once(shop: Shop, purser: Purser) -> None:
    ann, tea = shop.person(), shop.product()
    one = purser.lesson(tea)
    purser.per_use(tea, "10")
    purser.fill(ann, "100")
    barrier = Barrier(8)

    def work(_: int) -> commerce.Used:
        barrier.wait()
        return purser.open(ann, one)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert len({used.id for used in found}) == 1
    assert sum(used.is_new for used in found) == 1
    assert purser.purse(ann) == (9000, 0)
    assert not purser.faults()


@pytest.mark.parametrize(
    ("model", "terms", "field"),
    [
        ("per_use", {}, "unit"),
        ("per_use", {"unit": "page"}, "unit"),
        ("credits", {"unit": "lesson", "title": "x"}, "credits"),
        ("credits", {"unit": "lesson", "title": "x", "credits": 0}, "credits"),
        ("credits", {"unit": "lesson", "title": "x", "credits": True}, "credits"),
        ("credits", {"unit": "lesson", "title": "x", "credits": 10_001}, "credits"),
        ("credits", {"unit": "lesson", "title": " ", "credits": 3}, "title"),
        ("credits", {"unit": "lesson", "title": "x", "credits": 3, "days": -1}, "days"),
        ("top_up", {"title": "x", "bonus_minor": -1}, "bonus"),
        ("top_up", {"title": "x", "bonus_minor": 1.5}, "bonus"),
        ("top_up", {"title": "x" * 81}, "title"),
        ("top_up", {}, "title"),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    shop: Shop, purser: Purser, model: str, terms: dict[str, object], field: str
) -> None:
    product_id = None if model == "top_up" else shop.product()
    with pytest.raises(Invalid) as refused:
        shop.offer(product_id, "10", model=model, terms=terms)  # type: ignore[arg-type]
    assert field in refused.value.fields
