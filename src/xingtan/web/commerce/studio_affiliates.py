"""Affiliates in the studio: who takes part, the terms, the rules of commission, payouts."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, NotFound, Sentence, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.domains.identity import api as identity
from xingtan.web.commerce.affiliate_pages import PayoutsPage, StudioAffiliatePage, StudioAffiliatesPage, TermsPage
from xingtan.web.commerce.affiliates import table
from xingtan.web.commerce.pages import Errors
from xingtan.web.commerce.promotion_forms import Faults, listed_products, product, share_bp, titles_of, whole
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
VERBS: Mapping[str, tuple[str, ...]] = {
    "applied": ("approved", "declined"), "declined": ("approved",), "active": ("paused", "ended"),
    "paused": ("resumed", "ended"),
}  # fmt: skip
"""What can be decided about an affiliate in each state: the events of the table."""


@router.get("/studio/affiliates")
def everybody(here: EdgeDep) -> Response:
    """Everybody who takes part, those who wait for a word first."""
    here.require(Permission.NUMBERS_READ)
    with here.reading() as session:
        found = affiliates.affiliates(session, here.viewer, at=here.platform.clock.now())
        names = identity.names_of(session, (one.person_id for one in found), vault=here.platform.vault)
    ids = {one.id: public_id("affiliate", one.id) for one in found}
    return render(here, StudioAffiliatesPage(found, ids, names, VERBS))


@router.get("/studio/affiliates/terms")
def terms(here: EdgeDep) -> Response:
    """The terms of the program, the rules of commission, the terms of invitations."""
    here.require(Permission.NUMBERS_READ)
    return render(here, _terms(here))


@router.get("/studio/affiliates/payouts")
def payouts(here: EdgeDep) -> Response:
    """What was and will be paid out."""
    here.require(Permission.NUMBERS_READ)
    return render(here, _payouts(here))


@router.get("/studio/affiliates/payouts.csv")
def payouts_csv(here: EdgeDep) -> Response:
    """Every payout, as a table for whoever pays."""
    here.require(Permission.NUMBERS_READ)
    page = _payouts(here)
    return table(
        "payouts.csv", ("payout", "batch", "name", "amount", "currency", "state", "reference", "drawn_up_at"),
        (
            (
                page.ids[one.id], str(one.batch_id), page.names.get(one.affiliate_id, ""), one.amount.major(),
                one.amount.currency, one.state, one.reference, one.drawn_up_at.isoformat(),
            )
            for one in page.payouts
        ),
    )  # fmt: skip


@router.get("/studio/affiliates/{affiliate}")
def one_affiliate(here: EdgeDep, affiliate: str) -> Response:
    """One affiliate and every line of hers."""
    here.require(Permission.NUMBERS_READ)
    affiliate_id = private_id("affiliate", affiliate)
    with here.reading() as session:
        everyone = affiliates.affiliates(session, here.viewer, at=here.platform.clock.now())
        found = next((one for one in everyone if one.id == affiliate_id), None)
        if found is None:
            raise NotFound(say("There is nothing here."))
        names = identity.names_of(session, [found.person_id], vault=here.platform.vault)
        page = StudioAffiliatePage(
            affiliate=found, id=affiliate, name=names.get(found.person_id, ""),
            lines=affiliates.statement(session, here.viewer, affiliate_id),
            payouts=affiliates.payouts(session, here.viewer, affiliate_id=affiliate_id),
            verbs=VERBS.get(found.state, ()),
        )  # fmt: skip
    return render(here, page)


@router.post("/studio/affiliates/terms")
def set_program(
    here: EdgeDep, *, open: Text = "", window_days: Text = "", mature_days: Text = "", click: Text = ""  # noqa: A002
) -> Response:  # fmt: skip
    """New terms from now on."""
    here.require(Permission.SETTINGS_WRITE)
    values = {"open": open, "window_days": window_days, "mature_days": mature_days, "click": click}
    try:
        faults: Faults = {}
        window, mature = (_number(name, values, faults) for name in ("window_days", "mature_days"))
        _must_be_whole(faults)
        wanted = affiliates.Program(open == "1", window, mature, click)
        here.write(lambda session: affiliates.set_program(session, here.viewer, wanted, clock=here.platform.clock))
    except Invalid as error:
        return render(here, _terms(here, values=values, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/studio/affiliates/terms"), status_code=303)


@router.post("/studio/affiliates/invitations")
def set_invitations(
    here: EdgeDep, *, invite_open: Text = "", off: Text = "", reward: Text = "", most_rewards: Text = "",
    invite_days: Text = "",
) -> Response:  # fmt: skip
    """New terms of invitations from now on."""
    here.require(Permission.SETTINGS_WRITE)
    values = {
        "invite_open": invite_open, "off": off, "reward": reward, "most_rewards": most_rewards,
        "invite_days": invite_days,
    }  # fmt: skip
    try:
        faults: Faults = {}
        wanted = referrals.ReferralTerms(
            invite_open == "1", share_bp("off", off, faults), share_bp("reward", reward, faults),
            _number("most_rewards", values, faults), _number("invite_days", values, faults),
        )  # fmt: skip
        _must_be_whole(faults)
        here.write(lambda session: referrals.set_terms(session, here.viewer, wanted, clock=here.platform.clock))
    except Invalid as error:
        errors = {_FIELDS.get(name, name): text for name, text in words_of(here, error).items()}
        return render(here, _terms(here, values=values, errors=errors), status=status_of(error))
    return RedirectResponse(here.url("/studio/affiliates/terms"), status_code=303)


_FIELDS = {"mature_days": "invite_days", "product": "of_product", "affiliate": "of_affiliate"}
"""What the domain calls otherwise than the form."""


@router.post("/studio/affiliates/rules")
def make_rule(
    here: EdgeDep, *, rate: Text = "", of_product: Text = "", product_kind: Text = "", of_affiliate: Text = "",
    renewals: Text = "", months: Text = "",
) -> Response:  # fmt: skip
    """A rule of commission from now on, in the place of the one for the very same."""
    here.require(Permission.SETTINGS_WRITE)
    values = {
        "rate": rate, "of_product": of_product, "product_kind": product_kind, "of_affiliate": of_affiliate,
        "renewals": renewals, "months": months,
    }  # fmt: skip
    try:
        command = _rule(values)
        here.write(lambda session: affiliates.make_rule(session, here.viewer, command, clock=here.platform.clock))
    except Invalid as error:
        errors = {_FIELDS.get(name, name): text for name, text in words_of(here, error).items()}
        return render(here, _terms(here, values=values, errors=errors), status=status_of(error))
    return RedirectResponse(here.url("/studio/affiliates/terms"), status_code=303)


@router.post("/studio/affiliates/rules/{rule}/end")
def end_rule(here: EdgeDep, rule: str) -> Response:
    """Let a rule hold no longer."""
    here.require(Permission.SETTINGS_WRITE)
    rule_id = private_id("rule", rule)
    here.write(lambda session: affiliates.end_rule(session, here.viewer, rule_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/affiliates/terms"), status_code=303)


@router.post("/studio/affiliates/payouts")
def draw_up(here: EdgeDep) -> Response:
    """A batch of all that is mature."""
    here.require(Permission.SETTINGS_WRITE)
    try:
        here.write(lambda session: affiliates.draw_up(session, here.viewer, clock=here.platform.clock))
    except Conflict as error:
        return render(here, _payouts(here, errors=words_of(here, error)), status=status_of(error))
    return RedirectResponse(here.url("/studio/affiliates/payouts"), status_code=303)


@router.post("/studio/affiliates/payouts/{payout}/paid")
def note_paid(here: EdgeDep, payout: str, reference: Text = "") -> Response:
    """Note that it was paid, by which reference at the bank."""
    here.require(Permission.SETTINGS_WRITE)
    payout_id, clean = private_id("payout", payout), reference.replace("\x00", "")
    here.write(
        lambda session: affiliates.note_paid(
            session, here.viewer, payout_id, reference=clean, clock=here.platform.clock
        )
    )  # fmt: skip
    return RedirectResponse(here.url("/studio/affiliates/payouts"), status_code=303)


@router.post("/studio/affiliates/payouts/{payout}/off")
def call_off(here: EdgeDep, payout: str) -> Response:
    """Call a payout off: what it would have paid is due again."""
    here.require(Permission.SETTINGS_WRITE)
    payout_id = private_id("payout", payout)
    here.write(lambda session: affiliates.note_unpaid(session, here.viewer, payout_id, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/affiliates/payouts"), status_code=303)


@router.post("/studio/affiliates/{affiliate}/{verb}")
def decide(here: EdgeDep, affiliate: str, verb: str) -> Response:
    """Approve, decline, pause, resume or end."""
    here.require(Permission.SETTINGS_WRITE)
    affiliate_id = private_id("affiliate", affiliate)
    if not any(verb in verbs for verbs in VERBS.values()):
        raise NotFound(say("There is nothing here."))
    here.write(lambda session: affiliates.decide(session, here.viewer, affiliate_id, verb, clock=here.platform.clock))
    return RedirectResponse(here.url("/studio/affiliates"), status_code=303)


def _number(name: str, values: Mapping[str, str], faults: Faults) -> int:
    found = whole(name, values[name], faults)
    if found is None:
        faults.setdefault(name, say("Write a whole number in plain digits."))
    return found or 0


def _must_be_whole(faults: Mapping[str, Sentence]) -> None:
    if faults:
        raise Invalid(dict(faults))


def _rule(values: Mapping[str, str]) -> affiliates.MakeRule:
    faults: Faults = {}
    of_affiliate = None
    if values["of_affiliate"]:
        try:
            of_affiliate = private_id("affiliate", values["of_affiliate"])
        except NotFound:
            faults["of_affiliate"] = say("Please choose one of these.")
    command = affiliates.MakeRule(
        share_bp("rate", values["rate"], faults), of_affiliate, product("of_product", values["of_product"], faults),
        values["product_kind"] or None, values["renewals"], whole("months", values["months"], faults),
    )  # fmt: skip
    _must_be_whole(faults)
    return command


def _terms(here: Edge, *, values: Mapping[str, str] | None = None, errors: Errors | None = None) -> TermsPage:
    at = here.platform.clock.now()
    with here.reading() as session:
        found, taking = affiliates.rules(session, here.viewer), affiliates.affiliates(session, here.viewer, at=at)
        called = identity.names_of(session, (one.person_id for one in taking), vault=here.platform.vault)
        return TermsPage(
            program=affiliates.program_of(session), terms=referrals.terms_of(session),
            figures=referrals.referral_figures(session, here.viewer), rules=found,
            rule_ids={one.id: public_id("rule", one.id) for one in found}, now=at,
            names={one.id: called.get(one.person_id, "") or one.code for one in taking},
            titles=titles_of(session, [one.product_id for one in found if one.product_id]),
            products=listed_products(session),
            people=[(public_id("affiliate", one.id), called.get(one.person_id, "") or one.code) for one in taking],
            kinds=catalog.PRODUCT_KINDS, values=values or {}, errors=errors or {},
        )  # fmt: skip


def _payouts(here: Edge, *, errors: Errors | None = None) -> PayoutsPage:
    with here.reading() as session:
        found = affiliates.payouts(session, here.viewer)
        taking = affiliates.affiliates(session, here.viewer, at=here.platform.clock.now())
        called = identity.names_of(session, (one.person_id for one in taking), vault=here.platform.vault)
    return PayoutsPage(
        payouts=found, ids={one.id: public_id("payout", one.id) for one in found},
        names={one.id: called.get(one.person_id, "") or one.code for one in taking},
        due=[one for one in taking if any(amount.minor > 0 for amount in one.mature)], errors=errors or {},
    )  # fmt: skip
