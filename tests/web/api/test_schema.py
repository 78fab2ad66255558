"""Schemathesis over the description: whatever it makes up, nothing breaks and no answer is a surprise.

Every example is sent by a stranger, a learner and the owner; a part of them to things that are really there. A few
examples for each operation, always the same ones; XINGTAN_SCHEMA_EXAMPLES asks for more.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.api.conftest import House
from xingtan.web.api import caller, routes
from xingtan.web.api.description import description_of
from xingtan.web.forgery import HEADER

EXAMPLES = int(os.environ.get("XINGTAN_SCHEMA_EXAMPLES", "4"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CALLERS = ("stranger", "learner", "owner")


def _described() -> dict[str, Any]:
    app = FastAPI()
    app.include_router(routes.router)
    return description_of(app)


SCHEMA = schemathesis.openapi.from_dict(_described())
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@pytest.fixture(scope="module")
def unhurried(house: House) -> Iterator[House]:
    """The academy with nobody slowed down, and something of every kind in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caller, "RATE", "1000000/minute")
        house.academy.give(house.people["learner"].id, house.academy.course.id)
        yield house


def real_names(house: House) -> dict[str, Any]:
    """Return what a path's parameters may really be."""
    academy = house.academy
    section = house.call("GET", f"/products/{house.course}/contents").json()["sections"][0]["id"]
    return {
        "product": house.course,
        "lesson": house.quiz,
        "section": section,
        "offer": house.id("offer", academy.offer.id),
        "person": house.id("person", academy.other.id),
        "job": house.call("GET", "/jobs").json()["items"][0]["id"],
        "topic": "data",
        "role": "editor",
        "purpose": "analytics",
        "number": 1,
    }


def send(house: House, case: Any, who: str) -> Any:
    """Send a made-up case as `who` and return the answer."""
    browser = house.callers[who]
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    own = {"cookie", "authorization", HEADER}
    headers = {name: value for name, value in prepared.headers.items() if name.lower() not in own}
    if browser.form_token:
        headers[HEADER] = browser.form_token
    return browser.request(str(prepared.method), str(prepared.url), content=prepared.body or b"", headers=headers)


def cases(operation: Any, names: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return made-up calls: as described, with a path that leads somewhere, and against the description."""
    wanted = {parameter.name for parameter in operation.path_parameters}
    real = {name: value for name, value in names.items() if name in wanted}
    ways = [operation.as_strategy(), operation.as_strategy(path_parameters=real) if real else operation.as_strategy()]
    if operation.body or operation.query:
        ways.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return st.one_of(ways)


@pytest.mark.parametrize("label", OPERATIONS)
def test_nothing_breaks_and_nothing_surprises(unhurried: House, label: str) -> None:
    operation = OPERATIONS[label]

    @given(case=cases(operation, real_names(unhurried)))
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def calls(case: Any) -> None:
        for who in CALLERS:
            answer = send(unhurried, case, who)
            assert answer.status_code < 500, (who, answer.text)
            case.validate_response(answer, checks=CHECKS)

    calls()


def test_the_description_is_valid_openapi() -> None:
    SCHEMA.validate()


def test_an_undocumented_status_would_be_found(unhurried: House) -> None:
    """The net has no hole: with one status struck out of the description, the same calls fail."""
    poorer = _described()
    del poorer["paths"]["/api/v1/products/{product}"]["get"]["responses"]["404"]
    operation = schemathesis.openapi.from_dict(poorer)["/api/v1/products/{product}"]["GET"]
    case = operation.Case(path_parameters={"product": "no-such-product"})
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        case.validate_response(send(unhurried, case, "stranger"), checks=CHECKS)
