"""The sample academy before its first learner: the owner, the catalogue from its folders, prices and seasons.

Each step leaves alone what is there already, so that a start that was killed is mended by the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy.orm import Session

from xingtan.core.clock import ManualClock
from xingtan.core.money import Money, parse_money, zero
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.infra.outbox import fan_out, tell_nobody
from xingtan.infra.platform import Platform
from xingtan.sample.world import seasonal

FOLDER = Path(__file__).parent / "catalogue"
OWNER_EMAIL = "lin.xing@example.org"
CURRENCY, ZONE = "CNY", "Asia/Shanghai"
OPENED_DAYS_AGO = 420
LAUNCHED = "gailv-de-zhijue"
"""The course whose launch lifts arrivals and visits; it came out within the history."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A season: for how long which kinds (or the one work named) cost `factor` of their price."""

    days_ago: tuple[int, int]
    factor: float
    kinds: frozenset[str] = frozenset()
    work: str = ""


SALES = (
    Sale((150, 143), 0.80, kinds=frozenset({"course", "ebook"})),
    Sale((75, 61), 0.75, work=LAUNCHED),
    Sale((30, 20), 0.85, kinds=frozenset({"course", "column", "podcast", "ebook"})),
)
"""The prices with an end in the history: what makes the elasticity of demand visible."""


def open_shop(platform: Platform, *, now: datetime, tell: Callable[[str], None]) -> None:
    """Set the academy up, bring the catalogue in, price it, and make it searchable."""
    about = yaml.safe_load((FOLDER / "academy.yaml").read_text(encoding="utf-8"))
    platform.database.write(lambda session: _set_up(session, platform, about, now=now))
    report = _bring_in(platform, now=now, tell=tell)
    platform.database.write(lambda session: _price(session, report.products, now=now))
    platform.database.write(lambda session: _index(session, platform, report.products, now=now))


def _set_up(session: Session, platform: Platform, about: Mapping[str, Any], *, now: datetime) -> None:
    tell_nobody(session)
    if identity.academy(session) is not None:
        return
    clock = ManualClock(now - timedelta(days=OPENED_DAYS_AGO))
    first = identity.SetUp(about["name"], about["owner"]["name"], OWNER_EMAIL, "zh", CURRENCY, ZONE)
    owner = identity.set_up(session, first, password_hash=None, clock=clock, vault=platform.vault)
    told = identity.SaveAcademy(
        about["name"], about["tagline"], about["about"], "zh", CURRENCY, ZONE, contact=OWNER_EMAIL
    )  # fmt: skip
    identity.save_academy(session, told, viewer=identity.viewer_of(session, owner.id), clock=clock)


def _bring_in(platform: Platform, *, now: datetime, tell: Callable[[str], None]) -> catalog.ImportReport:
    tree = catalog.open_source(FOLDER)
    plan = catalog.plan_import(tree, catalog.ImportOptions(name="sample"), format="xingtan")
    whole = replace(plan, products=tuple(replace(product, is_published=True) for product in plan.products))
    report = catalog.apply_plan(
        replace(platform, clock=ManualClock(now)), whole, tree=tree, viewer=SYSTEM,
        limit_bytes=platform.settings.upload_limit_mb * 10**6,
    )  # fmt: skip
    for problem in report.problems:
        tell(f"  not read: {problem.path}: {problem.reason}")
    return report


def _price(session: Session, products: list[catalog.AppliedProduct], *, now: datetime) -> None:
    tell_nobody(session)
    cards = catalog.find_products(session, [product.product_id for product in products])
    for product in products:
        if product.price is None or commerce.offers_of(session, SYSTEM, product.product_id):
            continue
        card = cards[product.product_id]
        published_at = card.published_at or now
        for offer in _offers(product.product_id, product.price, published_at=published_at):
            commerce.make_offer(session, SYSTEM, offer, clock=ManualClock(published_at))
        for sale in seasonal_offers(card, product.price, now=now):
            commerce.make_offer(session, SYSTEM, sale, clock=ManualClock(sale.starts_at or now))


def _offers(product_id: UUID, price: Mapping[str, Any], *, published_at: datetime) -> list[commerce.MakeOffer]:
    model = price["model"]
    if model == "free":
        return [commerce.MakeOffer(product_id, "free", zero(CURRENCY), starts_at=published_at)]
    floors = price.get("floor", {})
    return [
        commerce.MakeOffer(
            product_id, model, parse_money(str(amount), currency), starts_at=published_at,
            floor=_floor(floors, currency) if model == "pay_what_you_want" else None,
        )
        for currency, amount in price["amounts"].items()
    ]  # fmt: skip


def _floor(floors: Mapping[str, Any], currency: str) -> Money:
    return parse_money(str(floors.get(currency, 0)), currency)


def seasonal_offers(card: catalog.ProductCard, price: Mapping[str, Any], *, now: datetime) -> list[commerce.MakeOffer]:
    """Return the offers with an end that the product had."""
    if price["model"] != "once":
        return []
    usual = parse_money(str(price["amounts"][CURRENCY]), CURRENCY)
    return [
        commerce.MakeOffer(
            card.id, "once", Money(seasonal(usual.minor, sale.factor), CURRENCY),
            starts_at=now - timedelta(days=sale.days_ago[0]), ends_at=now - timedelta(days=sale.days_ago[1]),
        )
        for sale in SALES
        if card.kind in sale.kinds or card.slug == sale.work
    ]  # fmt: skip


def _index(session: Session, platform: Platform, products: list[catalog.AppliedProduct], *, now: datetime) -> None:
    """Make everything findable here and now, so that the news of the import has been acted upon."""
    for product in products:
        if product.is_new or product.added or product.changed:
            catalog.index_product(session, product.product_id, index=platform.search)
    while fan_out(session, {}, at=now):
        session.flush()
