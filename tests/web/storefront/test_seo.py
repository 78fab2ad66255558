"""What machines read: one canonical address, alternates both ways, JSON-LD of the right shape that cannot break out."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.web import Browser
from tests.web.storefront.conftest import HOSTILE, Shop
from xingtan.web.storefront.markup import duration
from xingtan.web.storefront.seo import shortened, to_script, without_blanks

HOST = "http://testserver"
TYPES = {
    "seeds": "Course",
    "letters": "CreativeWorkSeries",
    "essay": "Article",
    "book": "Book",
    "podcast": "PodcastSeries",
    "live": "EducationEvent",
    "hour": "Service",
    "bundle": "Product",
}
# What each type must say to be understood: schema.org's own names.
NEEDED = {
    "Course": {"provider", "hasCourseInstance", "inLanguage", "timeRequired", "teaches"},
    "CreativeWorkSeries": {"author", "inLanguage"},
    "Article": {"headline", "author", "datePublished", "isAccessibleForFree"},
    "Book": {"author", "bookFormat", "inLanguage"},
    "PodcastSeries": {"webFeed", "author", "hasPart", "image"},
    "EducationEvent": {"startDate", "endDate", "location", "eventAttendanceMode", "organizer"},
    "Service": {"provider", "serviceType"},
    "Product": {"brand", "isRelatedTo"},
}


def graph(html: str) -> list[dict[str, Any]]:
    """Return the nodes of the page's one JSON-LD script."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(found) == 1
    data = json.loads(found[0])
    assert data["@context"] == "https://schema.org"
    nodes: list[dict[str, Any]] = data["@graph"]
    return nodes


def node(html: str, kind: str) -> dict[str, Any]:
    """Return the one node of a type."""
    (found,) = [one for one in graph(html) if one["@type"] == kind]
    return found


def head(html: str) -> dict[str, str]:
    """Return the page's meta names and properties, its canonical address and its alternates."""
    found = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', html))
    found |= {f"alternate {lang}": href for lang, href in re.findall(r'hreflang="([^"]+)" href="(http[^"]+)"', html)}
    (found["canonical"],) = re.findall(r'<link rel="canonical" href="([^"]+)"', html)
    return found


def test_every_kind_is_what_schema_org_calls_it(client: Browser, shop: Shop) -> None:
    for name, kind in TYPES.items():
        html = client.get(f"/en/works/{shop[name].slug}").text
        work = node(html, kind)
        assert NEEDED[kind] <= work.keys(), name
        assert work["name"] == shop[name].title
        assert work["url"] == head(html)["canonical"]
        offer = work["offers"]
        assert {"price", "priceCurrency", "availability", "url"} <= offer.keys()
        assert offer["priceCurrency"] == "CNY"
        assert node(html, "Organization")["@id"] == offer["seller"]["@id"]
        trail = node(html, "BreadcrumbList")["itemListElement"]
        assert [step["position"] for step in trail] == [1, 2]
    assert node(client.get("/en/works/seeds").text, "Course")["offers"]["price"] == "100.00"
    assert node(client.get("/en/works/a-thin-book").text, "Book")["offers"]["price"] == "9.00"
    assert node(client.get("/en/works/seeds").text, "Course")["hasCourseInstance"]["courseWorkload"] == "PT45M"
    assert "secret" not in client.get("/en/works/open-evening").text


def test_home_names_the_academy_and_its_search(client: Browser, shop: Shop) -> None:
    html = client.get("/zh/").text
    assert node(html, "Organization")["name"] == "试验书院"
    target = node(html, "WebSite")["potentialAction"]["target"]["urlTemplate"]
    assert target == f"{HOST}/zh/search?q={{search_term_string}}"


def test_json_cannot_leave_its_script(client: Browser, shop: Shop) -> None:
    html = client.get(f"/en/works/{shop['hostile'].slug}").text
    assert node(html, "Article")["name"] == shop["hostile"].title
    assert HOSTILE.startswith("</script>")
    script = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert script
    assert not set("<>&\u2028") & set(script[1])


