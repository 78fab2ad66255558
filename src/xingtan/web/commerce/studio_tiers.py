"""Tiers and their plans in the studio, and the academy's numbers of days."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.money import CURRENCIES, parse_money
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.subscription_pages import Errors, StudioTierPage, StudioTiersPage
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
_LANGUAGES = ("zh", "en")
_KINDS = tuple(kind for kind in catalog.PRODUCT_KINDS if kind != "bundle")
_HUNDREDTHS = 100


@router.get("/studio/tiers")
def tiers(here: EdgeDep) -> Response:
    """Every tier, and when letters are written."""
    here.require(Permission.CATALOG_READ)
    return render(here, _list(here))


@router.post("/studio/tiers/rules")
def save_rules(
    here: EdgeDep, *, dunning_days: Text = "", ask_days: Text = "", remind_days: Text = "",
    trial_remind_days: Text = "", pause_days_at_most: Text = "", save_percent: Text = "", save_periods: Text = "",
) -> Response:  # fmt: skip
    """Keep the numbers of days, and what is offered to somebody who leaves."""
    here.require(Permission.SETTINGS_WRITE)
    values = {
        "dunning_days": dunning_days, "ask_days": ask_days, "remind_days": remind_days,
        "trial_remind_days": trial_remind_days, "pause_days_at_most": pause_days_at_most,
        "save_percent": save_percent, "save_periods": save_periods,
    }  # fmt: skip
    try:
        command = _rules(values)
        clock = here.platform.clock
        here.write(lambda session: subscribing.save_subscription_rules(session, here.viewer, command, clock=clock))
    except Invalid as error:
        page = _list(here, values=values, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url("/studio/tiers"), status_code=303)


@router.get("/studio/tiers/new")
def new(here: EdgeDep) -> Response:
    """A form for a new tier."""
    here.require(Permission.CATALOG_WRITE)
    return render(here, _page(here, None))


@router.get("/studio/tiers/{slug}")
def one(here: EdgeDep, slug: str) -> Response:
    """A tier with its plans."""
    here.require(Permission.CATALOG_READ)
    return render(here, _page(here, slug))


@router.post("/studio/tiers/new")
async def create(here: EdgeDep, request: Request) -> Response:
    """Make a tier."""
    return await _save(here, request, None)


@router.post("/studio/tiers/{slug}")
async def save(here: EdgeDep, request: Request, slug: str) -> Response:
    """Change a tier: what it opens anew is open to its members at once."""
    return await _save(here, request, slug)


@router.post("/studio/tiers/{slug}/retire")
def retire(here: EdgeDep, slug: str) -> Response:
    """Take a tier off sale; members go on."""
    here.require(Permission.CATALOG_WRITE)
    found = here.read(lambda session: subscribing.tier_by_slug(session, slug))
    here.write(lambda session: subscribing.retire_tier(session, here.viewer, found.id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/tiers"), status_code=303)


@router.post("/studio/tiers/{slug}/plans")
def make_plan(
    here: EdgeDep, slug: str, *, currency: Text = "", price: Text = "", interval: Text = "", trial: Text = "",
    card: Text = "none", intro_price: Text = "", intro_periods: Text = "",
) -> Response:  # fmt: skip
    """A new plan of the tier; it takes the place of the one with the same interval."""
    here.require(Permission.CATALOG_WRITE)
    values = {
        "currency": currency, "price": price, "interval": interval, "trial": trial, "card": card,
        "intro_price": intro_price, "intro_periods": intro_periods,
    }  # fmt: skip
    found = here.read(lambda session: subscribing.tier_by_slug(session, slug))
    try:
        command = _plan(found.id, values)
        here.write(lambda session: commerce.make_offer(session, here.viewer, command, clock=here.platform.clock))
    except (Invalid, Conflict) as error:
        page = _page(here, slug, values=values, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/tiers/{slug}"), status_code=303)


@router.post("/studio/tiers/{slug}/plans/{offer}/retire")
def retire_plan(here: EdgeDep, slug: str, offer: str) -> Response:
    """Take a plan off sale; who pays by it goes on."""
    here.require(Permission.CATALOG_WRITE)
    offer_id = private_id("offer", offer)
    here.write(lambda session: commerce.retire_offer(session, here.viewer, offer_id, clock=here.platform.clock))
    return RedirectResponse(here.url(f"/studio/tiers/{slug}"), status_code=303)


async def _save(here: Edge, request: Request, slug: str | None) -> Response:
    here.require(Permission.CATALOG_WRITE)
    form = await request.form()
    values = {name: str(value) for name, value in form.items()}
    picked = [str(one) for one in form.getlist("opens")]
    found = here.read(lambda session: subscribing.tier_by_slug(session, slug)) if slug else None
    try:
        command = _tier(values, picked, here=here, tier_id=found.id if found else None)
        saved = here.write(
            lambda session: subscribing.save_tier(session, here.viewer, command, clock=here.platform.clock)
        )
    except Invalid as error:
        page = _page(here, slug, values=values | {"opens": ",".join(picked)}, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    return RedirectResponse(here.url(f"/studio/tiers/{saved.slug}"), status_code=303)


def _tier(
    values: Mapping[str, str], picked: Sequence[str], *, here: Edge, tier_id: UUID | None
) -> subscribing.SaveTier:
    faults: dict[str, Sentence] = {}
    discount, position = _percent(values, "discount", faults), _number(values, "position", faults)
    rules = [*(_rule(word) for word in picked), *_products(here, values.get("products", ""), faults)]
    if faults:
        raise Invalid(faults)
    return subscribing.SaveTier(
        values.get("slug", "").strip(), {one: values.get(f"name_{one}", "") for one in _LANGUAGES}, rules,
        {one: values.get(f"summary_{one}", "") for one in _LANGUAGES}, _perks(values.get("perks", "")),
        discount or 0, position or 0, tier_id,
    )  # fmt: skip


def _rule(word: str) -> subscribing.RuleView:
    """Return the rule that a box says: ``everything``, ``kind:column``, ``topic:tea``."""
    kind, _, rest = word.partition(":")
    return subscribing.RuleView(kind, rest or None)


def _products(here: Edge, text: str, faults: dict[str, Sentence]) -> list[subscribing.RuleView]:
    found = []
    for slug in dict.fromkeys(text.split()):
        try:
            product = here.read(partial(catalog.product_by_slug, slug=slug))
        except NotFound:
            faults["products"] = say("There is no product at “%(slug)s”.", slug=slug)
            continue
        found.append(subscribing.RuleView("product", product_id=product.id))
    return found


def _perks(text: str) -> list[subscribing.PerkView]:
    """Return the perks that are written one a line: ``forum | 会员论坛 | The members' forum``."""
    found = []
    for line in text.splitlines():
        code, *labels = (part.strip() for part in line.split("|"))
        if code:
            found.append(subscribing.PerkView(code, dict(zip(_LANGUAGES, labels, strict=False))))
    return found


