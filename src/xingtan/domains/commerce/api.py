"""The door to commerce."""

from xingtan.domains.commerce.conversation import ask, present, reconcile, send_refund
from xingtan.domains.commerce.exports import export_part
from xingtan.domains.commerce.goods import Goods, goods
from xingtan.domains.commerce.jobs import HANDLERS, LONG, PERIODIC, TRANSACTIONAL, open_providers
from xingtan.domains.commerce.notices import receive_notice
from xingtan.domains.commerce.price_tags import read_price_tag, write_price_tag
from xingtan.domains.commerce.providers import (
    Notice,
    PaymentProvider,
    ProviderPayment,
    ProviderRefund,
    Providers,
    Start,
    Started,
)
from xingtan.domains.commerce.providers.sandbox_desk import (
    CHALLENGE_CODE,
    CHOICES,
    SandboxView,
    answer_challenge,
    choose,
    look,
)
from xingtan.domains.commerce.queries.invariants import check
from xingtan.domains.commerce.queries.offers import offer, offers_for, offers_of
from xingtan.domains.commerce.queries.orders import my_order, my_orders, order, order_by_id, order_numbers, orders
from xingtan.domains.commerce.queries.sales import sales_by_day, sales_summary, sold_count
from xingtan.domains.commerce.rehearsal import PastOrder, keep_past_orders
from xingtan.domains.commerce.rules.refunds import POLICY, REASONS
from xingtan.domains.commerce.use_cases.offers import MakeOffer, OfferModel, make_offer, retire_offer
from xingtan.domains.commerce.use_cases.orders import (
    PAYABLE_FOR,
    PlacedOrder,
    PlaceOrder,
    cancel_order,
    expire_orders,
    pay_again,
    place_order,
)
from xingtan.domains.commerce.use_cases.payments import settle
from xingtan.domains.commerce.use_cases.refunds import RequestRefund, request_refund
from xingtan.domains.commerce.views import (
    DaySales,
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

__all__ = [
    "CHALLENGE_CODE",
    "CHOICES",
    "HANDLERS",
    "LONG",
    "PAYABLE_FOR",
    "PERIODIC",
    "POLICY",
    "REASONS",
    "TRANSACTIONAL",
    "DaySales",
    "Goods",
    "LineView",
    "MakeOffer",
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
    "PlaceOrder",
    "PlacedOrder",
    "ProviderPayment",
    "ProviderRefund",
    "Providers",
    "RefundPolicy",
    "RefundView",
    "RequestRefund",
    "SalesSummary",
    "SandboxView",
    "Start",
    "Started",
    "answer_challenge",
    "ask",
    "cancel_order",
    "check",
    "choose",
    "expire_orders",
    "export_part",
    "goods",
    "keep_past_orders",
    "look",
    "make_offer",
    "my_order",
    "my_orders",
    "offer",
    "offers_for",
    "offers_of",
    "open_providers",
    "order",
    "order_by_id",
    "order_numbers",
    "orders",
    "pay_again",
    "place_order",
    "present",
    "read_price_tag",
    "receive_notice",
    "reconcile",
    "request_refund",
    "retire_offer",
    "sales_by_day",
    "sales_summary",
    "send_refund",
    "settle",
    "sold_count",
    "write_price_tag",
]
