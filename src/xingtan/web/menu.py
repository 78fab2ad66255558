"""What the menu depends on, remembered until something public changes."""

from typing import cast

from sqlalchemy.exc import SQLAlchemyError

from xingtan.core.errors import Unavailable
from xingtan.domains.commerce import subscribing
from xingtan.web.edge import Edge


class MenuMemory:
    """Whether memberships are sold, read once for each epoch of the public pages."""

    def __init__(self) -> None:
        self._kept: tuple[int, bool] = (-1, False)

    def sells_memberships(self, here: Edge) -> bool:
        """Say whether the menu leads to the memberships."""
        epoch, found = self._kept
        if epoch != here.request.app.state.pages.epoch:
            at = here.platform.clock.now()
            try:
                found = here.read(lambda session: subscribing.sells_memberships(session, at=at))
            except (Unavailable, SQLAlchemyError):  # the page that says so has a menu, too
                return found
            self._kept = here.epoch, found
        return found


def sells_memberships(here: Edge) -> bool:
    """Say whether the menu of this request's page leads to the memberships."""
    state = here.request.app.state
    memory = getattr(state, "menu", None)
    if memory is None:
        memory = state.menu = MenuMemory()
    return cast("MenuMemory", memory).sells_memberships(here)
