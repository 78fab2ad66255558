"""Signs of life."""

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.fixtures.web import Academy, Browser, House


def test_the_process_answers(house: House) -> None:
    client = house.callers["stranger"]
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"


def test_it_is_ready(house: House) -> None:
    answer = house.callers["stranger"].get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "schema": "ok"})


def test_another_schema_is_not_ready(client: Browser, academy: Academy) -> None:
    academy.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = 'another'")))
    assert client.get("/readyz", headers={"Accept": "application/json"}).status_code == 503
    assert client.get("/healthz").status_code == 200


def test_numbers_for_this_machine(house: House) -> None:
    client = house.callers["stranger"]
    client.get("/about")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE" in answer.text
    assert "owner@example.org" not in answer.text


def test_numbers_are_not_for_others(house: House) -> None:
    elsewhere = Browser(house.app, house.academy.platform, client=("192.0.2.7", 4711))
    assert elsewhere.get("/metrics").status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_numbers_are_not_for_those_behind_a_proxy_on_this_machine(house: House, header: str) -> None:
    assert house.callers["stranger"].get("/metrics", headers={header: "192.0.2.7"}).status_code == 403


@pytest.mark.parametrize(("given", "status"), [("", 403), ("Bearer wrong", 403), ("Bearer right", 200)])
def test_with_a_token_numbers_are_for_its_bearer(client: Browser, academy: Academy, given: str, status: int) -> None:
    academy.platform.settings.metrics_token = SecretStr("right")
    assert client.get("/metrics", headers={"Authorization": given}).status_code == status


def test_metrics_know_a_page_under_a_language_by_its_route(client: Browser) -> None:
    client.get("/en/about")
    assert 'route="/about"' in client.get("/metrics").text
