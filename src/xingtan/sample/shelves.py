"""The sample catalogue as it stands in the database: the world of the simulation, and the ids behind its keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.viewer import STRANGER, SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.infra.platform import Platform
from xingtan.sample.shop import CURRENCY, LAUNCHED
from xingtan.sample.world import FRUITLESS, QUERIES, Part, Season, Task, Work, World

_MOST_PRODUCTS = 100


@dataclass(frozen=True, slots=True)
class LessonIds:
    """Where a lesson is: its id, the version that learners see, and its text."""

    lesson_id: UUID
    version_id: UUID
    kind: str
    minutes: int
    html: str


@dataclass(frozen=True, slots=True)
class Shelves:
    """The world, and the ids behind it: products by key, lessons by (work, part), offers by key."""

    world: World
    products: Mapping[str, UUID]
    lessons: Mapping[tuple[str, str], LessonIds]
    offers: Mapping[str, tuple[commerce.OfferView, ...]]

    def offer_at(self, key: str, at: datetime) -> commerce.OfferView:
        """Return the offer by which the work was sold at `at`: a season's before the standing one."""
        live = [offer for offer in self.offers[key] if offer.is_live(at)]
        return max(live, key=lambda offer: (offer.ends_at is not None, offer.created_at))


def read_shelves(platform: Platform) -> Shelves:
    """Return the catalogue as the learners of the sample meet it."""
    return platform.database.read(lambda session: _read(session, platform))


def _read(session: Session, platform: Platform) -> Shelves:
    cards = catalog.cards(session, SYSTEM, limit=_MOST_PRODUCTS).cards
    cards = tuple(sorted((card for card in cards if card.state == "published"), key=lambda card: card.slug))
    offers = {
        card.slug: tuple(one for one in commerce.offers_of(session, SYSTEM, card.id) if one.price.currency == CURRENCY)
        for card in cards
    }
    works, lessons = {}, {}
    for card in cards:
        if offers[card.slug]:
            parts, found = _parts(session, card)
            works[card.slug] = _work(session, card, offers[card.slug], parts)
            lessons.update(found)
    return Shelves(
        World(works, _seasons(offers), _found(session, platform), LAUNCHED),
        {card.slug: card.id for card in cards}, lessons, offers,
    )  # fmt: skip


def _parts(session: Session, card: catalog.ProductCard) -> tuple[tuple[Part, ...], dict[tuple[str, str], LessonIds]]:
    parts, found = [], {}
    for line in catalog.contents(session, SYSTEM, card.id).lessons:
        if not line.is_published:
            continue
        page = catalog.lesson_page(session, SYSTEM, product_slug=card.slug, lesson_slug=line.slug)
        tasks = tuple(_task(question) for question in catalog.questions_of(session, page.version_id))
        minutes = max(1, line.minutes)
        parts.append(Part(line.slug, line.kind, minutes, line.is_preview, line.released_after_days, tasks))
        found[card.slug, line.slug] = LessonIds(line.id, page.version_id, line.kind, minutes, page.html)
    return tuple(parts), found


def _task(question: Mapping[str, Any]) -> Task:
    choices = tuple(choice["id"] for choice in question["choices"])
    right = tuple(choice["id"] for choice in question["choices"] if choice["is_right"])
    return Task(question["id"], choices, right or tuple(question["answers"][:1]))


def _work(
    session: Session, card: catalog.ProductCard, offers: tuple[commerce.OfferView, ...], parts: tuple[Part, ...]
) -> Work:
    standing = next(offer for offer in offers if offer.ends_at is None)
    page = catalog.product_page(session, SYSTEM, card.slug)
    return Work(
        key=card.slug, kind=card.kind, language=card.language, topics=tuple(topic.slug for topic in page.topics),
        price_minor=standing.price.minor, published_at=card.published_at or standing.starts_at, model=standing.model,
        floor_minor=standing.floor.minor if standing.floor else 0, parts=parts,
        contains=tuple(each.slug for each in page.contains), requires=tuple(each.slug for each in page.requirements),
    )  # fmt: skip


def _seasons(offers: Mapping[str, tuple[commerce.OfferView, ...]]) -> tuple[Season, ...]:
    return tuple(
        Season(frozenset({key}), offer.price.minor / standing.price.minor, offer.starts_at, offer.ends_at)
        for key, all_of_it in offers.items()
        for standing in [next((one for one in all_of_it if one.ends_at is None), None)]
        for offer in all_of_it
        if offer.ends_at is not None and standing is not None
    )


def _found(session: Session, platform: Platform) -> dict[str, int]:
    """Return how many results each query of the sample really has, for a stranger."""
    queries = {query for both in (*QUERIES.values(), FRUITLESS) for each in both for query in each}
    return {
        query: catalog.search(session, STRANGER, query, index=platform.search, limit=1).total
        for query in sorted(queries)
    }
