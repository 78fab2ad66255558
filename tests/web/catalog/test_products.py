"""The list of products, a new product, and the page on which it is described."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.catalog.words import SCRIPT, counted, form_on, picture
from xingtan.core.ids import public_id
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.identity import api as identity

OWN = "/studio/products/reading-numbers"


def draft(academy: Academy, slug: str) -> catalog.ProductDraft:
    return academy.read(lambda s: catalog.product_draft(s, SYSTEM, slug))


def about(owner: Browser, path: str = OWN) -> dict[str, object]:
    return form_on(owner.get(path).text, "about")


# --- who may ---------------------------------------------------------------------------------------------------------
PAGES = (
    "/studio/products", "/studio/products/new", OWN, f"{OWN}/retire", f"{OWN}/lessons/the-paid-part",
    f"{OWN}/lessons/the-paid-part/versions", f"{OWN}/lessons/the-paid-part/remove", "/studio/topics",
)  # fmt: skip


def test_strangers_sign_in_and_learners_stay_outside(client: Browser, learner: Browser) -> None:
    for path in PAGES:
        stranger = client.get(path)
        assert (stranger.status_code, stranger.headers["location"].split("?")[0]) == (303, "/sign-in"), path
        assert learner.get(path).status_code == 403, path


@pytest.mark.parametrize("role", ["teacher", "analyst"])
def test_who_may_only_read_sees_and_changes_nothing(
    role: str, academy: Academy, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    browser = open_browser(academy.staff(role))
    for path in ("/studio/products", OWN, f"{OWN}/lessons/the-paid-part", "/studio/topics"):
        page = browser.get(path)
        assert page.status_code == 200
        assert 'value="publish"' not in page.text
        assert '/publish"' not in page.text
    for path in (
        "/studio/products/new", OWN, f"{OWN}/publish", f"{OWN}/schedule", f"{OWN}/unschedule", f"{OWN}/retire",
        f"{OWN}/versions/1/restore", f"{OWN}/sections", f"{OWN}/lessons", f"{OWN}/lessons/the-paid-part",
        f"{OWN}/lessons/the-paid-part/move", f"{OWN}/lessons/the-paid-part/remove",
        f"{OWN}/lessons/the-paid-part/versions/1/restore", "/studio/preview", "/studio/topics",
    ):  # fmt: skip
        assert browser.submit(path, {"title": "Taken over"}).status_code == 403, path
    assert browser.submit("/studio/assets", files={"file": ("a.png", picture())}).status_code == 403
    assert draft(academy, "reading-numbers").number == 1


def test_a_forged_form_changes_nothing(owner: Browser, academy: Academy) -> None:
    typed = about(owner) | {"title": "Forged", "csrf_token": "0" * 64}
    assert owner.post(OWN, data=typed).status_code == 403
    assert owner.post(f"{OWN}/publish", data={}).status_code == 403
    assert owner.submit(OWN, {"title": "Forged"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert draft(academy, "reading-numbers").content.title == "Reading numbers"


# --- the list --------------------------------------------------------------------------------------------------------
def test_the_list_shows_every_state_and_filters(owner: Browser) -> None:
    everything = owner.get("/studio/products").text
    assert all(title in everything for title in ("Reading numbers", "一篇短文", "Not yet"))
    assert "¥199" in everything
    drafts = owner.get("/studio/products", params={"state": "draft"}).text
    assert "Not yet" in drafts
    assert "Reading numbers" not in drafts
    assert "一篇短文" in owner.get("/studio/products", params={"language": "zh"}).text
    assert "一篇短文" not in owner.get("/studio/products", params={"kind": "course"}).text
    found = owner.get("/studio/products", params={"q": "NUMBERS owen"}).text
    assert "Reading numbers" in found
    assert "Not yet" not in found
    assert "Nothing like this" in owner.get("/studio/products", params={"q": SCRIPT}).text


def test_the_list_comes_in_pages_and_costs_the_same_however_long(owner: Browser, academy: Academy) -> None:
    owner.get("/studio/products")
    with counted(academy) as short:
        owner.get("/studio/products")
    for number in range(30):
        academy.product(f"Number {number}", slug=f"n-{number}")
    with counted(academy) as long:
        first = owner.get("/studio/products")
    assert len(long) == len(short) <= 10
    assert first.text.count('class="name"') == 24
    older = first.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = owner.get(older)
    assert second.text.count('class="name"') == 9


def test_a_strange_page_address_is_refused(owner: Browser) -> None:
    assert owner.get("/studio/products", params={"after": "'; drop table"}).status_code == 422


def test_a_products_pages_cost_the_same_however_much_is_inside(owner: Browser, academy: Academy) -> None:
    paths = (OWN, f"{OWN}/lessons/the-paid-part", f"{OWN}/lessons/the-paid-part/versions")
    before = [cost(owner, academy, path) for path in paths]
    for number in range(20):
        academy.add(academy.course.id, f"Lesson {number}")
        academy.product(f"Product {number}", slug=f"p-{number}", topics=(f"t-{number}",))
    assert [cost(owner, academy, path) for path in paths] == before
    assert all(one <= limit for one, limit in zip(before, (22, 10, 10), strict=True)), before


def cost(owner: Browser, academy: Academy, path: str) -> int:
    owner.get(path)  # the caches are warm
    with counted(academy) as asked:
        assert owner.get(path).status_code == 200
    return len(asked)


# --- a new one -------------------------------------------------------------------------------------------------------
def test_every_kind_can_be_begun(owner: Browser, academy: Academy) -> None:
    for kind in catalog.PRODUCT_KINDS:
        asked = {
            "kind": kind, "language": "zh", "title": f"数字的故事 {kind}", "starts_at": "2026-04-01T20:00",
            "live_minutes": "90", "consulting_minutes": "60",
        }  # fmt: skip
        answer = owner.submit("/studio/products/new", asked)
        assert answer.status_code == 303, kind
        made = draft(academy, f"shu-zi-de-gu-shi-{kind}")
        assert (made.card.kind, made.card.state, made.card.language) == (kind, "draft", "zh")
        assert owner.get(answer.headers["location"]).status_code == 200, kind


def test_what_is_wrong_is_said_and_kept(owner: Browser) -> None:
    for wrong, sentence in (
        ({"title": "  "}, "Give it a title."),
        ({"title": "x" * 201}, "At most 200 characters"),
        ({"kind": "circus"}, "This kind of product is not known."),
        ({"language": "xx"}, "This language is not known here."),
        ({"kind": "live", "starts_at": "tomorrow"}, "Write a day and a time"),
        ({"kind": "live", "starts_at": "9999-12-31T23:59:59-23:00"}, "Write a day and a time"),
        ({"kind": "live", "starts_at": ""}, "Say when the lecture starts."),
        ({"kind": "consulting", "consulting_minutes": "-5"}, "Write a whole number."),
        ({"kind": "consulting", "consulting_minutes": "0"}, "Say how many minutes it takes."),
    ):
        asked = {"kind": "course", "language": "en", "title": "A new course", "live_minutes": "90", **wrong}
        answer = owner.submit("/studio/products/new", asked)
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong
        assert f'value="{asked["title"]}"' in answer.text


def test_a_title_whose_address_the_studio_needs_gets_another(owner: Browser, academy: Academy) -> None:
    answer = owner.submit("/studio/products/new", {"kind": "course", "language": "en", "title": "New"})
    assert answer.headers["location"] == "/studio/products/a-new-one?said=made"
    typed = about(owner, "/studio/products/a-new-one") | {"slug": "new"}
    assert "The studio needs this address itself" in owner.submit("/studio/products/a-new-one", typed).text
    assert draft(academy, "a-new-one").content.title == "New"


# --- what it says ----------------------------------------------------------------------------------------------------
def test_saving_keeps_every_field(owner: Browser, academy: Academy) -> None:
    other = academy.essay
    typed = about(owner) | {
        "title": "Reading numbers well", "subtitle": "A small course", "summary": "In short.",
        "description_md": "## Why\n\nBecause.", "audience": "You\nMe", "outcomes": "Count", "author": "Owen",
        "difficulty": "advanced", "topics": ["data"], "new_topics": "averages，charts",
        "requires": [public_id("product", academy.draft.id)], "edition": public_id("product", other.id),
    }  # fmt: skip
    assert owner.submit(OWN, typed).headers["location"] == f"{OWN}?said=saved"
    now = draft(academy, "reading-numbers")
    content = now.content
    assert (content.title, content.subtitle, content.summary) == ("Reading numbers well", "A small course", "In short.")
    assert (content.audience, content.outcomes, content.difficulty) == (("You", "Me"), ("Count",), "advanced")
    assert {one.slug for one in now.topics} == {"data", "averages", "charts"}
    assert now.requirement_ids == (academy.draft.id,)
    assert "<h2" in content.description_html
    assert now.number == 2
    assert now.has_unpublished_changes
    same = academy.read(lambda s: catalog.editions(s, SYSTEM, now.card.work_key))
    assert {one.id for one in same} == {academy.course.id, other.id}
    assert "Show the changes" in owner.get(OWN).text
    assert about(owner)["edition"] == public_id("product", other.id)


def test_saving_the_page_as_it_is_changes_nothing(owner: Browser, academy: Academy) -> None:
    before = draft(academy, "reading-numbers")
    assert owner.submit(OWN, about(owner)).status_code == 303
    after = draft(academy, "reading-numbers")
    assert (after.content, after.number, after.topics) == (before.content, before.number, before.topics)


def test_an_editor_whose_edition_is_parted_leaves_the_other_alone(owner: Browser, academy: Academy) -> None:
    owner.submit(OWN, about(owner) | {"edition": public_id("product", academy.essay.id)})
    owner.submit(OWN, about(owner) | {"edition": ""})
    assert not draft(academy, "reading-numbers").card.work_key
    assert draft(academy, "yi-pian-duan-wen").card.work_key


def test_nothing_typed_is_lost_when_it_is_wrong(owner: Browser, academy: Academy) -> None:
    as_saved = about(owner)
    for wrong, sentence in (
        ({"title": ""}, "Give it a title."),
        ({"summary": "x" * 2001}, "At most 2000 characters"),
        ({"difficulty": "impossible"}, "This difficulty is not known."),
        ({"slug": "../../etc/passwd"}, "An address has lower-case letters"),
        ({"slug": "not-yet"}, "Another product has this address."),
        ({"audience": "line\n" * 31}, "At most 30 lines"),
        ({"edition": "prd_" + "0" * 26}, "Choose a product in another language."),
        ({"requires": public_id("product", academy.course.id)}, "One of these products cannot be chosen here."),
        ({"description_md": "x" * 2_000_001}, "This text is too long"),
    ):
        typed = as_saved | {"subtitle": "Kept all the same", "new_topics": "kept, too", **wrong}
        answer = owner.submit(OWN, typed)
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong
        assert form_on(answer.text, "about")["subtitle"] == "Kept all the same"
        assert form_on(answer.text, "about")["new_topics"] == "kept, too"
    assert draft(academy, "reading-numbers").number == 1


def test_script_in_every_field_is_shown_as_text(owner: Browser, academy: Academy) -> None:
    fields = ("title", "subtitle", "summary", "description_md", "audience", "outcomes", "author", "new_topics")
    typed = about(owner) | dict.fromkeys(fields, SCRIPT)
    assert owner.submit(OWN, typed).status_code == 303
    for path in (OWN, "/studio/products", "/studio/topics", f"{OWN}/retire"):
        html = owner.get(path).text
        assert "<script>alert" not in html, path
        assert "<img src=x" not in html, path
    assert form_on(owner.get(OWN).text, "about")["title"] == SCRIPT


def test_somebody_elses_version_is_not_overwritten_unseen(owner: Browser, academy: Academy) -> None:
    mine = about(owner) | {"title": "Mine"}
    assert owner.submit(OWN, about(owner) | {"title": "Theirs"}).status_code == 303
    refused = owner.submit(OWN, mine)
    assert refused.status_code == 409
    assert "Somebody else saved this" in refused.text
    again = form_on(refused.text, "about")
    assert again["title"] == "Mine"
    assert draft(academy, "reading-numbers").content.title == "Theirs"
    assert owner.submit(OWN, again).status_code == 303
    assert [one.title for one in draft(academy, "reading-numbers").versions] == ["Mine", "Theirs", "Reading numbers"]


def test_the_preview_button_shows_and_saves_nothing(owner: Browser, academy: Academy) -> None:
    typed = about(owner) | {"description_md": "**Bold words** <script>alert(1)</script>", "act": "preview"}
    answer = owner.submit(OWN, typed)
    assert answer.status_code == 200
    assert "<strong>Bold words</strong>" in answer.text
    assert "<script>alert" not in answer.text
    assert draft(academy, "reading-numbers").number == 1


# --- the cover -------------------------------------------------------------------------------------------------------
def test_a_cover_is_kept_shown_to_staff_and_public_only_when_published(
    owner: Browser, client: Browser, learner: Browser, academy: Academy
) -> None:
    typed = about(owner)
    answer = owner.submit(OWN, typed, files={"cover": ("../../cover.png", picture())})
    assert answer.status_code == 303
    cover_id = draft(academy, "reading-numbers").content.cover_asset_id
    assert cover_id is not None
    public = public_id("asset", cover_id)
    thumb = f"/studio/assets/{public}/480.webp"
    assert thumb in owner.get("/studio/products").text or thumb in owner.get(OWN).text
    shown = owner.get(thumb)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert "private" in shown.headers["cache-control"]
    assert learner.get(thumb).status_code == 403
    assert client.get(f"/assets/{public}/480.webp").status_code == 404
    owner.submit(f"{OWN}/publish")
    assert client.get(f"/assets/{public}/480.webp").status_code == 200
    name = academy.read(lambda s: catalog.asset(s, cover_id)).name
    assert name == "cover.png"


def test_a_cover_can_be_taken_away(owner: Browser, academy: Academy) -> None:
    owner.submit(OWN, about(owner), files={"cover": ("c.png", picture())})
    owner.submit(OWN, about(owner) | {"no_cover": "1"})
    assert draft(academy, "reading-numbers").content.cover_asset_id is None


def test_a_cover_that_is_no_picture_is_refused_and_the_words_kept(owner: Browser, academy: Academy) -> None:
    for name, data in (
        ("cover.png", b"this is no picture at all"),
        ("cover.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("cover.png", picture()[:200]),
        ("cover.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"),
        ("cover.png", b""),
    ):
        answer = owner.submit(OWN, about(owner) | {"subtitle": "Kept"}, files={"cover": (name, data)})
        assert (answer.status_code, 'id="f-cover-error"' in answer.text) == (422, True), data[:20]
        assert form_on(answer.text, "about")["subtitle"] == "Kept"
    assert draft(academy, "reading-numbers").content.cover_asset_id is None


def test_a_good_cover_survives_an_empty_title(owner: Browser, academy: Academy) -> None:
    answer = owner.submit(OWN, about(owner) | {"title": ""}, files={"cover": ("c.png", picture())})
    again = form_on(answer.text, "about") | {"title": "Now with a title"}
    assert again["cover_id"]
    assert owner.submit(OWN, again).status_code == 303
    assert draft(academy, "reading-numbers").content.cover_asset_id is not None


# --- publishing ------------------------------------------------------------------------------------------------------
def test_publishing_now_later_and_taking_off_sale(owner: Browser, academy: Academy) -> None:
    own = "/studio/products/not-yet"
    at = academy.platform.clock.now() + timedelta(days=1)
    assert owner.submit(f"{own}/schedule", {"publish_at": at.strftime("%Y-%m-%dT%H:%M")}).status_code == 303
    assert draft(academy, "not-yet").card.publish_at == at.replace(second=0, microsecond=0)
    assert owner.submit(f"{own}/unschedule").status_code == 303
    assert draft(academy, "not-yet").card.state == "draft"
    assert "It is out." in owner.get(owner.submit(f"{own}/publish").headers["location"]).text
    assert draft(academy, "not-yet").card.state == "published"
    asked = owner.get(f"{own}/retire")
    assert "Whoever has it keeps it" in asked.text
    assert draft(academy, "not-yet").card.state == "published"
    owner.submit(f"{own}/retire")
    assert draft(academy, "not-yet").card.state == "retired"


def test_a_wrong_moment_is_refused_and_kept(owner: Browser, academy: Academy) -> None:
    for written in ("", "soon", "2020-01-01T00:00", "2026-13-45T99:99"):
        answer = owner.submit("/studio/products/not-yet/schedule", {"publish_at": written})
        assert (answer.status_code, 'id="f-publish_at-error"' in answer.text) == (422, True), written
        assert f'value="{written}"' in answer.text
    assert draft(academy, "not-yet").card.state == "draft"


def test_what_the_state_forbids_is_said_on_the_page(owner: Browser) -> None:
    answer = owner.submit("/studio/products/not-yet/retire")
    assert answer.status_code == 409
    assert "That is not possible in the present state." in answer.text


def test_an_old_version_comes_back_and_a_foreign_one_does_not(owner: Browser, academy: Academy) -> None:
    owner.submit(OWN, about(owner) | {"title": "Second"})
    assert owner.submit(f"{OWN}/versions/1/restore").status_code == 303
    assert next(one.title for one in draft(academy, "reading-numbers").versions) == "Reading numbers"
    assert draft(academy, "reading-numbers").number == 3
    assert owner.submit("/studio/products/not-yet/versions/3/restore").status_code == 404
    assert owner.submit(f"{OWN}/versions/99/restore").status_code == 404
    assert draft(academy, "not-yet").number == 1


def test_a_product_that_is_not_there_is_not_found(owner: Browser) -> None:
    assert owner.get("/studio/products/nowhere").status_code == 404
    assert owner.submit("/studio/products/nowhere", {"title": "x"}).status_code == 404
    assert owner.submit("/studio/products/nowhere/publish").status_code == 404


def test_a_lecture_keeps_its_hour_in_the_academys_time(owner: Browser, academy: Academy) -> None:
    asked = {
        "kind": "live",
        "language": "en",
        "title": "At eight",
        "starts_at": "2026-04-01T20:00",
        "live_minutes": "90",
    }
    owner.submit("/studio/products/new", asked)
    own = "/studio/products/at-eight"
    typed = about(owner, own)
    assert (typed["starts_at"], typed["live_minutes"]) == ("2026-04-01T20:00", "90")
    assert owner.submit(own, typed | {"link": "javascript:alert(1)"}).status_code == 422
    assert owner.submit(own, typed | {"link": "https://meet.example.org/a"}).status_code == 303
    live = draft(academy, "at-eight").content.live
    assert live is not None
    assert live.link == "https://meet.example.org/a"


def test_a_bundle_holds_what_was_ticked(owner: Browser, academy: Academy) -> None:
    owner.submit("/studio/products/new", {"kind": "bundle", "language": "en", "title": "Both"})
    own, inside = "/studio/products/both", [public_id("product", one.id) for one in (academy.course, academy.essay)]
    assert owner.submit(own, about(owner, own) | {"contains": inside}).status_code == 303
    assert set(draft(academy, "both").contains_ids) == {academy.course.id, academy.essay.id}
    assert set(about(owner, own)["contains"]) == set(inside)  # type: ignore[call-overload]
