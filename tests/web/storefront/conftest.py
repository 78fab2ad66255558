"""A shop with one work of every kind, in two languages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import event

from tests.fixtures.web import Academy
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.infra.db import Database

POLLED = {"academy", "outbox_event"}  # asked by watchers of their own, whenever they wake
HOSTILE = '</script><script>alert("x")</script>&amp;\u2028'


@dataclass
class Shop:
    """The academy and its works by a short name."""

    academy: Academy
    works: dict[str, catalog.ProductCard] = field(default_factory=dict)

    def __getitem__(self, name: str) -> catalog.ProductCard:
        return self.works[name]


def png(width: int = 1200, height: int = 900) -> bytes:
    """Return a picture of one colour."""
    out = BytesIO()
    Image.new("RGB", (width, height), "#f0a158").save(out, "PNG")
    return out.getvalue()


def store(academy: Academy, name: str, data: bytes, **more: Any) -> catalog.AssetView:
    """Store a file."""
    platform = academy.platform
    upload = catalog.Upload(name, data, **more)
    return academy.write(
        lambda s: catalog.store_asset(
            s, upload, viewer=SYSTEM, files=platform.files, clock=platform.clock, limit_bytes=10**7
        )
    )


def make(academy: Academy, title: str, kind: str, *, language: str = "en", **more: Any) -> catalog.ProductCard:
    """Make a draft with everything that may be said about it."""
    around = {name: more.pop(name) for name in ("contains", "requires", "work_key", "topics") if name in more}
    content = catalog.ProductContent(
        **{
            "title": title,
            "subtitle": f"{title}, briefly",
            "summary": f"A summary of {title}.",
            "description_md": "**Why.**",
            "description_html": "<p><strong>Why.</strong></p>",
            "audience": ("the curious",),
            "outcomes": ("see clearly",),
            "author": "Owen",
            **more,
        }
    )
    command = catalog.CreateProduct(kind, language, content, slug=catalog.slug_of(title), **around)
    return academy.write(lambda s: catalog.create_product(s, command, viewer=SYSTEM, clock=academy.platform.clock))


@pytest.fixture
def shop(academy: Academy) -> Shop:
    """One work of every kind: a course in two languages, a podcast with a cover, a bundle of two."""
    now, works = academy.platform.clock.now(), {"course": academy.course, "essay": academy.essay}
    cover = store(academy, "cover.png", png(), is_public=True)
    works["seeds"] = make(academy, "Seeds", "course", topics=("garden",), work_key="seeds", cover_asset_id=cover.id)
    works["zhongzi"] = make(academy, "种子", "course", language="zh", topics=("garden",), work_key="seeds")
    works["letters"] = make(academy, "Letters", "column")
    works["book"] = make(academy, "A Thin Book", "ebook", topics=("garden",))
    works["podcast"] = make(academy, "Night Talk", "podcast", cover_asset_id=cover.id)
    works["live"] = make(
        academy,
        "Open Evening",
        "live",
        live=catalog.Live(now + timedelta(days=3), 75, "https://meet.example.org/secret"),
    )
    works["hour"] = make(academy, "One Hour", "consulting", consulting=catalog.Consulting(60, "Choose a time."))
    works["hostile"] = make(academy, HOSTILE, "article", summary=HOSTILE)
    works["late"] = make(academy, "Late Seeds", "course", requires=(works["seeds"].id,))
    for name in ("seeds", "zhongzi", "letters", "book", "hostile", "late"):
        academy.add(
            works[name].id, "The beginning", is_preview=True, body_md="In the beginning a cup of tea.", minutes=5
        )
        academy.add(works[name].id, "The rest", body_md="A secret apricot.", minutes=40, released_after_days=7)
    recording = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 400
    sound = store(academy, "one.mp3", recording, product_id=works["podcast"].id)
    episode = {"kind": "audio", "media_asset_id": sound.id, "minutes": 8}
    academy.add(works["podcast"].id, "First night", is_preview=True, **episode)
    academy.add(works["podcast"].id, "Second night", **episode)
    works["bundle"] = make(academy, "Both", "bundle", contains=(works["seeds"].id, works["book"].id))
    for name, card in works.items():
        if name not in {"course", "essay"}:
            works[name] = academy.publish(card.id)
    for name in ("seeds", "zhongzi", "letters", "podcast", "live", "hour", "late"):
        academy.price(works[name].id, 10_000)
    academy.price(works["bundle"].id, 12_000)
    open_price = commerce.MakeOffer(works["book"].id, "pay_what_you_want", Money(5_000, "CNY"), Money(900, "CNY"))
    academy.write(lambda s: commerce.make_offer(s, SYSTEM, open_price, clock=academy.platform.clock))
    academy.work()
    return Shop(academy, works)


@pytest.fixture
def counting(database: Database) -> Callable[[], Any]:
    """Return a context that gathers what pages ask of the database."""

    @contextmanager
    def counted() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
            if statement.lstrip().upper().startswith("SELECT") and not POLLED & set(statement.split()):
                seen.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(database.engine, "before_cursor_execute", note)

    return counted
