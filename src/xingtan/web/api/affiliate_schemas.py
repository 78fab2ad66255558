"""Groups, affiliates and invitations as programs read and write them."""

from typing import Annotated

from pydantic import Field, Strict

from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.web.api.fields import (
    AffiliateId,
    Amount,
    At,
    Flag,
    In,
    Line,
    OfferId,
    Out,
    PayoutId,
    PersonId,
    ProductId,
    RuleId,
    ShortText,
    Whole,
)

RateBp = Annotated[int, Strict(), Field(ge=0, le=affiliates.MOST_RATE_BP)]
LowBp = Annotated[int, Strict(), Field(ge=0, le=referrals.MOST_BP)]


class Group(Out):
    """A group that buys together. `paid` counts real payments; `left` are places to be had right now."""

    code: str
    offer: OfferId
    product: ProductId
    title: str
    price: Amount
    state: str
    size: int
    paid: int
    left: int
    opened_at: At
    ends_at: At
    decided_at: At | None
    mine: bool

    @classmethod
    def of(cls, view: commerce.GroupView) -> "Group":
        """Return the group as programs read it."""
        return cls(
            code=view.code, offer=view.offer_id, product=view.product_id, title=view.title, price=Amount.of(view.price),
            state=view.state, size=view.size, paid=view.paid, left=view.left, opened_at=view.opened_at,
            ends_at=view.ends_at, decided_at=view.decided_at, mine=view.is_mine,
        )  # fmt: skip


class ApplyIn(In):
    """Asking to take part; without `code` one is chosen."""

    code: Annotated[str, Field(max_length=24)] = ""
    about: ShortText = ""


class AffiliateOut(Out):
    """An affiliate. `owed` counts all lines, `mature` those that a payout drawn up now would pay."""

    id: AffiliateId
    person: PersonId
    code: str
    state: str
    about: str
    applied_at: At
    clicks: int
    orders: int
    owed: list[Amount]
    mature: list[Amount]

    @classmethod
    def of(cls, view: affiliates.AffiliateView) -> "AffiliateOut":
        """Return the affiliate as programs read her."""
        return cls(
            id=view.id, person=view.person_id, code=view.code, state=view.state, about=view.about,
            applied_at=view.applied_at, clicks=view.clicks, orders=view.orders,
            owed=[Amount.of(one) for one in view.owed], mature=[Amount.of(one) for one in view.mature],
        )  # fmt: skip


class DecideIn(In):
    """What is decided: approved, declined, paused, resumed or ended."""

    decision: Line


class CommissionLine(Out):
    """One line of a statement. `order_mark` is the end of the order's number."""

    at: At
    kind: str
    amount: Amount
    order_mark: str
    title: str
    net: Amount | None
    rate_bp: int | None
    matures_at: At
    payout_state: str | None

    @classmethod
    def of(cls, line: affiliates.StatementLine) -> "CommissionLine":
        """Return the line as programs read it."""
        return cls(
            at=line.at, kind=line.kind, amount=Amount.of(line.amount), order_mark=line.order_mark, title=line.title,
            net=Amount.of_any(line.net), rate_bp=line.rate_bp, matures_at=line.matures_at,
            payout_state=line.payout_state,
        )  # fmt: skip


class PayoutOut(Out):
    """A payout of a batch."""

    id: PayoutId
    affiliate: AffiliateId
    state: str
    amount: Amount
    reference: str
    drawn_up_at: At
    decided_at: At | None

    @classmethod
    def of(cls, view: affiliates.PayoutView) -> "PayoutOut":
        """Return the payout as programs read it."""
        return cls(
            id=view.id, affiliate=view.affiliate_id, state=view.state, amount=Amount.of(view.amount),
            reference=view.reference, drawn_up_at=view.drawn_up_at, decided_at=view.decided_at,
        )  # fmt: skip


