"""Rows of commerce: offers, orders and what pays them, and each model of business beside them."""

from xingtan.domains.commerce.models.affiliates import (
    Affiliate,
    AffiliateDay,
    AffiliateProgram,
    Commission,
    CommissionMove,
    CommissionRule,
    OrderAttribution,
    Payout,
    PayoutBatch,
)
from xingtan.domains.commerce.models.groups import BuyingGroup, GroupPlace
from xingtan.domains.commerce.models.offers import OFFER_MODELS, Offer
from xingtan.domains.commerce.models.orders import (
    Deferral,
    Dispute,
    IdempotencyKey,
    OrderDiscount,
    OrderLine,
    Payment,
    PaymentMethod,
    Refund,
    RefundLine,
    Reservation,
    SalesOrder,
)
from xingtan.domains.commerce.models.promotions import (
    AbandonedCheckout,
    AddOn,
    CodeBatch,
    Coupon,
    CouponProduct,
    CouponShare,
    Gift,
    PurchasingPower,
    RedeemCode,
)
from xingtan.domains.commerce.models.providers import (
    ManualRefund,
    ManualTransfer,
    SandboxDispute,
    SandboxMandate,
    SandboxSlowRefund,
    SandboxTerms,
)
from xingtan.domains.commerce.models.referrals import Referral, ReferralLink, ReferralProgram, ReferralShare
from xingtan.domains.commerce.models.refund_policies import RefundRule
from xingtan.domains.commerce.models.sandbox import SandboxNotice, SandboxPayment
from xingtan.domains.commerce.models.services import ServiceDelivery, ServiceMessage, ServiceQuote, ServiceRequest
from xingtan.domains.commerce.models.subscriptions import (
    BillingPeriod,
    Subscription,
    SubscriptionRules,
    Tier,
    TierPerk,
    TierRule,
)
from xingtan.domains.commerce.models.uses import CreditLot, UseCharge
from xingtan.domains.commerce.models.wallets import Wallet, WalletEntry, Withdrawal

TRIGGERS: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
"""Commerce keeps its promises by constraints alone."""

__all__ = [
    "OFFER_MODELS",
    "TRIGGERS",
    "AbandonedCheckout",
    "AddOn",
    "Affiliate",
    "AffiliateDay",
    "AffiliateProgram",
    "BillingPeriod",
    "BuyingGroup",
    "CodeBatch",
    "Commission",
    "CommissionMove",
    "CommissionRule",
    "Coupon",
    "CouponProduct",
    "CouponShare",
    "CreditLot",
    "Deferral",
    "Dispute",
    "Gift",
    "GroupPlace",
    "IdempotencyKey",
    "ManualRefund",
    "ManualTransfer",
    "Offer",
    "OrderAttribution",
    "OrderDiscount",
    "OrderLine",
    "Payment",
    "PaymentMethod",
    "Payout",
    "PayoutBatch",
    "PurchasingPower",
    "RedeemCode",
    "Referral",
    "ReferralLink",
    "ReferralProgram",
    "ReferralShare",
    "Refund",
    "RefundLine",
    "RefundRule",
    "Reservation",
    "SalesOrder",
    "SandboxDispute",
    "SandboxMandate",
    "SandboxNotice",
    "SandboxPayment",
    "SandboxSlowRefund",
    "SandboxTerms",
    "ServiceDelivery",
    "ServiceMessage",
    "ServiceQuote",
    "ServiceRequest",
    "Subscription",
    "SubscriptionRules",
    "Tier",
    "TierPerk",
    "TierRule",
    "UseCharge",
    "Wallet",
    "WalletEntry",
    "Withdrawal",
]
