"""Every public page of identity, in one router."""

from fastapi import APIRouter

from xingtan.web.identity import account, consent, set_up, sign_in

router = APIRouter()
for room in (set_up, sign_in, account, consent):
    router.include_router(room.router)
