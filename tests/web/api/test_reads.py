"""The reads are planned: how many questions a call asks of the database does not depend on how much it answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from tests.web.api.conftest import House

# A call with a token asks one question to know its bearer; the rest is said beside each.
MOST = {
    "/products?limit=50": 5,  # how many, which, their topics, covers, prices
    "/products/reading-numbers": 10,  # the product by its name, then its page and all around it
    "/products/reading-numbers/contents": 4,
    "/products/reading-numbers/draft": 8,
    "/topics": 3,
    "/search?q=page": 8,  # the hits, their passages, then all around them
    "/orders": 4,  # which, their titles, what went back
    "/people": 5,  # which, their names and addresses, their roles
    "/me": 5,
    "/me/shelf": 5,
    "/me/notes": 3,
    "/jobs": 2,
    "/audit": 2,
    "/books/balances": 2,
    "/books/entries": 3,
    "/numbers/sales?first=2026-03-01": 5,
}


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")) and "outbox_event" not in statement:  # the watch asks too
            statements.append(statement)

    engine = house.academy.platform.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def ask(house: House) -> Callable[[str], list[str]]:
    scopes = ("read:mine", "read:catalog", "read:orders", "read:people", "read:numbers", "read:academy")
    token = house.academy.token(house.academy.owner, *scopes)

    def questions(path: str) -> list[str]:
        assert house.call("GET", path, token=token).status_code == 200  # warms up, and notes that the token is used
        with counted(house) as statements:
            assert house.call("GET", path, token=token).status_code == 200
        return list(statements)

    return questions


def test_few_questions_however_much_there_is(house: House, ask: Callable[[str], list[str]]) -> None:
    for number in range(12):
        product = house.academy.product(f"Page {number}", topics=(f"topic {number}",), summary="A page about pages.")
        house.academy.add(product.id, f"Page {number} of pages", is_preview=True)
        house.academy.publish(product.id)
        house.academy.price(product.id, 100 + number)
        house.academy.give(house.academy.owner.id, product.id)
        house.academy.person(f"Reader{number}")
    house.academy.work()
    for path, most in MOST.items():
        statements = ask(path)
        assert len(statements) <= most, (path, statements)


def test_a_kept_answer_asks_nothing(house: House) -> None:
    house.call("GET", "/products?limit=50", "stranger")
    with counted(house) as statements:
        answer = house.callers["stranger"].get("/api/v1/products?limit=50")
    assert answer.status_code == 200
    assert statements == []
