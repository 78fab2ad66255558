"""``/api/v1``: every operation, its description for programs, and a page for people."""

from xingtan.web.api import (
    access,
    assets,
    description,
    learning,
    lessons,
    me,
    numbers,
    offers,
    orders,
    people,
    products,
    transfers,
)
from xingtan.web.wing import Wing

router = Wing()
for room in (products, lessons, offers, assets, orders, learning, me, people, access, numbers, transfers):
    router.include_router(room.router)
router.include_router(description.router)
