"""The stories of `timelines.py`, lived through in three zones; every promise is asked at the end of each."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.domains.commerce.sequences import machine
from tests.domains.commerce.sequences.base import none
from tests.domains.commerce.sequences.machine import AnySequence
from tests.domains.commerce.shop import yuan
from tests.fixtures.academy import OPENING_DAY
from tests.scenarios.commerce.timelines import STORIES, Story
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import Payment, Refund, SalesOrder, Subscription

NAMES = {"ann": 0, "bob": 1, "cleo": 2}
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
LONGEST = timedelta(days=6)


@pytest.fixture(scope="module", autouse=True)
def _clear_away() -> Iterator[None]:
    yield
    machine.clear_away()


class Life:
    """One story on its way: the market, and verbs by their names in the table."""

    def __init__(self, zone: str) -> None:
        self.day = AnySequence()
        self.day.open(start=OPENING_DAY, zone=zone)
        self.market = self.day.market

    def until(self, moment: datetime) -> None:
        """Go on to `moment`, with the worker at work whenever a subscription waits for it, and within six days."""
        clock = self.market.clock
        while clock.now() < moment:
            due = self.market.rows(select(func.min(Subscription.next_at)))[0]
            step = max(due or moment, clock.now() + timedelta(minutes=5))
            clock.set(min(moment, step, clock.now() + LONGEST))
            self.market.work()

    def act(self, line: str) -> None:
        day, name, verb, *rest = line.split()
        self.until(OPENING_DAY + timedelta(days=int(day)))
        self.verbs()[verb](
            NAMES[name], *(one.replace("film-week", "film week").replace("mag-", "mag ") for one in rest)
        )
        self.market.work()

    def verbs(self) -> Mapping[str, Callable[..., Any]]:
        day, people = self.day, self.market.goods.people
        return {
            "buy": lambda who, what, how="success": day.buy("buy", day.order(people[who], what), how=how),
            "click": lambda who, what: day.buy_for_ever(who=who, what=what, how="success", extra=2),
            "again": lambda _who: day.try_again(pick=0, how="success"),
            "refund": self.refund,
            "dispute": lambda _who: day.what_only_the_other_side_can(pick=0, deed="open_dispute"),
            "win": lambda _who: day.what_only_the_other_side_can(pick=0, deed="win_dispute"),
            "lose": lambda _who: day.what_only_the_other_side_can(pick=0, deed="lose_dispute"),
            "price": lambda _who, what, price: day.a_price_changes(what=what, price=price),
            "subscribe": lambda who, what, card="pays": day.subscribe(
                who=who, what=what, card=card, how="success", coupon=7
            ),
            "cancel": lambda _who: day.cancel_a_subscription(pick=0, when="at_period_end"),
            "cancel-now": lambda _who: day.cancel_a_subscription(pick=0, when="at_once"),
            "resume": lambda _who: day.resume_a_subscription(pick=0),
            "stay": lambda _who: day.stay(pick=0),
            "pause": lambda _who, days: day.pause_a_subscription(pick=0, days=int(days)),
            "change": lambda _who, what, mode: day.change_the_plan(pick=0, what=what, mode=mode),
            "pay": lambda _who: day.pay_a_subscription(pick=0, how="success", card="pays"),
            "give": lambda who, what: day.give_a_gift(who=who, what=what, how="success"),
            "claim": lambda who: day.claim_a_gift(who=who, giver=0, pick=0),
            "takeback": lambda who: day.take_a_gift_back(giver=who, pick=0),
            "redeem": lambda who, code: day.redeem(who=who, code=int(code)),
            "join": lambda who: day.join_a_group(who=who, is_new=False, how="success"),
            "lesson": lambda who, lesson: day.open_a_lesson(who=who, lesson=int(lesson), seconds=0),
            "withdraw": lambda who: day.withdraw(who=who, amount=None),
            "payout": lambda _who: day.affiliates_are_paid(is_paid=True),
        }

    def refund(self, _who: int, amount: str | None = None) -> None:
        command = commerce.RequestRefund(
            self.market.kept_payments()[-1], yuan(amount) if amount else None, "goodwill", self.market.shop.key()
        )
        self.market.write(lambda session: commerce.request_refund(session, SYSTEM, command, clock=self.market.clock))

    # looking

    def fault(self, claim: str) -> str | None:
        """Return what is true instead of `claim`, None when it holds."""
        if found := re.fullmatch(r"(\w+) (owns|lacks) (\w+)", claim):
            name, verb, slug = found.groups()
            has = self.market.shop.owns(self.market.goods.people[NAMES[name]], self.market.goods.products[slug])
            return None if has == (verb == "owns") else f"not: {claim}"
        if found := re.fullmatch(r"(\w+) paid ([\d.]+)", claim):
            paid = self.paid(self.market.goods.people[NAMES[found[1]]])
            return None if paid == Decimal(found[2]) else f"{found[1]} paid {paid} instead of {found[2]}"
        event, wanted = claim.split()
        count = self.market.events()[f"commerce.{event}"]
        return None if count == int(wanted) else f"{event} happened {count} times instead of {wanted}"

    def paid(self, who: Viewer) -> Decimal:
        mine = SalesOrder.person_id == who.person_id
        came = select(func.sum(Payment.received_minor)).join(SalesOrder, SalesOrder.id == Payment.order_id)
        back = select(func.sum(Refund.amount_minor)).join(SalesOrder, SalesOrder.id == Refund.order_id)
        minor = self.market.rows(came.where(mine))[0] or 0
        minor -= self.market.rows(back.where(mine, Refund.state == "succeeded"))[0] or 0
        return Decimal(int(minor)) / 100

    def close(self) -> None:
        self.market.close()
        shutil.rmtree(Path(self.market.home), ignore_errors=True)


def _cases() -> Iterator[Any]:
    for number, story in enumerate(STORIES):
        is_lasting = "subscribe" in story.acts
        for zone in ZONES if is_lasting and story.end < 365 else ZONES[number % 3 :][:1]:
            yield pytest.param(story, zone, id=f"{story.name} ({zone})")


@pytest.mark.parametrize(("story", "zone"), _cases())
def test_a_story(story: Story, zone: str) -> None:
    life = Life(zone)
    try:
        for line in story.acts.split(";"):
            life.act(line.strip())
        life.until(OPENING_DAY + timedelta(days=story.end))
        life.market.work()
        faults = [life.fault(claim.strip()) for claim in story.then.split(";")]
        none([one for one in faults if one])
        life.day.all_holds()
        none(life.market.shop.dead_jobs())
    finally:
        life.close()


def test_there_are_stories_enough() -> None:
    assert len(STORIES) >= 40
    assert len({story.name for story in STORIES}) == len(STORIES)
