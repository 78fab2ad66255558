"""The catalogue through the API: each operation does what it says, and refuses in plain words."""

import io
import zipfile
from datetime import timedelta

from PIL import Image

from tests.web.api.conftest import House, problem


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "#c63").save(out, "PNG")
    return out.getvalue()


def made(house: House, title: str, **more: object) -> dict[str, object]:
    answer = house.call("POST", "/products", json={"kind": "course", "language": "en", "title": title, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def section_of(house: House, slug: object) -> str:
    return house.call("GET", f"/products/{slug}/contents").json()["sections"][0]["id"]


def with_lesson(house: House, called: str, /, **lesson: object) -> tuple[dict[str, object], str]:
    product = made(house, called)
    body = {"title": "One", "body_md": "Hello, apricot.", **lesson}
    saved = house.call("POST", f"/sections/{section_of(house, product['slug'])}/lessons", json=body)
    assert saved.status_code == 201, saved.text
    return product, saved.json()["id"]


def test_strangers_see_what_is_published(house: House) -> None:
    mine = house.call("GET", "/products", "owner").json()["items"]
    theirs = house.call("GET", "/products", "stranger").json()["items"]
    assert {item["state"] for item in theirs} == {"published"}
    assert "draft" in {item["state"] for item in mine}
    assert house.call("GET", "/products?state=draft", "stranger").json()["items"] == []
    assert problem(house.call("GET", "/products/not-yet", "stranger")) == (404, "not-found")
    assert problem(house.call("GET", f"/products/{house.id('product', house.academy.draft.id)}", "learner"))[0] == 404
    assert house.call("GET", "/products/not-yet", "teacher").status_code == 200


def test_a_product_says_what_its_page_says(house: House) -> None:
    by_slug = house.call("GET", "/products/reading-numbers", "stranger").json()
    assert by_slug == house.call("GET", f"/products/{by_slug['id']}", "stranger").json()
    assert by_slug["offer"]["price"] == {"minor": 19900, "currency": "CNY", "amount": "199.00"}
    assert by_slug["path"] == "/works/reading-numbers"
    assert [lesson["title"] for lesson in by_slug["contents"]["sections"][0]["lessons"]] == [
        "A first look", "The paid part", "A small quiz",
    ]  # fmt: skip
    assert by_slug["published_at"] == "2026-03-01T08:00:00Z"
    assert by_slug["topics"] == [{"slug": "data", "names": {"en": "data"}, "products": None}]


def test_filters_sorts_and_pages(house: House) -> None:
    for number in range(5):
        product = made(house, f"Page {number}", topics=["pages"])
        assert house.call("POST", f"/products/{product['id']}/publish").status_code == 200
    seen, cursor, turns = [], "", 0
    while turns < 9:
        page = house.call("GET", f"/products?topic=pages&sort=title&limit=2{cursor}", "stranger").json()
        seen += [item["title"] for item in page["items"]]
        turns += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (seen, turns) == ([f"Page {number}" for number in range(5)], 3)
    assert house.call("GET", "/products?language=zh", "stranger").json()["items"][0]["slug"] == "yi-pian-duan-wen"
    assert house.call("GET", "/products?kind=podcast", "stranger").json()["items"] == []
    huge = "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAsICJhYSJd"  # [10**29, "aa"]
    for wrong in ("abc", "!", "%00", "W10", huge, "x" * 3000, "eyJhIjoxfQ"):
        assert problem(house.call("GET", f"/products?cursor={wrong}", "stranger")) == (422, "invalid")


def test_a_product_from_draft_to_retirement(house: House) -> None:
    product = made(house, "A life", summary="From birth", topics=["life"])
    name = product["slug"]
    assert (product["state"], product["offer"]) == ("draft", None)
    saved = house.call("PUT", f"/products/{name}", json={"title": "A longer life", "summary": "On it goes"})
    assert (saved.json()["number"], saved.json()["content"]["title"]) == (2, "A longer life")
    assert saved.json()["topics"] == ["life"]
    again = house.call("PUT", f"/products/{name}", json={"title": "A longer life", "summary": "On it goes"})
    assert again.json()["number"] == 2
    restored = house.call("POST", f"/products/{name}/versions/1/restore").json()
    assert (restored["number"], restored["content"]["title"], len(restored["versions"])) == (3, "A life", 3)
    assert problem(house.call("POST", f"/products/{name}/versions/9/restore"))[0] == 404
    soon = (house.clock.now() + timedelta(days=1)).isoformat()
    assert house.call("POST", f"/products/{name}/schedule", json={"publish_at": soon}).json()["state"] == "scheduled"
    assert house.call("POST", f"/products/{name}/unschedule").json()["state"] == "draft"
    past = (house.clock.now() - timedelta(days=1)).isoformat()
    assert problem(house.call("POST", f"/products/{name}/schedule", json={"publish_at": past}))[0] == 422
    assert problem(house.call("POST", f"/products/{name}/retire")) == (409, "conflict")
    assert house.call("POST", f"/products/{name}/publish").json()["state"] == "published"
    assert house.call("POST", f"/products/{name}/retire").json()["state"] == "retired"
    assert problem(house.call("GET", f"/products/{name}", "stranger"))[0] == 404


def test_a_products_fields_are_checked(house: House) -> None:
    body = {"kind": "course", "language": "en", "title": "X"}
    wrong = {"kind": "film", "slug": "Not A Slug", "title": "", "cover": house.id("product"), "minutes": 3}
    for field, value in (wrong | {"difficulty": "impossible", "requires": [house.id("product")]}).items():
        answer = house.call("POST", "/products", json={**body, field: value})
        assert problem(answer) == (422, "invalid"), field
    taken = house.call("POST", "/products", json={**body, "slug": "reading-numbers"})
    assert "slug" in taken.json()["errors"]
    bundle = house.call("POST", "/products", json={**body, "contains": [house.id("product", house.academy.course.id)]})
    assert problem(bundle) == (409, "conflict")


def test_scripts_in_texts_are_shown_as_texts(house: House) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))"
    product, lesson = with_lesson(house, evil, title=evil, body_md=evil, is_preview=True)
    house.call("PUT", f"/products/{product['slug']}", json={"title": evil, "description_md": evil})
    house.call("POST", f"/products/{product['slug']}/publish")
    shown = house.call("GET", f"/products/{product['slug']}", "stranger").json()["content"]["description_html"]
    read = house.call("GET", f"/lessons/{lesson}", "stranger").json()["html"]
    for html in (shown, read):
        assert "<script" not in html
        assert "<img" not in html or "onerror" not in html.partition("<img")[2].partition(">")[0]
        assert 'href="javascript' not in html


