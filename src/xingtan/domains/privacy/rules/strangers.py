"""What a stranger's browser says about being watched."""

ANALYTICS, NONE = "analytics", "none"


def stranger_allows(cookie: str | None, *, gpc: str | None = None, dnt: str | None = None) -> bool:
    """Say whether a stranger lets us count page views: an explicit yes, and no refusal sent by the browser.

    `gpc` and `dnt` are the headers Sec-GPC and DNT; "1" in either is a no that outweighs the cookie.
    """
    return cookie == ANALYTICS and "1" not in (gpc, dnt)
