"""Feeds: the newest works, free episodes for all, every open episode for one member."""

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from tests.fixtures.web import Browser
from tests.web.storefront.conftest import Shop
from xingtan.core.viewer import Viewer
from xingtan.domains.entitlements import api as entitlements

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"


def channel(browser: Browser, path: str) -> ET.Element:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"].startswith("application/rss+xml")
    found = ET.fromstring(answer.content).find("channel")  # noqa: S314 - our own document
    assert found is not None
    return found


def titles(feed: ET.Element) -> list[str]:
    return [item.findtext("title", "") for item in feed.findall("item")]


def test_the_newest_works_are_told(client: Browser, shop: Shop) -> None:
    feed = channel(client, "/zh/feed.xml")
    assert feed.findtext("title") == "试验书院"
    assert set(titles(feed)) == {card.title for card in shop.works.values()} - {shop["hostile"].title} | {
        shop["hostile"].title
    }
    for item in feed.findall("item"):
        assert client.get(urlsplit(item.findtext("link", "")).path).status_code == 200
        assert item.findtext("pubDate")


def test_a_public_podcast_feed_holds_free_episodes_alone(client: Browser, shop: Shop) -> None:
    feed = channel(client, "/works/night-talk/feed.xml")
    assert titles(feed) == ["First night"]
    assert feed.findtext(f"{ITUNES}author") == "Owen"
    assert feed.find(f"{ITUNES}category") is not None
    assert feed.find(f"{ITUNES}image") is not None
    enclosure = feed.find("item/enclosure")
    assert enclosure is not None
    assert enclosure.get("type") == "audio/mpeg"
    answer = client.get(urlsplit(enclosure.get("url", "")).path, follow_redirects=True)
    assert answer.status_code == 200
    assert len(answer.content) == int(enclosure.get("length", "0"))
    assert client.get("/works/night-talk/episodes/second-night").status_code == 404


def test_a_columns_feed_gives_the_beginning_of_what_is_free(client: Browser, shop: Shop) -> None:
    feed = channel(client, "/works/letters/feed.xml")
    texts = {item.findtext("title"): item.findtext("description", "") for item in feed.findall("item")}
    assert "cup of tea" in texts["The beginning"]
    assert "apricot" not in texts["The rest"]
    assert feed.find("item/enclosure") is None


def address_of(learner: Browser) -> str:
    page = learner.get("/en/works/night-talk/feed")
    assert page.status_code == 200
    found = re.search(r'value="http://testserver([^"]+\.xml)"', page.text)
    assert found
    return found[1]


def test_a_members_feed_is_hers_until_it_is_not(client: Browser, learner: Browser, shop: Shop) -> None:
    academy = shop.academy
    assert learner.get("/en/works/night-talk/feed").status_code == 404  # nothing is held yet
    academy.give(academy.learner.id, shop["podcast"].id)
    address = address_of(learner)
    assert address_of(learner) == address
    feed = channel(client, address)  # the app that reads it is not signed in
    assert titles(feed) == ["First night", "Second night"]
    assert feed.findtext(f"{ITUNES}block") == "Yes"
    enclosures = [item.find("enclosure") for item in feed.findall("item")]
    address_of_second = next(one for one in reversed(enclosures) if one is not None).get("url", "")
    recording = client.get(address_of_second.removeprefix("http://testserver"))
    assert recording.status_code == 200
    assert "no-store" in client.get(address).headers["cache-control"]

    learner.submit("/en/works/night-talk/feed")
    assert client.get(address).status_code == 404
    renewed = address_of(learner)
    assert titles(channel(client, renewed)) == ["First night", "Second night"]

    clock = academy.platform.clock
    (held,) = academy.read(lambda s: entitlements.holdings(s, Viewer(academy.learner.id), at=clock.now()))
    academy.write(lambda s: entitlements.end(s, ("grant",), held.source_id, reason="test", clock=clock))
    assert client.get(renewed).status_code == 404


def test_a_strangers_way_to_a_private_feed_is_the_sign_in(client: Browser, shop: Shop) -> None:
    assert client.get("/en/works/night-talk/feed").headers["location"].startswith("/en/sign-in")
    assert client.get("/feeds/night-talk/guess.xml").status_code == 404
    assert client.get("/feeds/nothing/guess.xml").status_code == 404
