"""People, roles, tokens and the academy, through the door."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from tests.domains.identity.conftest import HASHER, PASSWORD, People
from xingtan.core.errors import Invalid, NotAllowed, NotFound
from xingtan.core.viewer import STRANGER, SYSTEM, Permission, Viewer
from xingtan.domains.audit import api as audit
from xingtan.domains.identity import api as identity
from xingtan.domains.identity.models import Academy, Person
from xingtan.infra.db import new_id
from xingtan.infra.outbox import OutboxEvent
from xingtan.infra.vault import Vault

FIRST_DAY = identity.SetUp(
    {"zh": "第二家"}, "Eve", "eve@example.org", "zh", "CNY", "Asia/Shanghai", "another fine sentence"
)


def register(people: People, email: str, name: str = "", language: str = "en") -> identity.PersonView:
    command = identity.Register(email, name, language)
    return people.write(lambda session: identity.register(session, command, clock=people.clock, vault=people.vault))


def test_an_address_has_one_account_however_it_is_written(people: People) -> None:
    for email in ("lin@example.org", "LIN@Example.Org", "ｌｉｎ@example.org"):
        with pytest.raises(identity.AddressTaken):
            register(people, email)
    assert register(people, "lin+tag@example.org").id != people.learner


def test_nothing_personal_is_readable_in_the_database_or_in_the_news(people: People) -> None:
    view = register(people, "canary.address@example.org", "Canary Name")
    rows = people.read(lambda session: session.execute(select(Person.__table__)).all())
    news = people.read(lambda session: [one.payload for one in session.scalars(select(OutboxEvent))])
    for secret in ("canary.address", "Canary Name"):
        assert secret not in repr(rows)
        assert secret not in repr(news)
        assert secret.encode().hex() not in repr(rows)
    key = people.read(lambda session: identity.behaviour_key(session, view.id, vault=people.vault))
    assert len(key) == 32
    assert key not in repr(rows)


def test_behaviour_keys_of_many_are_those_of_each(people: People) -> None:
    ids = [people.owner, people.learner, new_id()]
    many = people.read(lambda session: identity.behaviour_keys(session, ids, vault=people.vault))
    one = people.read(lambda session: identity.behaviour_key(session, people.learner, vault=people.vault))
    assert set(many) == {people.owner, people.learner}
    assert many[people.learner] == one != many[people.owner]


def test_names_of_many_people_cost_two_queries_even_with_a_cold_vault(people: People) -> None:
    ids = [register(people, f"p{number}@example.org", f"P{number}").id for number in range(30)]
    cold = Vault((people.platform.settings.home / "master.key").read_bytes())
    statements: list[str] = []
    event.listen(people.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    names = people.read(lambda session: identity.names_of(session, [*ids, new_id()], vault=cold))
    assert names == {one: f"P{number}" for number, one in enumerate(ids)}
    assert sum(statement.startswith("SELECT") for statement in statements) == 2


def test_the_forgotten_have_no_name_and_break_no_list(people: People) -> None:
    people.write(lambda session: people.vault.destroy_key(session, people.learner, at=people.clock.now()))
    assert people.read(lambda session: identity.names_of(session, [people.learner], vault=people.vault)) == {}
    page = people.read(lambda session: identity.people(session, SYSTEM, vault=people.vault))
    assert [(one.name, one.email) for one in page.people] == [("", ""), ("孔老师", "kong@example.org")]


def test_people_are_listed_in_pages_newest_first(people: People) -> None:
    ids = [register(people, f"p{number}@example.org").id for number in range(5)]
    first = _people(people, limit=3)
    assert [one.id for one in first.people] == ids[:1:-1]
    rest = people.read(lambda session: identity.people(session, SYSTEM, vault=people.vault, after=first.after, limit=9))
    assert [one.id for one in rest.people] == [ids[1], ids[0], people.learner, people.owner]
    assert rest.after is None
    assert people.read(lambda session: identity.count_people(session, SYSTEM)) == 7


def test_a_search_by_name_goes_on_where_it_stopped(people: People) -> None:
    ids = [register(people, f"p{number}@example.org", f"Ada {number}").id for number in range(4)]
    first = _people(people, query="aDA", limit=3)
    assert [one.id for one in first.people] == ids[:0:-1]
    rest = people.read(
        lambda session: identity.people(session, SYSTEM, vault=people.vault, query="ada", after=first.after, limit=3)
    )
    assert [one.id for one in rest.people] == [ids[0]]


def test_staff_alone_can_be_listed(people: People) -> None:
    page = people.read(lambda session: identity.people(session, SYSTEM, vault=people.vault, staff_only=True))
    assert [one.id for one in page.people] == [people.owner]


@pytest.mark.parametrize(
    "viewer", [STRANGER, Viewer(new_id()), Viewer(new_id(), identity.PERMISSIONS[identity.Role.EDITOR]),
               Viewer(new_id(), identity.PERMISSIONS[identity.Role.ANALYST])],
)  # fmt: skip
def test_who_does_not_deal_with_people_sees_nobody(people: People, viewer: Viewer) -> None:
    asks: list[Callable[..., object]] = [
        lambda session: identity.people(session, viewer, vault=people.vault),
        lambda session: identity.person(session, viewer, people.learner, vault=people.vault),
    ]
    for ask in asks:
        with pytest.raises(NotAllowed):
            people.read(ask)


def test_one_sees_oneself_whole_and_others_not_at_all(people: People) -> None:
    lin = people.viewer(people.learner)
    view = people.read(lambda session: identity.person(session, lin, people.learner, vault=people.vault))
    assert (view.name, view.email) == ("Lin", "lin@example.org")
    with pytest.raises(NotAllowed):
        people.read(lambda session: identity.person(session, lin, people.owner, vault=people.vault))


def test_a_role_given_twice_is_given_once_and_noted(people: People) -> None:
    people.give_role(people.learner, "editor")
    people.give_role(people.learner, "editor")
    assert people.viewer(people.learner).permissions == identity.PERMISSIONS[identity.Role.EDITOR]
    noted = people.read(lambda session: audit.entries(session, SYSTEM, subject_id=people.learner))
    assert [(one.action, one.details) for one in noted if one.action == "role.granted"] == [
        ("role.granted", {"role": "editor"})
    ]


@pytest.mark.parametrize("role", [role for role in identity.Role if role is not identity.Role.OWNER])
def test_nobody_but_the_owner_gives_roles(people: People, role: identity.Role) -> None:
    viewer = Viewer(people.learner, identity.PERMISSIONS[role])
    command = identity.ChangeRole(people.learner, "owner")
    for act in (identity.grant_role, identity.end_role):
        with pytest.raises(NotAllowed):
            people.write(lambda session, act=act: act(session, command, viewer=viewer, clock=people.clock))


def test_the_last_owner_cannot_be_removed_but_one_of_two_can(people: People) -> None:
    owner = people.viewer(people.owner)
    command = identity.ChangeRole(people.owner, "owner")
    with pytest.raises(identity.LastOwner):
        people.write(lambda session: identity.end_role(session, command, viewer=owner, clock=people.clock))
    people.give_role(people.learner, "owner")
    people.write(lambda session: identity.end_role(session, command, viewer=owner, clock=people.clock))
    assert not people.viewer(people.owner).is_staff
    assert people.viewer(people.learner).may(Permission.ROLES_WRITE)


def test_a_role_that_is_none_or_is_not_there_is_refused(people: People) -> None:
    with pytest.raises(Invalid):
        people.give_role(people.learner, "emperor")
    with pytest.raises(NotFound):
        people.give_role(new_id(), "editor")
    command = identity.ChangeRole(people.learner, "editor")
    with pytest.raises(NotFound):
        people.write(lambda session: identity.end_role(session, command, viewer=SYSTEM, clock=people.clock))


def test_a_token_reaches_as_far_as_its_scopes_and_its_persons_roles(people: People) -> None:
    people.give_role(people.learner, "support")
    viewer = people.viewer(people.learner)
    command = identity.MakeToken("backup", ("read:orders", "read:mine"), 30)
    made = people.write(
        lambda session: identity.make_token(session, command, viewer=viewer, clock=people.clock, vault=people.vault)
    )
    bearer = _bearer(people, made.secret)
    assert bearer is not None
    assert bearer.viewer.permissions == {Permission.ORDERS_READ}
    assert bearer.scopes == {"read:orders", "read:mine"}
    people.write(
        lambda session: identity.end_role(
            session, identity.ChangeRole(people.learner, "support"), viewer=SYSTEM, clock=people.clock
        )
    )
    bearer = _bearer(people, made.secret)
    assert bearer is not None
    assert bearer.viewer.permissions == frozenset()
    people.clock.advance(days=30)
    assert _bearer(people, made.secret) is None


@pytest.mark.parametrize("secret", ["", "xt_", "xt_guess", "\ud800", "x" * 9999])
def test_a_guessed_token_speaks_for_nobody(people: People, secret: str) -> None:
    assert _bearer(people, secret) is None


def test_a_token_is_revoked_by_its_person_only(people: People) -> None:
    lin = people.viewer(people.learner)
    command = identity.MakeToken("phone", ("read:mine",), None)
    made = people.write(
        lambda session: identity.make_token(session, command, viewer=lin, clock=people.clock, vault=people.vault)
    )
    with pytest.raises(NotFound):
        people.write(
            lambda session: identity.revoke_token(session, made.id, person_id=people.owner, clock=people.clock)
        )
    assert _bearer(people, made.secret) is not None
    people.write(lambda session: identity.revoke_token(session, made.id, person_id=people.learner, clock=people.clock))
    assert _bearer(people, made.secret) is None


def test_there_is_one_academy(people: People) -> None:
    with pytest.raises(identity.AlreadySetUp):
        people.write(
            lambda session: identity.set_up(
                session, FIRST_DAY, password_hash=HASHER.hash(PASSWORD), clock=people.clock, vault=people.vault
            )
        )
    assert people.on_file("eve@example.org").person_id is None
    assert len(people.read(lambda session: session.scalars(select(Academy)).all())) == 1


def test_the_owner_has_every_permission_and_a_confirmed_address(people: People) -> None:
    assert people.viewer(people.owner).permissions == frozenset(Permission)
    confirmed = people.read(lambda session: session.get_one(Person, people.owner).email_confirmed_at)
    assert confirmed == people.clock.now()


def test_the_academys_words_fall_back_to_the_language_that_there_is(people: People) -> None:
    command = identity.SaveAcademy(
        {"zh": " 新名 ", "en": ""}, {"zh": "十条干肉"}, {}, "zh", "CNY", "Asia/Shanghai", "孔氏", "hi@例子.中国", "jade"
    )
    people.write(lambda session: identity.save_academy(session, command, viewer=SYSTEM, clock=people.clock))
    view = people.read(identity.academy)
    assert view is not None
    assert (view.name_in("en"), view.tagline_in("en"), view.about_in("en"), view.accent) == (
        "新名",
        "十条干肉",
        "",
        "jade",
    )
    with pytest.raises(NotAllowed):
        people.write(lambda session: identity.save_academy(session, command, viewer=STRANGER, clock=people.clock))


def _people(people: People, *, query: str = "", limit: int = 50) -> identity.PeoplePage:
    return people.read(lambda session: identity.people(session, SYSTEM, vault=people.vault, query=query, limit=limit))


def _bearer(people: People, secret: str) -> identity.TokenBearer | None:
    return people.read(lambda session: identity.viewer_of_token(session, secret, clock=people.clock))
