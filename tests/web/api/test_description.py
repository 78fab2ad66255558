"""The description of the API: whole, true, and readable by people in both languages."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tests.web.api.conftest import House
from xingtan.domains.identity.api import SCOPES
from xingtan.web.api import access, assets, learning, lessons, me, numbers, offers, orders, people, products, transfers
from xingtan.web.api.summaries import SUMMARIES

ROOMS = (access, assets, learning, lessons, me, numbers, offers, orders, people, products, transfers)
GUIDE = Path(__file__).parents[3] / "docs/reference/api.md"


@pytest.fixture(scope="module")
def description(house: House) -> dict[str, Any]:
    answer = house.call("GET", "/openapi.json", "stranger")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation | {"method": method, "path": path}
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_for_one_version(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in description["paths"])
    assert len(operations(description)) >= 80


def test_every_operation_says_how_it_refuses(description: dict[str, Any]) -> None:
    for name, operation in operations(description).items():
        refusals = {code: it for code, it in operation["responses"].items() if code[0] == "4" and code != "416"}
        assert {"401", "422", "429"} <= set(refusals), name
        assert "404" in refusals or "{" not in operation["path"], name
        for code, refusal in refusals.items():
            schema = refusal["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (name, code)


def test_every_answer_has_a_form(description: dict[str, Any]) -> None:
    for name, operation in operations(description).items():
        for code, answer in operation["responses"].items():
            if code in {"200", "201", "202"}:
                content = answer["content"]
                assert content.get("*/*") or content["application/json"]["schema"], (name, code)


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    text = str(description)
    wanted = set(re.findall(r"#/components/schemas/([\w-]+)", text))
    assert wanted <= set(schemas)
    assert "HTTPValidationError" not in text


def test_scopes_are_those_that_there_are(description: dict[str, Any]) -> None:
    for name, operation in operations(description).items():
        for way in operation["security"]:
            assert set(way.get("token", ())) <= set(SCOPES), name
    schemes = description["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"


def test_requests_refuse_what_they_do_not_know(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for name, operation in operations(description).items():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert schemas[schema]["additionalProperties"] is False, name


def test_no_amount_is_a_fraction(description: dict[str, Any]) -> None:
    for name, schema in description["components"]["schemas"].items():
        for field, it in schema.get("properties", {}).items():
            if field == "minor" or field.endswith("_minor"):
                assert it["type"] == "integer", (name, field)


def test_summaries_are_the_functions_own_words() -> None:
    said: dict[str, str] = {}
    for room in ROOMS:
        tree = ast.parse(inspect.getsource(room))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(it, ast.Call) and ast.unparse(it.func) == "operation" for it in node.decorator_list
            ):
                said[node.name] = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
    assert {name: str(sentence) for name, sentence in SUMMARIES.items()} == said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_can_read_it(house: House, description: dict[str, Any], language: str) -> None:
    page = house.callers["stranger"].get(f"/{language}/api")
    assert page.status_code == 200
    for name, operation in operations(description).items():
        assert f'id="{name}"' in page.text
        assert operation["path"].removeprefix("/api/v1") in page.text
    outside = re.findall(r'(?:src|href)="((?!/|#|mailto:|http://testserver/)[^"]*)"', page.text)
    assert outside == []
    for scope in SCOPES:
        assert scope in page.text


def test_the_page_is_translated(house: House) -> None:
    zh, en = (house.callers["stranger"].get(f"/{language}/api").text for language in ("zh", "en"))
    for name, sentence in SUMMARIES.items():
        if "'" not in str(sentence):
            assert str(sentence) in en, name
            assert str(sentence) not in zh, name


def test_the_guides_examples_are_operations(description: dict[str, Any]) -> None:
    known = [
        (operation["method"].upper(), re.compile(re.sub(r"\{\w+\}", "[^/?]+", operation["path"]) + "$"))
        for operation in operations(description).values()
    ]
    calls = re.findall(r"curl (?:-X (\w+) )?\S*\$API(/[^\s\"?']*)", GUIDE.read_text(encoding="utf-8"))
    assert len(calls) >= 8
    for method, path in calls:
        wanted = method or "GET"
        assert any(it == wanted and pattern.fullmatch(f"/api/v1{path}") for it, pattern in known), (wanted, path)
