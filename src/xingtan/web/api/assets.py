"""Files of the catalogue, topics, and search."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import File as FilePart
from fastapi import Form, Query, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.api.addresses import ROOT
from xingtan.web.api.caller import PUBLIC_READ, AskDep, staff
from xingtan.web.api.fields import AssetPath, Name, Out
from xingtan.web.api.lesson_schemas import File
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, offset_cursor, read_offset
from xingtan.web.api.product_schemas import Language, ProductLine, Topic, TopicIn
from xingtan.web.api.products import lines
from xingtan.web.learning.serving import serve

router = operations("files, topics, search")

_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)
_DRAFTS = staff("read:catalog", Permission.CATALOG_READ)
_FARTHEST = 1_000


def _shown(asset: catalog.AssetView) -> File:
    return File.of(asset, url=f"{ROOT}/assets/{public_id('asset', asset.id)}/file")


@operation(router, "POST", "/assets", _WRITES, status=201)
def upload_asset(
    ask: AskDep,
    file: Annotated[UploadFile, FilePart(description="The file itself; what it is is read from its bytes.")],
    product: Annotated[str, Form(max_length=40, description="The id of the product it belongs to.")] = "",
    is_public: Annotated[bool, Form(description="Whether strangers may fetch it.")] = False,  # noqa: FBT002 - a form's field
) -> File:
    """Upload a picture, a recording or another file."""
    try:
        product_id = private_id("product", product) if product else None
    except NotFound:
        raise Invalid.of("product", say("There is no such product.")) from None
    upload = catalog.Upload(file.filename or "file", file.file.read(), product_id, is_public)
    limit = ask.platform.settings.upload_limit_mb * 10**6
    prepared = catalog.prepare_asset(upload, files=ask.platform.files, limit_bytes=limit)

    def work(session: Session) -> catalog.AssetView:
        if product_id is not None and product_id not in catalog.find_products(session, [product_id]):
            raise Invalid.of("product", say("There is no such product."))
        return catalog.keep_asset(
            session, prepared, product_id=product_id, is_public=is_public, clock=ask.clock
        )  # fmt: skip

    return _shown(ask.write(work))


@operation(router, "GET", "/assets/{asset}", _DRAFTS)
def get_asset(ask: AskDep, asset: AssetPath) -> File:
    """What is known of a file."""
    return _shown(ask.read(lambda session: catalog.asset(session, asset)))


@operation(router, "GET", "/assets/{asset}/file", _DRAFTS)
def get_asset_file(ask: AskDep, asset: AssetPath) -> Response:
    """The bytes of a file, for those who read drafts. Ranges are answered."""
    found = ask.read(lambda session: catalog.asset(session, asset))
    return serve(ask.here.request, ask.platform.files, found, cache_control="private, max-age=3600")


@operation(router, "GET", "/topics", PUBLIC_READ)
def list_topics(ask: AskDep) -> Page[Topic]:
    """Every topic, with how many products about it the caller sees."""
    found = ask.read(lambda session: catalog.topics(session, ask.viewer))
    return Page(items=[_topic(topic) for topic in found])


@operation(router, "PUT", "/topics/{topic}", _WRITES)
def save_topic(ask: AskDep, topic: Name, body: TopicIn) -> Topic:
    """Make a topic, or name it anew, by its slug."""
    command = catalog.SaveTopic(topic, {str(language): name for language, name in body.names.items()}, body.position)
    return _topic(ask.write(lambda session: catalog.save_topic(session, command, viewer=ask.viewer)))


def _topic(topic: catalog.TopicView) -> Topic:
    return Topic(slug=topic.slug, names=dict(topic.names), products=topic.products)


class Piece(Out):
    """Some plain text, and whether it matched what was looked for."""

    text: str
    is_match: bool


class Hit(Out):
    """Something found: a product, or one of its lessons (`lesson`: its slug)."""

    product: ProductLine
    lesson: str | None
    title: list[Piece]
    snippet: list[Piece]


class Found(Page[Hit]):
    """What was found, best first, and how many in all."""

    total: int


@operation(router, "GET", "/search", PUBLIC_READ)
def search(
    ask: AskDep,
    q: Annotated[str, Query(max_length=200, description="Chinese or English words.")],
    language: Language | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Found:
    """Products and lessons that speak of something; paid lessons are searched for those who hold them."""
    offset = min(read_offset(cursor), _FARTHEST)
    words = q.replace("\x00", " ")

    def work(session: Session) -> Found:
        held = learning.held_products(session, ask.reader, at=ask.clock.now()) if ask.reader.person_id else {}
        page = catalog.search(
            session, ask.viewer, words, index=ask.platform.search, open_products=held,
            closed_lessons=learning.unreleased_lessons(session, held, at=ask.clock.now()), language=language,
            limit=limit, offset=offset,
        )  # fmt: skip
        products = lines(session, ask, tuple({hit.product.id: hit.product for hit in page.hits}.values()))
        known = {line.id: line for line in products}
        hits = [
            Hit(product=known[hit.product.id], lesson=hit.lesson_slug, title=_pieces(hit.title),
                snippet=_pieces(hit.snippet))
            for hit in page.hits
        ]  # fmt: skip
        following = offset_cursor(offset + limit, total=min(page.total, _FARTHEST))
        return Found(items=hits, next=following, total=page.total)

    return ask.read(work)


def _pieces(marked: Iterable[tuple[str, bool]]) -> list[Piece]:
    return [Piece(text=text, is_match=is_match) for text, is_match in marked]
