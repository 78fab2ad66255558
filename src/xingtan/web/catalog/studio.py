"""All of the studio's content rooms behind one router."""

from fastapi import APIRouter

from xingtan.web.catalog import (
    contents,
    editor,
    exports,
    imports,
    preview,
    products,
    publishing,
    topics,
    uploads,
    versions,
)

router = APIRouter()
for _room in (products, exports, publishing, contents, editor, versions, uploads, preview, topics, imports):
    router.include_router(_room.router)
