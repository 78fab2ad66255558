"""The buyer's rooms, the sandbox's page and the door for notices."""

from fastapi import APIRouter

from xingtan.web.commerce import checkout, orders, paying, sandbox

router = APIRouter()
for _part in (checkout, orders, paying, sandbox):
    router.include_router(_part.router)
