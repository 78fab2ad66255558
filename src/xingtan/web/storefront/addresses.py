"""Where things stand in the shop window: paths without their language prefix."""

from urllib.parse import urlencode


def topic_path(slug: str) -> str:
    """Return the path of a topic's page."""
    return f"/topics/{slug}"


def catalogue_path(path: str = "/catalogue", **chosen: str) -> str:
    """Return the path of the catalogue, or of another list, with what is chosen; empty words are left out."""
    words = {name: value for name, value in chosen.items() if value}
    return f"{path}?{urlencode(words)}" if words else path


def checkout_path(slug: str) -> str:
    """Return the path at which a product is bought, or taken for nothing."""
    return f"/checkout/{slug}"


def calendar_path(slug: str) -> str:
    """Return the path of a live lecture's calendar entry."""
    return f"/works/{slug}/calendar.ics"


def episode_path(slug: str, lesson: str) -> str:
    """Return the lasting path of a free episode's recording."""
    return f"/works/{slug}/episodes/{lesson}"


def public_feed_path(slug: str) -> str:
    """Return the path of a product's public feed."""
    return f"/works/{slug}/feed.xml"


def private_feed_path(slug: str, token: str) -> str:
    """Return the path of one member's feed of a product; whoever knows it can listen."""
    return f"/feeds/{slug}/{token}.xml"
