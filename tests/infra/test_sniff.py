import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from xingtan.core.errors import Invalid
from xingtan.infra.sniff import HEAD_BYTES, sniff


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, form)
    return out.getvalue()


def archive(first: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(first, data)
        made.writestr("b.txt", b"x")
    return out.getvalue()


EBML = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84"
SAMPLES = {
    "image/png": (picture("PNG"), ["a.png", "A.PNG"]),
    "image/jpeg": (picture("JPEG"), ["a.jpg", "照片.jpeg"]),
    "image/webp": (picture("WEBP"), ["a.webp"]),
    "image/gif": (picture("GIF"), ["a.gif"]),
    "image/avif": (picture("AVIF"), ["a.avif"]),
    "video/mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", ["a.mp4", "a.m4v"]),
    "audio/mp4": (b"\0\0\0\x1cftypM4A \0\0\2\0M4A isomiso2", ["a.m4a", "a.m4b"]),
    "video/webm": (EBML + b"webm" + b"\0" * 40, ["a.webm"]),
    "audio/mpeg": (b"ID3\x04\0\0\0\0\0\0" + b"\0" * 100, ["a.mp3"]),
    "audio/ogg": (b"OggS\0\2" + b"\0" * 60, ["a.ogg", "a.opus", "a.oga"]),
    "audio/wav": (b"RIFF\x24\0\0\0WAVEfmt ", ["a.wav"]),
    "application/pdf": (b"%PDF-1.7\n%\xe2\xe3", ["a.pdf"]),
    "application/epub+zip": (archive("mimetype", b"application/epub+zip"), ["a.epub"]),
    "application/zip": (archive("a.txt", b"x"), ["a.zip"]),
    "text/csv": ("名,价\n课,199\n".encode(), ["a.csv"]),
    "text/plain": (b"hello", ["a.txt"]),
    "text/markdown": ("\ufeff# 一".encode(), ["a.md"]),
    "text/vtt": (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n", ["a.vtt"]),
}
NAMES = {name: media_type for media_type, (_, names) in SAMPLES.items() for name in names}
HARMLESS = {("video/mp4", "audio/mp4"), ("application/epub+zip", "application/zip")}


@pytest.mark.parametrize("media_type", SAMPLES)
def test_bytes_and_name_agree_or_the_file_is_refused(media_type: str) -> None:
    head, own = SAMPLES[media_type]
    for name, claimed in NAMES.items():
        is_text = media_type.startswith("text/") and claimed.startswith("text/") and claimed != "text/vtt"
        if name in own or (media_type, claimed) in HARMLESS or is_text:
            assert sniff(head[:HEAD_BYTES], name) == claimed
        else:
            with pytest.raises(Invalid):
                sniff(head[:HEAD_BYTES], name)


@pytest.mark.parametrize("frame", [b"\xff\xfb\x90", b"\xff\xf3\x44", b"\xff\xfa\x90", b"\xff\xe3\x18"])
def test_an_mp3_without_a_tag(frame: bytes) -> None:
    assert sniff(frame + b"\0" * 50, "a.mp3") == "audio/mpeg"


@pytest.mark.parametrize("name", ["a", "", "a.svg", "a.html", "a.exe", "a.png.exe", ".png", "a.", "a.docx", "png"])
def test_a_kind_that_is_not_taken_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        sniff(picture("PNG"), name)


@pytest.mark.parametrize(
    "head",
    [
        b"<svg/>",
        b"<html>",
        b"MZ\x90",
        b"\x7fELF",
        b"",
        EBML + b"matroska",
        b"\0\0\0\x18ftypqt  ",
        b"\0\0\0\x18ftypheic",
    ],
)
def test_what_only_claims_to_be_a_picture_or_a_film_is_refused(head: bytes) -> None:
    for name in ("a.png", "a.mp4", "a.webm", "a.pdf"):
        with pytest.raises(Invalid):
            sniff(head, name)


@pytest.mark.parametrize("head", [b"\xff\xfeh\0i\0", b"a\0b", b"\xd6\xd0\xce\xc4", b"\x01\x02", "中".encode()[:2]])
def test_text_is_utf_8_without_control_characters(head: bytes) -> None:
    with pytest.raises(Invalid):
        sniff(head, "a.txt")


def test_a_head_may_cut_a_character_in_two() -> None:
    text = ("x" + "中" * 3000).encode()
    for length in range(HEAD_BYTES, HEAD_BYTES + 3):
        assert sniff(text[:length], "a.txt") == "text/plain"


def test_an_empty_text_is_a_text_but_no_subtitles() -> None:
    assert sniff(b"", "a.txt") == "text/plain"
    with pytest.raises(Invalid):
        sniff(b"", "a.vtt")


@given(st.binary(max_size=200), st.sampled_from([*NAMES, "a.exe"]))
def test_every_file_is_a_type_or_a_sentence(head: bytes, name: str) -> None:
    try:
        found = sniff(head, name)
    except Invalid:
        return
    assert found == NAMES[name]
