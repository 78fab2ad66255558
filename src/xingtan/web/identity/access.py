"""The studio's hand on access: give a person a product for nothing, and take back what was given so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.period import Period
from xingtan.core.viewer import Permission
from xingtan.domains.audit import api as audit
from xingtan.domains.catalog import api as catalog
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.identity.forms import Text

router = APIRouter(prefix="/studio/people/{person_id}/access")

_CHOICES = 100


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One thing that the person may use. `given_id` is set when the studio gave it, and may take it back."""

    title: str
    source: str
    since: datetime
    until: datetime | None
    given_id: str


@dataclass(frozen=True, slots=True)
class AccessPanel:
    """What the person may use, and what may be given: pairs of public id and title."""

    rows: Sequence[AccessRow]
    choices: Sequence[tuple[str, str]]


def panel(session: Session, here: Edge, person_id: UUID) -> AccessPanel:
    """Return the person's live rights, and the published products that she does not have."""
    held = [
        one
        for one in entitlements.holdings(session, here.viewer, at=here.platform.clock.now(), person_id=person_id)
        if one.is_live
    ]
    titles = catalog.find_products(session, [one.product_id for one in held])
    offered = catalog.cards(session, here.viewer, filters=catalog.CardFilters(state="published"), limit=_CHOICES)
    has = {one.product_id for one in held}
    return AccessPanel(
        rows=[
            AccessRow(
                title=titles[one.product_id].title if one.product_id in titles else "—",
                source=one.source_kind,
                since=one.starts_at,
                until=one.ends_at,
                given_id=str(one.source_id) if one.source_kind == "grant" else "",
            )
            for one in held
        ],
        choices=[
            (public_id("product", one.id), one.title)
            for one in offered.cards
            if one.kind != "bundle" and one.id not in has
        ],
    )


@router.post("")
def give_access(here: EdgeDep, person_id: str, product: Text = "") -> Response:
    """Let the person use a product, for ever and for nothing; the act is noted."""
    here.require(Permission.PEOPLE_WRITE)
    person, chosen = private_id("person", person_id), _product(product)
    clock = here.platform.clock

    def work(session: Session) -> None:
        identity.viewer_of(session, person)
        card = catalog.find_products(session, [chosen]).get(chosen)
        if card is None or card.kind == "bundle":
            raise Invalid.of("product", say("Choose one of the products on the list."))
        if entitlements.has_access(session, person, chosen, at=clock.now()):
            raise Conflict(say("This person may use that product already."))
        command = entitlements.Grant(person, (chosen,), "grant", new_id(), Period(clock.now()))
        entitlements.grant(session, command, clock=clock)
        _note(session, here, "access.given", person, chosen)

    here.write(work)
    return _back(here, person_id)


@router.post("/{given_id}/end")
def take_back(here: EdgeDep, person_id: str, given_id: UUID) -> Response:
    """Take back what the studio gave; what was bought ends by a refund only."""
    here.require(Permission.PEOPLE_WRITE)
    person, clock = private_id("person", person_id), here.platform.clock

    def work(session: Session) -> None:
        held = entitlements.holdings(session, here.viewer, at=clock.now(), person_id=person)
        given = [one for one in held if one.source_kind == "grant" and one.source_id == given_id]
        if not given:
            raise NotFound(say("There is nothing here."))
        entitlements.end(session, ("grant",), given_id, reason="taken back", clock=clock)
        _note(session, here, "access.ended", person, given[0].product_id)

    here.write(work)
    return _back(here, person_id)


def _product(public: str) -> UUID:
    try:
        return private_id("product", public)
    except NotFound:
        raise Invalid.of("product", say("Choose one of the products on the list.")) from None


def _note(session: Session, here: Edge, action: str, person_id: UUID, product_id: UUID) -> None:
    details = {"product": public_id("product", product_id)}
    act = audit.Action(action, "person", person_id, here.person_id, details)
    audit.note_action(session, act, clock=here.platform.clock)


def _back(here: Edge, person_id: str) -> Response:
    return RedirectResponse(here.url(f"/studio/people/{person_id}?saved=access"), status_code=303)
