"""The studio's people, settings and audit list."""

import json
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Invalid, NotAllowed, Refused, say
from xingtan.core.ids import private_id, public_id
from xingtan.core.viewer import Permission
from xingtan.domains.audit import api as audit
from xingtan.domains.identity import api as identity
from xingtan.domains.privacy import api as privacy
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.identity.access import panel
from xingtan.web.identity.access import router as access
from xingtan.web.identity.consent import consent_rows
from xingtan.web.identity.forms import Errors, Text, errors_of
from xingtan.web.identity.pages import AuditPage, AuditRow, PeopleListPage, PersonPage, SettingsPage
from xingtan.web.identity.set_up import currency_choices, time_zone_choices
from xingtan.web.render import render

router = APIRouter()
studio = APIRouter(prefix="/studio")

_PEOPLE_AT_ONCE = 50
_ACTS_AT_ONCE = 50


@studio.get("/people")
def people(here: EdgeDep, q: str = "", staff: str = "", after: str = "") -> Response:
    """List people, newest first, or those whom the search finds."""
    here.require_staff()
    query, last = q.strip()[:254], private_id("person", after) if after else None
    page, count = here.read(
        lambda session: (
            identity.people(
                session,
                here.viewer,
                vault=here.platform.vault,
                query=query,
                after=last,
                limit=_PEOPLE_AT_ONCE,
                staff_only=bool(staff),
            ),
            identity.count_people(session, here.viewer),
        )
    )
    return render(
        here,
        PeopleListPage(
            people=[(public_id("person", one.id), one) for one in page.people],
            query=query,
            staff_only=bool(staff),
            count=count,
            older=public_id("person", page.after) if page.after else None,
            is_partial=page.is_partial,
            lacks_second_factor=lacks_second_factor(here),
        ),
    )


@studio.get("/people/{person_id}")
def person(here: EdgeDep, person_id: str, saved: str = "") -> Response:
    """Show one person; that staff read the address is noted in the audit list."""
    here.require_staff()
    return _person(here, person_id, saved=saved if saved in {"role", "sessions", "access"} else "", is_noted=True)


@studio.post("/people/{person_id}/roles")
def change_role(here: EdgeDep, person_id: str, role: Text = "", change: Text = "grant") -> Response:
    """Give a role, or take it back."""
    here.require(Permission.ROLES_WRITE)
    command = identity.ChangeRole(private_id("person", person_id), role)
    act = identity.end_role if change == "end" else identity.grant_role
    try:
        here.write(lambda session: act(session, command, viewer=here.viewer, clock=here.platform.clock))
    except (Invalid, identity.LastOwner) as error:
        return _person(here, person_id, errors=errors_of(here, error), status=_status(error))
    return RedirectResponse(here.url(f"/studio/people/{person_id}?saved=role"), status_code=303)


@studio.post("/people/{person_id}/end-sessions")
def end_sessions(here: EdgeDep, person_id: str) -> Response:
    """End every session of a person, e.g. when a device was lost."""
    here.require(Permission.PEOPLE_WRITE)
    target, clock = private_id("person", person_id), here.platform.clock

    def work(session: Session) -> None:
        if Permission.ROLES_WRITE not in here.viewer.permissions and identity.viewer_of(session, target).is_staff:
            raise NotAllowed(say("Only the owner may end the sessions of staff."))
        identity.end_other_sessions(session, target, keep=None, clock=clock)
        act = audit.Action("sessions.ended", "person", target, here.person_id)
        audit.note_action(session, act, clock=clock)

    here.write(work)
    return RedirectResponse(here.url(f"/studio/people/{person_id}?saved=sessions"), status_code=303)


def _person(
    here: Edge,
    public: str,
    *,
    saved: str = "",
    errors: Errors | None = None,
    status: int = 200,
    is_noted: bool = False,
) -> Response:
    target, platform, viewer = private_id("person", public), here.platform, here.viewer
    knows_more = viewer.may(Permission.PEOPLE_WRITE)

    def work(session: Session) -> PersonPage:
        view = identity.person(session, viewer, target, vault=platform.vault)
        sessions = identity.sessions(session, target, clock=platform.clock, vault=platform.vault) if knows_more else []
        return PersonPage(
            id=public,
            person=view,
            roles=[role.value for role in identity.Role],
            sessions=sessions,
            consents=consent_rows(privacy.consents(session, target), here.language),
            security=identity.security(session, target, vault=platform.vault) if knows_more else None,
            access=panel(session, here, target) if knows_more else None,
            saved=saved,
            errors=errors or {},
        )

    page = here.read(work)
    if is_noted and viewer.may(Permission.PEOPLE_READ) and target != here.person_id:
        act = audit.Action("person.read", "person", target, here.person_id)
        here.write(lambda session: audit.note_action(session, act, clock=platform.clock))
    return render(here, page, status=status)


