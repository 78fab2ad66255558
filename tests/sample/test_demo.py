"""The demo in a real home folder: what it writes, that it can be killed, and that it opens quickly again."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from xingtan.core.clock import ManualClock
from xingtan.core.errors import Broken
from xingtan.core.ids import private_id
from xingtan.core.period import Period
from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.books import api as books
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.domains.learning.models import Note, QuizAnswer, QuizAttempt
from xingtan.domains.learning.rules.anchors import text_of
from xingtan.domains.learning.sealing import QUOTE
from xingtan.infra.analytics import BehaviourEvent
from xingtan.infra.outbox import has_waiting
from xingtan.infra.platform import Platform, open_platform
from xingtan.infra.settings import Settings
from xingtan.sample import demo, shop
from xingtan.sample.demo import TRUTH, open_demo, write_demo
from xingtan.sample.diary import chapters_written
from xingtan.sample.history import CHAPTERS, Chapter, Historian, chapters
from xingtan.sample.shelves import read_shelves
from xingtan.sample.truth import SEGMENTS
from xingtan.wiring import broken_promises

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LEARNERS = 60
PAIR = ("ten-strips", "shi-tiao-gan-rou", "the-average-is-not-a-person", "kan-dong-xiao-shengyi")


def furnished(home: Path, database_url: str = "") -> Platform:
    settings = Settings(home=home, database_url=database_url, base_url="http://testserver")
    return open_platform(settings, clock=ManualClock(NOW))


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, said: list[str]
) -> Iterator[Platform]:
    url = request.getfixturevalue("postgres_cluster").create() if request.config.getoption("--on-postgres") else ""
    opened = furnished(tmp_path_factory.mktemp("demo"), url)
    write_demo(opened, learners=LEARNERS, tell=said.append)
    yield opened
    opened.close()


@pytest.fixture
def small_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "catalogue"
    for name in PAIR:
        shutil.copytree(shop.FOLDER / name, folder / name)
    shutil.copy(shop.FOLDER / "academy.yaml", folder)
    monkeypatch.setattr(shop, "FOLDER", folder)


def truth(platform: Platform) -> dict[str, dict]:
    return json.loads((platform.settings.home / TRUTH).read_text(encoding="utf-8"))


def test_every_kind_of_work_is_there_in_both_languages(platform: Platform, said: list[str]) -> None:
    with platform.database.reading() as session:
        found = catalog.cards(session, STRANGER, limit=100).cards
    assert {(card.kind, card.language) for card in found} == {
        (kind, language) for kind in catalog.PRODUCT_KINDS for language in ("zh", "en")
    }
    assert all(card.cover_asset_id for card in found)
    assert not [line for line in said if "not read" in line]


def test_everything_is_priced_and_found(platform: Platform) -> None:
    with platform.database.reading() as session:
        ids = [card.id for card in catalog.cards(session, STRANGER, limit=100).cards]
        offers = commerce.offers_for(session, ids, currency="CNY", at=NOW)
        hits = [catalog.search(session, STRANGER, word, index=platform.search).total for word in ("茶", "tea")]
    assert set(offers) == set(ids)
    assert {offer.price.currency for offer in offers.values()} == {"CNY"}
    assert min(hits) > 0


def test_the_books_balance_and_every_promise_holds(platform: Platform) -> None:
    with platform.database.reading() as session:
        assert books.check(session) == []
        assert broken_promises(session, at=NOW) == []
        summary = commerce.sales_summary(session, SYSTEM, Period(datetime(2025, 1, 1, tzinfo=UTC), NOW))
    assert sum(each.orders for each in summary) > LEARNERS / 2


def test_history_is_no_news(platform: Platform) -> None:
    with platform.database.reading() as session:
        assert not has_waiting(session)
    assert not list((platform.settings.home / "mail").rglob("*.eml"))
    assert not [path for path in (platform.settings.home / "mail").rglob("*") if path.is_file()]


def test_the_truth_has_everybody_with_the_segments_shares(platform: Platform) -> None:
    people = truth(platform)["people"]
    assert len(people) == LEARNERS
    for segment in SEGMENTS:
        many = sum(person["segment"] == segment.name for person in people.values())
        assert abs(many - segment.share * LEARNERS) < 1
    assert (platform.settings.home / TRUTH).stat().st_mode & 0o777 == 0o600


def test_deeds_belong_to_those_who_agreed_and_to_strangers_visits(platform: Platform) -> None:
    people = truth(platform)["people"]
    with platform.database.reading() as session:
        of_people = set(session.scalars(select(BehaviourEvent.actor).where(BehaviourEvent.session_key.is_(None))))
        strangers = select(func.count()).where(BehaviourEvent.session_key.is_not(None))
        assert session.scalar(strangers) > LEARNERS
    assert of_people == {key for key, person in people.items() if "analytics" in person["consents"]}


def test_deeds_of_learners_name_real_lessons(platform: Platform) -> None:
    with platform.database.reading() as session:
        done = select(func.count()).where(BehaviourEvent.verb == "completed")
        wanted = select(BehaviourEvent.object_id, BehaviourEvent.product_id).where(BehaviourEvent.verb == "completed")
        rows = session.execute(wanted.distinct()).all()
        products = {row.product_id for row in rows}
        lessons = {line.id for product_id in products for line in catalog.contents(session, SYSTEM, product_id).lessons}
        assert session.scalar(done) > 50
        assert {private_id("lesson", row.object_id) for row in rows} <= lessons


def test_quizzes_are_graded_and_notes_stand_in_their_texts(platform: Platform) -> None:
    with platform.database.reading() as session:
        notes = session.scalars(select(Note)).all()
        attempts = session.scalars(select(QuizAttempt)).all()
        answers = session.scalars(select(QuizAnswer)).all()
        quotes = [platform.vault.open(session, one.person_id, QUOTE, one.quote_sealed) for one in notes]
        pages = catalog.find_lessons(session, [one.lesson_id for one in notes])
        texts = [
            catalog.lesson_page(session, SYSTEM, product_slug=pages[one.lesson_id][0].slug,
                                lesson_slug=pages[one.lesson_id][1].slug).html
            for one in notes
        ]  # fmt: skip
    assert notes
    for one, quote, html in zip(notes, quotes, texts, strict=True):
        assert text_of(html)[one.anchor["start"] : one.anchor["end"]] == quote
    assert {(one.attempt_id, one.is_correct) for one in answers} >= {(one.id, True) for one in attempts if one.points}
    for one in attempts:
        assert one.points == sum(answer.points for answer in answers if answer.attempt_id == one.id)


def test_the_links_sign_in_once_and_are_fresh_at_each_start(platform: Platform) -> None:
    started = time.monotonic()
    first = open_demo(platform, learners=LEARNERS, say=lambda line: pytest.fail(f"wrote again: {line}"))
    second = open_demo(platform, learners=LEARNERS, say=lambda line: pytest.fail(f"wrote again: {line}"))
    assert time.monotonic() - started < 5
    assert len({first.owner, first.learner, second.owner, second.learner}) == 4
    token = first.owner.rpartition("/")[2]
    redeem = identity.RedeemLink(token, device="test")
    platform.database.write(lambda s: identity.redeem_link(s, redeem, clock=platform.clock, vault=platform.vault))
    with pytest.raises(identity.LinkDead):
        platform.database.write(lambda s: identity.redeem_link(s, redeem, clock=platform.clock, vault=platform.vault))


def test_the_second_link_leads_to_a_full_shelf(platform: Platform) -> None:
    email = truth(platform)["showcase"]
    with platform.database.reading() as session:
        person_id = identity.find_by_email(session, str(email), vault=platform.vault)
        assert person_id is not None
        viewer = identity.viewer_of(session, person_id)
        held = entitlements.accessible(session, person_id, at=NOW)
        assert viewer.language == "zh"
        assert len(learning.shelf(session, viewer, at=NOW)) >= 3
        assert len(held) >= 3


@pytest.mark.usefixtures("small_catalogue")
def test_killed_in_the_middle_it_goes_on_with_the_same_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = furnished(tmp_path / "whole")
    write_demo(whole, learners=20, tell=lambda _: None)
    broken = furnished(tmp_path / "broken")
    write = Historian.write

    def killed(self: Historian, chapter: Chapter) -> None:
        if chapter.number == 7:
            raise KeyboardInterrupt
        write(self, chapter)

    with monkeypatch.context() as patched:
        patched.setattr(Historian, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            write_demo(broken, learners=20, tell=lambda _: None)
    assert broken.database.read(chapters_written) == 7
    assert not (tmp_path / "broken" / TRUTH).exists()
    later = replace(broken, clock=ManualClock(datetime(2026, 3, 2, tzinfo=UTC)))
    write_demo(later, learners=999, tell=lambda _: None)
    assert broken.database.read(chapters_written) == CHAPTERS
    assert _told(broken) == _told(whole)
    for each in (whole, broken):
        with each.database.reading() as session:
            assert broken_promises(session, at=NOW) == []
        each.close()


def _told(platform: Platform) -> list[dict]:
    people = truth(platform)["people"]
    with platform.database.reading() as session:
        counted = select(BehaviourEvent.actor, func.count()).group_by(BehaviourEvent.actor)
        rows = dict(session.execute(counted).all())
        orders = commerce.orders(session, SYSTEM, limit=100).orders
    found = [{**person, "rows": rows.get(key, 0)} for key, person in people.items()]
    money = [{"at": str(order.placed_at), "total": order.total.minor, "state": order.state} for order in orders]
    return sorted(found, key=lambda one: one["joined_at"]) + sorted(money, key=lambda one: one["at"])


def test_a_chapter_is_never_written_twice(platform: Platform) -> None:
    chapter = chapters([], [], now=NOW)[3]
    with pytest.raises(Broken):
        Historian(platform, read_shelves(platform), {}).write(chapter)
    assert platform.database.read(chapters_written) == CHAPTERS


@pytest.mark.slow
def test_a_first_start_writes_it_in_a_process_of_its_own(tmp_path: Path) -> None:
    platform, said = open_platform(Settings(home=tmp_path / "fresh")), []
    links = open_demo(platform, learners=3, say=said.append)
    assert said[-1].startswith("The academy is furnished")
    token = links.learner.rpartition("/")[2]
    with platform.database.reading() as session:
        assert not identity.peek_link(session, token, clock=platform.clock, vault=platform.vault).is_newcomer
    platform.close()


def test_somebody_elses_academy_is_left_alone(tmp_path: Path) -> None:
    platform = furnished(tmp_path / "own")
    own = identity.SetUp({"zh": "我的"}, "Me", "me@example.org", "zh", "CNY", "UTC")
    platform.database.write(
        lambda s: identity.set_up(s, own, password_hash=None, clock=platform.clock, vault=platform.vault)
    )
    with pytest.raises(Broken):
        open_demo(platform, learners=5, say=lambda _: None)
    assert demo.TRUTH not in {path.name for path in platform.settings.home.iterdir()}
    platform.close()
