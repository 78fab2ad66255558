"""A live lecture as a calendar entry (RFC 5545)."""

from datetime import datetime, timedelta

from xingtan.domains.catalog import api as catalog


def calendar_of(card: catalog.ProductCard, live: catalog.Live, *, url: str, at: datetime) -> bytes:
    """Return the entry of the lecture, made at `at`; `url` is the lecture's public page, never the way in."""
    from icalendar import Calendar, Event  # noqa: PLC0415 - it knows every time zone, and takes its time to

    event = Event()
    event.add("uid", f"{card.id}@xingtan")
    event.add("dtstamp", at)
    event.add("last-modified", card.updated_at)
    event.add("dtstart", live.starts_at)
    event.add("dtend", live.starts_at + timedelta(minutes=live.minutes))
    event.add("summary", card.title)
    event.add("description", f"{card.summary}\n\n{url}" if card.summary else url)
    event.add("url", url)
    calendar = Calendar()
    calendar.add("prodid", "-//Xingtan//Academy//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
