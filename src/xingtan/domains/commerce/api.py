"""The door to commerce."""

from xingtan.domains.commerce.conversation import ask, charge, present, reconcile, send_refund
from xingtan.domains.commerce.errors import NotEnough, NotWithdrawable
from xingtan.domains.commerce.exports import export_part
from xingtan.domains.commerce.goods import Goods, goods
from xingtan.domains.commerce.jobs import HANDLERS, LONG, PERIODIC, TRANSACTIONAL
from xingtan.domains.commerce.lines.kinds import GiftWish
from xingtan.domains.commerce.notices import receive_notice
from xingtan.domains.commerce.opening import open_providers
from xingtan.domains.commerce.ordering import PAYABLE_FOR, Discount, Hold, NewLine
from xingtan.domains.commerce.price_tags import read_price_tag, write_price_tag
from xingtan.domains.commerce.pricing import Priced
from xingtan.domains.commerce.providers import (
    Notice,
    PaymentProvider,
    ProviderPayment,
    ProviderRefund,
    Providers,
    Start,
    Started,
)
from xingtan.domains.commerce.providers.choosing import device_of, offered
from xingtan.domains.commerce.providers.manual_desk import (
    RefundByHand,
    TransferView,
    confirm_transfer,
    decide_refund,
    refunds_by_hand,
    reject_transfer,
    transfer,
    transfers,
)
from xingtan.domains.commerce.providers.opening import provider_hosts
from xingtan.domains.commerce.providers.sandbox_desk import (
    CARDS,
    CHALLENGE_CODE,
    CHOICES,
    SandboxView,
    act,
    answer_challenge,
    choose,
    look,
)
from xingtan.domains.commerce.queries.invariants import check
from xingtan.domains.commerce.queries.offers import live_offers, offer, offers_for, offers_of
from xingtan.domains.commerce.queries.orders import my_order, my_orders, order, order_by_id, order_numbers, orders
from xingtan.domains.commerce.queries.sales import sales_by_day, sales_summary, sold_count
from xingtan.domains.commerce.rehearsal import PastOrder, keep_past_orders
from xingtan.domains.commerce.rules.purses import WITHDRAWABLE_FOR, Purse, Unused
from xingtan.domains.commerce.rules.quoting import Quote, QuotedLine
from xingtan.domains.commerce.rules.refunds import POLICY, REASONS
from xingtan.domains.commerce.rules.uses import UNITS
from xingtan.domains.commerce.use_cases.gifts import PlaceGift, place_gift, take_back_gift
from xingtan.domains.commerce.use_cases.offers import MakeOffer, OfferModel, make_offer, retire_offer
from xingtan.domains.commerce.use_cases.orders import (
    PlacedOrder,
    PlaceOrder,
    cancel_order,
    expire_orders,
    pay_again,
    place_order,
    preview_order,
)
from xingtan.domains.commerce.use_cases.payments import settle
from xingtan.domains.commerce.use_cases.refunds import RequestRefund, request_refund
from xingtan.domains.commerce.use_cases.uses import (
    AskQuestion,
    AtLesson,
    Metered,
    meter,
    open_by_use,
    use_offer,
    use_question,
)
from xingtan.domains.commerce.use_cases.withdrawals import Withdraw, WithdrawalPart, withdraw, withdrawable
from xingtan.domains.commerce.views import (
    DaySales,
    DiscountView,
    LineView,
    OfferView,
    OrderFilter,
    OrderPage,
    OrderRow,
    OrderView,
    PaymentView,
    RefundPolicy,
    RefundView,
    SalesSummary,
)
from xingtan.domains.commerce.wallets.credits import lapse_credits
from xingtan.domains.commerce.wallets.entries import give_bonus
from xingtan.domains.commerce.wallets.statements import (
    CreditsView,
    Statement,
    StatementLine,
    UseView,
    WalletView,
    credits_left,
    minutes_charged,
    my_credits,
    my_statement,
    my_uses,
    my_wallets,
    uses_of,
    wallets_of,
    whole_statement,
)
from xingtan.domains.commerce.wallets.uses import Used, reverse_use

__all__ = [
    "CARDS",
    "CHALLENGE_CODE",
    "CHOICES",
    "HANDLERS",
    "LONG",
    "PAYABLE_FOR",
    "PERIODIC",
    "POLICY",
    "REASONS",
    "TRANSACTIONAL",
    "UNITS",
    "WITHDRAWABLE_FOR",
    "AskQuestion",
    "AtLesson",
    "CreditsView",
    "DaySales",
    "Discount",
    "DiscountView",
    "GiftWish",
    "Goods",
    "Hold",
    "LineView",
    "MakeOffer",
    "Metered",
    "NewLine",
    "NotEnough",
    "NotWithdrawable",
    "Notice",
    "OfferModel",
    "OfferView",
    "OrderFilter",
    "OrderPage",
    "OrderRow",
    "OrderView",
    "PastOrder",
    "PaymentProvider",
    "PaymentView",
    "PlaceGift",
    "PlaceOrder",
    "PlacedOrder",
    "Priced",
    "ProviderPayment",
    "ProviderRefund",
    "Providers",
    "Purse",
    "Quote",
    "QuotedLine",
    "RefundByHand",
    "RefundPolicy",
    "RefundView",
    "RequestRefund",
    "SalesSummary",
    "SandboxView",
    "Start",
    "Started",
    "Statement",
    "StatementLine",
    "TransferView",
    "Unused",
    "UseView",
    "Used",
    "WalletView",
    "Withdraw",
    "WithdrawalPart",
    "act",
    "answer_challenge",
    "ask",
    "cancel_order",
    "charge",
    "check",
    "choose",
    "confirm_transfer",
    "credits_left",
    "decide_refund",
    "device_of",
    "expire_orders",
    "export_part",
    "give_bonus",
    "goods",
    "keep_past_orders",
    "lapse_credits",
    "live_offers",
    "look",
    "make_offer",
    "meter",
    "minutes_charged",
    "my_credits",
    "my_order",
    "my_orders",
    "my_statement",
    "my_uses",
    "my_wallets",
    "offer",
    "offered",
    "offers_for",
    "offers_of",
    "open_by_use",
    "open_providers",
    "order",
    "order_by_id",
    "order_numbers",
    "orders",
    "pay_again",
    "place_gift",
    "place_order",
    "present",
    "preview_order",
    "provider_hosts",
    "read_price_tag",
    "receive_notice",
    "reconcile",
    "refunds_by_hand",
    "reject_transfer",
    "request_refund",
    "retire_offer",
    "reverse_use",
    "sales_by_day",
    "sales_summary",
    "send_refund",
    "settle",
    "sold_count",
    "take_back_gift",
    "transfer",
    "transfers",
    "use_offer",
    "use_question",
    "uses_of",
    "wallets_of",
    "whole_statement",
    "withdraw",
    "withdrawable",
    "write_price_tag",
]
