"""The shop window through HTTP: what strangers and owners see, and what nobody sees."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.fixtures.web import Browser
from tests.web.storefront.conftest import HOSTILE, Shop
from xingtan.core.clock import ManualClock
from xingtan.core.ids import public_id
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning

PATHS = ("/", "/catalogue", "/search", "/search?q=tea", "/about", "/privacy", "/terms", "/topics/garden")
KINDS = ("seeds", "letters", "essay", "book", "podcast", "live", "hour", "bundle")


def page(browser: Browser, path: str, *, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def cards(html: str) -> list[str]:
    return re.findall(r'<article class="card">.*?<h[23][^>]*><a href="([^"]+)"', html, re.DOTALL)


def test_every_page_is_there_for_everyone(client: Browser, learner: Browser, shop: Shop) -> None:
    for browser, language, path in product((client, learner), ("zh", "en"), PATHS):
        html = page(browser, f"/{language}{path}")
        assert html.count("<h1") == 1
        assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in html[:200]


def test_every_kind_has_its_page(client: Browser, shop: Shop) -> None:
    for language, name in product(("zh", "en"), KINDS):
        html = page(client, f"/{language}/works/{shop[name].slug}")
        assert shop[name].title in html
        assert f"/checkout/{shop[name].slug}" in html


def test_home_tells_what_is_here_and_counts_honestly(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/")
    works = shop.academy.read(lambda s: catalog.cards(s, SYSTEM, filters=catalog.CardFilters(state="published")))
    lessons = sum(card.lesson_count for card in works.cards if card.kind != "bundle")
    assert f"{works.total} works · {lessons} lessons" in html
    assert "Go on reading" not in html
    assert "garden" in html


def test_home_leads_back_into_what_was_begun(learner: Browser, shop: Shop) -> None:
    academy, card = shop.academy, shop["seeds"]
    academy.give(academy.learner.id, card.id)
    viewer = academy.viewer(academy.learner)
    lesson = academy.read(lambda s: catalog.lesson_page(s, viewer, product_slug=card.slug, lesson_slug="the-beginning"))
    done = learning.CompleteLesson(viewer, lesson.id, lesson.version_id)
    academy.write(lambda s: learning.complete_lesson(s, done, clock=academy.platform.clock))
    html = page(learner, "/en/")
    assert "Go on reading" in html
    assert "/en/learn/seeds/the-rest" in html


def test_the_readers_language_comes_first(client: Browser, shop: Shop) -> None:
    english, chinese = cards(page(client, "/en/catalogue")), cards(page(client, "/zh/catalogue"))
    assert sorted(path.removeprefix("/en") for path in english) == sorted(path.removeprefix("/zh") for path in chinese)
    in_chinese = {f"/works/{shop['zhongzi'].slug}", f"/works/{shop['essay'].slug}"}
    assert {path.removeprefix("/en") for path in english[-2:]} == in_chinese
    assert {path.removeprefix("/zh") for path in chinese[:2]} == in_chinese
    assert "In Chinese" in page(client, "/en/catalogue")


FILTERED = (
    ("kind=podcast", {"podcast"}),
    ("topic=garden", {"seeds", "zhongzi", "book"}),
    ("language=zh", {"zhongzi", "essay"}),
    ("price=free", {"essay"}),
    ("topic=garden&price=paid&language=en", {"seeds", "book"}),
    ("kind=nonsense&sort=nonsense&topic=garden", {"seeds", "zhongzi", "book"}),
    ("difficulty=advanced", set[str]()),
)


def test_the_catalogue_is_filtered(client: Browser, shop: Shop) -> None:
    for query, names in FILTERED:
        html = page(client, f"/en/catalogue?{query}")
        assert set(cards(html)) == {f"/en/works/{shop[name].slug}" for name in names}, query
        assert ("Nothing fits all of this" in html) is (not names)


def walk(browser: Browser, path: str) -> list[str]:
    """Return every card from `path` on, by the links to older ones."""
    seen: list[str] = []
    for _ in range(9):
        html = page(browser, path)
        seen += cards(html)
        more = re.search(r'href="([^"]+)"[^>]*rel="next"', html)
        if more is None:
            return seen
        path = more[1].replace("&amp;", "&")
    return pytest.fail("the list does not end")


def test_the_catalogue_goes_on_without_gap_or_repetition(client: Browser, shop: Shop) -> None:
    academy = shop.academy
    for number in range(40):
        language = "zh" if number % 3 else "en"
        card = academy.product(f"Leaf {number:02}", kind="article", language=language, slug=f"leaf-{number}")
        academy.add(card.id, "A leaf", is_preview=True)
        academy.publish(card.id)
    for sort in ("position", "newest", "title", "shortest"):
        seen = walk(client, f"/en/catalogue?sort={sort}")
        assert len(seen) == len(set(seen)) == len(shop.works) + 40
        languages = ["zh" if int(number) % 3 else "en" for number in re.findall(r"leaf-(\d+)", " ".join(seen))]
        assert languages == sorted(languages)


def test_a_made_up_place_in_the_list_is_refused(client: Browser, shop: Shop) -> None:
    for after in ("x", "en.x", "fr.", "en.bm9wZQ", "zh.%00"):
        page(client, f"/en/catalogue?after={after}", status=422)


def test_a_stranger_may_open_the_preview_and_nothing_else(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/works/seeds")
    assert html.count("/en/learn/seeds/the-beginning") >= 2  # the sample, and its line in the contents
    assert "/en/learn/seeds/the-rest" not in html
    assert "opens 7 days after buying" in html
    assert "A secret apricot" not in html


def test_who_has_it_opens_it(learner: Browser, shop: Shop) -> None:
    shop.academy.give(shop.academy.learner.id, shop["seeds"].id)
    html = page(learner, "/en/works/seeds")
    assert "Begin" in html
    assert "/checkout/seeds" not in html
    assert "/en/learn/seeds/book.epub" in html
    assert "/en/learn/seeds/the-rest" not in html  # it opens in a week
    shop.academy.platform.clock.advance(days=8)  # type: ignore[attr-defined]
    assert "/en/learn/seeds/the-rest" in page(learner, "/en/works/seeds")


def test_who_has_all_of_a_bundle_has_the_bundle(learner: Browser, shop: Shop) -> None:
    shop.academy.give(shop.academy.learner.id, shop["seeds"].id)
    assert "/checkout/both" in page(learner, "/en/works/both")
    shop.academy.give(shop.academy.learner.id, shop["book"].id)
    assert "/checkout/both" not in page(learner, "/en/works/both")


def test_a_bundle_says_what_its_parts_cost(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/works/both")
    assert "Seeds" in html
    assert "CN¥100" in html
    assert "if bought one by one" not in html  # one of the parts has no fixed price


def test_pay_what_you_want_asks_for_an_amount_above_the_floor(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/works/a-thin-book")
    field = re.search(r'<input[^>]*name="amount"[^>]*>', html)
    assert field
    assert {'min="9.00"', 'value="50.00"', 'step="0.01"'} <= set(field[0].split())
    assert 'value="12.50"' in page(client, "/en/checkout/a-thin-book?amount=12.50") or "sign" in page(
        client, "/en/checkout/a-thin-book"
    )


def test_a_work_names_its_other_editions_and_what_comes_before_it(client: Browser, shop: Shop) -> None:
    assert f"/en/works/{shop['zhongzi'].slug}" in page(client, "/en/works/seeds")
    assert "Worth taking first" in page(client, "/en/works/late-seeds")


def test_a_lecture_keeps_its_link_and_gives_its_time(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/works/open-evening")
    assert "meet.example.org" not in html
    entry = client.get("/en/works/open-evening/calendar.ics")
    assert entry.headers["content-type"].startswith("text/calendar")
    assert {"BEGIN:VEVENT", "SUMMARY:Open Evening", "DTSTART:20260304T080000Z", "DTEND:20260304T091500Z"} <= set(
        entry.text.splitlines()
    )
    assert "meet.example.org" not in entry.text
    assert client.get("/en/works/seeds/calendar.ics").status_code == 404


def test_what_is_not_published_is_seen_by_staff_alone(client: Browser, owner: Browser, shop: Shop) -> None:
    page(client, "/en/works/not-yet", status=404)
    html = page(owner, "/en/works/not-yet")
    assert "the work is not published" in html
    assert "noindex" in html
    assert "not-yet" not in page(owner, "/en/catalogue")


def test_what_is_not_there_is_404(client: Browser, shop: Shop) -> None:
    for path in ("/works/nothing", "/topics/nothing", "/works/nothing/feed.xml", "/works/seeds/feed.xml", "/nothing"):
        page(client, f"/en{path}", status=404)


def test_search_marks_what_was_asked_for_and_gathers_by_work(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/search?q=Seeds")
    assert "<mark>Seeds</mark>" in html
    assert html.count('class="found-work"') == len(set(re.findall(r'<h2[^>]*><a href="(/en/works/[^"]+)"', html)))
    assert "A secret apricot" not in page(client, "/en/search?q=apricot")


def test_search_finds_what_one_owns(learner: Browser, shop: Shop, clock: ManualClock) -> None:
    assert "/en/learn/seeds/the-rest" not in page(learner, "/en/search?q=apricot")
    shop.academy.give(shop.academy.learner.id, shop["seeds"].id)
    clock.advance(days=7)
    html = page(learner, "/en/search?q=apricot")
    assert "/en/learn/seeds/the-rest" in html
    assert "<mark>apricot</mark>" in html


@pytest.mark.parametrize("path", ["/en/search?q=apricot", "/api/v1/search?q=apricot"])
def test_search_keeps_what_opens_later(learner: Browser, shop: Shop, clock: ManualClock, path: str) -> None:
    shop.academy.give(shop.academy.learner.id, shop["seeds"].id)
    clock.advance(days=6.9)
    assert "A secret" not in page(learner, path)
    clock.advance(days=0.1)
    assert "A secret" in page(learner, path)


def test_a_search_without_results_offers_something(client: Browser, shop: Shop) -> None:
    html = page(client, "/en/search?q=zzqq")
    assert "look around here" in html
    assert len(cards(html)) == 3
    for query in ("%27%3B+DROP+TABLE+product%3B--", "%22", "%25", "*", "%00", "a" * 400):
        page(client, f"/en/search?q={query}")


def test_hostile_words_stay_words(client: Browser, shop: Shop) -> None:
    for path in (
        "/en/",
        "/en/catalogue",
        f"/en/works/{shop['hostile'].slug}",
        "/en/search?q=alert",
        f"/en/search?q={HOSTILE}",
    ):
        assert "<script>alert" not in page(client, path)


def test_strangers_share_a_page_and_readers_do_not(client: Browser, learner: Browser, shop: Shop) -> None:
    first = client.get("/en/works/seeds")
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert client.get("/en/works/seeds", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    own = learner.get("/en/works/seeds")
    assert own.headers["cache-control"] == "private, no-store"
    assert "Lily" in own.text
    assert "Lily" not in client.get("/en/works/seeds").text


def test_a_new_price_is_seen_at_once(client: Browser, shop: Shop) -> None:
    assert "CN¥100" in page(client, "/en/works/seeds")
    shop.academy.price(shop["seeds"].id, 12_300)
    assert "CN¥123" in page(client, "/en/works/seeds")


# path → statements for a stranger's first look, and for a reader's every look.
ASKED = {
    "/en/": (9, 13),
    "/en/catalogue": (10, 12),
    "/en/catalogue?topic=garden&sort=newest": (10, 12),
    "/en/works/seeds": (13, 15),
    "/en/works/both": (13, 16),
}


def test_a_page_asks_the_database_no_more_than(
    client: Browser, learner: Browser, shop: Shop, counting: Callable[[], Any]
) -> None:
    client.get("/en/about")  # the academy itself is remembered
    found: dict[str, tuple[int, int]] = {}
    for path in ASKED:
        with counting() as first:
            page(client, path)
        with counting() as again:
            page(client, path)
        assert not again  # from the page cache
        with counting() as own:
            page(learner, path)
        found[path] = len(first), len(own)
    assert {path: (min(a, ASKED[path][0]), min(b, ASKED[path][1])) for path, (a, b) in found.items()} == found


def test_more_works_do_not_ask_more_often(client: Browser, shop: Shop, counting: Callable[[], Any]) -> None:
    client.get("/en/about")  # the academy itself is remembered
    with counting() as before:
        page(client, "/en/catalogue")
    for number in range(8):
        card = shop.academy.product(f"Leaf {number}", kind="article", topics=("garden",))
        shop.academy.add(card.id, "A leaf", is_preview=True)
        shop.academy.publish(card.id)
        shop.academy.price(card.id)
    with counting() as after:
        page(client, "/en/catalogue")
    assert len(after) == len(before)


@pytest.mark.parametrize("path", ["/en/works/{}", "/en/checkout/{}", "/api/v1/products/{}"])
def test_a_bundle_does_not_name_what_was_never_published(client: Browser, shop: Shop, path: str) -> None:
    academy = shop.academy
    secret = academy.product("A hushed plan", slug="hushed-plan")
    both = academy.product("Now and then", kind="bundle", contains=(shop["seeds"].id, secret.id))
    academy.publish(both.id)
    academy.price(both.id)
    text = page(client, path.format(both.slug))
    assert "hushed" not in text.lower()
    assert public_id("product", secret.id) not in text
