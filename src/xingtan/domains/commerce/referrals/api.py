"""The door to referrals."""

from xingtan.domains.commerce.referrals.lowering import why_not
from xingtan.domains.commerce.referrals.program import (
    MOST_BP,
    MOST_REWARDS,
    ReferralTerms,
    link_with,
    make_link,
    set_terms,
    terms_of,
)
from xingtan.domains.commerce.referrals.reading import (
    MyReferrals,
    ReferralFigures,
    ReferralRow,
    my_referrals,
    referral_figures,
)

__all__ = [
    "MOST_BP",
    "MOST_REWARDS",
    "MyReferrals",
    "ReferralFigures",
    "ReferralRow",
    "ReferralTerms",
    "link_with",
    "make_link",
    "my_referrals",
    "referral_figures",
    "set_terms",
    "terms_of",
    "why_not",
]
