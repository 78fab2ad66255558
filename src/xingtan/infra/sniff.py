"""What a file is, by its first bytes; a name that claims something else is refused.

The name's ending says what the sender means, the bytes say what it is: only where both agree is a file taken, so a page
with a script in it cannot come in as a picture.
"""

import codecs
import re
from pathlib import PurePosixPath

from xingtan.core.errors import Invalid, say

HEAD_BYTES = 4096
"""How much of a file `sniff` wants to see; a shorter file is given whole."""

_TEXT = "text/plain"
_MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "pdf": "application/pdf",
    "epub": "application/epub+zip",
    "zip": "application/zip",
    "csv": "text/csv",
    "txt": _TEXT,
    "md": "text/markdown",
    "vtt": "text/vtt",
}
_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"....ftypM4[AB] ", re.DOTALL), "audio/mp4"),
    (re.compile(rb"....ftyp(isom|iso[2-9]|mp4[12]|avc1|dash|M4V |MSNV|f4v )", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1aE\xdf\xa3.{0,60}?\x42\x82.webm", re.DOTALL), "video/webm"),
    (re.compile(rb"ID3[\x02-\x04]|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]"), "audio/mpeg"),
    (re.compile(rb"OggS\x00"), "audio/ogg"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"%PDF-\d"), "application/pdf"),
    (re.compile(rb"PK\x03\x04.{26}mimetypeapplication/epub\+zip", re.DOTALL), "application/epub+zip"),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "application/zip"),
)
_ALSO = {("video/mp4", "audio/mp4"), ("application/epub+zip", "application/zip")}  # (the bytes, the name): both hold
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_VTT = re.compile(r"\ufeff?WEBVTT([ \t\r\n]|$)")


def sniff(data_head: bytes, name: str) -> str:
    """Return the media type of the file that begins with `data_head` (`HEAD_BYTES` of it) and is called `name`.

    `Invalid` for a kind that is not taken, and when name and bytes disagree. Text must be UTF-8.
    """
    claimed = _MEDIA_TYPES.get(PurePosixPath(name).suffix.lower().removeprefix("."))
    if claimed is None:
        raise Invalid.of("file", say("Files of this kind are not taken here."))
    found = _found(data_head)
    if found == _TEXT and claimed.startswith("text/"):
        found = claimed if claimed != "text/vtt" or _VTT.match(data_head.decode(errors="replace")) else _TEXT
    if found != claimed and (found, claimed) not in _ALSO:
        raise Invalid.of("file", say("This file is not what its name says: %(claimed)s.", claimed=claimed))
    return claimed


def _found(head: bytes) -> str:
    for pattern, media_type in _MAGIC:
        if pattern.match(head):
            return media_type
    return _TEXT if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    """Say whether `head` is the beginning of a UTF-8 text; its last character may be cut in two when there is more."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return _NOT_TEXT.search(text) is None
