"""The first visit: guarded by the code from the terminal, done once, clear about every field."""

from pathlib import Path

import pytest

from tests.fixtures.web import Browser
from tests.web.identity.conftest import fill, insist
from xingtan.domains.identity import api as identity
from xingtan.infra.platform import Platform
from xingtan.web.edge import SESSION_COOKIE

FIELDS = {
    "academy_name": "杏坛书院",
    "owner_name": "孔老师",
    "owner_email": "kong@example.org",
    "password": "ten strips of dried meat",
    "language": "zh",
    "currency": "CNY",
    "time_zone": "Asia/Shanghai",
}


def code(home: Path) -> str:
    return identity.set_up_code(home)


def test_the_owner_opens_the_academy_and_arrives_in_the_studio(fresh: Browser, home: Path, platform: Platform) -> None:
    answer = fill(fresh, "/set-up", {**FIELDS, "code": f" {code(home).lower()[:4]}-{code(home)[4:]} "})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/studio"
    view = platform.database.read(identity.academy)
    assert view is not None
    assert (view.name_in("en"), view.currency, view.time_zone) == ("杏坛书院", "CNY", "Asia/Shanghai")
    assert not (home / "set-up-code").exists()
    assert fresh.get("/account").status_code == 200
    assert fresh.get("/studio/settings").status_code == 200


def test_the_code_is_eight_letters_for_the_owner_of_the_folder_only(fresh: Browser, home: Path) -> None:
    fresh.get("/set-up")
    path = home / "set-up-code"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(code(home)) == 8
    assert code(home) not in fresh.get("/set-up").text


@pytest.mark.parametrize("guess", ["", "AAAAAAAA", "' OR 1=1", "\x00" * 8])
def test_without_the_code_nothing_is_set_up(fresh: Browser, platform: Platform, guess: str) -> None:
    answer = fill(fresh, "/set-up", {**FIELDS, "code": guess})
    assert answer.status_code == 422
    assert 'id="f-code-error"' in answer.text
    assert platform.database.read(identity.academy) is None


def test_guessing_the_code_is_slowed_down(fresh: Browser) -> None:
    answers = insist(fresh, "/set-up", [{**FIELDS, "code": f"GUESS{n:03}"} for n in range(12)])
    assert answers == [422] * 10 + [429] * 2


def test_every_field_that_does_not_hold_is_named_at_once_and_what_was_typed_is_kept(fresh: Browser, home: Path) -> None:
    wrong = {
        "code": code(home), "academy_name": " ", "owner_name": "<b>x</b>", "owner_email": "nobody", "password": "short",
        "language": "fr", "currency": "XYZ", "time_zone": "Mars/Olympus",
    }  # fmt: skip
    answer = fill(fresh, "/set-up", wrong)
    assert answer.status_code == 422
    for field in ("academy_name", "owner_email", "password", "currency", "time_zone"):
        assert f'id="f-{field}-error"' in answer.text, field
    assert "nobody" in answer.text
    assert "&lt;b&gt;x&lt;/b&gt;" in answer.text
    assert "<b>x</b>" not in answer.text
    assert "short" not in answer.text.split("</form>")[0].rpartition('type="password"')[2][:300].split("hint")[0]


def test_an_academy_is_set_up_once(fresh: Browser, home: Path) -> None:
    fill(fresh, "/set-up", {**FIELDS, "code": code(home)})
    fresh.cookies.delete(SESSION_COOKIE)
    assert fresh.get("/set-up").status_code == 303
    again = fresh.submit("/set-up", {**FIELDS, "code": identity.set_up_code(home), "owner_email": "eve@example.org"})
    assert again.status_code in (403, 409)


@pytest.mark.parametrize(("language", "words"), [("zh", "开办你的学堂"), ("en", "Open your academy")])
def test_the_first_page_speaks_both_languages(fresh: Browser, language: str, words: str) -> None:
    assert words in fresh.get(f"/{language}/set-up").text


def test_currencies_and_time_zones_are_chosen_by_name(fresh: Browser) -> None:
    page = fresh.get("/zh/set-up").text
    assert '<option value="CNY" selected>CNY · 人民币</option>' in page
    assert '<option value="Asia/Shanghai" selected>' in page
    assert '<option value="America/New_York">America/New York</option>' in page
    assert 'id="consent"' not in page
