"""Files on their way out: for one person, for a while, in parts; nothing to anybody else."""

import io

import pytest
from PIL import Image

from tests.fixtures.web import Academy, Browser, shown
from xingtan.core.clock import ManualClock
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.learning.addresses import feed_media_url, media_url, picture_url
from xingtan.web.learning.serving import disposition

SOUND = b"ID3\x04\x00\x00" + bytes(range(256)) * 40


@pytest.fixture
def sound(academy: Academy) -> catalog.AssetView:
    return store(academy, "第 1 讲.mp3", SOUND)


def store(academy: Academy, name: str, data: bytes, *, is_public: bool = False) -> catalog.AssetView:
    upload, platform = catalog.Upload(name, data, product_id=academy.course.id, is_public=is_public), academy.platform
    return academy.write(
        lambda s: catalog.store_asset(
            s, upload, viewer=SYSTEM, files=platform.files, clock=platform.clock, limit_bytes=10**8
        )
    )


def picture(colour: str) -> bytes:
    canvas = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(canvas, "PNG")
    return canvas.getvalue()


def url_for(academy: Academy, asset: catalog.AssetView, audience: str) -> str:
    return media_url(academy.platform, asset, audience=audience)


def test_the_one_for_whom_it_was_signed_gets_it(academy: Academy, learner: Browser, sound: catalog.AssetView) -> None:
    answer = learner.get(url_for(academy, sound, str(academy.learner.id)))
    assert answer.status_code == 200
    assert answer.content == SOUND
    assert answer.headers["content-type"] == sound.media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")
    assert "filename*=UTF-8''%E7%AC%AC%201%20%E8%AE%B2.mp3" in answer.headers["content-disposition"]


def test_nobody_else_gets_it(academy: Academy, client: Browser, owner: Browser, sound: catalog.AssetView) -> None:
    url = url_for(academy, sound, str(academy.learner.id))
    for browser in (client, owner):
        answer = browser.get(url)
        assert answer.status_code == 403
        assert SOUND[:80] not in answer.content
    assert 'lang="zh-Hans"' in client.get(f"/zh{url}").text


def test_a_forged_address_opens_nothing(academy: Academy, learner: Browser, sound: catalog.AssetView) -> None:
    token = url_for(academy, sound, str(academy.learner.id)).split("/")[2]
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    longer = f"{token}A"
    for bad in (flipped, longer, "A" * 75, "x"):
        assert learner.get(f"/media/{bad}/x.mp3").status_code == 403


def test_an_address_ends_after_six_hours(
    academy: Academy, learner: Browser, sound: catalog.AssetView, clock: ManualClock
) -> None:
    url = url_for(academy, sound, str(academy.learner.id))
    clock.advance(hours=5, minutes=59)
    assert learner.get(url).status_code == 200
    clock.advance(minutes=1)
    assert learner.get(url).status_code == 403


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-99", slice(0, 100)), ("bytes=-10", slice(-10, None)), ("bytes=5000-", slice(5000, None))],
)
def test_parts(academy: Academy, learner: Browser, sound: catalog.AssetView, asked: str, part: slice) -> None:
    answer = learner.get(url_for(academy, sound, str(academy.learner.id)), headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == SOUND[part]
    first, last, _ = part.indices(len(SOUND))
    assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{len(SOUND)}"


def test_a_part_beyond_the_end_and_a_file_that_the_reader_has(
    academy: Academy, learner: Browser, sound: catalog.AssetView
) -> None:
    url = url_for(academy, sound, str(academy.learner.id))
    beyond = learner.get(url, headers={"Range": "bytes=999999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{sound.size}")
    etag = learner.get(url).headers["etag"]
    assert learner.get(url, headers={"If-None-Match": etag}).status_code == 304
    changed = learner.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, sound.size)


def test_only_the_head(academy: Academy, learner: Browser, sound: catalog.AssetView) -> None:
    answer = learner.head(url_for(academy, sound, str(academy.learner.id)))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(sound.size)


def test_what_could_run_is_saved_and_not_shown() -> None:
    assert disposition("a.svg", "image/svg+xml").startswith("attachment")
    assert disposition("a.html", "text/html").startswith("attachment")
    assert disposition("a.pdf", "application/pdf").startswith("inline")
    assert '"' not in disposition('a"\r\nX: y.mp3', "audio/mpeg").split("filename=")[1].split(";")[0].strip('"')
    assert "\n" not in disposition("a\nb", "audio/mpeg")


def test_a_feed_opens_its_episodes_until_it_is_renewed(
    academy: Academy, client: Browser, sound: catalog.AssetView
) -> None:
    academy.give(academy.learner.id, academy.course.id)
    viewer, clock, vault = Viewer(academy.learner.id), academy.platform.clock, academy.platform.vault
    course = academy.course.id
    token = academy.write(lambda s: learning.feed_token(s, viewer, product_id=course, clock=clock, vault=vault))
    url = feed_media_url(academy.platform, sound, audience=learning.feed_audience(token), token=token)
    assert client.get(url).status_code == 200
    assert client.get(url.split("?")[0]).status_code == 403
    again = academy.write(lambda s: learning.feed_token(s, viewer, product_id=course, clock=clock, vault=vault))
    assert again == token
    academy.write(lambda s: learning.renew_feed_token(s, viewer, product_id=course, clock=clock, vault=vault))
    assert client.get(url).status_code == 404


def test_a_feed_ends_with_the_access(academy: Academy, client: Browser, sound: catalog.AssetView) -> None:
    viewer, clock, vault = Viewer(academy.learner.id), academy.platform.clock, academy.platform.vault
    course = academy.course.id
    token = academy.write(lambda s: learning.feed_token(s, viewer, product_id=course, clock=clock, vault=vault))
    url = feed_media_url(academy.platform, sound, audience=learning.feed_audience(token), token=token)
    assert client.get(url).status_code == 404
    academy.give(academy.learner.id, course)
    assert client.get(url).status_code == 200


def test_public_pictures_are_kept_for_ever_and_private_ones_are_not_there(academy: Academy, client: Browser) -> None:
    private = store(academy, "figure.png", picture("#f0a158"))
    width = min(int(one) for one in private.variants)
    assert client.get(picture_url(private.id, width=width) or "").status_code == 404
    public = store(academy, "cover.png", picture("#2a6455"), is_public=True)
    answer = client.get(picture_url(public.id, width=width) or "")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"/assets/{shown('asset', public.id)}/12345.webp").status_code == 404
    assert client.get(f"/assets/{shown('asset', public.id)}/../x").status_code == 404
