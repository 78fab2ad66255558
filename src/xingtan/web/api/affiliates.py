"""Groups that buy together, affiliates, and invitations."""

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.web.api.affiliate_schemas import (
    AffiliateOut,
    ApplyIn,
    CommissionLine,
    DecideIn,
    Group,
    Invitations,
    InvitationTerms,
    InvitationTermsIn,
    PaidIn,
    PayoutOut,
    ProgramIn,
    ProgramOut,
    RuleIn,
    RuleOut,
)
from xingtan.web.api.caller import READ_MINE, WRITE_MINE, Ask, AskDep, Needs, staff
from xingtan.web.api.fields import AffiliatePath, Name, PayoutPath, RulePath
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, sliced

router = operations("groups and affiliates")

_ANYBODY = Needs(is_person=False)
_ORDERS = staff("read:orders", Permission.ORDERS_READ)
_COUNTS = staff("read:numbers", Permission.NUMBERS_READ)
_OWNS = staff("write:academy", Permission.SETTINGS_WRITE)
_DECISIONS = ("approved", "declined", "paused", "resumed", "ended")
_APPLY = "10/hour"


@operation(router, "GET", "/groups/{code}", _ANYBODY)
def get_group(ask: AskDep, code: Name) -> Group:
    """A group, by the code in its link: what is left, until when."""
    return Group.of(ask.read(lambda session: commerce.group_by_code(session, ask.reader, code)))


