"""Learning through the API: progress, notes, quizzes; each person's own and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.api.conftest import House, problem

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def reader(house: House) -> Call:
    """Somebody who holds the course, with a token."""
    person = house.academy.person("Reader")
    house.academy.give(person.id, house.academy.course.id)
    token = house.academy.token(person, "read:mine", "write:mine")
    return lambda method, path, **more: house.call(method, path, token=token, **more)


def test_the_shelf_shows_what_is_held(house: House, reader: Call) -> None:
    (item,) = reader("GET", "/me/shelf").json()["items"]
    assert (item["slug"], item["lessons"]) == ("reading-numbers", 3)
    assert item["resume_path"].startswith("/learn/reading-numbers/")
    assert house.call("GET", "/me/shelf", "learner").json()["items"] == []


def test_progress_goes_forward(house: House, reader: Call) -> None:
    path = f"/lessons/{house.lesson}"
    version = reader("GET", path).json()["version_id"]
    assert problem(reader("GET", f"{path}/progress")) == (404, "not-found")
    body = {"version": version, "position": {"block": 1, "within": 0.5}, "fraction": 0.4, "at": "2026-03-01T07:59:00Z"}
    saved = reader("PUT", f"{path}/progress", json=body).json()
    assert (saved["fraction"], saved["position"]["block"]) == (0.4, 1)
    late = {**body, "position": {"block": 0}, "fraction": 0.1, "at": "2026-03-01T07:00:00Z"}
    kept = reader("PUT", f"{path}/progress", json=late).json()
    assert (kept["fraction"], kept["position"]["block"]) == (0.4, 1)
    assert reader("GET", f"{path}/progress").json() == kept
    done = reader("POST", f"{path}/complete", json={"version": version}).json()
    assert (done["fraction"], done["completed_at"]) == (1.0, "2026-03-01T08:00:00Z")
    for field, value in (("fraction", 2), ("fraction", "half"), ("position", {"page": 1}), ("position", []),
                         ("at", "now"), ("version", house.lesson)):  # fmt: skip
        assert problem(reader("PUT", f"{path}/progress", json={**body, field: value})) == (422, "invalid"), field
    refused = house.call("PUT", f"{path}/progress", "learner", json=body)
    assert problem(refused) == (403, "not-bought")


def test_notes_are_ones_own(house: House, reader: Call) -> None:
    path = f"/lessons/{house.lesson}/notes"
    note = reader("POST", path, json={"kind": "highlight", "quote": "secret apricot"})
    assert note.status_code == 201, note.text
    found = note.json()
    assert found["start"] is not None
    assert not found["is_orphan"]
    changed = reader("PUT", f"/notes/{found['id']}", json={"text": "Remember this."}).json()
    assert (changed["kind"], changed["text"]) == ("note", "Remember this.")
    assert reader("GET", f"/notes/{found['id']}").json() == changed
    assert [one["id"] for one in reader("GET", path).json()["items"]] == [found["id"]]
    assert [one["id"] for one in reader("GET", "/me/notes?product=reading-numbers").json()["items"]] == [found["id"]]
    for who in ("learner", "owner", "teacher"):
        assert problem(house.call("GET", f"/notes/{found['id']}", who)) == (404, "not-found")
        assert problem(house.call("PUT", f"/notes/{found['id']}", who, json={"text": "x"})) == (404, "not-found")
        assert problem(house.call("DELETE", f"/notes/{found['id']}", who)) == (404, "not-found")
    assert problem(reader("POST", path, json={"kind": "highlight"})) == (422, "invalid")
    assert problem(reader("POST", path, json={"kind": "note", "text": "x" * 10_001})) == (422, "invalid")
    assert problem(reader("GET", "/me/notes?product=no-such")) == (404, "not-found")
    assert reader("DELETE", f"/notes/{found['id']}").status_code == 204
    assert problem(reader("GET", f"/notes/{found['id']}")) == (404, "not-found")


def test_a_closed_lesson_takes_no_notes(house: House) -> None:
    answer = house.call("POST", f"/lessons/{house.lesson}/notes", "learner", json={"kind": "bookmark"})
    assert problem(answer) == (403, "not-bought")


def test_the_server_grades(house: House, reader: Call) -> None:
    quiz = reader("GET", f"/lessons/{house.quiz}").json()
    first, second = quiz["questions"]
    right = next(choice["id"] for choice in first["choices"] if "Five" in choice["text_html"])
    started = reader("POST", f"/lessons/{house.quiz}/attempts")
    assert started.status_code == 201
    body = {"version": quiz["version_id"], "answers": {first["id"]: right, second["id"]: "twelve"}}
    graded = reader("POST", f"/lessons/{house.quiz}/answers", json=body)
    assert graded.status_code == 201, graded.text
    attempt = graded.json()
    assert attempt["id"] == started.json()["id"]
    assert [answer["is_right"] for answer in attempt["answers"]] == [True, False]
    assert (attempt["points"], attempt["max_points"], attempt["answers"][1]["right_answer"]) == (1, 2, "12")
    assert reader("GET", f"/attempts/{attempt['id']}").json() == attempt
    assert [one["id"] for one in reader("GET", f"/lessons/{house.quiz}/attempts").json()["items"]] == [attempt["id"]]
    assert problem(house.call("GET", f"/attempts/{attempt['id']}", "learner")) == (404, "not-found")
    assert problem(house.call("GET", f"/attempts/{attempt['id']}", "owner")) == (404, "not-found")
    statistics = house.call("GET", f"/lessons/{house.quiz}/statistics", "teacher").json()["items"]
    assert [one["p_value"] for one in statistics] == [1.0, 0.0]
    for wrong in ({"q9": "a"}, {first["id"]: "z"}, {first["id"]: 5}, {first["id"]: {"a": "b"}}):
        answer = reader("POST", f"/lessons/{house.quiz}/answers", json={**body, "answers": wrong})
        assert problem(answer) == (422, "invalid")
    old = {**body, "version": house.id("version")}
    assert problem(reader("POST", f"/lessons/{house.quiz}/answers", json=old)) == (409, "conflict")
    not_quiz = reader("POST", f"/lessons/{house.lesson}/attempts")
    assert problem(not_quiz) == (404, "not-found")
