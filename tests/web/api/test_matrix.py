"""P15, the role matrix: for each operation exactly the people who may use it, written down by hand."""

import pytest

from tests.web.api.conftest import ROLES, STAFF, House, problem
from xingtan.core.viewer import SYSTEM
from xingtan.domains.identity.api import SCOPES, ChangeRole, end_role, grant_role

EVERYONE = set(ROLES)
PEOPLE = EVERYONE - {"stranger"}
DRAFTS = {*STAFF, "owner"}
WRITERS = {"editor", "owner"}
TEACHERS = {"teacher", "support", "owner"}
SELLERS = {"support", "owner"}
COUNTERS = {"analyst", "owner"}
OWNER = {"owner"}

# operation → who may, the scope that a token needs ("": none will do for a token, "-": none is needed), and a call that
# changes nothing: a name or an id that nothing has, or a body that lacks everything.
MATRIX: dict[str, tuple[set[str], str, str]] = {
    "list_products": (EVERYONE, "-", "GET /products"),
    "get_product": (EVERYONE, "-", "GET /products/reading-numbers"),
    "get_contents": (EVERYONE, "-", "GET /products/reading-numbers/contents"),
    "list_topics": (EVERYONE, "-", "GET /topics"),
    "search": (EVERYONE, "-", "GET /search?q=numbers"),
    "get_offer": (EVERYONE, "-", "GET /offers/{offer}"),
    "get_lesson": (EVERYONE, "-", "GET /lessons/{preview}"),
    "get_lesson_file": (EVERYONE, "-", "GET /lessons/{preview}/files/{asset}"),
    "get_academy": (EVERYONE, "-", "GET /academy"),
    "get_draft": (DRAFTS, "read:catalog", "GET /products/reading-numbers/draft"),
    "get_lesson_draft": (DRAFTS, "read:catalog", "GET /lessons/{preview}/draft"),
    "list_offers": (DRAFTS, "read:catalog", "GET /products/reading-numbers/offers"),
    "get_asset": (DRAFTS, "read:catalog", "GET /assets/{asset}"),
    "get_asset_file": (DRAFTS, "read:catalog", "GET /assets/{asset}/file"),
    "export_product": (WRITERS, "write:catalog", "GET /products/no-such/export"),
    "plan_import": (WRITERS, "write:catalog", "POST /imports/dry-run"),
    "create_product": (WRITERS, "write:catalog", "POST /products"),
    "order_products": (WRITERS, "write:catalog", "POST /products/order"),
    "save_product": (WRITERS, "write:catalog", "PUT /products/no-such"),
    "restore_product_version": (WRITERS, "write:catalog", "POST /products/no-such/versions/1/restore"),
    "publish_product": (WRITERS, "write:catalog", "POST /products/no-such/publish"),
    "schedule_product": (WRITERS, "write:catalog", "POST /products/no-such/schedule"),
    "unschedule_product": (WRITERS, "write:catalog", "POST /products/no-such/unschedule"),
    "retire_product": (WRITERS, "write:catalog", "POST /products/no-such/retire"),
    "add_section": (WRITERS, "write:catalog", "POST /products/no-such/sections"),
    "save_section": (WRITERS, "write:catalog", "PUT /sections/{section}"),
    "remove_section": (WRITERS, "write:catalog", "DELETE /sections/{section}"),
    "add_lesson": (WRITERS, "write:catalog", "POST /sections/{section}/lessons"),
    "save_lesson": (WRITERS, "write:catalog", "PUT /lessons/{nothing}"),
    "publish_lesson": (WRITERS, "write:catalog", "POST /lessons/{nothing}/publish"),
    "move_lesson": (WRITERS, "write:catalog", "POST /lessons/{nothing}/move"),
    "restore_lesson_version": (WRITERS, "write:catalog", "POST /lessons/{nothing}/versions/1/restore"),
    "remove_lesson": (WRITERS, "write:catalog", "DELETE /lessons/{nothing}"),
    "save_topic": (WRITERS, "write:catalog", "PUT /topics/no-such"),
    "upload_asset": (WRITERS, "write:catalog", "POST /assets"),
    "start_import": (WRITERS, "write:catalog", "POST /imports"),
    "get_import": (WRITERS, "write:catalog", "GET /imports/{job}"),
    "make_offer": (WRITERS, "write:catalog", "POST /products/no-such/offers"),
    "retire_offer": (WRITERS, "write:catalog", "POST /offers/{no_offer}/retire"),
    "list_my_orders": (PEOPLE, "read:mine", "GET /me/orders"),
    "place_order": (PEOPLE, "write:mine", "POST /orders"),
    "pay_order": (PEOPLE, "write:mine", "POST /orders/0000-0000/pay"),
    "cancel_order": (PEOPLE, "write:mine", "POST /orders/0000-0000/cancel"),
    "get_order": (PEOPLE, "read:mine or read:orders or write:orders", "GET /orders/0000-0000"),
    "list_orders": (SELLERS, "read:orders", "GET /orders"),
    "request_refund": (SELLERS, "write:orders", "POST /payments/{payment}/refunds"),
    "get_shelf": (PEOPLE, "read:mine", "GET /me/shelf"),
    "get_progress": (PEOPLE, "read:mine", "GET /lessons/{nothing}/progress"),
    "save_progress": (PEOPLE, "write:mine", "PUT /lessons/{nothing}/progress"),
    "complete_lesson": (PEOPLE, "write:mine", "POST /lessons/{nothing}/complete"),
    "list_my_notes": (PEOPLE, "read:mine", "GET /me/notes"),
    "list_lesson_notes": (PEOPLE, "read:mine", "GET /lessons/{nothing}/notes"),
    "write_note": (PEOPLE, "write:mine", "POST /lessons/{nothing}/notes"),
    "get_note": (PEOPLE, "read:mine", "GET /notes/{note}"),
    "change_note": (PEOPLE, "write:mine", "PUT /notes/{note}"),
    "delete_note": (PEOPLE, "write:mine", "DELETE /notes/{note}"),
    "list_attempts": (PEOPLE, "read:mine", "GET /lessons/{nothing}/attempts"),
    "start_attempt": (PEOPLE, "write:mine", "POST /lessons/{nothing}/attempts"),
    "submit_attempt": (PEOPLE, "write:mine", "POST /lessons/{nothing}/answers"),
    "get_attempt": (PEOPLE, "read:mine", "GET /attempts/{attempt}"),
    "get_statistics": (TEACHERS, "read:people", "GET /lessons/{nothing}/statistics"),
    "get_me": (PEOPLE, "read:mine", "GET /me"),
    "save_profile": (PEOPLE, "write:mine", "PUT /me"),
    "list_sessions": (PEOPLE, "read:mine", "GET /me/sessions"),
    "end_session": (PEOPLE, "write:mine", "DELETE /me/sessions/{session}"),
    "end_other_sessions": (PEOPLE, "write:mine", "DELETE /me/sessions"),
    "list_consents": (PEOPLE, "read:mine", "GET /me/consents"),
    "save_consent": (PEOPLE, "write:mine", "PUT /me/consents/analytics"),
    "list_tokens": (PEOPLE, "", "GET /me/tokens"),
    "make_token": (PEOPLE, "", "POST /me/tokens"),
    "revoke_token": (PEOPLE, "", "DELETE /me/tokens/{token}"),
    "list_people": (TEACHERS, "read:people", "GET /people"),
    "get_person": (TEACHERS, "read:people", "GET /people/{person}"),
    "grant_role": (OWNER, "", "PUT /people/{person}/roles/editor"),
    "end_role": (OWNER, "", "DELETE /people/{person}/roles/editor"),
    "save_academy": (OWNER, "write:academy", "PUT /academy"),
    "list_acts": (OWNER, "read:academy", "GET /audit"),
    "list_jobs": (OWNER, "read:academy", "GET /jobs"),
    "get_job": (OWNER, "read:academy", "GET /jobs/{job}"),
    "revive_job": (OWNER, "", "POST /jobs/{job}/revive"),
    "list_holdings": ({"support", "owner"}, "read:people", "GET /people/{person}/holdings"),
    "give_access": ({"support", "owner"}, "write:people", "POST /people/{person}/holdings"),
    "take_back_access": ({"support", "owner"}, "write:people", "DELETE /people/{person}/holdings/{entitlement}"),
    "end_sessions_of": ({"support", "owner"}, "write:people", "DELETE /people/{person}/sessions"),
    "list_letters": ({"owner"}, "", "GET /mail"),
    "get_letter": ({"owner"}, "", "GET /mail/no-such"),
    "get_live": (PEOPLE, "read:mine", "GET /products/no-such/live"),
    "open_feed": (PEOPLE, "write:mine", "POST /products/no-such/feed"),
    "renew_feed": (PEOPLE, "write:mine", "POST /products/no-such/feed/renew"),
    "export_my_data": (PEOPLE, "read:mine", "GET /me/data"),
    "get_sales": (COUNTERS, "read:numbers", "GET /numbers/sales?first=2026-03-01"),
    "get_activity": (COUNTERS, "read:numbers", "GET /numbers/activity?first=2026-03-01"),
    "list_balances": (COUNTERS, "read:numbers", "GET /books/balances"),
    "list_entries": (COUNTERS, "read:numbers", "GET /books/entries"),
}


