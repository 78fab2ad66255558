"""The pure rules: addresses, names, passwords, paths, codes, roles."""

import json
from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Invalid
from xingtan.core.viewer import Permission
from xingtan.domains.identity.rules.addresses import masked, parse_address
from xingtan.domains.identity.rules.codes import matching_step, tidy_code
from xingtan.domains.identity.rules.devices import device_label
from xingtan.domains.identity.rules.names import parse_line
from xingtan.domains.identity.rules.passwords import COMMONEST, SHORTEST, password_problem
from xingtan.domains.identity.rules.paths import same_site_path
from xingtan.domains.identity.rules.permissions import PERMISSIONS, SCOPES, Role, permissions_of, permissions_within

AT = datetime(2026, 3, 1, 8, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("lin@example.org", "lin@example.org"),
        ("  lin@EXAMPLE.org ", "lin@example.org"),
        ("Lin+tag@example.org", "Lin+tag@example.org"),
        ("ｌｉｎ＠ｅｘａｍｐｌｅ．ｏｒｇ", "lin@example.org"),
        ("lin@例子.中国", "lin@xn--fsqu00a.xn--fiqs8s"),
        ("lin@exаmple.org", "lin@xn--exmple-4nf.org"),  # a Cyrillic а
        ("owner@localhost", "owner@localhost"),
    ],
)
def test_an_address_is_kept_in_normal_form(typed: str, kept: str) -> None:
    assert parse_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "lin",
        "@example.org",
        "lin@",
        "lin@@example.org",
        "lin@a@example.org",
        "lin@example",
        "lin@.org",
        "lin@example..org",
        "lin@-example.org",
        "lin.@example.org",
        ".lin@example.org",
        "li n@example.org",
        "lin@example.org\r\nBcc: all@example.org",
        "lin\n@example.org",
        "lin\x00@example.org",
        "lin@exam\tple.org",
        "Lin <lin@example.org>",
        '"a b"@example.org',
        "lin@[127.0.0.1]",
        "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + "b." * 130 + "org",
        "lin\u202e@example.org",
        "林@example.org",
        "\ud800@example.org",
        "lin@example.org,all@example.org",
        "=cmd|'/c calc'!A1",
        "<script>@example.org",
    ],
)
def test_what_is_no_address_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_address(typed)
    assert set(refused.value.fields) == {"email"}


@given(st.text(max_size=80))
def test_no_text_makes_an_address_with_a_line_break_or_passes_twice_differently(text: str) -> None:
    try:
        address = parse_address(text)
    except Invalid:
        return
    assert address.isascii()
    assert address.isprintable()
    assert parse_address(address) == address
    assert masked(address).endswith(address.rpartition("@")[2])


@pytest.mark.parametrize(
    "name",
    [
        "林知夏",
        "O'Brien",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "{{7*7}}",
        "Robert'); DROP TABLE person;--",
        "👩‍👩‍👧",
        "José",
        "نور",
        "a" * 80,
    ],
)
def test_a_name_may_hold_any_letters(name: str) -> None:
    assert parse_line(f" {name} ", field="name") == name


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\r\nBcc: x", "a\x00b", "a\u202eb", "\ud800", "a" * 81, "a\u2028b"]
)
def test_what_is_not_one_plain_line_is_no_name(name: str) -> None:
    with pytest.raises(Invalid):
        parse_line(name, field="name")


def test_names_that_look_alike_are_kept_alike() -> None:
    assert parse_line("Jose\u0301", field="name") == parse_line("Jos\u00e9", field="name")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "123456789",
        "password123",
        "PASSWORD123",
        "ｐａｓｓｗｏｒｄ１２３",
        "1234567890",
        "aaaaaaaaaaaa",
        "abababababab",
        "qwertyuiop",
        "lin.zhixia@example.org",
        "LIN.ZHIXIA@example.org",
        "lin.zhixia",
        "x" * 1025,
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    assert password_problem(password, email="lin.zhixia@example.org") is not None


