"""A wing answers as a plain router would, and asks its routes only where one of them could fit."""

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from xingtan.web.wing import Wing, head_of, heads_of, wing_of

_PATHS = ("/", "/works/{slug}", "/works/{slug}/gift", "/api/v1/products/{key}", "/api/v1/orders", "/{page}.txt")
_segment = st.sampled_from(["", "a", "works", "api", "v1", "v2", "products", "orders", "gift", "a.txt"])


def _house(parts: list[APIRouter]) -> FastAPI:
    app = FastAPI()
    for part, path in zip(parts, _PATHS, strict=True):
        part.add_api_route(path, lambda path=path: path, methods=["GET"])
        app.include_router(part)
    return app


plain = TestClient(_house([APIRouter() for _ in _PATHS]))
winged = TestClient(_house([Wing() for _ in _PATHS]))


@settings(deadline=None)  # a busy machine
@given(st.lists(_segment, min_size=1, max_size=5), st.sampled_from(["GET", "POST"]))
def test_a_wing_answers_as_a_router_does(segments: list[str], method: str) -> None:
    path = "/" + "/".join(segments)
    expected, found = (
        client.request(method, f"http://testserver{path}", follow_redirects=False) for client in (plain, winged)
    )
    assert (found.status_code, found.text, found.headers.get("location")) == (
        expected.status_code,
        expected.text,
        expected.headers.get("location"),
    )


@pytest.mark.parametrize(
    ("template", "head"),
    [("/", ("",)), ("/learn/{product}", ("learn",)), ("/api/v1/products/x", ("api", "v1", "products")), ("/{a}", ())],
)
def test_a_head_is_what_comes_before_the_first_parameter(template: str, head: tuple[str, ...]) -> None:
    assert head_of(template) == head


def test_a_path_has_the_head_of_each_of_its_beginnings() -> None:
    assert list(heads_of("/learn/a/b/c")) == [(), ("learn",), ("learn", "a"), ("learn", "a", "b")]


def test_a_router_made_a_wing_keeps_its_routes() -> None:
    router = APIRouter(prefix="/here")
    router.add_api_route("/it", lambda: "is")
    outer = FastAPI()
    outer.include_router(wing_of(router))
    assert TestClient(outer).get("/here/it").json() == "is"
    assert TestClient(outer).get("/there/it").status_code == 404
