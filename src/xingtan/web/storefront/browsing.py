"""The catalogue's list: the reader's language first, then the others, page after page.

A cursor of this list is ``language.cursor``: in which language the list is, and the catalogue's own cursor in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import STRANGER
from xingtan.domains.catalog import api as catalog
from xingtan.web.language import LANGUAGES, Language, as_language, others
from xingtan.web.storefront.cards import Card, Visit, make_cards, prices_of

PAGE = 24
_MOST_READS = 12  # of PAGE products each, when a price filter leaves few

SORTS = ("position", "newest", "title", "shortest")
PRICES = ("free", "paid")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader has chosen of the catalogue; empty: everything."""

    kind: str = ""
    topic: str = ""
    language: str = ""
    difficulty: str = ""
    price: str = ""
    sort: str = ""
    after: str = ""

    def cleaned(self) -> "Choice":
        """Return the choice without words that the catalogue does not know."""
        return replace(
            self,
            kind=_known(self.kind, catalog.PRODUCT_KINDS),
            language=_known(self.language, LANGUAGES),
            difficulty=_known(self.difficulty, catalog.DIFFICULTIES),
            price=_known(self.price, PRICES),
            sort=_known(self.sort, SORTS),
        )

    def filters(self) -> dict[str, str]:
        """Return what is chosen, without the place in the list."""
        names = ("kind", "topic", "language", "difficulty", "price", "sort")
        return {name: value for name in names if (value := getattr(self, name))}


def _known(word: str, words: tuple[str, ...]) -> str:
    return word if word in words else ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list: cards in the reader's language, cards in others, and where it goes on (empty: the end).

    `total` is how many there are in all; None when a price was chosen, which only the page itself can tell.
    """

    own: tuple[Card, ...]
    foreign: tuple[Card, ...]
    total: int | None
    after: str


def browse(session: Session, visit: Visit, choice: Choice) -> Listing:
    """Return the page of the catalogue at `choice.after`; `Invalid` for an address that is not one of ours."""
    found: list[catalog.ProductCard] = []
    total, after = 0, ""
    for read, (page, following) in enumerate(_pages(session, visit, choice), 1):
        found += _affordable(session, visit, page.cards, price=choice.price)
        total += page.total if page.is_first_of_language else 0
        after = following
        if len(found) >= PAGE or read >= _MOST_READS:
            break
    cards = make_cards(session, visit, found)
    return Listing(
        own=tuple(card for card in cards if not card.is_foreign),
        foreign=tuple(card for card in cards if card.is_foreign),
        total=None if choice.price or choice.after or after else total,
        after=after,
    )


def _affordable(
    session: Session, visit: Visit, products: Sequence[catalog.ProductCard], *, price: str
) -> list[catalog.ProductCard]:
    """Return the products with the price that is asked for: free, paid, or any; one query unless any."""
    if not price:
        return list(products)
    prices = prices_of(session, visit, [one.id for one in products])
    return [one for one in products if (prices[one.id].model == "free") == (price == "free")]


@dataclass(frozen=True, slots=True)
class _Read:
    cards: tuple[catalog.ProductCard, ...]
    total: int
    is_first_of_language: bool


def _pages(session: Session, visit: Visit, choice: Choice) -> Iterator[tuple[_Read, str]]:
    """Yield the catalogue's pages from `choice.after` on, each with the cursor behind it."""
    chosen = as_language(choice.language)
    languages = [chosen] if chosen else [visit.language, *others(visit.language)]
    word, _, cursor = choice.after.partition(".")
    language = as_language(word)
    if choice.after and language not in languages:
        raise Invalid.of("after", say("This page address is not one of ours."))
    start = languages.index(language) if language else 0
    for place in range(start, len(languages)):
        after: str | None = (cursor or None) if place == start else None
        is_first = after is None
        while True:
            page = catalog.cards(
                session,
                STRANGER,
                filters=_filters(choice, languages[place]),
                sort=choice.sort or "position",
                after=after,
                limit=PAGE,
            )
            after = page.next_cursor
            yield _Read(page.cards, page.total, is_first), _following(languages, place, after)
            is_first = False
            if after is None:
                break


def _filters(choice: Choice, language: Language) -> catalog.CardFilters:
    return catalog.CardFilters(
        kind=choice.kind or None,
        topic=choice.topic or None,
        language=language,
        difficulty=choice.difficulty or None,
    )


def _following(languages: list[Language], place: int, cursor: str | None) -> str:
    if cursor is not None:
        return f"{languages[place]}.{cursor}"
    return f"{languages[place + 1]}." if place + 1 < len(languages) else ""
