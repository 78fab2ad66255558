"""Lives without a database: determinism, the truth's shares, consent, prices."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.sample.choices import match, p_buy
from xingtan.sample.shop import LAUNCHED
from xingtan.sample.simulate import live
from xingtan.sample.strangers import visits
from xingtan.sample.traces import Life
from xingtan.sample.truth import DAYS, NO_CONSENT, SEED, SEGMENTS, Learner, draw_learners
from xingtan.sample.world import TOPICS, Part, Season, Task, Work, World

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
QUIZ = (Task("q1", ("a", "b", "c"), ("b",)), Task("q2", (), ("42",)))


def work(key: str, *topics: str, price: int = 9_900, kind: str = "course", age: int = 300, **more: object) -> Work:
    parts = (
        Part("one", "text", 6, is_preview=True),
        Part("two", "video", 8),
        Part("three", "quiz", 5, tasks=QUIZ),
        Part("later", "text", 5, released_after_days=14),
    )
    facts = {"parts": () if kind == "bundle" else parts, **more}
    return Work(key, kind, "zh", topics, price, NOW - timedelta(days=age), **facts)  # type: ignore[arg-type]


BOOKS = World(
    {
        each.key: each
        for each in (
            work("numbers", "data", "business"),
            work("words", "writing", "classics", price=16_800),
            work("poems", "poetry", price=5_800, kind="ebook", model="pay_what_you_want", floor_minor=100),
            work("gift", "classics", price=0, kind="article", model="free"),
            work(LAUNCHED, "statistics", "python", age=75, requires=("numbers",)),
            work("both", "data", "writing", price=19_800, kind="bundle", contains=("numbers", "words")),
        )
    },
    (Season(frozenset({"numbers"}), 0.8, NOW - timedelta(days=40), NOW - timedelta(days=20)),),
    {"数据": 3},
    LAUNCHED,
)


def people(count: int) -> list[Learner]:
    return draw_learners(SEED, count, now=NOW, launched_at=BOOKS.works[LAUNCHED].published_at)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [live(learner, BOOKS, seed=SEED, now=NOW) for learner in people(1_000)]


def test_the_same_seed_gives_the_same_lives_in_any_order(lives: list[Life]) -> None:
    again = {
        learner.number: live(learner, BOOKS, seed=SEED, now=NOW)
        for learner in sorted(people(1_000), key=lambda p: p.name)
    }
    assert [again[life.learner.number] for life in lives] == lives


def test_another_seed_gives_other_lives(lives: list[Life]) -> None:
    others = draw_learners(SEED + 1, 1_000, now=NOW, launched_at=None)
    assert [person.interests for person in others] != [life.learner.interests for life in lives]


@given(st.integers(min_value=1, max_value=300))
def test_shares_are_exact_to_one_person(count: int) -> None:
    found = Counter(person.segment for person in people(count))
    assert sum(found.values()) == count
    assert all(abs(found[segment.name] - segment.share * count) < 1 for segment in SEGMENTS)


def test_shares_sum_to_one() -> None:
    assert math.isclose(sum(segment.share for segment in SEGMENTS), 1)
    assert all(math.isclose(sum(segment.sources.values()), 1) for segment in SEGMENTS)


def test_addresses_are_unique_and_reach_nobody() -> None:
    addresses = [person.email for person in people(400)]
    assert len(set(addresses)) == 400
    assert all(address.endswith("@example.org") for address in addresses)


def test_who_consents_to_nothing_leaves_no_trace_and_still_learns(lives: list[Life]) -> None:
    silent = [life for life in lives if not life.learner.consents]
    assert abs(len(silent) / len(lives) - NO_CONSENT) < 0.06
    assert all(not life.traces for life in silent)
    assert any(life.studies for life in silent)
    assert all(life.traces for life in lives if "analytics" in life.learner.consents)


def test_nothing_happens_before_joining_after_leaving_or_in_the_future(lives: list[Life]) -> None:
    for life in lives:
        until = min(life.learner.leaves_at, NOW)
        moments = [trace.at for trace in life.traces] + [study.updated_at for study in life.studies]
        moments += [order.at for order in life.purchases] + [attempt.submitted_at for attempt in life.attempts]
        assert life.learner.joined_at >= NOW - timedelta(days=DAYS)
        assert all(life.learner.joined_at <= at for at in moments)
        assert all(at <= until + timedelta(minutes=10) for at in moments)
        assert all(at < NOW for at in moments)


def test_orders_cost_what_the_season_says(lives: list[Life]) -> None:
    season = BOOKS.seasons[0]
    seen = set()
    for order in (order for life in lives for order in life.purchases if order.work == "numbers"):
        is_season = season.starts_at <= order.at < season.ends_at
        seen.add(is_season)
        assert order.paid_minor == (7_920 if is_season else 9_900)
    assert seen == {True, False}


def test_open_prices_keep_to_the_floor_and_free_is_free(lives: list[Life]) -> None:
    orders = [order for life in lives for order in life.purchases]
    assert {order.paid_minor for order in orders if order.work == "gift"} == {0}
    assert min(order.paid_minor for order in orders if order.work == "poems") >= 100


def test_only_what_is_held_is_studied_and_drip_is_respected(lives: list[Life]) -> None:
    for life in lives:
        bought: dict[str, datetime] = {}
        for order in life.purchases:
            if order.is_paid:
                for key in BOOKS.works[order.work].gives:
                    bought[key] = min(bought.get(key, order.at), order.at)
        for study in life.studies:
            assert study.started_at >= bought[study.work]
            if study.part == "later":
                assert study.started_at >= bought[study.work] + timedelta(days=14)


def test_nothing_is_studied_after_the_money_went_back(lives: list[Life]) -> None:
    refunded = [(life, order) for life in lives for order in life.purchases if order.refunded_at is not None]
    assert refunded
    for life, order in refunded:
        others = [one for one in life.purchases if one is not order and one.is_paid]
        kept = {key for one in others for key in BOOKS.works[one.work].gives}
        for key in set(BOOKS.works[order.work].gives) - kept:
            assert all(study.updated_at <= order.refunded_at for study in life.studies if study.work == key)


def test_those_whom_a_work_suits_buy_it_more_often(lives: list[Life]) -> None:
    suited = [life for life in lives if match(life.learner, BOOKS.works["words"]) > 2]
    others = [life for life in lives if match(life.learner, BOOKS.works["words"]) < 0.7]

    def share(group: list[Life]) -> float:
        return sum(any(order.work == "words" for order in life.purchases) for life in group) / len(group)

    assert len(suited) > 40
    assert share(suited) > 2 * share(others)


def test_the_elasticity_is_the_learners_own() -> None:
    learner, book = people(5)[0], BOOKS.works["numbers"]

    def p(price: int) -> float:
        return p_buy(learner, book, price_minor=price, looks=0, is_prepared=True)

    step = 1.001
    elasticity = (math.log(p(round(9_900_000 * step))) - math.log(p(9_900_000))) / math.log(step)
    assert elasticity == pytest.approx(-learner.price_sensitivity * (1 - p(9_900_000)), rel=0.01)


def test_the_launch_brings_people() -> None:
    launched = BOOKS.works[LAUNCHED].published_at
    joined = [person.joined_at for person in people(2_000)]

    def within(start: datetime) -> int:
        return sum(start <= at < start + timedelta(days=4) for at in joined)

    assert within(launched) > 1.8 * within(launched - timedelta(days=7))


def test_strangers_have_keys_and_never_buy() -> None:
    found = list(visits(BOOKS, seed=SEED, learners=20, now=NOW))
    assert 60 < len(found) <= 140
    assert all(len(key) == 32 for key, _ in found)
    verbs = {trace.verb for _, traces in found for trace in traces}
    assert verbs <= {"viewed", "searched", "checked_out"}
    assert all(trace.at < NOW for _, traces in found for trace in traces)


def test_interests_are_shares_of_the_topics() -> None:
    for person in people(30):
        assert set(person.interests) == set(TOPICS)
        assert sum(person.interests.values()) == pytest.approx(1)
