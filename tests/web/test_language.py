"""In which language a page speaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.web import House
from xingtan.web.language import COOKIE, LANGUAGES, choose, negotiate, others, split_prefix


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/zh", ("zh", "/")),
        ("/en/", ("en", "/")),
        ("/zh/works/tea", ("zh", "/works/tea")),
        ("/en/zh/x", ("en", "/zh/x")),
        ("/works/zh", (None, "/works/zh")),
        ("/zhang", (None, "/zhang")),
        ("/fr/x", (None, "/fr/x")),
        ("/", (None, "/")),
        ("", (None, "")),
    ],
)
def test_the_prefix_is_taken_off(path: str, expected: tuple[str | None, str]) -> None:
    assert split_prefix(path) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.8, zh-Hans;q=0.9", "zh"),
        ("en, zh", "en"),
        ("fr, de", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=0", "en"),
        ("ZH-TW", "zh"),
        ("zh;q=nonsense, en;q=0.1", "en"),
        ("zh;level=1", "zh"),
        (", ,;;,", "en"),
        ("*", "en"),
    ],
)
def test_the_browser_is_heard(header: str, expected: str) -> None:
    assert negotiate(header, fallback="en") == expected


@given(st.text(max_size=300))
def test_whatever_the_browser_says_there_is_an_answer(header: str) -> None:
    assert negotiate(header, fallback="zh") in LANGUAGES


@given(
    st.sampled_from([None, "zh", "en"]), st.sampled_from([None, "zh", "en", "fr", ""]), st.sampled_from(["zh", "en"])
)
def test_the_url_wins_then_the_cookie_then_the_browser(prefix: str | None, cookie: str | None, browser: str) -> None:
    chosen = choose(prefix, cookie, browser, fallback="en")  # type: ignore[arg-type]
    assert chosen == (prefix or (cookie if cookie in LANGUAGES else None) or browser)


def test_others() -> None:
    assert list(others("zh")) == ["en"]


def test_pages_speak_the_readers_language(house: House) -> None:
    client = house.callers["stranger"]

    def spoken(path: str, **headers: str) -> str:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        return "zh" if 'lang="zh-Hans"' in answer.text.partition(">")[2][:200] else "en"

    assert spoken("/zh/about", **{"Accept-Language": "en"}) == "zh"
    assert spoken("/en/about", **{"Accept-Language": "zh"}) == "en"
    assert spoken("/about", **{"Accept-Language": "zh-CN"}) == "zh"
    assert spoken("/about", **{"Accept-Language": "en-GB"}) == "en"
    assert spoken("/about", **{"Accept-Language": "en", "Cookie": f"{COOKIE}=zh"}) == "zh"
    assert spoken("/about", **{"Accept-Language": "en", "Cookie": f"{COOKIE}=klingon"}) == "en"


def test_a_prefix_stays_in_links(house: House) -> None:
    client = house.callers["stranger"]
    assert 'href="/zh/catalogue"' in client.get("/zh/about").text
    assert 'href="/catalogue"' in client.get("/about").text
