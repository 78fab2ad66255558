"""Notes as a Markdown file that any other program can read."""

from collections.abc import Sequence
from itertools import groupby

from xingtan.domains.learning.views import NoteOfLesson


def notes_markdown(notes: Sequence[NoteOfLesson], *, title: str) -> str:
    """Return `notes`, in the order given, as Markdown: quotes as block quotes, own words beneath."""
    lines = [f"# {_plain(title)}"]
    for (_, product), of_product in groupby(notes, key=lambda note: (note.product_slug, note.product_title)):
        lines += ["", f"## {_plain(product)}"]
        for (_, lesson), of_lesson in groupby(of_product, key=lambda note: (note.lesson_slug, note.lesson_title)):
            lines += ["", f"### {_plain(lesson)}"]
            for note in of_lesson:
                lines += ["", *_one(note)]
    return "\n".join(lines) + "\n"


def _one(item: NoteOfLesson) -> list[str]:
    note = item.note
    lines = [f"> {line}" for line in note.quote.splitlines()] if note.quote else []
    if note.text:
        lines += ["", note.text] if lines else [note.text]
    return [*(lines or ["🔖"]), "", f"*{note.created_at:%Y-%m-%d}*"]


def _plain(title: str) -> str:
    return " ".join(title.split())
