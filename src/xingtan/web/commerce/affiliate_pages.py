"""What the templates of affiliates and invitations are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.referrals import api as referrals
from xingtan.web.commerce.pages import Errors


@dataclass(frozen=True, slots=True)
class DeskPage:
    """An affiliate's desk; `me` is None for who has not applied. `lines` are her newest moves."""

    template: ClassVar[str] = "commerce/affiliates/desk.html"
    program: affiliates.Program
    me: affiliates.AffiliateView | None
    link: str
    lines: Sequence[affiliates.StatementLine]
    payouts: Sequence[affiliates.PayoutView]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitePage:
    """A learner's own link and what came of it."""

    template: ClassVar[str] = "commerce/affiliates/invite.html"
    mine: referrals.MyReferrals
    link: str


@dataclass(frozen=True, slots=True)
class StudioAffiliatesPage:
    """Everybody who takes part or asks to. `verbs`: state → what can be decided."""

    template: ClassVar[str] = "commerce/affiliates/studio_affiliates.html"
    affiliates: Sequence[affiliates.AffiliateView]
    ids: Mapping[UUID, str]
    names: Mapping[UUID, str]
    verbs: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class StudioAffiliatePage:
    """One affiliate with her statement."""

    template: ClassVar[str] = "commerce/affiliates/studio_affiliate.html"
    affiliate: affiliates.AffiliateView
    id: str
    name: str
    lines: Sequence[affiliates.StatementLine]
    payouts: Sequence[affiliates.PayoutView]
    verbs: Sequence[str]


@dataclass(frozen=True, slots=True)
class TermsPage:
    """The program's terms, the commission rules, and the terms of invitations."""

    template: ClassVar[str] = "commerce/affiliates/studio_terms.html"
    program: affiliates.Program
    terms: referrals.ReferralTerms
    figures: Sequence[referrals.ReferralFigures]
    rules: Sequence[affiliates.Rule]
    rule_ids: Mapping[UUID, str]
    now: datetime
    names: Mapping[UUID, str]
    titles: Mapping[UUID, str]
    products: Sequence[tuple[str, str]]
    people: Sequence[tuple[str, str]]
    kinds: Sequence[str]
    values: Mapping[str, str]
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PayoutsPage:
    """Payouts of every batch, newest first, and what a batch drawn up now would pay."""

    template: ClassVar[str] = "commerce/affiliates/studio_payouts.html"
    payouts: Sequence[affiliates.PayoutView]
    ids: Mapping[UUID, str]
    names: Mapping[UUID, str]
    due: Sequence[affiliates.AffiliateView]
    errors: Errors = field(default_factory=dict)
