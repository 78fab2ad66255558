"""``/api/v1``: every operation, its description for programs, and a page for people."""

from xingtan.web.api import (
    access,
    affiliates,
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
    promotions,
    refunds,
    services,
    subscriptions,
    transfers,
    wallets,
    webhooks,
)
from xingtan.web.wing import Wing

router = Wing()
for room in (
    products,
    lessons,
    offers,
    promotions,
    affiliates,
    assets,
    orders,
    refunds,
    wallets,
    services,
    subscriptions,
    learning,
    me,
    people,
    access,
    numbers,
    webhooks,
    transfers,
):
    router.include_router(room.router)
router.include_router(description.router)
