"""The studio's people, settings and audit: who may see and do what (P15), and that it works for who may."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from tests.fixtures.web import Academy, Browser, shown
from tests.web.identity.conftest import fill
from xingtan.core.viewer import SYSTEM
from xingtan.domains.audit import api as audit
from xingtan.domains.entitlements import api as entitlements
from xingtan.domains.identity import api as identity
from xingtan.infra.db import new_id

ROLES = ["stranger", "learner", "owner", "editor", "teacher", "support", "analyst"]
MATRIX = {
    ("GET", "/studio/people"): {"owner", "teacher", "support"},
    ("GET", "/studio/people/{person}"): {"owner", "teacher", "support"},
    ("POST", "/studio/people/{person}/roles"): {"owner"},
    ("POST", "/studio/people/{person}/end-sessions"): {"owner", "support"},
    ("POST", "/studio/people/{person}/access"): {"owner", "support"},
    ("GET", "/studio/settings"): {"owner"},
    ("POST", "/studio/settings"): {"owner"},
    ("GET", "/studio/audit"): {"owner"},
}
SETTINGS = {
    "name_zh": "试验书院",
    "name_en": "Test Academy",
    "language": "en",
    "currency": "CNY",
    "time_zone": "Asia/Shanghai",
    "accent": "jade",
}


@pytest.mark.parametrize("role", ROLES)
def test_p15_each_role_reaches_exactly_its_routes(
    role: str, academy: Academy, client: Browser, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    people = {"owner": academy.owner, "learner": academy.learner}
    browser = client if role == "stranger" else open_browser(people.get(role) or academy.staff(role))
    product = shown("product", academy.course.id)
    for (method, path), allowed in MATRIX.items():
        target = path.format(person=shown("person", academy.other.id))
        answer = (
            browser.get(target)
            if method == "GET"
            else browser.submit(target, {"role": "editor", "product": product, **SETTINGS})
        )
        if role in allowed:
            assert answer.status_code in (200, 303), (method, path)
            assert "/sign-in" not in answer.headers.get("location", ""), (method, path)
        elif role == "stranger":
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/sign-in"), (method, path)
        else:
            assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize(
    "bad", ["per_nonsense", "per_00000000000000000000000000", "1", "%2e%2e%2fsettings", "ord_" + "0" * 26]
)
def test_a_guessed_person_is_not_found(owner: Browser, bad: str) -> None:
    assert owner.get(f"/studio/people/{bad}").status_code == 404
    assert owner.submit(f"/studio/people/{shown('person', new_id())}/roles", {"role": "editor"}).status_code == 404


def test_who_may_not_read_addresses_sees_them_masked(
    academy: Academy, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    teacher, support = open_browser(academy.staff("teacher")), open_browser(academy.staff("support"))
    target = f"/studio/people/{shown('person', academy.learner.id)}"
    for page in ("/studio/people", target):
        assert "lily@example.org" in support.get(page).text
        masked = teacher.get(page).text
        assert "lily@example.org" not in masked
        assert "l…@example.org" in masked


def test_reading_a_person_is_noted(owner: Browser, academy: Academy) -> None:
    owner.get(f"/studio/people/{shown('person', academy.learner.id)}")
    noted = academy.read(lambda s: audit.entries(s, SYSTEM, limit=1))
    assert (noted[0].action, noted[0].actor_id, noted[0].subject_id) == (
        "person.read",
        academy.owner.id,
        academy.learner.id,
    )
    page = owner.get("/studio/audit").text
    assert "looked at a person" in page
    assert "Lily" in page


def test_people_are_found_by_name_address_and_id(owner: Browser, academy: Academy) -> None:
    public = shown("person", academy.learner.id)
    for query in ("lil", "LILY@example.org", public):
        page = owner.get("/studio/people", params={"q": query}).text
        assert public in page, query
        assert shown("person", academy.other.id) not in page.partition("<tbody>")[2], query
    assert "Nobody found" in owner.get("/studio/people", params={"q": "'; DROP TABLE person; --"}).text
    assert "Nobody found" in owner.get("/studio/people", params={"q": "lily@"}).text


def test_a_list_of_people_costs_few_queries(owner: Browser, academy: Academy) -> None:
    for number in range(60):
        academy.person(f"Person{number}")
    owner.get("/studio/people")
    statements: list[str] = []
    event.listen(academy.platform.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    page = owner.get("/studio/people")
    assert page.text.count("<tr>") == 51
    assert sum(statement.startswith("SELECT") for statement in statements) <= 7
    older = page.text.partition("after=per_")[2].partition('"')[0]
    rest = owner.get(f"/studio/people?after=per_{older}")
    assert rest.text.count("<tr>") == 14


def test_a_role_is_given_and_taken_back(owner: Browser, academy: Academy) -> None:
    page = f"/studio/people/{shown('person', academy.learner.id)}"
    assert fill(owner, page, {"role": "editor", "change": "grant"}, to=f"{page}/roles").status_code == 303
    assert academy.viewer(academy.learner).is_staff
    assert fill(owner, page, {"role": "editor", "change": "end"}, to=f"{page}/roles").status_code == 303
    assert not academy.viewer(academy.learner).is_staff
    assert fill(owner, page, {"role": "emperor", "change": "grant"}, to=f"{page}/roles").status_code == 422


def test_the_last_owner_stays(owner: Browser, academy: Academy) -> None:
    page = f"/studio/people/{shown('person', academy.owner.id)}"
    answer = fill(owner, page, {"role": "owner", "change": "end"}, to=f"{page}/roles")
    assert answer.status_code == 409
    assert "An academy needs an owner" in answer.text
    assert academy.viewer(academy.owner).is_staff


def test_support_ends_a_learners_sessions_but_not_the_owners(
    academy: Academy, open_browser: Callable[[identity.PersonView], Browser]
) -> None:
    support, learner, owner = (open_browser(one) for one in (academy.staff("support"), academy.learner, academy.owner))
    for person, expected in ((academy.learner, 303), (academy.owner, 403)):
        page = f"/studio/people/{shown('person', person.id)}"
        assert support.submit(f"{page}/end-sessions").status_code == expected
    assert learner.get("/account").status_code == 303
    assert owner.get("/account").status_code == 200


def test_settings_are_saved_and_every_page_follows(owner: Browser, client: Browser) -> None:
    answer = fill(
        owner, "/studio/settings", {**SETTINGS, "name_en": "Terrace & <i>Sons</i>", "tagline_en": "Ten strips"}
    )
    assert answer.status_code == 303
    page = client.get("/en/sign-in").text
    assert "Terrace &amp; &lt;i&gt;Sons&lt;/i&gt;" in page
    assert "Ten strips" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "cny"),
        ("time_zone", "../../etc/passwd"),
        ("language", "de"),
        ("accent", "pink"),
        ("contact", "nobody"),
        ("name_zh", "a\u202eb"),
        ("about_en", "x" * 20_001),
        ("tagline_zh", "x" * 201),
    ],
)
def test_a_setting_that_does_not_hold_is_named_and_what_was_typed_is_kept(
    owner: Browser, field: str, value: str
) -> None:
    answer = fill(owner, "/studio/settings", {**SETTINGS, "legal_name": "Kong & Co", field: value})
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert "Kong &amp; Co" in answer.text


def test_staff_with_one_key_are_reminded(academy: Academy, client: Browser) -> None:
    answer = fill(client, "/sign-in", {"email": "owner@example.org", "password": "a long apricot sentence"})
    assert answer.status_code == 303
    assert "one key only" in client.get("/studio/people").text


def test_staff_with_two_keys_are_not(owner: Browser) -> None:
    assert "one key only" not in owner.get("/studio/people").text


def test_the_audit_list_turns_its_pages(owner: Browser, academy: Academy) -> None:
    for number in range(60):
        act = audit.Action(f"act.{number}", "academy")
        academy.write(lambda s, act=act: audit.note_action(s, act, clock=academy.platform.clock))
    page = owner.get("/studio/audit").text
    assert "act.59" in page
    assert "act.0<" not in page
    older = page.partition("before=evt_")[2].partition('"')[0]
    assert "act.0<" in owner.get(f"/studio/audit?before=evt_{older}").text


def test_access_is_given_and_taken_back_and_both_are_noted(owner: Browser, learner: Browser, academy: Academy) -> None:
    page = f"/studio/people/{shown('person', academy.learner.id)}"
    product = {"product": shown("product", academy.course.id)}
    assert fill(owner, page, product, to=f"{page}/access").status_code == 303
    assert _may_use(academy)
    assert owner.submit(f"{page}/access", product).status_code == 409
    given = owner.get(page).text.partition("/access/")[2].partition("/")[0]
    assert fill(owner, page, to=f"{page}/access/{given}/end").status_code == 303
    assert not _may_use(academy)
    actions = [one.action for one in academy.read(lambda s: audit.entries(s, SYSTEM, subject_id=academy.learner.id))]
    assert [one for one in actions if one.startswith("access")] == ["access.ended", "access.given"]
    assert learner.submit(f"{page}/access", product).status_code == 403


@pytest.mark.parametrize("product", ["", "prd_nonsense", "prd_" + "0" * 26, "ord_" + "0" * 26])
def test_a_product_that_is_none_is_refused(owner: Browser, academy: Academy, product: str) -> None:
    page = f"/studio/people/{shown('person', academy.learner.id)}"
    assert fill(owner, page, {"product": product}, to=f"{page}/access").status_code == 422
    assert owner.submit(f"{page}/access/{new_id()}/end").status_code == 404


def _may_use(academy: Academy) -> bool:
    now = academy.platform.clock.now()
    return academy.read(lambda s: entitlements.has_access(s, academy.learner.id, academy.course.id, at=now))
