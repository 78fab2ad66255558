"""Redeem codes: handed over once, hashed at rest, redeemed by one, and silent about what was wrong."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from tests.domains.commerce.promotions.stall import Stall
from xingtan.core.errors import Conflict, Invalid, NotAllowed, Refused, Unavailable
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce.errors import AlreadyOwned, RedeemRefused
from xingtan.domains.commerce.models import RedeemCode
from xingtan.domains.commerce.promotions import api as promotions


def _sentence(work: Callable[[], object]) -> str:
    with pytest.raises(RedeemRefused) as refused:
        work()
    return str(refused.value)


def test_a_code_gives_a_product_once(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    batch = stall.batch(tea, per_person=2)
    codes = stall.codes(batch)
    assert len(set(codes)) == 3
    assert stall.redeem(ann, codes[0].lower().replace("-", " ")).until is None
    assert shop.owns(ann, tea)
    assert not shop.owns(bob, tea)
    with pytest.raises(RedeemRefused):
        stall.redeem(bob, codes[0])
    with pytest.raises(AlreadyOwned):
        stall.redeem(ann, codes[1])
    stall.redeem(bob, codes[1])  # it stayed good
    found = shop.platform.database.read(lambda s: promotions.batch(s, SYSTEM, batch.id, at=shop.clock.now()))
    assert (found.taken, found.may_be_made) == (2, False)
    assert not shop.faults()


def test_the_letters_of_a_code_are_nowhere_in_the_database(stall: Stall) -> None:
    shop = stall.shop
    codes = stall.codes(stall.batch(shop.product()))
    rows = shop.platform.database.read(lambda s: s.scalars(select(RedeemCode)).all())
    kept = b"".join(row.code_hash for row in rows)
    assert len(kept) == 3 * 32
    assert not any(code.replace("-", "").encode() in kept for code in codes)


def test_every_wrong_code_gets_the_same_answer(stall: Stall) -> None:
    shop = stall.shop
    ann, bob, tea = shop.person(), shop.person("bob"), shop.product()
    write, clock = shop.platform.database.write, shop.clock
    ended, paused = stall.batch(tea), stall.batch(tea)
    over = stall.batch(tea, ends_at=clock.now() + timedelta(days=1))
    used, unmade = stall.batch(tea, days=3, per_person=1), stall.batch(tea)
    made = {one.id: stall.codes(one) for one in (ended, paused, over, used)}
    write(lambda s: promotions.end_batch(s, SYSTEM, ended.id, clock=clock))
    write(lambda s: promotions.pause_batch(s, SYSTEM, paused.id, clock=clock))
    clock.advance(days=2)
    stall.redeem(bob, made[used.id][0])
    said = {
        _sentence(lambda code=code, who=who: stall.redeem(who, code))
        for who, code in (
            (ann, made[ended.id][0]), (ann, made[paused.id][0]), (ann, made[over.id][0]), (ann, made[used.id][0]),
            (bob, made[used.id][1]), (ann, "0000-0000-0000-0000"), (ann, ""), (ann, "nonsense"), (ann, "x" * 40_000),
            (ann, "' OR 1=1 --"), (ann, "\x00"), (ann, "\ud800"), (ann, str(unmade.id)),
        )
    }  # fmt: skip
    assert len(said) == 1
    write(lambda s: promotions.resume_batch(s, SYSTEM, paused.id, clock=clock))
    stall.redeem(ann, made[paused.id][0])
    assert not shop.faults()


def test_days_add_up(stall: Stall) -> None:
    shop = stall.shop
    ann, tea, start = shop.person(), shop.product(), shop.clock.now()
    codes = stall.codes(stall.batch(tea, days=30, per_person=3))
    first = stall.redeem(ann, codes[0])
    second = stall.redeem(ann, codes[1])
    assert first.until == start + timedelta(days=30)
    assert (second.starts_at, second.until) == (first.until, start + timedelta(days=60))
    assert stall.access_until(ann, tea, start + timedelta(days=59))
    assert not stall.access_until(ann, tea, start + timedelta(days=60))
    third = stall.redeem(ann, codes[2])
    assert third.starts_at == start + timedelta(days=60)
    assert stall.access_until(ann, tea, start + timedelta(days=89))


def test_a_bundle_is_redeemed_with_its_parts(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    both = shop.product("both", kind="bundle", parts=(tea,))
    (code,) = stall.codes(stall.batch(both, 1))
    stall.redeem(ann, code)
    assert shop.owns(ann, tea)


def test_codes_are_made_anew_only_while_nobody_has_one(stall: Stall) -> None:
    shop = stall.shop
    ann, tea = shop.person(), shop.product()
    batch = stall.batch(tea)
    old, new = stall.codes(batch), stall.codes(batch)
    assert not set(old) & set(new)
    with pytest.raises(RedeemRefused):
        stall.redeem(ann, old[0])
    stall.redeem(ann, new[0])
    with pytest.raises(Conflict):
        stall.codes(batch)
    assert not shop.faults()


@pytest.mark.slow
def test_one_code_tried_by_many_at_once_is_one_persons(stall: Stall) -> None:
    """E5 under races: 16 people with one code, and one person with 16 codes of which she may use two."""
    shop = stall.shop
    tea = shop.product()
    (code,) = stall.codes(stall.batch(tea, 1))
    people = [shop.person(f"p{number}") for number in range(16)]
    limited = stall.codes(stall.batch(tea, 16, days=1, per_person=2))
    ann = shop.person()
    barrier = Barrier(16)

    def patiently(who: Viewer, typed: str) -> Any:
        barrier.wait()
        while True:
            try:
                return stall.redeem(who, typed)
            except Unavailable:
                continue
            except Refused as error:
                return error

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda number: patiently(people[number], code), range(16)))
    assert sum(isinstance(one, promotions.RedeemedView) for one in results) == 1
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda number: patiently(ann, limited[number]), range(16)))
    assert sum(isinstance(one, promotions.RedeemedView) for one in results) == 2
    assert not shop.faults()


@pytest.mark.parametrize(
    "bad",
    [
        {"total": 0}, {"total": -1}, {"total": 10_001}, {"days": 0}, {"days": 10**9}, {"per_person": 0},
    ],
    ids=str,
)  # fmt: skip
def test_batches_that_make_no_sense_are_refused(stall: Stall, bad: dict[str, Any]) -> None:
    tea = stall.shop.product()
    with pytest.raises(Invalid):
        stall.batch(tea, **bad)


def test_over_before_it_began_and_without_the_right(stall: Stall) -> None:
    shop = stall.shop
    tea, ann = shop.product(), shop.person()
    with pytest.raises(Invalid):
        stall.batch(tea, ends_at=shop.clock.now())
    batch, write = stall.batch(tea), shop.platform.database.write
    for work in (promotions.make_codes, promotions.pause_batch, promotions.end_batch, promotions.resume_batch):
        with pytest.raises(NotAllowed):
            write(lambda s, work=work: work(s, ann, batch.id, clock=shop.clock))