def test_a_lesson_is_written_published_moved_and_removed(house: House) -> None:
    product, lesson = with_lesson(house, "Written")
    name = product["slug"]
    draft = house.call("GET", f"/lessons/{lesson}/draft").json()
    assert (draft["body_md"], draft["is_published"], draft["number"]) == ("Hello, apricot.", False, 1)
    body = {"title": "One", "body_md": "Hello, plum.", "is_preview": True}
    assert house.call("PUT", f"/lessons/{lesson}", json=body).json()["has_new_version"] is True
    assert house.call("PUT", f"/lessons/{lesson}", json=body).json()["has_new_version"] is False
    assert house.call("POST", f"/products/{name}/publish").status_code == 200
    assert "plum" in house.call("GET", f"/lessons/{lesson}", "stranger").json()["html"]
    house.call("PUT", f"/lessons/{lesson}", json={**body, "body_md": "Hello, pear."})
    assert "plum" in house.call("GET", f"/lessons/{lesson}", "stranger").json()["html"]
    assert house.call("POST", f"/lessons/{lesson}/publish").status_code == 204
    assert "pear" in house.call("GET", f"/lessons/{lesson}", "stranger").json()["html"]
    assert house.call("POST", f"/lessons/{lesson}/versions/1/restore").json()["has_new_version"] is True
    sections = house.call("POST", f"/products/{name}/sections", json={"title": "Two", "place": 0}).json()["sections"]
    assert [section["title"] for section in sections] == ["Two", ""]
    moved = house.call("POST", f"/lessons/{lesson}/move", json={"section": sections[0]["id"], "place": 0})
    assert moved.status_code == 204
    assert problem(house.call("DELETE", f"/sections/{sections[0]['id']}")) == (409, "conflict")
    assert house.call("PUT", f"/sections/{sections[0]['id']}", json={"title": "First"}).status_code == 204
    assert house.call("DELETE", f"/sections/{sections[1]['id']}").status_code == 204
    (section,) = house.call("GET", f"/products/{name}/contents", "stranger").json()["sections"]
    assert (section["title"], [line["id"] for line in section["lessons"]]) == ("First", [lesson])
    elsewhere = section_of(house, house.course)
    wrong = house.call("POST", f"/lessons/{lesson}/move", json={"section": elsewhere, "place": 0})
    assert problem(wrong) == (422, "invalid")
    assert house.call("DELETE", f"/lessons/{lesson}").status_code == 204
    assert problem(house.call("GET", f"/lessons/{lesson}", "stranger"))[0] == 404


