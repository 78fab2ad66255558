"""What a file is, by its first bytes; the name only chooses between kinds that look alike."""

from dataclasses import dataclass

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class MediaKind:
    """A media type and the suffix under which such files are kept."""

    media_type: str
    suffix: str


_ZIPPED = {
    ".epub": "application/epub+zip",
    ".zip": "application/zip",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_TEXTS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
    ".py": "text/plain",
    ".ipynb": "application/json",
    ".srt": "text/plain",
    ".vtt": "text/vtt",
    ".ics": "text/calendar",
}
_STARTS = (
    (b"\xff\xd8\xff", MediaKind("image/jpeg", ".jpg")),
    (b"\x89PNG\r\n\x1a\n", MediaKind("image/png", ".png")),
    (b"GIF87a", MediaKind("image/gif", ".gif")),
    (b"GIF89a", MediaKind("image/gif", ".gif")),
    (b"%PDF-", MediaKind("application/pdf", ".pdf")),
    (b"\x1aE\xdf\xa3", MediaKind("video/webm", ".webm")),
    (b"OggS", MediaKind("audio/ogg", ".ogg")),
    (b"fLaC", MediaKind("audio/flac", ".flac")),
    (b"ID3", MediaKind("audio/mpeg", ".mp3")),
)
_MP3_FRAMES = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")


def media_kind(head: bytes, name: str) -> MediaKind | None:
    """Return what the file that begins with `head` is; None for an empty file and for what is not taken."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"RIFF"):
        return {
            b"WEBP": MediaKind("image/webp", ".webp"),
            b"WAVE": MediaKind("audio/wav", ".wav"),
        }.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head.startswith(_MP3_FRAMES):
        return MediaKind("audio/mpeg", ".mp3")
    return _by_name(head, _suffix(name))


def _of_brand(brand: bytes) -> MediaKind:
    if brand in {b"avif", b"avis"}:
        return MediaKind("image/avif", ".avif")
    if brand in {b"M4A ", b"M4B "}:
        return MediaKind("audio/mp4", ".m4a")
    return MediaKind("video/mp4", ".mp4")


def _by_name(head: bytes, suffix: str) -> MediaKind | None:
    if head.startswith(b"PK\x03\x04"):
        return MediaKind(_ZIPPED.get(suffix, "application/zip"), suffix if suffix in _ZIPPED else ".zip")
    if suffix in _TEXTS and head and b"\0" not in head:
        return MediaKind(_TEXTS[suffix], suffix)
    return None


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""
