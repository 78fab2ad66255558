"""Who may use what: given and taken back by staff; and what holding something opens to the person herself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound, say
from xingtan.core.ids import public_id
from xingtan.core.period import Period
from xingtan.core.viewer import Permission
from xingtan.domains.audit import api as audit
from xingtan.domains.catalog import api as catalog
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.domains.learning import api as learning
from xingtan.infra.db import new_id
from xingtan.infra.mail import MaildirMailer, SentLetter
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, Ask, AskDep, Needs, staff
from xingtan.web.api.fields import At, EntitlementId, EntitlementPath, In, Name, Out, PersonPath, ProductId
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, sliced
from xingtan.web.api.products import any_product
from xingtan.web.learning.live import LINK_OPENS_BEFORE
from xingtan.web.storefront.addresses import private_feed_path
from xingtan.wiring import EXPORT_PARTS

router = operations("access and mail")

_READS = staff("read:people", Permission.PEOPLE_READ)
_WRITES = staff("write:people", Permission.PEOPLE_WRITE)
# Letters hold sign-in links: a token that reads them could become anybody.
_MAIL = Needs(any_of=(Permission.MAIL_READ,), is_session_only=True)
_OVERRUN = timedelta(hours=1)
_MOST_LETTERS = 1_000


class Holding(Out):
    """A right to use a product: what gave it, from when until when, and whether it holds now."""

    id: EntitlementId
    product_id: ProductId
    source: str
    starts_at: At
    ends_at: At | None
    ended_at: At | None
    end_reason: str | None
    is_live: bool

    @classmethod
    def of(cls, holding: entitlements.Holding) -> "Holding":
        """Return the right as programs read it."""
        return cls(
            id=holding.entitlement_id, product_id=holding.product_id, source=holding.source_kind,
            starts_at=holding.starts_at, ends_at=holding.ends_at, ended_at=holding.ended_at,
            end_reason=holding.end_reason, is_live=holding.is_live,
        )  # fmt: skip


class HoldingIn(In):
    """The product to give."""

    product: ProductId


class Letter(Out):
    """A letter that went out into the mail folder."""

    id: str
    to: str
    subject: str
    sent_at: At
    text: str

    @classmethod
    def of(cls, letter: SentLetter) -> "Letter":
        """Return the letter as programs read it."""
        return cls(id=letter.id, to=letter.to, subject=letter.subject, sent_at=letter.sent_at, text=letter.text)


class LiveSession(Out):
    """A lecture that one holds. `link` is empty until half an hour before, and some time after."""

    starts_at: At
    ends_at: At
    link: str
    link_from: At
    replay_lesson: str


class Feed(Out):
    """The address of one's own feed of a podcast; whoever has it can listen, so keep it to yourself."""

    url: Annotated[str, Field(description="An RSS feed.")]


@operation(router, "GET", "/people/{person}/holdings", _READS)
def list_holdings(ask: AskDep, person: PersonPath, cursor: Cursor = None, limit: Limit = 50) -> Page[Holding]:
    """What a person may use, or could once, newest first."""

    def work(session: Session) -> tuple[entitlements.Holding, ...]:
        identity.viewer_of(session, person)
        return entitlements.holdings(session, ask.viewer, at=ask.clock.now(), person_id=person)

    return sliced(ask.read(work), cursor=cursor, limit=limit, show=Holding.of)


@operation(router, "POST", "/people/{person}/holdings", _WRITES, status=201, also=(409,))
def give_access(ask: AskDep, person: PersonPath, body: HoldingIn) -> Holding:
    """Let a person use a product, for ever and for nothing; the act is noted."""
    now = ask.clock.now()

    def work(session: Session) -> Holding:
        identity.viewer_of(session, person)
        card = catalog.find_products(session, [body.product]).get(body.product)
        if card is None or card.kind == "bundle":
            raise Invalid.of("product", say("Choose one of the products on the list."))
        if entitlements.has_access(session, person, body.product, at=now):
            raise Conflict(say("This person may use that product already."))
        command = entitlements.Grant(person, (body.product,), "grant", new_id(), Period(now))
        (given,) = entitlements.grant(session, command, clock=ask.clock)
        _note(session, ask, "access.given", person=person, product=body.product)
        return Holding.of(_held(session, ask, person, given))

    return ask.write(work)


@operation(router, "DELETE", "/people/{person}/holdings/{holding}", _WRITES, status=204, also=(409,))
def take_back_access(ask: AskDep, person: PersonPath, holding: EntitlementPath) -> None:
    """Take back what staff gave; what was bought ends by a refund only."""

    def work(session: Session) -> None:
        found = _held(session, ask, person, holding)
        if found.source_kind != "grant":
            raise Conflict(say("What was bought ends by a refund only."))
        entitlements.end(session, ("grant",), found.source_id, reason="taken back", clock=ask.clock)
        _note(session, ask, "access.ended", person=person, product=found.product_id)

    ask.write(work)


