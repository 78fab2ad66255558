"""The buyer's rooms, the sandbox's page and the door for notices."""

from fastapi import APIRouter

from xingtan.web.commerce import checkout, orders, sandbox

router = APIRouter()
for _part in (checkout, orders, sandbox):
    router.include_router(_part.router)
