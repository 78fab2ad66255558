"""The buyer's rooms, the sandbox's page and the door for notices."""

from fastapi import APIRouter

from xingtan.web.commerce import (
    affiliates,
    arrivals,
    checkout,
    codes,
    documents,
    gifts,
    groups,
    joining,
    orders,
    paying,
    pricing,
    sandbox,
    services,
    subscriptions,
    wallet,
)

router = APIRouter()
for _part in (
    checkout,
    codes,
    gifts,
    orders,
    documents,
    paying,
    wallet,
    groups,
    affiliates,
    arrivals,
    services,
    sandbox,
    pricing,
    joining,
    subscriptions,
):
    router.include_router(_part.router)
