"""The studio's rooms of commerce."""

from fastapi import APIRouter

from xingtan.web.commerce import (
    beside,
    coupons,
    groups,
    studio_affiliates,
    studio_books,
    studio_documents,
    studio_numbers,
    studio_orders,
    studio_packs,
    studio_prices,
    studio_reconciliation,
    studio_repricing,
    studio_services,
    studio_statements,
    studio_subscriptions,
    studio_tax,
    studio_tiers,
    studio_transfers,
)

router = APIRouter()
for _part in (
    coupons,
    beside,
    studio_orders,
    studio_prices,
    studio_reconciliation,
    studio_books,
    studio_numbers,
    studio_statements,
    studio_documents,
    studio_tax,
    studio_transfers,
    studio_packs,
    studio_affiliates,
    studio_services,
    studio_repricing,  # before the one whose path takes any name
    studio_subscriptions,
    studio_tiers,
):
    router.include_router(_part.router)
router.include_router(groups.studio)