def test_a_quiz_hides_its_answers(house: House) -> None:
    questions = [
        {"ask": "2 + 2?", "choices": [{"text": "4", "right": True, "because": "so it is"}, {"text": "5"}]},
        {"ask": "Half of 1?", "kind": "number", "answer": "0.5", "tolerance": 0.01},
    ]
    product, lesson = with_lesson(house, "Asked", kind="quiz", body_md="", questions=questions, is_preview=True)
    house.call("POST", f"/products/{product['slug']}/publish")
    shown = house.call("GET", f"/lessons/{lesson}", "stranger")
    assert [question["kind"] for question in shown.json()["questions"]] == ["single", "number"]
    assert "so it is" not in shown.text
    assert "right" not in shown.text
    assert "0.5" not in shown.text
    assert "so it is" in house.call("GET", f"/lessons/{lesson}/draft").text
    bad = house.call("PUT", f"/lessons/{lesson}", json={"title": "Asked", "questions": [{"ask": "?", "choices": []}]})
    assert problem(bad) == (422, "invalid")
    assert "questions.0.choices" in bad.json()["errors"]


def test_paid_words_are_for_those_who_hold_them(house: House) -> None:
    for who in ("stranger", "learner", "support", "analyst"):
        answer = house.call("GET", f"/lessons/{house.lesson}", who)
        assert problem(answer) == (403, "not-bought")
        assert "secret apricot" not in answer.text
    for who, why in (("owner", "staff"), ("editor", "staff"), ("teacher", "staff")):
        read = house.call("GET", f"/lessons/{house.lesson}", who).json()
        assert ("secret apricot" in read["html"], read["access"]) == (True, why)
    holder = house.academy.person("Holder")
    house.academy.give(holder.id, house.academy.course.id)
    with_it = house.academy.token(holder, "read:mine")
    without = house.academy.token(holder, "write:mine")
    assert house.call("GET", f"/lessons/{house.lesson}", token=with_it).json()["access"] == "held"
    assert problem(house.call("GET", f"/lessons/{house.lesson}", token=without)) == (403, "not-bought")
    found = house.call("GET", "/search?q=secret apricot", token=with_it).json()["items"]
    assert "the-paid-part" in [hit["lesson"] for hit in found]
    for hidden in (
        house.call("GET", "/search?q=secret apricot", token=without),
        house.call("GET", "/search?q=secret apricot", "stranger"),
    ):
        assert "the-paid-part" not in [hit["lesson"] for hit in hidden.json()["items"]]


