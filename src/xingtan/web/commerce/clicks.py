"""By whose link a reader came: one cookie of our own, ``code~seconds``, which tells an order whom to thank.

It names no person. Whoever writes it asks for the reader's agreement first; here it is written and read in one form.
"""

import re
from datetime import UTC, datetime

from xingtan.domains.commerce.affiliates.program import Click
from xingtan.web.edge import Edge

CLICK_COOKIE = "xt_click"
_FORM = re.compile(r"(?P<code>[a-z0-9-]{4,24})~(?P<seconds>[0-9]{9,11})")


def click_text(click: Click) -> str:
    """Return the cookie's value."""
    return f"{click.code}~{int(click.at.timestamp())}"


def click_of(here: Edge) -> Click | None:
    """Return by whose link the reader came, and when; None for nobody's, and for what we never wrote."""
    match = _FORM.fullmatch(here.request.cookies.get(CLICK_COOKIE, ""))
    if match is None:
        return None
    at = datetime.fromtimestamp(int(match["seconds"]), UTC)
    return Click(match["code"], at) if at <= here.platform.clock.now() else None
