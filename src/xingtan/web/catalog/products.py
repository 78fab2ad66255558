"""Products: the list, a new one, and the page on which one is described."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Refused, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog import product_form
from xingtan.web.catalog.forms import Errors, Typed, errors_of, ids, room, text, upload, zone_of
from xingtan.web.catalog.pages import NewProductPage, ProductPage, ProductRow, ProductsPage
from xingtan.web.catalog.product_form import ProductForm
from xingtan.web.catalog.uploads import cover_path, keep_as, placed, rendered
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.storefront.cards import Visit, prices_of

router = room()

STATES = ("draft", "scheduled", "published", "retired")
_AT_ONCE, _LOOKED_THROUGH, _CHOICES = 24, 2000, 100
_CLASH = say(
    "Somebody else saved this while you were writing. Save once more to put your words on top; theirs stay among the"
    " versions."
)
_FIRST = ("kind", "language", "title", "starts_at", "live_minutes", "consulting_minutes")
_SAID = frozenset({"saved", "made", "published", "scheduled", "unscheduled", "retired", "restored"})


class Clash(Conflict):
    """Somebody else saved a newer version than the one that was on the screen."""


@router.get("/products")
def products(
    here: EdgeDep, *, state: str = "", kind: str = "", language: str = "", q: str = "", after: str = ""
) -> Response:
    """List products of every state, those changed last first."""
    here.require(Permission.CATALOG_READ)
    shown = {
        "state": state if state in STATES else "",
        "kind": kind if kind in catalog.PRODUCT_KINDS else "",
        "language": language if language in catalog.LANGUAGES else "",
        "q": q.strip()[:200],
    }
    with here.platform.database.reading() as session:
        found = _found(here, session, shown, after=after or None)
        prices = prices_of(session, Visit.of(here), [one.id for one in found.cards])
    rows = [ProductRow(one, one.id.hex, cover_path(one.cover_asset_id), prices[one.id]) for one in found.cards]
    page = ProductsPage(
        rows,
        found.total,
        shown,
        STATES,
        catalog.PRODUCT_KINDS,
        found.next_cursor,
        here.viewer.may(Permission.CATALOG_WRITE),
    )
    return render(here, page)


def _found(here: Edge, session: Session, shown: Mapping[str, str], *, after: str | None) -> catalog.CardPage:
    """Return a page of products; those whose words hold what is looked for are shown all at once."""
    filters = catalog.CardFilters(
        state=shown["state"] or None, kind=shown["kind"] or None, language=shown["language"] or None
    )
    if not shown["q"]:
        return catalog.cards(session, here.viewer, filters=filters, sort="changed", after=after, limit=_AT_ONCE)
    hits: list[catalog.ProductCard] = []
    cursor: str | None = None
    for _ in range(_LOOKED_THROUGH // 100):
        page = catalog.cards(session, here.viewer, filters=filters, sort="changed", after=cursor, limit=100)
        hits.extend(_matching(page.cards, shown["q"]))
        cursor = page.next_cursor
        if cursor is None:
            break
    return catalog.CardPage(tuple(hits), len(hits), None)


def _matching(found: Iterable[catalog.ProductCard], query: str) -> Iterable[catalog.ProductCard]:
    words = query.casefold().split()
    for one in found:
        told = f"{one.title} {one.subtitle} {one.summary} {one.author} {one.slug}".casefold()
        if all(word in told for word in words):
            yield one


@router.get("/products/new")
def new(here: EdgeDep, kind: str = "course") -> Response:
    """Ask for the three things that a product begins with."""
    here.require(Permission.CATALOG_WRITE)
    first = {
        "kind": kind if kind in catalog.PRODUCT_KINDS else "course", "language": here.language, "live_minutes": "90",
        "consulting_minutes": "60",
    }  # fmt: skip
    return render(here, NewProductPage(catalog.PRODUCT_KINDS, dict.fromkeys(_FIRST, "") | first))


@router.post("/products/new")
def create(here: EdgeDep, typed: Typed) -> Response:
    """Make a draft and open it."""
    here.require(Permission.CATALOG_WRITE)
    values = {name: text(typed, name) for name in _FIRST}
    try:
        content = product_form.first_content(values, zone=zone_of(here))
        command = catalog.CreateProduct(values["kind"], values["language"], content, slug=_own_slug(content.title))
        made = here.write(
            lambda session: catalog.create_product(session, command, viewer=here.viewer, clock=here.platform.clock)
        )
    except Invalid as error:
        page = NewProductPage(catalog.PRODUCT_KINDS, values, errors_of(here, error))
        return render(here, page, status=422)
    return RedirectResponse(here.url(f"/studio/products/{made.slug}?said=made"), status_code=303)


def _own_slug(title: str) -> str:
    """Return the address for a title whose own address the studio needs; empty for every other one."""
    return "a-new-one" if catalog.slug_of(title) == "new" else ""


@router.get("/products/{slug}")
def product(here: EdgeDep, slug: str, said: str = "") -> Response:
    """Show everything about one product."""
    here.require(Permission.CATALOG_READ)
    return show(here, slug, said=said if said in _SAID else "")


@router.post("/products/{slug}")
def save(here: EdgeDep, slug: str, typed: Typed) -> Response:
    """Save what is said about a product; what was typed comes back when it cannot be saved."""
    here.require(Permission.CATALOG_WRITE)
    form, act = product_form.from_form(typed), text(typed, "act")
    before = here.read(lambda session: catalog.product_draft(session, here.viewer, slug))
    try:
        picture = upload(typed, "cover")
        if picture is not None:
            form = replace(
                form, cover=public_id("asset", keep_as(here, picture, "cover", product_id=before.card.id).id)
            )
        if act == "preview":
            return show(here, slug, form=form)
        content = product_form.to_content(form, kind=before.card.kind, zone=zone_of(here))
        saved = here.write(lambda session: _save(here, session, before=before, form=form, content=content))
    except (Invalid, Conflict, catalog.TooLarge) as error:
        return show(
            here, slug, form=form, errors=errors_of(here, error), status=status_of(error),
            has_clashed=isinstance(error, Clash),
        )  # fmt: skip
    return RedirectResponse(here.url(f"/studio/products/{saved.slug}?said=saved"), status_code=303)


def _save(
    here: Edge, session: Session, *, before: catalog.ProductDraft, form: ProductForm, content: catalog.ProductContent
) -> catalog.ProductCard:
    clock, kind = here.platform.clock, before.card.kind
    command = catalog.SaveProduct(
        before.card.id,
        content,
        slug=form.typed["slug"].strip() or before.card.slug,
        topics=product_form.topic_words(form),
        requires=ids("product", form.requires),
        contains=ids("product", form.contains) if kind == "bundle" else None,
        work_key=_work_key(here, session, before=before.card, edition=form.typed["edition"]),
    )
    saved = catalog.save_product(session, command, viewer=here.viewer, clock=clock)
    newest = catalog.product_draft(session, here.viewer, saved.slug)
    if form.version and newest.number > form.version + 1:
        raise Clash(_CLASH)
    return saved


def _work_key(here: Edge, session: Session, *, before: catalog.ProductCard, edition: str) -> str | None:
    """Return the key that a product shares with its edition in another language, given to both.

    Empty: they are parted. None: there was no edition to choose, so the key stays as an import may have left it.
    """
    card = before
    if not edition:
        return "" if len(catalog.editions(session, here.viewer, card.work_key)) > 1 else None
    other = catalog.find_products(session, [private_id("product", edition)]).get(private_id("product", edition))
    if other is None or other.id == card.id or other.language == card.language:
        raise Invalid.of("edition", say("Choose a product in another language."))
    if other.work_key:
        return other.work_key
    key = card.work_key or other.slug
    content = catalog.product_draft(session, here.viewer, other.slug).content
    command = catalog.SaveProduct(other.id, content, work_key=key)
    catalog.save_product(session, command, viewer=here.viewer, clock=here.platform.clock)
    return key


def show(
    here: Edge,
    slug: str,
    *,
    form: ProductForm | None = None,
    errors: Errors | None = None,
    status: int = 200,
    said: str = "",
    publish_at: str = "",
    new_lesson: Mapping[str, str] | None = None,
    has_clashed: bool = False,
) -> Response:
    """Return the page of a product: as it was saved, or with what was typed and what is wrong with it.

    After a clash with somebody else's version the form stands on that version, so that saving again wins.
    """
    zone, platform = zone_of(here), here.platform
    with platform.database.reading() as session:
        draft = catalog.product_draft(session, here.viewer, slug)
        every = catalog.cards(session, here.viewer, sort="changed", limit=_CHOICES).cards
        same = catalog.editions(session, here.viewer, draft.card.work_key)
        filled = form or product_form.from_draft(draft, editions=same, zone=zone)
        chosen = catalog.find_products(session, ids("product", (*filled.requires, *filled.contains)))
        topics = catalog.topics(session, here.viewer)
        price = prices_of(session, Visit.of(here), [draft.card.id])[draft.card.id]
        preview = _preview(here, session, draft, form)
    if has_clashed:
        filled = replace(filled, typed={**filled.typed, "version": str(draft.number)})
    page = ProductPage(
        draft=draft,
        key=draft.card.id.hex,
        form=filled,
        cover_src=cover_path(filled.cover_id),
        price=price,
        lesson_kinds=catalog.LESSON_KINDS,
        topics=topics,
        others=_others(draft.card, (*chosen.values(), *every)),
        editions=[pair for pair in _others(draft.card, (*same, *every)) if pair[1].language != draft.card.language],
        zone=zone.key,
        upload_limit_mb=platform.settings.upload_limit_mb,
        may_write=here.viewer.may(Permission.CATALOG_WRITE),
        said=said,
        preview=preview,
        is_previewing=form is not None and not errors,
        publish_at=publish_at,
        new_lesson=new_lesson or {},
        errors=errors or {},
    )
    return render(here, page, status=status)


def _preview(here: Edge, session: Session, draft: catalog.ProductDraft, form: ProductForm | None) -> str:
    """Return the description as readers see it: as it was typed, or as it was saved."""
    if form is None:
        return placed(here, draft.content.description_html, product_slug=draft.card.slug)
    try:
        return rendered(here, session, form.typed["description_md"], product=draft.card)
    except Refused:
        return ""


def _others(
    card: catalog.ProductCard, found: Iterable[catalog.ProductCard]
) -> Sequence[tuple[str, catalog.ProductCard]]:
    """Return what can be chosen beside `card`, each once, with its public id."""
    once = {one.id: one for one in found if one.id != card.id}
    return [(public_id("product", one.id), one) for one in once.values()]