def _plan(tier_id: UUID, values: Mapping[str, str]) -> commerce.MakeOffer:
    currency = values["currency"]
    if currency not in CURRENCIES:
        raise Invalid.of("currency", say("This currency is not known here."))
    price = parse_money(values["price"], currency, field="price")
    terms: dict[str, object] = {"interval": values["interval"].strip()}
    if values["trial"].strip():
        terms |= {"trial": values["trial"].strip(), "card": values["card"]}
    if values["intro_price"].strip():
        first = parse_money(values["intro_price"], currency, field="intro_price")
        faults: dict[str, Sentence] = {}
        periods = _number(values, "intro_periods", faults)
        if faults:
            raise Invalid(faults)
        terms["intro"] = {"minor": first.minor, "periods": periods}
    subscribing.plan_of("subscription", price, terms)
    return commerce.MakeOffer(None, "subscription", price, terms=terms, tier_id=tier_id)


def _rules(values: Mapping[str, str]) -> subscribing.SaveSubscriptionRules:
    faults: dict[str, Sentence] = {}
    days = tuple(_number({"dunning_days": one}, "dunning_days", faults) for one in values["dunning_days"].split())
    numbers = {
        name: _number(values, name, faults)
        for name in ("ask_days", "remind_days", "trial_remind_days", "pause_days_at_most", "save_periods")
    }
    bp = _percent(values, "save_percent", faults)
    if faults:
        raise Invalid(faults)
    return subscribing.SaveSubscriptionRules(days, save_bp=bp, **numbers)


