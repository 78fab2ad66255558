"""What commerce asks the catalogue: titles, what is for sale, what a bundle holds. The one place that asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.domains.catalog import api as catalog


@dataclass(frozen=True, slots=True)
class Goods:
    """A product as something to sell. `parts` are the products in a bundle, empty for anything else."""

    product_id: UUID
    slug: str
    title: str
    kind: str
    is_for_sale: bool
    was_published: bool
    parts: tuple["Goods", ...] = ()

    @property
    def gives(self) -> tuple[UUID, ...]:
        """Return the products that a buyer learns with: a bundle's parts, or the product itself."""
        return tuple(part.product_id for part in self.parts) or (self.product_id,)


def goods(session: Session, product_id: UUID) -> Goods:
    """Return one product with what it holds; `NotFound` when there is none."""
    card = catalog.find_products(session, [product_id]).get(product_id)
    if card is None:
        raise NotFound(say("There is nothing here."))
    parts = catalog.bundle_contents(session, product_id) if card.kind == "bundle" else ()
    return _goods(card, tuple(_goods(part) for part in parts))


def part_ids(session: Session, product_ids: Iterable[UUID]) -> tuple[UUID, ...]:
    """Return the products that the bundles among `product_ids` hold, now, without doubles."""
    found: dict[UUID, None] = {}
    for card in catalog.find_products(session, product_ids).values():
        if card.kind == "bundle":
            found |= {part.id: None for part in catalog.bundle_contents(session, card.id)}
    return tuple(found)


def _goods(card: catalog.ProductCard, parts: tuple[Goods, ...] = ()) -> Goods:
    return Goods(
        card.id,
        card.slug,
        card.title,
        card.kind,
        card.state == "published",
        card.state not in {"draft", "scheduled"},
        parts,
    )
