"""The studio's rooms of commerce."""

from fastapi import APIRouter

from xingtan.web.commerce import studio_books, studio_orders, studio_prices

router = APIRouter()
for _part in (studio_orders, studio_prices, studio_books):
    router.include_router(_part.router)
