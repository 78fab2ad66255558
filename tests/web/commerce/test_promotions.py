"""The rooms of promotion: who may enter, what is refused, what follows; gifts from the counter to the shelf."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import hidden
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity

Open = Callable[[identity.PersonView], Browser]
STUDIO = ("/studio/coupons", "/studio/codes", "/studio/beside", "/studio/left")
COUPON = {"code": "SPRING20", "worth": "share", "value": "20", "currency": "CNY", "lasts": "first"}


def _owns(academy: Academy, person: identity.PersonView) -> bool:
    at = academy.platform.clock.now()
    return academy.read(lambda s: entitlements.has_access(s, person.id, academy.course.id, at=at))


def test_learners_and_strangers_stay_outside(learner: Browser, client: Browser) -> None:
    for path in STUDIO:
        assert learner.get(path).status_code == 403
        assert "/sign-in" in client.get(path).headers["location"]
    for path in ("/gifts", "/give/reading-numbers"):
        assert "/sign-in" in client.get(path).headers["location"]
    assert client.get("/redeem").status_code == 200


def test_the_rooms_open_in_both_languages(owner: Browser) -> None:
    for path in STUDIO:
        for prefix, word in (("/en", "Promotion"), ("/zh", "促销")):
            page = owner.get(f"{prefix}{path}")
            assert page.status_code == 200
            assert word in page.text


def test_a_coupon_from_the_form_to_the_list(owner: Browser, academy: Academy) -> None:
    product = re.findall(r'name="products" value="(prd_[^"]+)"', owner.get("/studio/coupons").text)
    assert product
    made = owner.submit("/studio/coupons", {**COUPON, "total": "10", "products": product[0], "note": "<b>me</b>"})
    assert made.status_code == 303, made.text
    page = owner.get("/studio/coupons").text
    assert "SPRING20" in page
    assert "&lt;b&gt;me&lt;/b&gt;" in page
    (coupon,) = academy.read(lambda s: promotions.coupons(s, SYSTEM, at=academy.platform.clock.now()))
    assert (coupon.share_bp, coupon.total, len(coupon.product_ids)) == (2_000, 10, 1)
    pause = re.search(r'action="(?:/en)?(/studio/coupons/cpn_\w+/pause)"', page)
    assert pause
    assert owner.submit(pause[1]).status_code == 303
    assert "Paused" in owner.get("/en/studio/coupons").text
    assert owner.submit(pause[1].replace("pause", "explode")).status_code == 404
    assert owner.submit(pause[1].replace("pause", "end")).status_code == 303
    assert owner.submit(pause[1].replace("pause", "end")).status_code == 409


@pytest.mark.parametrize("name", ["value", "least", "total", "per_person", "starts_at", "ends_at", "currency", "code"])
@pytest.mark.parametrize(
    "bad", ["-1", "1e5", "NaN", "１００", "9" * 30, "0.001", "x" * 40_000, "\x00", "<script>", "1,00", "Infinity"]
)
def test_bad_input_is_refused_at_its_field(owner: Browser, academy: Academy, name: str, bad: str) -> None:
    if name == "code" and bad == "１００":
        bad = "１"  # full-width letters are forgiven in a word
    if name == "code" and bad in {"NaN", "9" * 30, "Infinity", "1e5"}:
        bad = ";;;"  # a word may be any letters
    sent = owner.submit("/studio/coupons", {**COUPON, name: bad})
    assert sent.status_code in {400, 413, 422}, sent.text[:300]
    assert not academy.read(lambda s: promotions.coupons(s, SYSTEM, at=academy.platform.clock.now()))


def test_codes_are_handed_over_once_and_redeemed(
    owner: Browser, learner: Browser, client: Browser, academy: Academy
) -> None:
    product = re.findall(r'<option value="(prd_[^"]+)"[^>]*>Reading numbers', owner.get("/studio/codes").text)
    form = {"title": "Book fair", "gives": product[0], "total": "3", "per_person": "1"}
    made = owner.submit("/studio/codes", form)
    assert made.status_code == 303, made.text
    batch = made.headers["location"]
    assert "No codes yet" in owner.get(batch).text
    file = owner.submit(f"{batch}/make")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.headers["cache-control"] == "no-store"
    codes = file.text.split()[1:]
    assert len(codes) == 3
    assert not any(code in owner.get(batch).text for code in codes)
    assert client.post("/redeem", data={"code": codes[0]}).status_code in {303, 403}
    refused = learner.submit("/redeem", {"code": "0000-0000-0000-0000"})
    assert refused.status_code == 409
    done = learner.submit("/redeem", {"code": codes[0].lower()})
    assert done.status_code == 200
    assert "Yours for good" in done.text
    assert _owns(academy, academy.learner)
    assert owner.submit(f"{batch}/make").status_code == 409
    for bad in ({"total": "0"}, {"total": "10001"}, {"total": "x"}, {"gives": ""}, {"gives": "prd_x"}, {"days": "-1"}):
        assert owner.submit("/studio/codes", {**form, **bad}).status_code == 422, bad


def test_guessing_is_slow(learner: Browser) -> None:
    answers = [learner.submit("/redeem", {"code": f"{number:04}-AAAA-BBBB-CCCC"}) for number in range(12)]
    assert [one.status_code for one in answers] == [409] * 10 + [429] * 2


def _give(browser: Browser, academy: Academy, **changed: str) -> str:
    page = browser.get("/give/reading-numbers")
    assert page.status_code == 200, page.text
    placed = browser.submit(
        "/give/reading-numbers", {**hidden(page.text), "provider": "sandbox", "way": "link", **changed}
    )
    assert placed.status_code == 303, placed.text
    browser.submit(placed.headers["location"], {"choice": "success"})
    academy.work()
    found = re.search(r'value="http://testserver(?:/en)?(/gift/[^"]+)"', browser.get("/gifts").text)
    assert found
    return found[1]


def test_a_gift_from_the_counter_to_the_shelf(
    learner: Browser, client: Browser, academy: Academy, open_browser: Open
) -> None:
    link = _give(learner, academy, message="For you <3")
    stranger = client.get(link)
    assert stranger.status_code == 200
    assert "From Lily" in stranger.text
    assert "For you &lt;3" in stranger.text
    assert stranger.headers["referrer-policy"] == "no-referrer"
    assert "lily@example.org" not in stranger.text
    other = open_browser(academy.other)
    claimed = other.submit(link)
    assert claimed.status_code == 303
    assert "It is yours" in other.get(link).text
    assert _owns(academy, academy.other)
    again = learner.submit(link)
    assert again.status_code == 409
    assert not _owns(academy, academy.learner)
    assert "Claimed" in learner.get("/gifts").text


def test_what_is_owned_is_passed_on(learner: Browser, academy: Academy, open_browser: Open) -> None:
    academy.give(academy.other.id, academy.course.id)
    link = _give(learner, academy)
    other = open_browser(academy.other)
    refused = other.submit(link)
    assert refused.status_code == 409
    assert "pass it on" in refused.text
    assert "It is yours" not in refused.text


def test_a_gift_is_sent_elsewhere_or_taken_back(learner: Browser, academy: Academy, open_browser: Open) -> None:
    link = _give(learner, academy)
    send = re.search(r'action="(?:/en)?(/gifts/gft_\w+)/send"', learner.get("/gifts").text)
    assert send
    assert learner.submit(f"{send[1]}/send", {"email": "nonsense"}).status_code == 422
    other = open_browser(academy.other)
    assert other.submit(f"{send[1]}/send", {"email": "eve@example.org"}).status_code == 404
    assert other.submit(f"{send[1]}/back").status_code == 404
    assert learner.submit(f"{send[1]}/send", {"email": "ozan@example.org", "message": "Hi"}).status_code == 303
    assert other.get(link).status_code == 404
    assert learner.submit(f"{send[1]}/back").status_code == 303
    academy.work()
    assert "Taken back" in learner.get("/gifts").text
    assert learner.submit(f"{send[1]}/back").status_code == 409


@pytest.mark.parametrize(
    "bad",
    [
        {"way": "letter", "email": ""}, {"way": "letter", "email": "a@b\r\nBcc: x@y"}, {"message": "x" * 1_001},
        {"way": "letter", "email": "a@example.org", "send_at": "tomorrow"}, {"code": "NOBODY"}, {"provider": "nobody"},
        {"key": "short"},
    ],
    ids=str,
)  # fmt: skip
def test_bad_gifts_are_refused(learner: Browser, academy: Academy, bad: dict[str, Any]) -> None:
    form = hidden(learner.get("/give/reading-numbers").text)
    sent = learner.submit("/give/reading-numbers", {**form, "provider": "sandbox", "way": "link", **bad})
    assert sent.status_code == 422, sent.text[:400]
    assert not academy.read(lambda s: commerce.orders(s, SYSTEM)).orders


def test_what_is_free_or_nowhere_is_no_gift(learner: Browser, client: Browser) -> None:
    for slug in ("yi-pian-duan-wen", "not-yet", "nowhere"):
        assert learner.get(f"/give/{slug}").status_code == 404
    for token in ("x", "x" * 300, "%00"):
        assert client.get(f"/gift/{token}").status_code == 404


def test_add_ons_and_countries(owner: Browser, academy: Academy) -> None:
    product = re.findall(r'<option value="(prd_[^"]+)"', owner.get("/studio/beside").text)[0]
    form = {"offered": product, "beside": "", "place": "checkout", "note_en": "Goes well with it."}
    assert owner.submit("/studio/beside/add-ons", form).status_code == 303
    for bad in ({"offered": ""}, {"place": "nowhere"}, {"beside": product}, {"note_en": "x" * 201}):
        assert owner.submit("/studio/beside/add-ons", {**form, **bad}).status_code == 422, bad
    end = re.search(r'action="(?:/en)?(/studio/beside/add-ons/add_\w+/end)"', owner.get("/studio/beside").text)
    assert end
    assert owner.submit(end[1]).status_code == 303
    assert owner.submit("/studio/beside/countries", {"country": "in", "off": "50"}).status_code == 303
    assert [one.country for one in academy.read(promotions.purchasing_powers)] == ["IN"]
    for bad in ({"country": "IND"}, {"off": "-1"}, {"off": "91"}, {"off": "NaN"}, {"off": "x" * 40_000}):
        assert owner.submit("/studio/beside/countries", {"country": "IN", "off": "50", **bad}).status_code in {413, 422}


def test_a_left_checkout_is_seen_only_with_consent(owner: Browser, academy: Academy) -> None:
    from datetime import timedelta

    from xingtan.core.money import Money
    from xingtan.domains.privacy import api as privacy

    clock, purpose = academy.platform.clock, privacy.Purpose.MARKETING_MAIL
    for person in (academy.learner, academy.other):
        if person is academy.learner:
            academy.write(lambda s: privacy.grant_consent(s, academy.learner.id, purpose=purpose, clock=clock))
        academy.write(
            lambda s, person=person: promotions.note_open_checkout(
                s, person.id, academy.course.id, Money(19_900, "CNY"), clock=clock
            )
        )
    clock.advance(seconds=timedelta(hours=2).total_seconds())  # type: ignore[attr-defined]
    academy.work()
    page = owner.get("/studio/left").text
    assert "Lily" in page
    assert "Ozan" not in page
    academy.write(lambda s: privacy.withdraw_consent(s, academy.learner.id, purpose=purpose, clock=clock))
    assert "Lily" not in owner.get("/studio/left").text
    academy.work()
    assert not academy.read(lambda s: promotions.abandoned_checkouts(s, SYSTEM)).checkouts
    assert owner.get("/studio/left?cursor=nonsense").status_code == 422
