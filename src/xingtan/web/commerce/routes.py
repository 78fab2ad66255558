"""The buyer's rooms, the sandbox's page and the door for notices."""

from fastapi import APIRouter

from xingtan.web.commerce import checkout, documents, orders, paying, pricing, sandbox, services, subscriptions, wallet

router = APIRouter()
for _part in (checkout, orders, documents, paying, wallet, services, sandbox, pricing, subscriptions):
    router.include_router(_part.router)
