"""Files on their way in: pictures for a text, what is no picture, what is far too large."""

from collections.abc import Iterator

from tests.fixtures.web import Academy, Browser
from tests.web.catalog.words import picture
from xingtan.core.ids import private_id
from xingtan.domains.catalog import api as catalog
from xingtan.web.forgery import FIELD

ASSETS = "/studio/assets"
JSON = {"Accept": "application/json"}


def test_a_picture_comes_back_as_markdown(owner: Browser, academy: Academy) -> None:
    answer = owner.submit(
        f"{ASSETS}?product=reading-numbers", files={"file": ("../../../a](b) <script>.png", picture())}, headers=JSON
    )
    assert answer.status_code == 201
    told = answer.json()
    assert told["media_type"] == "image/png"
    assert told["name"].count("/") == 0
    assert told["markdown"].startswith("![a")
    assert "](asset:" in told["markdown"]
    kept = academy.read(lambda s: catalog.asset(s, private_id("asset", told["id"])))
    assert (kept.product_id, kept.is_public, kept.width) == (academy.course.id, False, 1000)
    html = owner.submit("/studio/preview", {"markdown": told["markdown"], "product": "reading-numbers"}).json()["html"]
    assert "<img" in html
    assert "<script" not in html
    assert owner.get(told["url"]).content == picture()


def test_the_token_may_come_in_a_header(owner: Browser) -> None:
    files = {"file": ("image.png", picture())}
    answer = owner.post(ASSETS, files=files, headers={"X-CSRF-Token": owner.form_token})
    assert (answer.status_code, answer.json()["markdown"].startswith("![](asset:")) == (201, True)
    assert owner.post(ASSETS, files=files, headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert owner.post(ASSETS, files=files).status_code == 403


def test_the_same_picture_is_kept_once(owner: Browser) -> None:
    ids = {owner.submit(ASSETS, files={"file": ("a.png", picture())}).json()["id"] for _ in range(2)}
    assert len(ids) == 1


def test_what_cannot_be_taken_is_said_in_the_readers_words(owner: Browser) -> None:
    for name, data in (
        ("a.png", b"GIF89a but not really"), ("a.html", b"<!doctype html><script>alert(1)</script>"),
        ("a.exe", b"MZ\x90\x00"), ("a.png", b""), ("a.jpg", picture()[:100]),
    ):  # fmt: skip
        answer = owner.submit(f"/zh{ASSETS}", files={"file": (name, data)}, headers=JSON)
        assert answer.status_code == 422, name
        assert answer.json()["errors"]["file"]
    assert owner.submit(ASSETS, {"file": "no file"}, headers=JSON).status_code == 422
    assert owner.submit(f"{ASSETS}?product=nowhere", files={"file": ("a.png", picture())}).status_code == 404


def test_two_hundred_megabytes_are_refused_by_what_they_declare(owner: Browser, academy: Academy) -> None:
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield b"x" * 1_000_000

    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "200000000"}
    for path in (ASSETS, "/studio/products/reading-numbers", "/studio/products/reading-numbers/lessons/the-paid-part"):
        answer = owner.post(path, content=body(), headers=headers)
        assert answer.status_code == 413, path
        assert "at most 101 MB" in answer.text
    told = owner.post(ASSETS, content=body(), headers={**headers, **JSON})
    assert (told.status_code, told.json()["code"]) == (413, "too-large")


def test_two_hundred_megabytes_in_pieces_are_cut_off(owner: Browser) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n'

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(200):
            yield b"\x00" * 1_000_000

    answer = owner.post(ASSETS, content=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 413
    assert "Too large" in answer.text


def test_a_file_over_the_limit_is_refused_and_the_words_kept(owner: Browser, academy: Academy) -> None:
    path = "/studio/products/reading-numbers/lessons/the-paid-part"
    large = b"\x00" * 100_500_000
    answer = owner.post(
        path,
        data={FIELD: owner.form_token, "title": "Kept", "body_md": "Every word.", "act": "upload"},
        files={"picture": ("a.png", large)},
    )
    assert answer.status_code == 413
    assert "This file is too large: at most 100 MB" in answer.text
    assert "Every word." in answer.text
