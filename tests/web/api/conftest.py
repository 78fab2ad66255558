"""What the tests of the API share."""

from typing import Any

from tests.fixtures.web import ROLES, ROOT, STAFF, House

__all__ = ["ROLES", "ROOT", "STAFF", "House", "problem"]


def problem(answer: Any) -> tuple[int, str]:
    """Return an answer's status and its code, once it is a proper problem document that nobody may keep."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["type"] == f"/api#{body['code']}"
    return answer.status_code, body["code"]
