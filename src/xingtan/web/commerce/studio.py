"""The studio's rooms of commerce."""

from fastapi import APIRouter

from xingtan.web.commerce import (
    studio_books,
    studio_documents,
    studio_orders,
    studio_prices,
    studio_statements,
    studio_tax,
    studio_transfers,
)

router = APIRouter()
for _part in (
    studio_orders,
    studio_prices,
    studio_books,
    studio_statements,
    studio_documents,
    studio_tax,
    studio_transfers,
):
    router.include_router(_part.router)
