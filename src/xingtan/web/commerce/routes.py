"""The buyer's rooms, the sandbox's page and the door for notices."""

from fastapi import APIRouter

from xingtan.web.commerce import checkout, documents, orders, paying, sandbox

router = APIRouter()
for _part in (checkout, orders, documents, paying, sandbox):
    router.include_router(_part.router)
