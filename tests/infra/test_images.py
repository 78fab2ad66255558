import io
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from xingtan.core.errors import Invalid
from xingtan.infra.images import ImageInfo, make_variants, read_image


def drawn(width: int = 1000, height: int = 500, mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, (width, height), "white" if mode != "RGBA" else (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, width // 4, height // 4), fill="red" if mode in {"RGB", "RGBA"} else 0)
    return image


def written(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("AVIF", "image/avif"),
    ],
)
def test_every_form_we_take(form: str, media_type: str) -> None:
    data = written(drawn(), form)
    assert read_image(data) == ImageInfo(media_type, 1000, 500, is_animated=False)
    variants = make_variants(data)
    assert list(variants) == [480, 960, 1000]
    for width, variant in variants.items():
        image = opened(variant)
        assert (image.format, image.size) == ("WEBP", (width, width // 2))
        red, green, blue = image.convert("RGB").getpixel((2, 2))
        assert red > 200
        assert max(green, blue) < 60


@pytest.mark.parametrize(("width", "expected"), [(2000, [480, 960, 1600]), (960, [480, 960]), (300, [300]), (1, [1])])
def test_a_picture_is_never_enlarged(width: int, expected: list[int]) -> None:
    variants = make_variants(written(drawn(width, 20), "PNG"))
    assert list(variants) == expected
    assert [opened(variant).width for variant in variants.values()] == expected


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_rotation_is_applied_and_the_exif_is_gone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[2] = (31.0, 12.0, 0.0)
    data = written(drawn(800, 400), "JPEG", exif=exif, comment=b"a secret")
    size = (400, 800) if orientation >= 5 else (800, 400)
    assert (read_image(data).width, read_image(data).height) == size
    variants = make_variants(data)
    assert list(variants) == ([400] if orientation >= 5 else [480, 800])
    image = opened(variants[size[0]])
    assert image.size == size
    assert not dict(image.getexif())
    assert not {"exif", "icc_profile", "xmp"} & set(image.info)
    for variant in variants.values():
        assert b"camera" not in variant
        assert b"secret" not in variant
    corner = {1: (5, 5), 2: (-5, 5), 3: (-5, -5), 4: (5, -5), 5: (5, 5), 6: (-5, 5), 7: (-5, -5), 8: (5, -5)}[
        orientation
    ]
    red, green, _ = image.convert("RGB").getpixel((corner[0] % size[0], corner[1] % size[1]))
    assert red > 200
    assert green < 60


def test_what_is_see_through_stays_so() -> None:
    image = opened(make_variants(written(drawn(mode="RGBA"), "PNG"))[480])
    assert image.mode == "RGBA"
    assert image.getpixel((479, 239))[3] == 0
    palette = drawn(100, 100).convert("P")
    palette.info["transparency"] = palette.getpixel((99, 99))
    kept = opened(make_variants(written(palette, "PNG", transparency=palette.getpixel((99, 99))))[100])
    assert kept.getpixel((99, 99))[3] == 0


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK", "1", "P", "I;16"])
def test_other_colour_models_become_rgb(mode: str) -> None:
    image = Image.new("L", (100, 100), 128) if mode == "I;16" else drawn(100, 100).convert(mode)
    if mode == "I;16":
        image = Image.frombytes("I;16", (100, 100), struct.pack("<H", 128 * 257) * 10_000)
    variant = opened(make_variants(written(image, "JPEG" if mode == "CMYK" else "PNG"))[100])
    assert variant.mode in {"RGB", "RGBA"}
    if mode == "I;16":
        assert abs(variant.getpixel((50, 50))[0] - 128) <= 2


def test_colours_with_a_profile_become_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert "icc_profile" not in opened(make_variants(written(drawn(100, 100), "PNG", icc_profile=profile))[100]).info
    assert make_variants(written(drawn(100, 100), "PNG", icc_profile=b"nonsense"))


def test_an_animation_keeps_its_first_frame() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime", "blue")]
    data = written(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_image(data).is_animated
    variant = opened(make_variants(data)[64])
    assert getattr(variant, "n_frames", 1) == 1
    assert variant.convert("RGB").getpixel((9, 9))[0] > 200


def test_a_picture_of_a_telephone_with_a_preview_behind_it() -> None:
    data = written(drawn(100, 100), "MPO", save_all=True, append_images=[drawn(50, 50)])
    assert read_image(data) == ImageInfo("image/jpeg", 100, 100, is_animated=False)
    assert list(make_variants(data)) == [100]


def png_declaring(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.faults
@pytest.mark.parametrize("size", [(6400, 6251), (10_000, 10_000), (16_000, 16_000), (65_535, 65_535)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _self: pytest.fail("decoded"))
    for ask in (read_image, make_variants):
        with pytest.raises(Invalid) as caught:
            ask(png_declaring(*size))
        assert "megapixels" in str(caught.value.fields["file"])


def test_a_side_longer_than_webp_has_is_refused() -> None:
    with pytest.raises(Invalid, match="another look") as caught:
        read_image(png_declaring(16_384, 10))
    assert "pixels" in str(caught.value.fields["file"])


NO_PICTURES = [
    b"", b"x", b"hello" * 100, b"%PDF-1.7", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"\x89PNG\r\n\x1a\n",
    b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', b"BM" + b"\0" * 60,
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
]  # fmt: skip


@pytest.mark.parametrize("data", NO_PICTURES)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    for ask in (read_image, make_variants):
        with pytest.raises(Invalid) as caught:
            ask(data)
        assert "file" in caught.value.fields


@pytest.mark.parametrize("form", ["TIFF", "BMP", "ICO", "PPM"])
def test_a_form_we_do_not_take_is_refused(form: str) -> None:
    with pytest.raises(Invalid):
        read_image(written(drawn(32, 32), form))


@pytest.mark.faults
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_truncated_picture_is_refused(form: str) -> None:
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    data = written(noise, form)
    with pytest.raises(Invalid):
        make_variants(data[: len(data) // 2])


@pytest.mark.faults
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
def test_a_changed_byte_is_a_picture_or_a_sentence(form: str, data: st.DataObject) -> None:
    raw = bytearray(written(drawn(40, 20), form))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        variants = make_variants(bytes(raw))
    except Invalid:
        return
    assert variants


def test_pillow_is_not_there_until_it_is_needed() -> None:
    code = "import sys, xingtan.infra.images; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