@pytest.mark.parametrize(
    "password", ["ten strips of dried meat", "学而时习之不亦说乎乎", "Zq8!vR2#kL", "correct horse battery"]
)
def test_a_long_and_uncommon_password_is_enough(password: str) -> None:
    assert password_problem(password, email="lin@example.org") is None


def test_the_list_of_common_passwords_holds_only_what_the_length_rule_lets_through() -> None:
    assert len(COMMONEST) > 100
    assert all(len(password) >= SHORTEST for password in COMMONEST)


@pytest.mark.parametrize("path", ["/", "/account", "/shelf?page=2", "/lesson/les_1#part", "/zh/catalogue", "/搜索"])
def test_a_path_of_this_site_is_followed(path: str) -> None:
    assert same_site_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "account",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/%2f/evil.example",
        "/%2Fevil.example",
        "/%5cevil.example",
        "/\tevil",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "///evil.example",
        " //evil.example",
        "/" + "a" * 2001,
        "/a?b=\r\nX: 1",
    ],
)
def test_an_open_redirect_goes_home(path: str | None) -> None:
    assert same_site_path(path) == "/"


def test_totp_accepts_one_step_of_drift_and_never_a_step_twice() -> None:
    secret, step = pyotp.random_base32(), int(AT.timestamp()) // 30
    totp = pyotp.TOTP(secret)
    for drift in (-1, 0, 1):
        assert matching_step(secret, totp.generate_otp(step + drift), at=AT, last_step=0) == step + drift
    for drift in (-2, 2):
        assert matching_step(secret, totp.generate_otp(step + drift), at=AT, last_step=0) is None
    assert matching_step(secret, totp.generate_otp(step), at=AT, last_step=step) is None
    assert matching_step(secret, totp.generate_otp(step - 1), at=AT, last_step=step) is None


@given(st.text(max_size=12))
def test_any_text_is_a_harmless_code(code: str) -> None:
    step = matching_step("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", code, at=AT, last_step=0)
    assert step is None or tidy_code(code).isdigit()


def test_the_role_table_says_who_may_do_what() -> None:
    table = {role.value: sorted(permission.value for permission in granted) for role, granted in PERMISSIONS.items()}
    assert table == {
        "owner": sorted(permission.value for permission in Permission),
        "editor": ["catalog.read", "catalog.write", "content.use"],
        "teacher": ["catalog.read", "content.use", "learners.read"],
        "support": [
            "catalog.read", "learners.read", "orders.read", "orders.refund", "people.read", "people.write",
        ],
        "analyst": ["catalog.read", "numbers.read"],
    }  # fmt: skip
    assert permissions_of([]) == frozenset()
    assert permissions_of(["analyst", "teacher"]) == PERMISSIONS[Role.ANALYST] | PERMISSIONS[Role.TEACHER]


def test_only_the_owner_gives_roles_and_changes_settings() -> None:
    for permission in (Permission.ROLES_WRITE, Permission.SETTINGS_WRITE, Permission.OPERATE):
        assert [role for role, granted in PERMISSIONS.items() if permission in granted] == [Role.OWNER]


@given(roles=st.sets(st.sampled_from([role.value for role in Role])), scopes=st.sets(st.sampled_from(sorted(SCOPES))))
def test_a_token_never_reaches_further_than_its_person_or_its_scopes(roles: set[str], scopes: set[str]) -> None:
    reach = permissions_within(roles, scopes)
    assert reach <= permissions_of(roles)
    assert reach <= frozenset().union(*(SCOPES[scope] for scope in scopes))


def test_a_scope_that_reads_changes_nothing() -> None:
    changing = {permission for permission in Permission if permission.value.endswith((".write", ".refund"))}
    for scope, reach in SCOPES.items():
        assert scope.partition(":")[0] in ("read", "write")
        assert not (scope.startswith("read:") and reach & changing), json.dumps(scope)


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; ...) MicroMessenger/8.0", "WeChat · iPhone"),
        ("curl/8.5.0", "—"),
        ("", "—"),
        ("<script>alert(1)</script>", "—"),
    ],
)
def test_a_device_is_named_without_its_version(agent: str, label: str) -> None:
    assert device_label(agent) == label
