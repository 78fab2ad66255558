"""Who does business in other ways than buying for good: a plan of deeds, drawn before anything is written.

The numbers are those of docs/explanations/demo-academy.md; same seed, same people, same plan.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from xingtan.sample import market
from xingtan.sample.traces import Life
from xingtan.sample.truth import Learner, rng_of
from xingtan.sample.world import World

LEAVES_PER_MONTH: Mapping[str, float] = {
    "shopkeepers": 0.05, "writers": 0.04, "coders": 0.08, "night-readers": 0.07, "samplers": 0.22,
}  # fmt: skip
"""The monthly hazard of cancelling a subscription, by segment: planted, constant over a subscription's life."""

PAUSES, UPGRADES, STAYS, REFUNDS_IN_PART = 0.10, 0.12, 0.5, 0.3
CARDS = (("pays", "declines_once", "declines_thrice", "expired"), (0.80, 0.10, 0.05, 0.05))
REASONS = ("too_dear", "no_time", "not_for_me", "done", "other")
_MONTH_DAYS = 30.44
_LEAST_DAYS = 45
_ENDS_BEFORE_NOW = timedelta(hours=2)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that `who` (a learner's number; None: the academy) does at an instant."""

    at: datetime
    who: int | None
    verb: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Member:
    """A learner with a part to play, her own source of chance, and the time that she has for it."""

    life: Life
    rng: random.Random
    ends_at: datetime

    @property
    def learner(self) -> Learner:
        """Return the learner herself."""
        return self.life.learner

    @property
    def currency(self) -> str:
        """Return what she pays in: dollars where she lives abroad."""
        return "CNY" if self.learner.utc_offset_h == 8 else "USD"  # noqa: PLR2004 - the academy's own zone

    def never_buys(self, world: World, *keys: str) -> str | None:
        """Return one of these works that is out when she joins and that she never buys for good by herself, or None."""
        bought = {key for one in self.life.purchases for key in (one.work, *world.works[one.work].gives)}
        out = (key for key in keys if key in world.works and world.works[key].published_at < self.learner.joined_at)
        return next((key for key in out if key not in bought), None)

    def start(self, *, most_days: float = 20) -> datetime:
        """Return an instant not long after she joined."""
        room = self.ends_at - self.learner.joined_at
        return self.learner.joined_at + min(room / 2, timedelta(days=self.rng.uniform(0.5, most_days)))


Deeds = Iterator[Deed]


def agenda(lives: Sequence[Life], world: World, *, seed: int, now: datetime) -> list[Deed]:
    """Return what members and academy do, in the order of time."""
    found: list[Deed] = list(_academy(lives, now=now))
    members = _members(lives, seed=seed, now=now)
    place = 0
    for role, (share, most, play) in ROLES.items():
        wanted = max(most, round(share * len(lives)))
        for _ in members:  # some have no use for a part: the next is asked
            if not wanted:
                break
            own = list(play(members[place % len(members)], world))
            place, wanted = place + 1, wanted - bool(own)
            found += (Deed(one.at, one.who, one.verb, {"role": role, **one.facts}) for one in own)
    found += _presents(members, world, many=max(3, round(0.006 * len(lives))), seed=seed)
    buyers = {deed.who for deed in found if deed.facts.get("model") == "once"}
    found += _together(
        [one for one in members if one.learner.number not in buyers],
        world,
        many=max(2, round(0.006 * len(lives))),
        seed=seed,
    )
    latest = now - _ENDS_BEFORE_NOW
    return sorted((deed for deed in found if deed.at < latest), key=lambda one: (one.at, one.who or -1, one.verb))


def _members(lives: Sequence[Life], *, seed: int, now: datetime) -> list[Member]:
    """Return those who stay long enough for a part, in an order of chance; the longest stayers where nobody does."""
    rng = rng_of(seed, "members", len(lives))
    ends = {life.learner.number: min(life.learner.leaves_at, now) for life in lives}
    stays = sorted(lives, key=lambda life: life.learner.joined_at - ends[life.learner.number])
    long = [life for life in stays if ends[life.learner.number] - life.learner.joined_at > timedelta(days=_LEAST_DAYS)]
    chosen = long or stays[:4]
    rng.shuffle(chosen)
    return [
        Member(life, rng_of(seed, "member", life.learner.number), ends[life.learner.number]) for life in chosen
    ]  # fmt: skip


def _academy(lives: Sequence[Life], *, now: datetime) -> Deeds:
    """Yield what the owner does every month: paying affiliates."""
    first = min((life.learner.joined_at for life in lives), default=now)
    at = first + timedelta(days=31)
    while at < now:
        yield Deed(at, None, "pay_affiliates")
        at += timedelta(days=30)


def _later(member: Member, at: datetime, days: float) -> datetime:
    return at + timedelta(days=days, minutes=member.rng.uniform(1, 300))


def _subscribes(subject: str, *terms: str, after_days: float = 0) -> Callable[[Member, World], Deeds]:
    """Return who subscribes, stays for as long as her hazard lets her, and may pause, go higher or be held."""

    def play(member: Member, _world: World) -> Deeds:
        rng, who = member.rng, member.learner.number
        at, term = member.start() + timedelta(days=after_days), rng.choice(terms)
        card = rng.choices(*CARDS)[0]
        yield Deed(at, who, "subscribe", {"subject": subject, "term": term, "card": card, "currency": member.currency})
        hazard = LEAVES_PER_MONTH[member.learner.segment]
        cancels_at = at + timedelta(days=rng.expovariate(hazard) * _MONTH_DAYS)
        if card != "pays":
            yield Deed(_later(member, at, 40), who, "pay_due", {"card": "pays"})
        if rng.random() < PAUSES:
            yield Deed(_later(member, at, 20), who, "pause", {"days": rng.randrange(7, 40)})
        if rng.random() < UPGRADES:
            yield Deed(_later(member, at, 50), who, "upgrade")
        if rng.random() < STAYS * hazard * 4:
            yield Deed(cancels_at - timedelta(hours=1), who, "stay")
        reason = rng.choice(REASONS)
        yield Deed(cancels_at, who, "cancel", {"reason": reason, "when": "at_period_end"})
        if rng.random() < 0.1:  # noqa: PLR2004 - the share of those who think better of it
            yield Deed(_later(member, cancels_at, 2), who, "resume")

    return play


def _becomes_a_scholar(member: Member, world: World) -> Deeds:
    """Yield a month of a column, by which she leaves a card, and then the trial that asks for one."""
    who, at = member.learner.number, member.start()
    first = {"subject": market.ZHAJI, "term": "P1M", "card": "pays", "currency": member.currency}
    yield Deed(at, who, "subscribe", first)
    yield Deed(_later(member, at, 15), who, "cancel", {"reason": "other", "when": "at_period_end"})
    yield from _subscribes("tier:scholar", "P1M", "P1Y", after_days=45)(member, world)


def _rents(member: Member, world: World) -> Deeds:
    at, who = member.start(), member.learner.number
    work = member.never_buys(world, *_own(member, market.SHENGYI, market.NUMBERS))
    if work is not None:
        facts = {"subject": work, "model": "rental", "term": 30, "currency": member.currency}
        yield Deed(at, who, "buy", facts)
        if member.rng.random() < 0.4:  # noqa: PLR2004 - the share of those who rent again
            yield Deed(_later(member, at, 26), who, "buy", facts)


def _pays_in_parts(member: Member, world: World) -> Deeds:
    work = member.never_buys(world, *_own(member, market.XIEZUO, market.PYTHON))
    if work is not None:
        card = member.rng.choices(*CARDS)[0]
        facts = {"subject": work, "model": "instalments", "term": "P1M", "currency": member.currency, "card": card}
        yield Deed(member.start(), member.learner.number, "buy", facts)


def _pays_by_use(member: Member, world: World) -> Deeds:
    rng, who = member.rng, member.learner.number
    work = member.never_buys(world, market.XIEZUO, market.NUMBERS)
    if work is None:
        return
    at = member.start()
    title = rng.choice(("50", "100 + 10", "100 + 10"))
    yield Deed(at, who, "buy", {"subject": "", "model": "top_up", "term": title, "currency": "CNY"})
    for part in range(rng.randrange(2, 7)):
        at = _later(member, at, rng.uniform(0.1, 6))
        yield Deed(at, who, "use", {"work": work, "place": part})
    if rng.random() < 0.3:  # noqa: PLR2004 - the share of those who take the rest back
        yield Deed(_later(member, at, 3), who, "withdraw")


def _has_credits(member: Member, world: World) -> Deeds:
    work = member.never_buys(world, market.XIEZUO)
    if work is None:
        return
    at, who = member.start(), member.learner.number
    facts = {"subject": work, "model": "credits", "term": "lesson", "currency": "CNY"}
    yield Deed(at, who, "buy", facts)
    for part in range(member.rng.randrange(1, 9)):
        at = _later(member, at, member.rng.uniform(0.2, 5))
        yield Deed(at, who, "use", {"work": work, "place": part})


def _buys(**more: Any) -> Callable[[Member, World], Deeds]:
    """Return who buys a work by the checkout itself: with a coupon, by a link, or to go to law about it."""

    def play(member: Member, world: World) -> Deeds:
        work = member.never_buys(world, *_own(member, market.SHENGYI, market.PYTHON, market.NUMBERS, market.XIEZUO))
        if work is None:
            return
        rng, who, at = member.rng, member.learner.number, member.start(most_days=35)
        yield Deed(at, who, "buy", {"subject": work, "model": "once", "term": "", "currency": member.currency, **more})
        if more.get("goes_to_law"):
            yield Deed(_later(member, at, 9), who, "charge_back", {"act": "open_dispute"})
            outcome = rng.choice(("win_dispute", "lose_dispute"))
            yield Deed(_later(member, at, 30), who, "charge_back", {"act": outcome})
        elif rng.random() < REFUNDS_IN_PART:
            yield Deed(_later(member, at, 4), who, "refund", {"share_bp": rng.choice((3_000, 5_000, 10_000))})

    return play


def _asks(member: Member, world: World) -> Deeds:
    work = next((one.key for one in world.works.values() if one.kind == "consulting"), None)
    if work is None:
        return
    rng, who, at = member.rng, member.learner.number, member.start()
    yield Deed(at, who, "ask", {"work": work})
    yield Deed(_later(member, at, 1), None, "quote", {"of": who, "yuan": rng.choice((480, 640, 900))})
    yield Deed(_later(member, at, 2), who, "accept")
    yield Deed(_later(member, at, 3), None, "begin", {"of": who})
    yield Deed(_later(member, at, 8), None, "deliver", {"of": who})
    ends = rng.choices(("take", "silence", "complain"), weights=(0.7, 0.15, 0.15))[0]
    if ends == "take":
        yield Deed(_later(member, at, 10), who, "take")
    if ends == "complain":
        yield Deed(_later(member, at, 9), who, "complain")
        yield Deed(_later(member, at, 11), None, "settle", {"of": who, "share_bp": 3_000})
    yield Deed(_later(member, at, 12), who, "pay_rest")


def _recommends(member: Member, _world: World) -> Deeds:
    yield Deed(member.start(most_days=5), member.learner.number, "apply")


def _redeems(member: Member, world: World) -> Deeds:
    work = member.never_buys(world, "cha-yu-zhuyili", "ye-du")
    if work is not None:
        yield Deed(member.start(), member.learner.number, "redeem", {"work": work})


def _together(members: Sequence[Member], world: World, *, many: int, seed: int) -> Deeds:
    """Yield groups that buy together: three who fill one, or two who wait for a third in vain."""
    rng = rng_of(seed, "groups")
    able = [one for one in members if one.never_buys(world, market.SHENGYI)]
    for number in range(many):
        third = number % 3 != 1
        at, trio = _who_is_there(able, rng, many=3)
        for place, one in enumerate(trio[: 3 if third else 2]):
            facts = {"subject": market.SHENGYI, "joins": place > 0}
            yield Deed(at + timedelta(hours=9 * place), one.learner.number, "group", {"role": "joins a group", **facts})
            able.remove(one)


def _presents(members: Sequence[Member], world: World, *, many: int, seed: int) -> Deeds:
    """Yield gifts: two of three are claimed by a friend, the others lapse."""
    rng = rng_of(seed, "gifts")
    for number in range(many):
        work = (market.ZHAJI, market.LETTERS)[number % 2]
        able = [one for one in members if one.never_buys(world, work)]
        at, pair = _who_is_there(able, rng, many=2)
        if len(pair) == 2:  # noqa: PLR2004 - a giver and a friend
            giver, friend = (one.learner.number for one in pair)
            facts = {"subject": work, "model": "once", "term": "", "currency": pair[0].currency}
            yield Deed(at, giver, "give", {"role": "giver", **facts})
            if number % 3 != 1:
                yield Deed(at + timedelta(hours=7), friend, "claim", {"role": "receiver", "from": giver})


def _who_is_there(
    able: Sequence[Member], rng: random.Random, *, many: int
) -> tuple[datetime, tuple[Member, ...]]:  # fmt: skip
    """Return an instant, and `many` who are there for two days from then on; nobody where there are not so many."""
    by_age = sorted(able, key=lambda one: (one.learner.joined_at, one.learner.number))
    for _ in by_age:
        at = rng.choice(by_age).learner.joined_at + timedelta(hours=rng.uniform(1, 40))
        there = [one for one in by_age if one.learner.joined_at < at and one.ends_at > at + timedelta(days=2)]
        if len(there) >= many:
            return at, tuple(rng.sample(there, many))
    return _NEVER, ()


def _own(member: Member, *keys: str) -> tuple[str, ...]:
    """Return the works in her language first: every second of the pairs is English."""
    english = {market.LETTERS, market.NUMBERS, market.PYTHON}
    mine = member.learner.language != "zh"
    return tuple(sorted(keys, key=lambda key: (key in english) != mine))


ROLES: Mapping[str, tuple[float, int, Callable[[Member, World], Deeds]]] = {
    "affiliate": (0.003, 1, _recommends),
    "reader of a column": (0.035, 2, _subscribes(market.ZHAJI, "P1M", "P1M", "P1Y")),
    "reader of letters": (0.012, 1, _subscribes(market.LETTERS, "P1M", "P1Y")),
    "member": (0.024, 2, _subscribes("tier:reader", "P1M", "P1M", "P1Y")),
    "scholar": (0.012, 1, _becomes_a_scholar),
    "renter": (0.010, 1, _rents),
    "payer in parts": (0.006, 1, _pays_in_parts),
    "payer by use": (0.010, 1, _pays_by_use),
    "holder of credits": (0.006, 1, _has_credits),
    "redeemer": (0.008, 1, _redeems),
    "coupon user": (0.012, 2, _buys(code=market.WELCOME)),
    "brought by a link": (0.012, 2, _buys(by_link=True)),
    "client": (0.005, 2, _asks),
    "goes to law": (0.002, 1, _buys(goes_to_law=True)),
}
"""Role → its share of the learners, how many at least, and what such a one does."""