def address(house: House, call: str) -> tuple[str, str]:
    method, _, path = call.partition(" ")
    kinds = ("asset", "section", "payment", "note", "attempt", "session", "token", "job", "person", "entitlement")
    names = {kind: house.id(kind) for kind in kinds}
    names |= {"preview": house.preview, "nothing": house.id("lesson"), "no_offer": house.id("offer")}
    return method, path.format(offer=house.id("offer", house.academy.offer.id), **names)


def body_for(method: str) -> dict[str, object]:
    return {"json": {}} if method in {"POST", "PUT"} else {}


def described(house: House) -> set[str]:
    paths = house.call("GET", "/openapi.json", "stranger").json()["paths"]
    return {operation["operationId"] for methods in paths.values() for operation in methods.values()}


def test_the_matrix_has_every_operation(house: House) -> None:
    assert set(MATRIX) == described(house)


@pytest.mark.parametrize("operation", MATRIX)
def test_exactly_these_may(house: House, operation: str) -> None:
    allowed, _, call = MATRIX[operation]
    method, path = address(house, call)
    found = {}
    for role in ROLES:
        answer = house.call(method, path, role, **body_for(method))
        assert answer.status_code < 500, answer.text
        found[role] = answer.status_code
        if answer.status_code == 401:
            assert (role, answer.headers["www-authenticate"]) == ("stranger", "Bearer")
            assert problem(answer) == (401, "sign-in-first")
        elif answer.status_code == 403:
            assert role != "stranger"
            assert problem(answer) == (403, "not-allowed")
    assert {role for role, status in found.items() if status not in (401, 403)} == allowed, found


