"""Files on their way out: paid ones with a token, public pictures for ever."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from xingtan.core.errors import NotAllowed, NotFound, say
from xingtan.core.ids import private_id
from xingtan.domains.catalog import api as catalog
from xingtan.domains.learning import api as learning
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.learning.addresses import PUBLIC
from xingtan.web.learning.serving import serve, serve_key
from xingtan.web.wing import Wing

router = Wing()

_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_ONE = "private, max-age=3600"
_WEBP = ".webp"


@router.api_route("/media/{token}/{name}", methods=["GET", "HEAD"])
def media(here: EdgeDep, token: str, name: str, feed: Annotated[str | None, Query(max_length=64)] = None) -> Response:  # noqa: ARG001 - the name is for the reader
    """A file, for the person, the feed or the public that its token was signed for."""
    asset_id = _asset_behind(here, token, feed)
    asset = here.read(lambda session: catalog.asset(session, asset_id))
    if feed is not None:
        _require_feed(here, feed, asset)
    return serve(here.request, here.platform.files, asset, cache_control=_FOR_ONE)


def _asset_behind(here: Edge, token: str, feed: str | None) -> UUID:
    """Return the file's id, if the token was signed for this reader or for everyone; `NotAllowed` if for neither."""
    signer, now = here.platform.media, here.platform.clock.now()
    if feed is not None:
        return signer.verify(token, audience=learning.feed_audience(feed), at=now)
    audiences = [PUBLIC] if here.person_id is None else [str(here.person_id), PUBLIC]
    for audience in audiences[:-1]:
        with suppress(NotAllowed):
            return signer.verify(token, audience=audience, at=now)
    return signer.verify(token, audience=audiences[-1], at=now)


def _require_feed(here: Edge, feed: str, asset: catalog.AssetView) -> None:
    """Raise unless the feed is still alive and its owner still holds what the file belongs to."""
    product_id = asset.product_id
    if product_id is None:
        raise NotFound(say("There is no such file."))
    clock = here.platform.clock
    here.read(lambda session: learning.feed_owner(session, feed, product_id=product_id, clock=clock))


@router.api_route("/assets/{asset}/{file}", methods=["GET", "HEAD"])
def picture(here: EdgeDep, asset: str, file: str) -> Response:
    """A public picture in one of its widths, ``800.webp``; its address changes when it does, so it is kept for ever."""
    found = here.read(lambda session: catalog.asset(session, private_id("asset", asset)))
    key = found.variants.get(file.removesuffix(_WEBP)) if file.endswith(_WEBP) else None
    if not found.is_public or key is None:
        raise NotFound(say("There is no such file."))
    files = here.platform.files
    return serve_key(
        here.request, files, key, size=files.size(key), etag=f'"{found.sha256[:32]}-{file}"',
        media_type="image/webp", name=file, cache_control=_FOR_EVER,
    )  # fmt: skip
