"""The vocabulary, and the figures against rows written by hand."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Broken, NotAllowed
from xingtan.core.period import Period
from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.insight import api as insight
from xingtan.domains.insight.api import Deed, Object, Verb
from xingtan.infra.analytics import Behaviour, behaviour_row, insert_behaviour
from xingtan.infra.db import Database

MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TEA, INK = UUID(int=1), UUID(int=2)


def did(actor: str, verb: Verb, product: UUID | None = TEA, *, at: datetime = NOON, **context: object) -> Behaviour:
    kind = Object.SEARCH if verb is Verb.SEARCHED else Object.PRODUCT
    return Behaviour(at, actor * 32, verb, kind, "x", product, context)


def write(database: Database, *deeds: Behaviour) -> None:
    database.write(lambda s: insert_behaviour(s, [behaviour_row(one) for one in deeds]))


def test_every_verb_has_an_iri_a_meaning_and_objects() -> None:
    assert set(insight.VERBS) == set(Verb)
    for spec in insight.VERBS.values():
        assert spec.iri.startswith(("http://", "urn:xingtan:verb:"))
        assert spec.meaning.endswith(".")
        assert spec.objects
    assert len({spec.iri for spec in insight.VERBS.values()}) == len(Verb)


@pytest.mark.parametrize(
    ("verb", "kind", "context"),
    [
        (Verb.VIEWED, Object.PRODUCT, {"email": "a@b.c"}),
        (Verb.PROGRESSED, Object.LESSON, {"fraction": 1}),
        (Verb.SEARCHED, Object.SEARCH, {"results": "3"}),
        (Verb.PURCHASED, Object.LESSON, {}),
    ],
)
def test_what_the_vocabulary_does_not_know_is_a_mistake_of_ours(
    verb: Verb, kind: Object, context: dict[str, object]
) -> None:
    with pytest.raises(Broken):
        Deed(verb, kind, "x", None, context)


@given(st.text(max_size=200))
def test_kept_words_are_short_and_no_address(text: str) -> None:
    kept = insight.impersonal_text(text)
    assert len(kept) <= 80
    assert "@" not in kept


@pytest.mark.parametrize(
    "text", ["lily@example.org", "https://x.y/z", "138-0013-8000", "110101 19900101 1234", "13800138000"]
)
def test_addresses_and_numbers_of_people_are_not_kept(text: str) -> None:
    assert insight.impersonal_text(f"find {text} please") == ""


@pytest.mark.parametrize("text", ["贝叶斯", "python 3.11", "2026 reading", "c++"])
def test_plain_words_are_kept(text: str) -> None:
    assert insight.impersonal_text(f"  {text} ") == text


def test_days_are_those_of_the_academy(database: Database) -> None:
    late = datetime(2026, 3, 10, 17, tzinfo=UTC)  # 01:00 on the 11th in Shanghai
    write(
        database,
        did("a", Verb.VIEWED), did("a", Verb.VIEWED), did("b", Verb.STARTED), did("b", Verb.PURCHASED, at=late),
    )  # fmt: skip
    found = database.read(
        lambda s: insight.daily_activity(s, SYSTEM, first=date(2026, 3, 9), days=3, zone=ZoneInfo("Asia/Shanghai"))
    )
    assert [(one.day.day, one.actors, one.views, one.starts, one.purchases) for one in found] == [
        (9, 0, 0, 0, 0),
        (10, 2, 2, 1, 0),
        (11, 1, 0, 0, 1),
    ]


def test_a_day_of_23_hours_ends_where_the_next_begins(database: Database) -> None:
    zone = ZoneInfo("Europe/Berlin")  # clocks go forward on 2026-03-29
    before, after = datetime(2026, 3, 29, 21, 59, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    write(database, did("a", Verb.VIEWED, at=before), did("a", Verb.VIEWED, at=after))
    found = database.read(lambda s: insight.daily_activity(s, SYSTEM, first=date(2026, 3, 28), days=3, zone=zone))
    assert [one.views for one in found] == [0, 1, 1]


def test_products_by_buyers_then_starters_then_viewers(database: Database) -> None:
    write(
        database,
        *(did(actor, Verb.VIEWED, INK) for actor in "abc"), did("a", Verb.VIEWED), did("a", Verb.PURCHASED),
        did("a", Verb.PURCHASED), did("z", Verb.VIEWED, INK, at=NOON + timedelta(days=60)),
    )  # fmt: skip
    found = database.read(lambda s: insight.top_products(s, SYSTEM, period=MARCH))
    assert [(one.product_id, one.viewers, one.buyers) for one in found] == [(TEA, 1, 1), (INK, 3, 0)]


def test_searches_that_found_nothing(database: Database) -> None:
    write(
        database,
        *(did(actor, Verb.SEARCHED, None, query="bayes", results=0) for actor in "aab"),
        did("a", Verb.SEARCHED, None, query="tea", results=4),
        did("a", Verb.SEARCHED, None, query="", results=0),
        did("a", Verb.SEARCHED, None, query="茶", results=0),
    )
    found = database.read(lambda s: insight.searches_without_results(s, SYSTEM, period=MARCH))
    assert [(one.query, one.times, one.actors) for one in found] == [("bayes", 3, 2), ("茶", 1, 1)]


def test_a_funnel_is_walked_in_order(database: Database) -> None:
    hour = timedelta(hours=1)
    write(
        database,
        did("a", Verb.VIEWED), did("a", Verb.STARTED, at=NOON + hour), did("a", Verb.PURCHASED, at=NOON + 2 * hour),
        did("b", Verb.VIEWED), did("b", Verb.PURCHASED, at=NOON + hour),
        did("c", Verb.STARTED), did("c", Verb.VIEWED, at=NOON + hour),
        did("d", Verb.PURCHASED), did("d", Verb.VIEWED, INK, at=NOON + hour),
    )  # fmt: skip
    all_of = database.read(lambda s: insight.funnel(s, SYSTEM, period=MARCH))
    assert [(step.verb, step.actors) for step in all_of] == [("viewed", 4), ("started", 1), ("purchased", 1)]
    tea = database.read(lambda s: insight.funnel(s, SYSTEM, period=MARCH, product_id=TEA))
    assert [step.actors for step in tea] == [3, 1, 1]
    short = database.read(lambda s: insight.funnel(s, SYSTEM, period=MARCH, steps=(Verb.VIEWED, Verb.PURCHASED)))
    assert [step.actors for step in short] == [4, 2]


def test_active_learners_are_counted_once(database: Database) -> None:
    write(database, did("a", Verb.STARTED), did("a", Verb.COMPLETED), did("b", Verb.VIEWED))
    assert database.read(lambda s: insight.active_learners(s, SYSTEM, period=MARCH)) == 1


def test_figures_are_for_those_who_may_read_numbers(database: Database) -> None:
    with pytest.raises(NotAllowed):
        database.read(lambda s: insight.top_products(s, STRANGER, period=MARCH))
    with pytest.raises(NotAllowed):
        database.read(lambda s: insight.funnel(s, STRANGER, period=MARCH))
