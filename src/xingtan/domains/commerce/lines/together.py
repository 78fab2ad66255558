"""What one order may hold: nothing that is paid for twice, and one thing at most that goes on by itself."""

from collections.abc import Sequence
from uuid import UUID

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.domains.commerce.lines.kinds import Wish

_GOES_ON = ("subscription", "instalments")
_ADDS_UP = ("credits", "top_up")
"""Ways to sell of which one can have more at any time."""


def refuse_what_does_not_go_together(wishes: Sequence[Wish]) -> None:
    """Raise `Invalid` when two of `wishes` give the same, or go on; `NotFound` for a group that its offer knows not."""
    if any(wish.group_id is not None and wish.offer.model != "group" for wish in wishes):
        raise NotFound(say("There is no such group."))
    if sum(wish.offer.model in _GOES_ON for wish in wishes) > 1:
        raise Invalid.of("also", say("These are paid again later. Please buy them one by one."))
    given: set[UUID] = set()
    for wish in wishes:
        mine = _given_by(wish)
        if not given.isdisjoint(mine):
            raise Invalid.of("also", say("One of these holds another. Please take only one of them."))
        given |= mine


def _given_by(wish: Wish) -> set[UUID]:
    if wish.goods is None or wish.offer.model in _ADDS_UP:
        return set()
    return {wish.goods.product_id, *wish.goods.gives}
