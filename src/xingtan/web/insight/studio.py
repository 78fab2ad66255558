"""The studio's first room: today, the mail that went out, the jobs."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from xingtan.core.errors import NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.insight import api as insight
from xingtan.infra import jobs
from xingtan.infra.mail import MaildirMailer
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.insight import today as figures
from xingtan.web.insight import watching
from xingtan.web.insight.pages import JobLine, JobsPage, LetterPage, MailPage, MailState, TodayPage
from xingtan.web.render import render

router = APIRouter()
router.include_router(watching.router)

_NEWEST_LETTERS, _LETTERS, _DEAD = 3, 100, 5
_IN_A_FRAME = {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, no-store",
}


@router.get("/studio")
def today(here: EdgeDep) -> Response:
    """How the academy does today."""
    here.require_staff()
    zone = ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)
    now = here.platform.clock.now()
    with here.platform.database.reading() as session:
        return render(here, _today(session, here, zone=zone, now=now))


def _today(session: Session, here: Edge, *, zone: ZoneInfo, now: datetime) -> TodayPage:
    viewer, day = here.viewer, now.astimezone(zone).date()
    month = figures.days_until(day, figures.MONTH_DAYS, zone=zone)
    numbers, operates = viewer.may(Permission.NUMBERS_READ), viewer.may(Permission.OPERATE)
    currency = here.request.app.state.academy.view(here.language).currency
    return TodayPage(
        day=day,
        sales=figures.sales(session, viewer, today=day, zone=zone, currency=currency) if numbers else None,
        learners=figures.learners(session, viewer, today=day, zone=zone) if numbers else None,
        sellers=figures.sellers(session, viewer) if numbers else None,
        lessons=(
            figures.lessons(session, viewer, since=now - timedelta(days=figures.MONTH_DAYS))
            if viewer.may(Permission.LEARNERS_READ)
            else None
        ),
        fruitless=insight.searches_without_results(session, viewer, period=month, limit=8) if numbers else None,
        funnel=insight.funnel(session, viewer, period=month) if numbers else None,
        mail=_mail_state(here) if viewer.may(Permission.MAIL_READ) else None,
        jobs=jobs.counts(session) if operates else None,
        dead=tuple(jobs.newest_jobs(session, state="dead", limit=_DEAD)) if operates else (),
    )


def _mail_state(here: Edge) -> MailState:
    mailer = here.platform.mailer
    if not isinstance(mailer, MaildirMailer):
        return MailState(0, (), is_folder=False)
    letters = mailer.letters(_LETTERS)
    return MailState(len(letters), tuple(letters[:_NEWEST_LETTERS]), is_folder=True)


@router.get("/studio/mail")
def mail(here: EdgeDep) -> Response:
    """The letters that went out into the folder."""
    here.require(Permission.MAIL_READ)
    mailer = here.platform.mailer
    is_folder = isinstance(mailer, MaildirMailer)
    letters = tuple(mailer.letters(_LETTERS)) if isinstance(mailer, MaildirMailer) else ()
    return render(here, MailPage(letters, is_folder=is_folder))


def _folder(here: Edge) -> MaildirMailer:
    here.require(Permission.MAIL_READ)
    mailer = here.platform.mailer
    if not isinstance(mailer, MaildirMailer):
        raise NotFound(say("Mail leaves by a mail server; no copy is kept here."))
    return mailer


@router.get("/studio/mail/{letter}")
def letter(here: EdgeDep, letter: str) -> Response:
    """One letter."""
    found = _folder(here).read(letter)
    html_href = here.url(f"/studio/mail/{letter}/html") if found.html else None
    return render(here, LetterPage(found, html_href))


@router.get("/studio/mail/{letter}/html")
def letter_html(here: EdgeDep, letter: str) -> Response:
    """The letter as its reader sees it: in a sandbox, without scripts, without anything from outside."""
    found = _folder(here).read(letter)
    if not found.html:
        raise NotFound(say("There is no such letter."))
    return HTMLResponse(found.html, headers=_IN_A_FRAME)


@router.get("/studio/jobs")
def job_list(here: EdgeDep, state: Annotated[str, Query(max_length=16)] = "") -> Response:
    """What is to be done, is being done, and did not work."""
    here.require(Permission.OPERATE)
    with here.platform.database.reading() as session:
        counts = jobs.counts(session)
        wanted = state if state in counts else ""
        found = jobs.newest_jobs(session, state=wanted or None, limit=100)
    return render(here, JobsPage(counts, wanted, tuple(_line(here, one) for one in found)))


def _line(here: Edge, job: jobs.JobView) -> JobLine:
    is_dead = job.state == "dead"
    return JobLine(
        kind=job.kind,
        state=job.state,
        attempts=job.attempts,
        run_at=job.finished_at or job.run_at,
        error=job.error or "",
        progress=", ".join(f"{name} {value}" for name, value in job.progress.items()),
        revive_href=here.url(f"/studio/jobs/{public_id('job', job.id)}/revive") if is_dead else None,
    )


@router.post("/studio/jobs/{job}/revive")
def revive(here: EdgeDep, job: str) -> Response:
    """Give a dead job another set of tries."""
    here.require(Permission.OPERATE)
    job_id: UUID = private_id("job", job)
    here.write(lambda session: jobs.revive(session, job_id, at=here.platform.clock.now()))
    return RedirectResponse(here.url("/studio/jobs"), status_code=303)
