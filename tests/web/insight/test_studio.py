"""The studio's first room: figures with their rows, letters in a sandbox, jobs that can be tried again."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.fixtures.web import Academy, Browser, shown
from xingtan.core.period import Period
from xingtan.core.viewer import SYSTEM
from xingtan.domains.learning import api as learning
from xingtan.infra import jobs
from xingtan.infra.mail import Letter, MaildirMailer, compose

Open = Callable[[Any], Browser]


def dead_job(academy: Academy) -> Any:
    now = academy.platform.clock.now()

    def bury(session: Session) -> Any:
        job_id = jobs.enqueue(session, "test.fails", {}, key="one", at=now)
        jobs.claim(session, "worker", at=now)
        jobs.fail(session, job_id, "worker", "Unavailable: the mail server is away", is_final=True, at=now)
        return job_id

    return academy.write(bury)


def letter(academy: Academy, html: str) -> str:
    platform = academy.platform
    assert isinstance(platform.mailer, MaildirMailer)
    message = compose(Letter("lily@example.org", "Hello", "Plain words", html), "a@example.org", clock=platform.clock)
    platform.mailer.send(message)
    return platform.mailer.letters(1)[0].id


def test_a_stranger_is_sent_to_sign_in_and_a_learner_stays_out(client: Browser, learner: Browser) -> None:
    assert client.get("/studio").headers["location"] == "/sign-in?next=/studio"
    assert learner.get("/studio").status_code == 403


@pytest.mark.parametrize("path", ["/studio", "/zh/studio", "/studio/mail", "/studio/jobs"])
def test_the_owner_sees_every_page(owner: Browser, path: str) -> None:
    assert owner.get(path).status_code == 200


def test_an_empty_academy_says_so_plainly(owner: Browser) -> None:
    page = owner.get("/studio").text
    assert "Nothing was sold in these thirty days." in page
    assert "Nothing has been sold yet." in page
    assert "Nobody has opened a lesson" in page


def test_learning_is_counted_for_everybody(academy: Academy, owner: Browser) -> None:
    academy.give(academy.learner.id, academy.course.id)
    viewer = academy.viewer(academy.learner)
    done = learning.CompleteLesson(viewer, academy.lesson, academy.lesson)
    academy.write(lambda s: learning.complete_lesson(s, done, clock=academy.platform.clock))
    today = Period(academy.platform.clock.now())
    assert academy.read(lambda s: learning.new_learners(s, SYSTEM, period=today)) == 1
    page = owner.get("/studio").text
    assert "The paid part" in page
    assert "1 of 1 done" in page


def test_each_role_sees_its_part(academy: Academy, open_browser: Open) -> None:
    letter(academy, "")
    support, analyst = open_browser(academy.staff("support")), open_browser(academy.staff("analyst"))
    assert 'id="sales"' in analyst.get("/studio").text
    assert 'id="jobs"' not in analyst.get("/studio").text
    assert 'id="sales"' not in support.get("/studio").text
    assert analyst.get("/studio/mail").status_code == 403
    assert analyst.get("/studio/jobs").status_code == 403


def test_a_dead_job_is_loud_and_can_be_tried_again(academy: Academy, owner: Browser) -> None:
    job_id = dead_job(academy)
    page = owner.get("/studio").text
    assert "1 piece of work has given up" in page
    assert "the mail server is away" in page
    path = f"/studio/jobs/{shown('job', job_id)}/revive"
    assert path in owner.get("/studio/jobs?state=dead").text
    assert owner.submit(path).status_code == 303
    assert academy.read(lambda s: jobs.job_view(s, job_id)).state == "queued"
    assert owner.submit(path).status_code == 409


def test_only_an_operator_revives(academy: Academy, open_browser: Open) -> None:
    job_id = dead_job(academy)
    editor = open_browser(academy.staff("editor"))
    assert editor.submit(f"/studio/jobs/{shown('job', job_id)}/revive").status_code == 403
    assert academy.read(lambda s: jobs.job_view(s, job_id)).state == "dead"


def test_a_letter_is_shown_in_a_sandbox(academy: Academy, owner: Browser) -> None:
    name = letter(academy, "<p>Hi <script>alert(1)</script></p>")
    assert "Hello" in owner.get("/studio/mail").text
    page = owner.get(f"/studio/mail/{name}").text
    assert "<iframe sandbox " in page
    assert "alert(1)" not in page
    framed = owner.get(f"/studio/mail/{name}/html")
    assert framed.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert framed.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", ["/studio/mail/nothing", "/studio/mail/nothing/html", "/studio/mail/..%2f..%2fetc"])
def test_an_unknown_letter_is_not_found(owner: Browser, path: str) -> None:
    assert owner.get(path).status_code == 404
