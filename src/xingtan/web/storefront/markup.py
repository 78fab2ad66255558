"""JSON-LD of what there is: Organization, Course, Book, PodcastSeries, Article, Event, Product, and their offers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from xingtan.domains.catalog import api as catalog
from xingtan.domains.identity import api as identity
from xingtan.web.edge import Edge
from xingtan.web.language import HTML_LANG, Language
from xingtan.web.learning.addresses import lesson_path, product_path
from xingtan.web.static_files import static_url
from xingtan.web.storefront.cards import Card, Price
from xingtan.web.storefront.seo import Node, Picture

_TYPES = {
    "course": "Course",
    "column": "CreativeWorkSeries",
    "article": "Article",
    "ebook": "Book",
    "podcast": "PodcastSeries",
    "live": "EducationEvent",
    "consulting": "Service",
    "bundle": "Product",
}


def organization(here: Edge, academy: identity.AcademyView | None) -> Node:
    """Return the academy as schema.org knows it; other nodes refer to its ``@id``."""
    node: Node = {
        "@type": "Organization",
        "@id": organization_id(here),
        "name": academy.name_in(here.language) if academy else "Xingtan",
        "url": here.absolute("/"),
        "logo": here.absolute(static_url("apple-touch-icon.png")),
    }
    if academy is not None:
        node |= {"slogan": academy.tagline_in(here.language), "legalName": academy.legal_name, "email": academy.contact}
    return node


def organization_id(here: Edge) -> str:
    """Return the id by which other nodes name the academy."""
    return here.absolute("/#academy")


def academy_nodes(here: Edge, academy: identity.AcademyView | None) -> list[Node]:
    """Return the nodes of the front page: the academy, and its site with the address of its search."""
    site: Node = {
        "@type": "WebSite",
        "name": academy.name_in(here.language) if academy else "Xingtan",
        "url": here.absolute(f"/{here.language}/"),
        "inLanguage": HTML_LANG[here.language],
        "publisher": {"@id": organization_id(here)},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {
                "@type": "EntryPoint",
                "urlTemplate": here.absolute(f"/{here.language}/search?q={{search_term_string}}"),
            },
            "query-input": "required name=search_term_string",
        },
    }
    return [organization(here, academy), site]


def list_node(here: Edge, cards: Sequence[Card]) -> list[Node]:
    """Return the list of works on a page."""
    if not cards:
        return []
    items = [
        {
            "@type": "ListItem",
            "position": place,
            "url": here.absolute(f"/{here.language}{card.path}"),
            "name": card.title,
        }
        for place, card in enumerate(cards, 1)
    ]
    return [{"@type": "ItemList", "itemListElement": items}]


def work_node(here: Edge, page: catalog.ProductPage, *, price: Price, picture: Picture | None, canonical: str) -> Node:
    """Return the product as its kind is known to schema.org, with what it costs."""
    card, content = page.card, page.content
    node: Node = {
        "@type": _TYPES[card.kind],
        "@id": f"{canonical}#work",
        "url": canonical,
        "name": content.title,
        "description": content.summary or content.subtitle or content.title,
        "image": here.absolute(picture.src) if picture else None,
        "offers": offer_node(here, price, canonical),
    }
    if card.kind not in {"live", "consulting", "bundle"}:
        node |= _written(here, page)
    return node | _OF_KIND.get(card.kind, _nothing)(here, page)


def offer_node(here: Edge, price: Price, url: str) -> Node | None:
    """Return the price; for pay-what-you-want the least that is asked. None when it cannot be had."""
    if price.model == "none":
        return None
    least = price.floor or price.amount
    currency = least.currency if least else here.request.app.state.academy.view(here.language).currency
    return {
        "@type": "Offer",
        "url": url,
        "price": least.major() if least else "0",
        "priceCurrency": currency,
        "availability": "https://schema.org/InStock",
        "category": "Free" if price.model == "free" else "Paid",
        "seller": {"@id": organization_id(here)},
    }


def duration(minutes: int) -> str:
    """Return `minutes` as an ISO 8601 duration, e.g. ``PT6H20M``."""
    hours, rest = divmod(minutes, 60)
    return f"PT{f'{hours}H' if hours else ''}{f'{rest}M' if rest or not hours else ''}"


def _written(here: Edge, page: catalog.ProductPage) -> Node:
    card = page.card
    language: Language = "zh" if card.language == "zh" else "en"
    return {
        "inLanguage": HTML_LANG[language],
        "author": {"@type": "Person", "name": card.author} if card.author else {"@id": organization_id(here)},
        "publisher": {"@id": organization_id(here)},
        "datePublished": card.published_at.date().isoformat() if card.published_at else None,
        "dateModified": card.updated_at.date().isoformat(),
        "about": [topic.name(language) for topic in page.topics],
    }


def _course(here: Edge, page: catalog.ProductPage) -> Node:
    return {
        "provider": {"@id": organization_id(here)},
        "educationalLevel": page.card.difficulty,
        "teaches": list(page.content.outcomes),
        "timeRequired": duration(page.contents.minutes) if page.contents.minutes else None,
        "hasCourseInstance": {
            "@type": "CourseInstance",
            "courseMode": "Online",
            "courseWorkload": duration(max(page.contents.minutes, 1)),
        },
        "syllabusSections": [
            {"@type": "Syllabus", "name": section.title} for section in page.contents.sections if section.title
        ],
    }


def _book(here: Edge, page: catalog.ProductPage) -> Node:  # noqa: ARG001 - one signature for every kind
    return {"bookFormat": "https://schema.org/EBook"}


def _podcast(here: Edge, page: catalog.ProductPage) -> Node:
    slug = page.card.slug
    episodes: list[dict[str, Any]] = [
        {
            "@type": "PodcastEpisode",
            "name": line.title,
            "episodeNumber": line.number,
            "url": here.absolute(lesson_path(slug, line.slug)),
            "timeRequired": duration(line.minutes) if line.minutes else None,
        }
        for line in page.contents.previews
    ]
    return {"webFeed": here.absolute(f"{product_path(slug)}/feed.xml"), "hasPart": episodes}


def _article(here: Edge, page: catalog.ProductPage) -> Node:  # noqa: ARG001 - one signature for every kind
    return {
        "headline": page.content.title[:110],
        "isAccessibleForFree": any(one.is_preview for one in page.contents.lessons),
    }


def _event(here: Edge, page: catalog.ProductPage) -> Node:
    live = page.content.live
    if live is None:
        return {}
    return {
        "startDate": live.starts_at.isoformat(),
        "endDate": (live.starts_at + timedelta(minutes=live.minutes)).isoformat(),
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "eventStatus": "https://schema.org/EventScheduled",
        "location": {"@type": "VirtualLocation", "url": here.absolute(product_path(page.card.slug))},
        "organizer": {"@id": organization_id(here)},
        "performer": {"@type": "Person", "name": page.card.author} if page.card.author else None,
    }


def _service(here: Edge, page: catalog.ProductPage) -> Node:  # noqa: ARG001 - one signature for every kind
    return {"provider": {"@id": organization_id(here)}, "serviceType": "Consulting"}


def _bundle(here: Edge, page: catalog.ProductPage) -> Node:
    inside = [
        {"@type": "Product", "name": one.title, "url": here.absolute(product_path(one.slug))} for one in page.contains
    ]
    return {"brand": {"@id": organization_id(here)}, "isRelatedTo": inside}


def _nothing(here: Edge, page: catalog.ProductPage) -> Node:  # noqa: ARG001 - one signature for every kind
    return {}


_OF_KIND = {
    "course": _course,
    "ebook": _book,
    "podcast": _podcast,
    "article": _article,
    "live": _event,
    "consulting": _service,
    "bundle": _bundle,
}
