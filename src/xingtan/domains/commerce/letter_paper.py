"""A short letter: a greeting, a few lines, one button; as text and as HTML."""

from dataclasses import dataclass
from html import escape

from xingtan.infra.mail import Letter


@dataclass(frozen=True, slots=True)
class Note:
    """What a short letter says. `lines` begin with the greeting."""

    to: str
    subject: str
    language: str
    lines: tuple[str, ...]
    button: str
    url: str
    academy: str


def hello(name: str, language: str) -> str:
    """Return the greeting."""
    if language == "zh":
        return f"{name}，您好：" if name else "您好："
    return f"Hello {name}," if name else "Hello,"


def write_note(note: Note) -> Letter:
    """Return the note as a letter."""
    text = "\n\n".join([*note.lines, note.url, f"-- \n{note.academy}"]) + "\n"
    words = "".join(f"<p>{escape(line)}</p>" for line in note.lines)
    link = (
        f'<p><a href="{escape(note.url)}" style="display:inline-block;padding:12px 28px;border-radius:8px;'
        f'background:#2a2318;color:#fff;text-decoration:none">{escape(note.button)}</a></p>'
    )
    tag = "zh-Hans" if note.language == "zh" else "en"
    html = (
        f'<!doctype html><html lang="{tag}"><body style="margin:0;background:#faf7f0">'
        '<div style="max-width:34em;margin:0 auto;padding:32px 24px;font:16px/1.7 system-ui,sans-serif;color:#2a2318">'
        f'{words}{link}<p style="color:#7a6f60;font-size:14px">{escape(note.academy)}</p></div></body></html>'
    )
    return Letter(to=note.to, subject=note.subject, text=text, html=html)