class PaidIn(In):
    """By which reference at the bank a payout was paid."""

    reference: Annotated[str, Field(max_length=120)] = ""


class ProgramIn(In):
    """The terms from now on. `click`: which of several links counts, first or last."""

    open: Flag
    window_days: Whole
    mature_days: Whole
    click: Line = "last"

    @property
    def command(self) -> affiliates.Program:
        """Return the terms that are asked for."""
        return affiliates.Program(self.open, self.window_days, self.mature_days, self.click)


class ProgramOut(Out):
    """The terms of the affiliate program."""

    open: bool
    window_days: int
    mature_days: int
    click: str
    version: int

    @classmethod
    def of(cls, view: affiliates.Program) -> "ProgramOut":
        """Return the terms as programs read them."""
        return cls(
            open=view.is_open, window_days=view.window_days, mature_days=view.mature_days, click=view.click,
            version=view.version,
        )  # fmt: skip


class RuleIn(In):
    """A commission rule from now on; null means any. `renewals`: first, months (of the first `months`), always."""

    rate_bp: RateBp
    affiliate: AffiliateId | None = None
    product: ProductId | None = None
    product_kind: Line | None = None
    renewals: Line = "first"
    months: Whole | None = None

    @property
    def command(self) -> affiliates.MakeRule:
        """Return the rule that is asked for."""
        return affiliates.MakeRule(
            self.rate_bp, self.affiliate, self.product, self.product_kind, self.renewals, self.months
        )


class RuleOut(Out):
    """A commission rule."""

    id: RuleId
    rate_bp: int
    affiliate: AffiliateId | None
    product: ProductId | None
    product_kind: str | None
    renewals: str
    months: int | None
    starts_at: At
    ends_at: At | None

    @classmethod
    def of(cls, rule: affiliates.Rule) -> "RuleOut":
        """Return the rule as programs read it."""
        return cls(
            id=rule.id, rate_bp=rule.rate_bp, affiliate=rule.affiliate_id, product=rule.product_id,
            product_kind=rule.product_kind, renewals=rule.renewals, months=rule.months, starts_at=rule.holds.starts_at,
            ends_at=rule.holds.ends_at,
        )  # fmt: skip


class InvitationTermsIn(In):
    """The terms of invitations from now on."""

    open: Flag
    off_bp: LowBp
    reward_bp: LowBp
    most_rewards: Whole
    mature_days: Whole

    @property
    def command(self) -> referrals.ReferralTerms:
        """Return the terms that are asked for."""
        return referrals.ReferralTerms(self.open, self.off_bp, self.reward_bp, self.most_rewards, self.mature_days)


class InvitationTerms(Out):
    """What a friend pays less, what share of it the learner gets, how often in 365 days, after how many days."""

    open: bool
    off_bp: int
    reward_bp: int
    most_rewards: int
    mature_days: int
    version: int

    @classmethod
    def of(cls, view: referrals.ReferralTerms) -> "InvitationTerms":
        """Return the terms as programs read them."""
        return cls(
            open=view.is_open, off_bp=view.off_bp, reward_bp=view.reward_bp, most_rewards=view.most_rewards,
            mature_days=view.mature_days, version=view.version,
        )  # fmt: skip


class Invited(Out):
    """A friend's first order, without her name."""

    created_at: At
    matures_at: At
    state: str
    reward: Amount


class Invitations(Out):
    """One's own code (null: none made yet), the terms, and what came of it."""

    code: str | None
    terms: InvitationTerms
    friends: list[Invited]

    @classmethod
    def of(cls, view: referrals.MyReferrals) -> "Invitations":
        """Return one's invitations as programs read them."""
        rows = [
            Invited(
                created_at=it.created_at, matures_at=it.matures_at, state=it.state, reward=Amount.of(it.reward)
            )
            for it in view.rows
        ]  # fmt: skip
        return cls(code=view.code, terms=InvitationTerms.of(view.terms), friends=rows)
