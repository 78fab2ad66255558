"""HEAD is GET without its body, on every page, kept or not."""

import pytest

from tests.fixtures.web import Browser


@pytest.mark.parametrize("path", ["/", "/about", "/catalogue", "/healthz", "/sign-in", "/api/v1/products"])
def test_head_answers_as_get_does(client: Browser, path: str) -> None:
    for _ in range(2):  # the first may be made, the second may come from the kept pages
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
