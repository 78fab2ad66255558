"""All of the studio's content rooms behind one router."""

from fastapi import APIRouter

from xingtan.web.catalog import contents, editor, preview, products, publishing, topics, uploads, versions

router = APIRouter()
for _room in (products, publishing, contents, editor, versions, uploads, preview, topics):
    router.include_router(_room.router)
