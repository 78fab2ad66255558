"""Pictures that people upload: looked at, refused or turned into WebP in the sizes that pages use.

1. What a picture declares is checked before a pixel is decoded: a file of a kilobyte can declare gigabytes.
2. What goes out holds pixels only: no EXIF (a place, a camera, a name), no comments; the colours are sRGB.
3. SVG is a program, not a picture, and is refused.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xingtan.core.errors import Invalid, say

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 40_000_000
WIDTHS = (480, 960, 1600)
_LONGEST_SIDE = 16_383  # of WebP
_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "MPO": "image/jpeg",  # a JPEG with a preview behind it, as telephones write
}
_QUALITY = 82
_SIXTEEN_TO_EIGHT_BITS = 1 / 257


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What a picture is: its media type, and its size in pixels as it is looked at (its rotation applied)."""

    media_type: str
    width: int
    height: int
    is_animated: bool


def read_image(data: bytes) -> ImageInfo:
    """Return what the picture in `data` is, without decoding it; `Invalid` for what is none that we take."""
    with _opened(data) as image:
        width, height = image.size
        try:
            is_lying = image.getexif().get(_ORIENTATION, 1) in _LYING
            is_animated = image.format != "MPO" and getattr(image, "is_animated", False)
        except Exception as error:  # as in _opened
            raise _damaged() from error
        if is_lying:
            width, height = height, width
        return ImageInfo(_MEDIA_TYPES[str(image.format)], width, height, is_animated)


def make_variants(data: bytes, widths: Sequence[int] = WIDTHS) -> dict[int, bytes]:
    """Return WebP files by their width in pixels: those of `widths` that the picture has, or its own width below that.

    A picture is never enlarged; of an animation the first frame is kept. `Invalid` for a damaged one.
    """
    info = read_image(data)
    with _opened(data) as opened:
        image = _decoded(opened)
    sizes = sorted({min(width, info.width) for width in widths})
    return {width: _webp(image, width, max(1, round(info.height * width / info.width))) for width in sizes}


_ORIENTATION = 0x0112
_LYING = {5, 6, 7, 8}  # EXIF 2.3, tag 274: these turn by a quarter


def _opened(data: bytes) -> "Image":
    import PIL.Image  # noqa: PLC0415 - it takes memory, and most processes never see a picture

    try:
        image = PIL.Image.open(io.BytesIO(data), formats=tuple(_MEDIA_TYPES))
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except Exception as error:  # damaged input makes the parsers raise nearly anything
        raise _no_picture() from error
    if image.width * image.height > MOST_PIXELS:
        raise _too_large()
    if max(image.size) > _LONGEST_SIDE:
        raise Invalid.of("file", say("A side of this picture has more than %(pixels)s pixels.", pixels=_LONGEST_SIDE))
    return image


def _decoded(image: "Image") -> "Image":
    """Return the first frame upright, in 8-bit RGB or RGBA, in sRGB."""
    from PIL import ImageOps  # noqa: PLC0415 - as above

    profile = image.info.get("icc_profile")
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith(("I", "F")):
            upright = upright.convert("F").point(lambda value: value * _SIXTEEN_TO_EIGHT_BITS).convert("L")
        upright = _in_srgb(upright, profile)
        has_alpha = upright.has_transparency_data
        return upright.convert("RGBA" if has_alpha else "RGB")
    except Exception as error:
        raise _damaged() from error


def _in_srgb(image: "Image", profile: bytes | None) -> "Image":
    """Return the picture with its colours as its profile means them; a profile that cannot be read means nothing."""
    from PIL import ImageCms  # noqa: PLC0415 - as above

    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image


def _webp(image: "Image", width: int, height: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - as above

    out = io.BytesIO()
    resized = image.resize((width, height), Image.Resampling.LANCZOS) if image.size != (width, height) else image
    resized.save(out, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def _no_picture() -> Invalid:
    return Invalid.of("file", say("This is not a picture that we can show: use JPEG, PNG, WebP, GIF or AVIF."))


def _damaged() -> Invalid:
    return Invalid.of("file", say("This picture is damaged: a part of it is missing."))


def _too_large() -> Invalid:
    return Invalid.of(
        "file", say("This picture has more than %(megapixels)s megapixels.", megapixels=MOST_PIXELS // 10**6)
    )