@pytest.mark.parametrize("operation", MATRIX)
def test_a_token_reaches_exactly_this_far(house: House, operation: str) -> None:
    _, wanted, call = MATRIX[operation]
    method, path = address(house, call)
    found = {}
    for scope in SCOPES:
        answer = house.call(method, path, token=owners_token(house, scope), **body_for(method))
        found[scope] = answer.status_code
        if answer.status_code == 403:
            assert problem(answer)[1] == ("session-needed" if not wanted else "scope-missing")
    passed = {scope for scope, status in found.items() if status not in (401, 403)}
    expected = set(SCOPES) if wanted == "-" else set(filter(None, wanted.split(" or ")))
    assert passed == expected, found


_tokens: dict[tuple[int, str], str] = {}


def owners_token(house: House, scope: str) -> str:
    key = id(house), scope
    if key not in _tokens:
        _tokens[key] = house.academy.token(house.academy.owner, scope)
    return _tokens[key]


def test_a_token_loses_what_its_person_loses(house: House) -> None:
    person = house.academy.person("Ephemera")
    academy, clock = house.academy, house.clock
    change = ChangeRole(person.id, "support")
    academy.write(lambda session: grant_role(session, change, viewer=SYSTEM, clock=clock))
    token = academy.token(person, "read:orders")
    assert house.call("GET", "/orders", token=token).status_code == 200
    academy.write(lambda session: end_role(session, change, viewer=SYSTEM, clock=clock))
    assert problem(house.call("GET", "/orders", token=token)) == (403, "not-allowed")


def test_no_token_has_more_than_its_person(house: House) -> None:
    answer = house.call("POST", "/me/tokens", "learner", json={"label": "x", "scopes": ["write:catalog"]})
    assert problem(answer) == (422, "invalid")
    assert "scopes" in answer.json()["errors"]