def _held(session: Session, ask: Ask, person_id: UUID, holding_id: UUID) -> entitlements.Holding:
    found = entitlements.holdings(session, ask.viewer, at=ask.clock.now(), person_id=person_id)
    held = next((one for one in found if one.entitlement_id == holding_id), None)
    if held is None:
        raise NotFound(say("There is nothing here."))
    return held


def _note(session: Session, ask: Ask, action: str, *, person: UUID, product: UUID) -> None:
    details = {"product": public_id("product", product)}
    audit.note_action(session, audit.Action(action, "person", person, ask.person_id, details), clock=ask.clock)


@operation(router, "DELETE", "/people/{person}/sessions", _WRITES, status=204)
def end_sessions_of(ask: AskDep, person: PersonPath) -> None:
    """End every session of a person, as when a device was lost; of staff, only the owner can."""

    def work(session: Session) -> None:
        if identity.viewer_of(session, person).is_staff and not ask.viewer.may(Permission.ROLES_WRITE):
            raise NotAllowed(say("Only the owner may end the sessions of staff."))
        identity.end_other_sessions(session, person, keep=None, clock=ask.clock)
        act = audit.Action("sessions.ended", "person", person, ask.person_id)
        audit.note_action(session, act, clock=ask.clock)

    ask.write(work)


@operation(router, "GET", "/mail", _MAIL, also=(404,))
def list_letters(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Letter]:
    """The newest letters in the mail folder of an academy without a mail server."""
    return sliced(_mailer(ask).letters(_MOST_LETTERS), cursor=cursor, limit=limit, show=Letter.of)


@operation(router, "GET", "/mail/{letter}", _MAIL)
def get_letter(ask: AskDep, letter: Name) -> Letter:
    """One letter in the mail folder."""
    return Letter.of(_mailer(ask).read(letter))


def _mailer(ask: Ask) -> MaildirMailer:
    mailer = ask.platform.mailer
    if not isinstance(mailer, MaildirMailer):
        raise NotFound(say("Mail leaves by a mail server; no copy is kept here."))
    return mailer


@operation(router, "GET", "/products/{product}/live", READ_MINE)
def get_live(ask: AskDep, product: Name) -> LiveSession:
    """When and where a lecture is that one holds."""
    now = ask.clock.now()

    def work(session: Session) -> LiveSession:
        card = _own(session, ask, product, kind="live")
        live = catalog.live_details(session, card.id)
        if live is None:
            raise NotFound(say("There is no date for this lecture yet."))
        ends_at, link_from = live.starts_at + timedelta(minutes=live.minutes), live.starts_at - LINK_OPENS_BEFORE
        is_open = link_from <= now < ends_at + _OVERRUN
        return LiveSession(
            starts_at=live.starts_at, ends_at=ends_at, link=live.link if is_open else "", link_from=link_from,
            replay_lesson=live.replay_lesson,
        )  # fmt: skip

    return ask.read(work)


@operation(router, "POST", "/products/{product}/feed", WRITE_MINE)
def open_feed(ask: AskDep, product: Name) -> Feed:
    """One's own feed of a podcast that one holds; asked again, it is the same."""
    return _give_feed(ask, product, learning.feed_token)


@operation(router, "POST", "/products/{product}/feed/renew", WRITE_MINE)
def renew_feed(ask: AskDep, product: Name) -> Feed:
    """A new address for one's own feed; the old one ends."""
    return _give_feed(ask, product, learning.renew_feed_token)


def _give_feed(ask: Ask, product: str, token_of: Callable[..., str]) -> Feed:
    def work(session: Session) -> Feed:
        card = _own(session, ask, product, kind="podcast")
        return _feed(ask, card, token_of(session, ask.viewer, product_id=card.id, clock=ask.clock, vault=ask.vault))

    return ask.write(work)


def _feed(ask: Ask, card: catalog.ProductCard, token: str) -> Feed:
    return Feed(url=ask.here.absolute(private_feed_path(card.slug, token)))


def _own(session: Session, ask: Ask, product: str, *, kind: str) -> catalog.ProductCard:
    """Return a product of this kind that the caller holds; `NotFound` for any other."""
    card = any_product(session, product)
    if card.kind != kind or learning.held_since(session, ask.viewer, card.id, at=ask.clock.now()) is None:
        raise NotFound(say("There is nothing here."))
    return card


@operation(router, "GET", "/me/data", READ_MINE)
def export_my_data(ask: AskDep, response: Response) -> dict[str, Any]:
    """Everything that the academy keeps of oneself, as one JSON file."""
    body: dict[str, Any] = {"exported_at": ask.clock.now().isoformat()}

    def work(session: Session) -> None:
        for part in EXPORT_PARTS:
            body.update(part(session, ask.person_id, clock=ask.clock, vault=ask.vault))

    ask.read(work)
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return body