def _number(values: Mapping[str, str], name: str, faults: dict[str, Sentence]) -> int:
    text = values.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004 - digits
        faults[name] = say("A whole number, please.")
        return 0
    return int(text)


def _percent(values: Mapping[str, str], name: str, faults: dict[str, Sentence]) -> int:
    """Return basis points of a percentage such as ``15`` or ``12.5``."""
    whole, _, fraction = (values.get(name, "").strip() or "0").partition(".")
    text = whole + fraction
    if not (text.isascii() and text.isdigit() and len(whole) <= 3 and len(fraction) <= 2):  # noqa: PLR2004 - digits
        faults[name] = say("A percentage, please, such as 15 or 12.5.")
        return 0
    return int(whole or 0) * _HUNDREDTHS + int(fraction.ljust(2, "0"))


def _list(here: Edge, *, values: Mapping[str, str] | None = None, errors: Errors | None = None) -> StudioTiersPage:
    with here.platform.database.reading() as session:
        found = subscribing.tiers(session, with_retired=True)
        policy, save_offer = subscribing.policy_of(session), subscribing.save_offer_of(session)
    standing = {
        "dunning_days": " ".join(map(str, policy.dunning_days)), "ask_days": str(policy.ask_days),
        "remind_days": str(policy.remind_days), "trial_remind_days": str(policy.trial_remind_days),
        "pause_days_at_most": str(policy.pause_days_at_most),
        "save_percent": f"{save_offer.discount_bp / _HUNDREDTHS:g}" if save_offer else "0",
        "save_periods": str(save_offer.periods if save_offer else 0),
    }  # fmt: skip
    return StudioTiersPage(found, policy, save_offer, values or standing, errors or {})


def _page(
    here: Edge, slug: str | None, *, values: Mapping[str, str] | None = None, errors: Errors | None = None
) -> StudioTierPage:
    with here.platform.database.reading() as session:
        tier = subscribing.tier_by_slug(session, slug) if slug else None
        plans = subscribing.plans_of_tier(session, tier.id) if tier else ()
        opened = len(subscribing.opened(session, tier.id)) if tier else 0
        topics = catalog.topics(session, here.viewer)
        products = _slugs(here, tier) if tier else ""
    standing = _standing(tier, products) if tier else {"currency": ""}
    currency = here.request.app.state.academy.view(here.language).currency
    ids = {one.offer.id: public_id("offer", one.offer.id) for one in plans}
    return StudioTierPage(
        tier, plans, ids, topics, _KINDS, opened, tuple(CURRENCIES),
        {"currency": currency, "interval": "P1M", "card": "none"} | standing | dict(values or {}), errors or {},
    )  # fmt: skip


def _slugs(here: Edge, tier: subscribing.TierView) -> str:
    ids = [rule.product_id for rule in tier.rules if rule.product_id is not None]
    found = here.read(lambda session: catalog.find_products(session, ids))
    return "\n".join(sorted(one.slug for one in found.values()))


def _standing(tier: subscribing.TierView, products: str) -> dict[str, str]:
    opens = [rule.kind if rule.word is None else f"{rule.kind}:{rule.word}" for rule in tier.rules]
    found = {f"name_{one}": tier.names.get(one, "") for one in _LANGUAGES}
    found |= {f"summary_{one}": tier.summaries.get(one, "") for one in _LANGUAGES}
    perks = (" | ".join([one.code, *(one.labels.get(it, "") for it in _LANGUAGES)]) for one in tier.perks)
    return found | {
        "slug": tier.slug, "position": str(tier.position), "discount": f"{tier.discount_bp / _HUNDREDTHS:g}",
        "opens": ",".join(opens), "products": products, "perks": "\n".join(perks),
    }  # fmt: skip
