"""People and roles, the academy's settings, the list of acts, background jobs: for those who run the academy."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound, say
from xingtan.core.viewer import Permission
from xingtan.domains.audit import api as audit
from xingtan.domains.identity import api as identity
from xingtan.infra import jobs
from xingtan.web.api.caller import PUBLIC_READ, Ask, AskDep, Needs, staff
from xingtan.web.api.fields import At, In, JobId, JobPath, Line, Name, Out, PersonId, PersonPath, Word, id_in_query
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, id_cursor, read_id_cursor
from xingtan.web.api.product_schemas import Language

router = operations("academy")

_PEOPLE = staff("read:people", Permission.PEOPLE_READ, Permission.LEARNERS_READ)
_ROLES = Needs(any_of=(Permission.ROLES_WRITE,), is_session_only=True)
_SETTINGS = staff("write:academy", Permission.SETTINGS_WRITE)
_OPERATES = staff("read:academy", Permission.OPERATE)
_REVIVES = Needs(any_of=(Permission.OPERATE,), is_session_only=True)


class Person(Out):
    """A person; `email` is masked for those who may not read addresses."""

    id: PersonId
    name: str
    email: str
    language: str
    roles: list[str]
    created_at: At
    email_confirmed_at: At | None
    closed_at: At | None

    @classmethod
    def of(cls, person: identity.PersonView) -> "Person":
        """Return the person as programs read her."""
        return cls(
            id=person.id, name=person.name, email=person.email, language=person.language, roles=list(person.roles),
            created_at=person.created_at, email_confirmed_at=person.email_confirmed_at, closed_at=person.closed_at,
        )  # fmt: skip


class People(Page[Person]):
    """Some people, newest first; `is_partial`: a search by name stopped early."""

    is_partial: bool


_Texts = dict[Language, Line]


class Academy(Out):
    """The academy, its texts by language."""

    name: dict[str, str]
    tagline: dict[str, str]
    about_md: dict[str, str]
    language: str
    currency: str
    time_zone: str
    legal_name: str
    contact: str
    accent: str

    @classmethod
    def of(cls, view: identity.AcademyView) -> "Academy":
        """Return the academy as programs read it."""
        return cls(
            name=dict(view.name), tagline=dict(view.tagline), about_md=dict(view.about_md), language=view.language,
            currency=view.currency, time_zone=view.time_zone, legal_name=view.legal_name, contact=view.contact,
            accent=view.accent,
        )  # fmt: skip


class AcademyIn(In):
    """The academy's settings, anew and whole."""

    name: _Texts
    tagline: _Texts = Field(default_factory=dict)
    about_md: dict[Language, Annotated[str, Field(max_length=50_000)]] = Field(default_factory=dict)
    language: Language
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    time_zone: Annotated[str, Field(max_length=60)]
    legal_name: Line = ""
    contact: Line = ""
    accent: Annotated[str, Field(max_length=40)] = "apricot"


class Act(Out):
    """One line of the list of acts."""

    id: Annotated[UUID, Field(description="A UUID.")]
    at: At
    actor_id: PersonId | None
    action: str
    subject_kind: str
    subject_id: UUID | None
    details: dict[str, Any]


class Job(Out):
    """A piece of background work. `progress` is what it says of itself; an import's report is there."""

    id: JobId
    kind: str
    state: str
    attempts: int
    run_at: At
    progress: dict[str, Any]
    error: str | None
    finished_at: At | None

    @classmethod
    def of(cls, job: jobs.JobView) -> "Job":
        """Return the job as programs read it."""
        return cls(
            id=job.id, kind=job.kind, state=job.state, attempts=job.attempts, run_at=job.run_at,
            progress=dict(job.progress), error=job.error, finished_at=job.finished_at,
        )  # fmt: skip


@operation(router, "GET", "/people", _PEOPLE)
def list_people(
    ask: AskDep, *, q: Word = "", staff_only: bool = False, cursor: Cursor = None, limit: Limit = 50
) -> People:
    """People, newest first; or whom a search finds by a whole address, an id, or a part of a name."""
    after = read_id_cursor(cursor)
    page = ask.read(
        lambda session: identity.people(
            session, ask.viewer, vault=ask.vault, query=q, after=after, limit=limit, staff_only=staff_only
        )
    )
    return People(
        items=[Person.of(person) for person in page.people], next=id_cursor(page.after), is_partial=page.is_partial
    )