class SettingsForm(BaseModel):
    """The academy's settings, as typed."""

    name_zh: str = ""
    name_en: str = ""
    tagline_zh: str = ""
    tagline_en: str = ""
    about_zh: str = ""
    about_en: str = ""
    language: str = ""
    currency: str = ""
    time_zone: str = ""
    legal_name: str = ""
    contact: str = ""
    accent: str = ""


@studio.get("/settings")
def settings(here: EdgeDep, saved: str = "") -> Response:
    """Show the academy's settings."""
    here.require(Permission.SETTINGS_WRITE)
    view = here.read(identity.academy)
    if view is None:
        return RedirectResponse(here.url("/set-up"), status_code=303)
    texts = {"name": view.name, "tagline": view.tagline, "about": view.about_md}
    values = {f"{name}_{one}": text.get(one, "") for name, text in texts.items() for one in identity.LANGUAGES}
    plain = {
        name: getattr(view, name) for name in ("language", "currency", "time_zone", "legal_name", "contact", "accent")
    }
    return _settings(here, values | plain, saved=bool(saved))


@studio.post("/settings")
def save_settings(here: EdgeDep, form: Annotated[SettingsForm, Form()]) -> Response:
    """Change the academy's settings."""
    here.require(Permission.SETTINGS_WRITE)
    command = identity.SaveAcademy(
        name={"zh": form.name_zh, "en": form.name_en},
        tagline={"zh": form.tagline_zh, "en": form.tagline_en},
        about_md={"zh": form.about_zh, "en": form.about_en},
        language=form.language,
        currency=form.currency,
        time_zone=form.time_zone,
        legal_name=form.legal_name,
        contact=form.contact,
        accent=form.accent,
    )
    try:
        here.write(
            lambda session: identity.save_academy(session, command, viewer=here.viewer, clock=here.platform.clock)
        )
    except Invalid as error:
        errors = errors_of(here, error)
        if "name" in errors:
            errors["name_zh"] = errors.pop("name")
        return _settings(here, form.model_dump(), errors=errors)
    here.request.app.state.academy.forget()
    return RedirectResponse(here.url("/studio/settings?saved=1"), status_code=303)


def _settings(here: Edge, values: dict[str, str], *, saved: bool = False, errors: Errors | None = None) -> Response:
    page = SettingsPage(
        values=values,
        currencies=currency_choices(here.language),
        time_zones=time_zone_choices(),
        accents=identity.ACCENTS,
        lacks_second_factor=lacks_second_factor(here),
        saved=saved,
        errors=errors or {},
    )
    return render(here, page, status=422 if errors else 200)


@studio.get("/audit")
def audit_list(here: EdgeDep, before: str = "") -> Response:
    """Show who did what, newest first."""
    here.require(Permission.OPERATE)
    last, vault = private_id("event", before) if before else None, here.platform.vault

    def work(session: Session) -> tuple[list[audit.EntryView], Mapping[UUID, str]]:
        found = audit.entries(session, here.viewer, limit=_ACTS_AT_ONCE + 1, before=last)
        shown = found[:_ACTS_AT_ONCE]
        people = {one.actor_id for one in shown} | {one.subject_id for one in shown if one.subject_kind == "person"}
        names = identity.names_of(session, [one for one in people if one is not None], vault=vault)
        return found, names

    found, names = here.read(work)
    shown = found[:_ACTS_AT_ONCE]
    older = public_id("event", shown[-1].id) if len(found) > _ACTS_AT_ONCE else None
    return render(here, AuditPage(rows=[_audit_row(one, names) for one in shown], older=older))


def _audit_row(entry: audit.EntryView, names: Mapping[UUID, str]) -> AuditRow:
    is_person = entry.subject_kind == "person" and entry.subject_id is not None
    subject = names.get(entry.subject_id, "—") if is_person and entry.subject_id else entry.subject_kind
    return AuditRow(
        at=entry.at,
        actor=names.get(entry.actor_id, "—") if entry.actor_id else "—",
        action=entry.action,
        subject=subject,
        subject_href=f"/studio/people/{public_id('person', entry.subject_id)}"
        if is_person and entry.subject_id
        else "",
        details=json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
    )


def lacks_second_factor(here: Edge) -> bool:
    """Say whether to remind this member of the staff of a second factor."""
    return here.signed_in is not None and here.signed_in.lacks_second_factor


def _status(error: Refused) -> int:
    return 422 if isinstance(error, Invalid) else 409


router.include_router(studio)
router.include_router(access)