def test_a_work_in_two_languages_names_both_both_ways(client: Browser, shop: Shop) -> None:
    english, chinese = f"{HOST}/en/works/seeds", f"{HOST}/zh/works/{shop['zhongzi'].slug}"
    for path, canonical in (
        ("/en/works/seeds", english),
        (f"/zh/works/{shop['zhongzi'].slug}", chinese),
        ("/zh/works/seeds", english),
    ):
        found = head(client.get(path).text)
        assert found["canonical"] == canonical
        assert found["alternate en"] == english
        assert found["alternate zh-Hans"] == chinese
        assert "alternate x-default" in found


def test_every_page_says_who_it_is(client: Browser, shop: Shop) -> None:
    for path in ("/", "/catalogue", "/topics/garden", "/about", "/privacy", "/terms", "/works/night-talk"):
        found = head(client.get(f"/en{path}").text)
        assert found["canonical"] == f"{HOST}/en{path}"
        assert found["alternate zh-Hans"] == f"{HOST}/zh{path}"
        assert found["alternate x-default"] == f"{HOST}{path}"
        assert 0 < len(found["description"]) <= 200
        assert found["og:title"]
        assert found["og:url"] == found["canonical"]
        assert found["twitter:card"] in {"summary", "summary_large_image"}
    cover = head(client.get("/en/works/night-talk").text)["og:image"]
    assert client.get(cover.removeprefix(HOST)).headers["content-type"] == "image/webp"


def test_lists_without_end_are_not_indexed_twice(client: Browser, shop: Shop) -> None:
    assert head(client.get("/en/catalogue?kind=course&sort=newest").text)["canonical"] == f"{HOST}/en/catalogue"
    assert head(client.get("/en/search?q=tea").text)["robots"] == "noindex"


def test_the_sitemap_names_every_public_page_in_both_languages(client: Browser, shop: Shop) -> None:
    answer = client.get("/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    spaces = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    root = ET.fromstring(answer.content)  # noqa: S314 - our own document
    pages = {url.findtext("s:loc", "", spaces): url for url in root.findall("s:url", spaces)}
    assert {
        f"{HOST}/{language}{path}"
        for language in ("zh", "en")
        for path in ("/", "/about", "/works/night-talk", "/topics/garden")
    } <= pages.keys()
    assert f"{HOST}/zh/works/seeds" not in pages  # its Chinese edition stands there instead
    links = {
        link.get("hreflang"): link.get("href") for link in pages[f"{HOST}/en/works/seeds"].findall("x:link", spaces)
    }
    assert links["en"] == f"{HOST}/en/works/seeds"
    assert set(links) == {"en", "zh-Hans", "x-default"}
    assert not [address for address in pages if "not-yet" in address or "/studio" in address]
    for address in list(pages)[:12]:
        assert client.get(address.removeprefix(HOST)).status_code == 200


def test_robots_are_shown_the_way(client: Browser, shop: Shop) -> None:
    text = client.get("/robots.txt").text
    assert f"Sitemap: {HOST}/sitemap.xml" in text
    assert "Disallow: /studio" in text
    assert "Disallow: /en/search" in text


@given(st.text(max_size=400), st.integers(min_value=10, max_value=160))
def test_a_shortened_text_is_short_and_a_beginning(text: str, limit: int) -> None:
    short = shortened(text, limit=limit)
    line = " ".join(text.split())
    assert len(short) <= limit
    assert short == line or line.startswith(short.removesuffix("…"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(min_size=1), JSON), min_size=1, max_size=3))
def test_a_script_holds_what_it_was_given_and_no_tag(nodes: list[dict[str, Any]]) -> None:
    script = to_script(nodes)
    assert script is not None
    assert not set("<>&\u2028\u2029") & set(script)
    assert json.loads(script)["@graph"] == [without_blanks(one) for one in nodes]


@pytest.mark.parametrize(("minutes", "text"), [(0, "PT0M"), (45, "PT45M"), (60, "PT1H"), (380, "PT6H20M")])
def test_a_duration_is_iso_8601(minutes: int, text: str) -> None:
    assert duration(minutes) == text