def test_files_come_and_go(house: House) -> None:
    sent = {"file": ("p.png", png(), "image/png")}
    kept = house.call("POST", "/assets", files=sent, data={"product": house.id("product", house.academy.course.id)})
    assert kept.status_code == 201, kept.text
    asset = kept.json()
    assert (asset["media_type"], asset["width"], asset["height"]) == ("image/png", 64, 32)
    assert house.call("GET", f"/assets/{asset['id']}").json() == asset
    whole = house.callers["editor"].get(asset["url"])
    assert (whole.status_code, whole.content) == (200, png())
    part = house.callers["editor"].get(asset["url"], headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, png()[:8])
    beyond = house.callers["editor"].get(asset["url"], headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416
    assert problem(house.callers["stranger"].get(asset["url"]))[0] == 401
    fake = house.call("POST", "/assets", files={"file": ("cover.png", b"not a picture", "image/png")})
    assert problem(fake) == (422, "invalid")
    empty = house.call("POST", "/assets", files={"file": ("a.pdf", b"", "application/pdf")})
    assert problem(empty) == (422, "invalid")
    lost = house.call("POST", "/assets", files=sent, data={"product": house.id("product")})
    assert problem(lost) == (422, "invalid")


def test_a_lessons_files_are_for_its_readers(house: House) -> None:
    asset = house.call("POST", "/assets", files={"file": ("p.pdf", b"%PDF-1.4\n%%EOF", "application/pdf")}).json()
    product, lesson = with_lesson(house, "With a file", kind="file", media=asset["id"])
    house.call("POST", f"/products/{product['slug']}/publish")
    read = house.call("GET", f"/lessons/{lesson}", "teacher").json()
    url = read["media"]["url"]
    assert house.callers["teacher"].get(url).content == b"%PDF-1.4\n%%EOF"
    assert problem(house.callers["learner"].get(url)) == (403, "not-bought")
    assert problem(house.callers["stranger"].get(url)) == (403, "not-bought")
    other = url.replace(lesson, house.preview)
    assert problem(house.callers["teacher"].get(other)) == (404, "not-found")


def test_topics_and_order(house: House) -> None:
    named = house.call("PUT", "/topics/tea", json={"names": {"zh": "茶", "en": "Tea"}})
    assert named.json() == {"slug": "tea", "names": {"zh": "茶", "en": "Tea"}, "products": 0}
    assert problem(house.call("PUT", "/topics/Bad%20Slug", json={"names": {"en": "x"}})) == (422, "invalid")
    assert problem(house.call("PUT", "/topics/tea", json={"names": {}})) == (422, "invalid")
    first = house.id("product", house.academy.essay.id)
    assert house.call("POST", "/products/order", json={"products": [first]}).status_code == 204
    assert house.call("GET", "/products", "stranger").json()["items"][0]["id"] == first


def test_prices(house: House) -> None:
    product = made(house, "Priced")
    name = product["slug"]
    offer = house.call(
        "POST", f"/products/{name}/offers",
        json={"model": "once", "price": {"minor": 9900, "currency": "CNY", "amount": "99.00"}},
    ).json()  # fmt: skip
    assert house.call("GET", f"/offers/{offer['id']}", "owner").json() == offer
    assert problem(house.call("GET", f"/offers/{offer['id']}", "stranger"))[0] == 404  # the product is a draft
    house.call("POST", f"/products/{name}/publish")
    assert house.call("GET", f"/products/{name}", "stranger").json()["offer"]["price"]["amount"] == "99.00"
    assert house.call("POST", f"/offers/{offer['id']}/retire").json()["retired_at"] == "2026-03-01T08:00:00Z"
    assert problem(house.call("POST", f"/offers/{offer['id']}/retire")) == (409, "conflict")
    assert house.call("GET", f"/products/{name}", "stranger").json()["offer"] is None
    listed = house.call("GET", f"/products/{name}/offers").json()["items"]
    assert [one["id"] for one in listed] == [offer["id"]]
    free = {"model": "free", "price": {"minor": 5, "currency": "CNY"}}
    assert "price" in house.call("POST", f"/products/{name}/offers", json=free).json()["errors"]


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.md", text)
    return out.getvalue()


def test_a_folder_is_looked_at_brought_in_and_taken_out(house: House) -> None:
    source = zipped(README="# Small course\n\nAbout little.", one="# One\n\nFirst words.\n\n![gone](gone.png)")
    before = house.call("GET", "/products").json()["items"]
    plan = house.call("POST", "/imports/dry-run", files={"file": ("course.zip", source)}, data={"language": "en"})
    assert plan.status_code == 200, plan.text
    assert plan.json()["products"]
    assert len(house.call("GET", "/products").json()["items"]) == len(before)
    body = {"source": plan.json()["source"], "name": "course", "language": "en"}
    started = house.call("POST", "/imports", json=body)
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    house.academy.work()
    done = house.call("GET", f"/imports/{started.json()['id']}").json()
    assert (done["state"], done["error"]) == ("done", None)
    assert done["products"][0]["is_new"] is True
    assert house.call("POST", "/imports", json=body).json()["id"] == started.json()["id"]
    slug = done["products"][0]["slug"]
    taken = house.call("GET", f"/products/{slug}/export")
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert any(name.endswith(".md") for name in archive.namelist())
    book = house.call("GET", f"/products/{slug}/export?format=epub")
    assert book.headers["content-type"] == "application/epub+zip"
    assert book.content[:2] == b"PK"


def test_an_import_that_cannot_be(house: House) -> None:
    for name, data in (("a.exe", b"MZ"), ("a.zip", b"not a zip"), ("a.json", b"[")):
        answer = house.call("POST", "/imports/dry-run", files={"file": (name, data)})
        assert answer.status_code in (400, 413, 422), (name, answer.text)
        problem(answer)
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../etc/evil.md", "# x")
    assert house.call("POST", "/imports/dry-run", files={"file": ("a.zip", evil.getvalue())}).status_code in (400, 422)
    unknown = {"source": "0198f0c0-0000-7000-8000-000000000000.zip"}
    assert problem(house.call("POST", "/imports", json=unknown)) == (404, "not-found")
    assert problem(house.call("POST", "/imports", json={"source": "../../master.key"})) == (422, "invalid")
    other_job = house.call("GET", "/jobs").json()["items"][-1]["id"]
    assert problem(house.call("GET", f"/imports/{other_job}")) == (404, "not-found")