@operation(router, "GET", "/people/{person}", _PEOPLE)
def get_person(ask: AskDep, person: PersonPath) -> Person:
    """A person."""
    return _person(ask, person)


@operation(router, "PUT", "/people/{person}/roles/{role}", _ROLES)
def grant_role(ask: AskDep, person: PersonPath, role: Name) -> Person:
    """Give a person a role. Only a signed-in owner can; no token does."""
    command = identity.ChangeRole(person, role)
    ask.write(lambda session: identity.grant_role(session, command, viewer=ask.viewer, clock=ask.clock))
    return _person(ask, person)


@operation(router, "DELETE", "/people/{person}/roles/{role}", _ROLES, also=(409,))
def end_role(ask: AskDep, person: PersonPath, role: Name) -> Person:
    """Take a role back."""
    command = identity.ChangeRole(person, role)
    ask.write(lambda session: identity.end_role(session, command, viewer=ask.viewer, clock=ask.clock))
    return _person(ask, person)


def _person(ask: Ask, person_id: UUID) -> Person:
    return Person.of(ask.read(lambda session: identity.person(session, ask.viewer, person_id, vault=ask.vault)))


@operation(router, "GET", "/academy", PUBLIC_READ)
def get_academy(ask: AskDep) -> Academy:
    """The academy: its name and what is said about it."""
    return _academy(ask)


@operation(router, "PUT", "/academy", _SETTINGS)
def save_academy(ask: AskDep, body: AcademyIn) -> Academy:
    """Change the academy's settings."""
    command = identity.SaveAcademy(
        _plain(body.name), _plain(body.tagline), _plain(body.about_md), body.language, body.currency, body.time_zone,
        body.legal_name, body.contact, body.accent,
    )  # fmt: skip
    ask.write(lambda session: identity.save_academy(session, command, viewer=ask.viewer, clock=ask.clock))
    return _academy(ask)


def _plain(texts: dict[Language, str]) -> dict[str, str]:
    return {str(language): text for language, text in texts.items()}


def _academy(ask: Ask) -> Academy:
    view = ask.read(identity.academy)
    if view is None:
        raise NotFound(say("The academy has not been set up yet."))
    return Academy.of(view)


@operation(router, "GET", "/audit", _OPERATES)
def list_acts(ask: AskDep, subject: Word | None = None, cursor: Cursor = None, limit: Limit = 50) -> Page[Act]:
    """Who did what, newest first: to one person, or in all."""
    before, about = read_id_cursor(cursor), id_in_query("person", subject, field="subject")

    def work(session: Session) -> list[audit.EntryView]:
        return audit.entries(session, ask.viewer, limit=limit + 1, before=before, subject_id=about)

    found = ask.read(work)
    acts = [
        Act(
            id=one.id, at=one.at, actor_id=one.actor_id, action=one.action, subject_kind=one.subject_kind,
            subject_id=one.subject_id, details=dict(one.details),
        )
        for one in found[:limit]
    ]  # fmt: skip
    return Page(items=acts, next=id_cursor(acts[-1].id if len(found) > limit else None))


@operation(router, "GET", "/jobs", _OPERATES)
def list_jobs(
    ask: AskDep, state: Literal["queued", "running", "done", "dead"] | None = None, limit: Limit = 50
) -> Page[Job]:
    """The newest background jobs, of one state or of all."""
    return Page(items=[Job.of(job) for job in ask.read(lambda s: jobs.newest_jobs(s, state=state, limit=limit))])


@operation(router, "GET", "/jobs/{job}", _OPERATES)
def get_job(ask: AskDep, job: JobPath) -> Job:
    """A background job and how far it is."""
    return Job.of(ask.read(lambda session: jobs.job_view(session, job)))


@operation(router, "POST", "/jobs/{job}/revive", _REVIVES, also=(409,))
def revive_job(ask: AskDep, job: JobPath) -> Job:
    """Give a dead job another set of tries."""

    def work(session: Session) -> Job:
        jobs.revive(session, job, at=ask.clock.now())
        session.flush()
        return Job.of(jobs.job_view(session, job))

    return ask.write(work)