@operation(router, "GET", "/me/groups", READ_MINE)
def list_my_groups(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[Group]:
    """The groups in which one has or had a place, newest first."""
    found = ask.read(lambda session: commerce.my_groups(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=Group.of)


@operation(router, "GET", "/groups", _ORDERS)
def list_groups(
    ask: AskDep, state: Annotated[str | None, Query(max_length=16)] = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Group]:  # fmt: skip
    """The newest groups of everybody; `state`: open, complete or failed."""
    if state not in (None, "open", "complete", "failed"):
        raise Invalid.of("state", say("Please choose one of these."))
    found = ask.read(lambda session: commerce.groups(session, ask.viewer, state=state))
    return sliced(found, cursor=cursor, limit=limit, show=Group.of)


@operation(router, "GET", "/me/affiliate", READ_MINE, also=(404,))
def get_my_affiliate(ask: AskDep) -> AffiliateOut:
    """Oneself as an affiliate; 404 for who has not applied."""
    return AffiliateOut.of(ask.read(lambda session: _mine(session, ask)))


@operation(router, "POST", "/me/affiliate", WRITE_MINE, status=201, also=(409,))
def apply_as_affiliate(ask: AskDep, body: ApplyIn) -> AffiliateOut:
    """Ask to take part, with a code of one's own choice."""
    ask.platform.limiter.check(_APPLY, "affiliate", str(ask.person_id))

    def work(session: Session) -> affiliates.AffiliateView:
        affiliates.apply(session, ask.viewer, code=body.code, about=body.about, clock=ask.clock)
        return _mine(session, ask)

    return AffiliateOut.of(ask.write(work))


@operation(router, "GET", "/me/affiliate/statement", READ_MINE, also=(404,))
def list_my_commission(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[CommissionLine]:
    """Every line of one's own statement, newest first; the last 500."""
    found = ask.read(lambda session: affiliates.statement(session, ask.viewer, _mine(session, ask).id))
    return sliced(found, cursor=cursor, limit=limit, show=CommissionLine.of)


@operation(router, "GET", "/me/affiliate/payouts", READ_MINE, also=(404,))
def list_my_payouts(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[PayoutOut]:
    """One's own payouts, newest first."""
    found = ask.read(
        lambda session: affiliates.payouts(session, ask.viewer, affiliate_id=_mine(session, ask).id)
    )  # fmt: skip
    return sliced(found, cursor=cursor, limit=limit, show=PayoutOut.of)


@operation(router, "GET", "/affiliates", _COUNTS)
def list_affiliates(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[AffiliateOut]:
    """Everybody who takes part or asks to, those who wait for a word first."""
    found = ask.read(lambda session: affiliates.affiliates(session, ask.viewer, at=ask.clock.now()))
    return sliced(found, cursor=cursor, limit=limit, show=AffiliateOut.of)


@operation(router, "GET", "/affiliates/{affiliate}/statement", _COUNTS)
def list_commission(
    ask: AskDep, affiliate: AffiliatePath, cursor: Cursor = None, limit: Limit = 50
) -> Page[CommissionLine]:  # fmt: skip
    """Every line of an affiliate's statement, newest first; the last 500."""
    found = ask.read(lambda session: affiliates.statement(session, ask.viewer, affiliate))
    return sliced(found, cursor=cursor, limit=limit, show=CommissionLine.of)


@operation(router, "POST", "/affiliates/{affiliate}/decision", _OWNS, also=(409,))
def decide_affiliate(ask: AskDep, affiliate: AffiliatePath, body: DecideIn) -> AffiliateOut:
    """Approve, decline, pause, resume or end an affiliate."""
    if body.decision not in _DECISIONS:
        raise Invalid.of("decision", say("Please choose one of these."))

    def work(session: Session) -> affiliates.AffiliateView:
        affiliates.decide(session, ask.viewer, affiliate, body.decision, clock=ask.clock)
        return affiliates.one_affiliate(session, ask.viewer, affiliate, at=ask.clock.now())

    return AffiliateOut.of(ask.write(work))


@operation(router, "GET", "/affiliate-program", _COUNTS)
def get_affiliate_program(ask: AskDep) -> ProgramOut:
    """The terms as they are now."""
    return ProgramOut.of(ask.read(affiliates.program_of))


@operation(router, "PUT", "/affiliate-program", _OWNS)
def set_affiliate_program(ask: AskDep, body: ProgramIn) -> ProgramOut:
    """New terms from now on."""
    return ProgramOut.of(
        ask.write(lambda session: affiliates.set_program(session, ask.viewer, body.command, clock=ask.clock))
    )


@operation(router, "GET", "/commission-rules", _COUNTS)
def list_commission_rules(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[RuleOut]:
    """Every commission rule, those that hold first."""
    found = ask.read(lambda session: affiliates.rules(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=RuleOut.of)


@operation(router, "POST", "/commission-rules", _OWNS, status=201)
def make_commission_rule(ask: AskDep, body: RuleIn) -> RuleOut:
    """Make a rule that holds from now on, in the place of the one for the very same."""

    def work(session: Session) -> affiliates.Rule:
        made = affiliates.make_rule(session, ask.viewer, body.command, clock=ask.clock)
        return affiliates.one_rule(session, ask.viewer, made)

    return RuleOut.of(ask.write(work))


@operation(router, "DELETE", "/commission-rules/{rule}", _OWNS, status=204)
def end_commission_rule(ask: AskDep, rule: RulePath) -> None:
    """Let a rule hold no longer."""
    ask.write(lambda session: affiliates.end_rule(session, ask.viewer, rule, clock=ask.clock))


@operation(router, "GET", "/payouts", _COUNTS)
def list_payouts(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[PayoutOut]:
    """Every payout, newest first."""
    found = ask.read(lambda session: affiliates.payouts(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=PayoutOut.of)


@operation(router, "POST", "/payout-batches", _OWNS, status=201, also=(409,))
def draw_up_payouts(ask: AskDep) -> list[PayoutOut]:
    """Draw up a batch of all that is mature."""

    def work(session: Session) -> tuple[affiliates.PayoutView, ...]:
        batch_id = affiliates.draw_up(session, ask.viewer, clock=ask.clock)
        return affiliates.batch_payouts(session, ask.viewer, batch_id)

    return [PayoutOut.of(one) for one in ask.write(work)]


@operation(router, "POST", "/payouts/{payout}/paid", _OWNS, status=204, also=(409,))
def note_payout_paid(ask: AskDep, payout: PayoutPath, body: PaidIn) -> None:
    """Note that a payout was paid, by which reference at the bank; once."""
    ask.write(
        lambda session: affiliates.note_paid(
            session, ask.viewer, payout, reference=body.reference, clock=ask.clock
        )
    )  # fmt: skip


@operation(router, "POST", "/payouts/{payout}/call-off", _OWNS, status=204, also=(409,))
def call_off_payout(ask: AskDep, payout: PayoutPath) -> None:
    """Call a payout off: what it would have paid is due again."""
    ask.write(lambda session: affiliates.note_unpaid(session, ask.viewer, payout, clock=ask.clock))


@operation(router, "GET", "/me/invitations", READ_MINE)
def get_my_invitations(ask: AskDep) -> Invitations:
    """One's own code for friends, the terms, and what came of it."""
    return Invitations.of(ask.read(lambda session: referrals.my_referrals(session, ask.viewer)))


@operation(router, "POST", "/me/invitations", WRITE_MINE, also=(409,))
def make_my_invitation(ask: AskDep) -> Invitations:
    """Make one's own code; the one that there is stays."""

    def work(session: Session) -> referrals.MyReferrals:
        referrals.make_link(session, ask.viewer, clock=ask.clock)
        return referrals.my_referrals(session, ask.viewer)

    return Invitations.of(ask.write(work))


@operation(router, "GET", "/invitation-terms", _COUNTS)
def get_invitation_terms(ask: AskDep) -> InvitationTerms:
    """The terms of invitations as they are now."""
    return InvitationTerms.of(ask.read(referrals.terms_of))


@operation(router, "PUT", "/invitation-terms", _OWNS)
def set_invitation_terms(ask: AskDep, body: InvitationTermsIn) -> InvitationTerms:
    """New terms of invitations from now on."""
    return InvitationTerms.of(
        ask.write(lambda session: referrals.set_terms(session, ask.viewer, body.command, clock=ask.clock))
    )


def _mine(session: Session, ask: Ask) -> affiliates.AffiliateView:
    found = affiliates.my_affiliate(session, ask.viewer, at=ask.clock.now())
    if found is None:
        raise NotFound(say("There is nothing here."))
    return found
