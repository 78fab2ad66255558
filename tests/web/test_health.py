"""Signs of life."""

from tests.fixtures.web import Browser


def test_the_process_answers(client: Browser) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"
