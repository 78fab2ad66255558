"""The first visit: a fresh academy asks whose it is, and believes who knows the code from the terminal."""

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from babel.numbers import get_currency_name
from fastapi import APIRouter, Form
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.errors import Invalid, LimitReached, Refused, Sentence, say
from xingtan.core.money import CURRENCIES
from xingtan.domains.identity import api as identity
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.identity.cookies import arrive
from xingtan.web.identity.forms import device, errors_of, hasher, limit
from xingtan.web.identity.pages import SetUpPage
from xingtan.web.render import render

router = APIRouter()

_STARTS = {"zh": ("CNY", "Asia/Shanghai"), "en": ("USD", "UTC")}


class SetUpForm(BaseModel):
    """The fields of the first visit, as typed."""

    code: str = ""
    academy_name: str = ""
    owner_name: str = ""
    owner_email: str = ""
    password: str = ""
    language: str = ""
    currency: str = ""
    time_zone: str = ""


def currency_choices(language: str) -> list[tuple[str, str]]:
    """Return every currency that can be charged, with its name, e.g. ``("CNY", "CNY · 人民币")``."""
    return [(code, f"{code} · {get_currency_name(code, locale=language)}") for code in sorted(CURRENCIES)]


def time_zone_choices() -> list[tuple[str, str]]:
    """Return the time zones that people know, e.g. ``Asia/Shanghai``, and UTC."""
    known = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/"))}
    return [(zone, zone.replace("_", " ")) for zone in ("UTC", *sorted(known))]


@router.get("/set-up")
def first_visit(here: EdgeDep, code: str = "") -> Response:
    """Show the page of the first visit; afterwards there is none."""
    if _is_set_up(here):
        return RedirectResponse(here.url("/"), status_code=303)
    identity.set_up_code(here.platform.settings.home)
    currency, zone = _STARTS[here.language]
    values = SetUpForm(code=code[:20], language=here.language, currency=currency, time_zone=zone)
    return _page(here, values)


@router.post("/set-up")
def set_up(here: EdgeDep, form: Annotated[SetUpForm, Form()]) -> Response:
    """Open the academy, sign its owner in and lead to the studio."""
    if _is_set_up(here):
        raise identity.AlreadySetUp
    try:
        limit(here, "set-up", here.client)
        step = _opened(here, form)
    except LimitReached as error:
        return _page(here, form, refusal=error, status=429)
    except Invalid as error:
        return _page(here, form, refusal=error, status=422)
    identity.forget_set_up_code(here.platform.settings.home)
    here.request.app.state.academy.forget()
    return arrive(here, step, next_path="/studio")


def _opened(here: Edge, form: SetUpForm) -> identity.SignInStep:
    platform = here.platform
    command = identity.SetUp(
        name={form.language: form.academy_name},
        owner_name=form.owner_name,
        owner_email=form.owner_email,
        language=form.language,
        currency=form.currency,
        time_zone=form.time_zone,
        password=form.password,
    )
    _check(platform.settings.home, form.code, command)
    password_hash = hasher(here).hash(form.password)
    label = device(here)

    def work(session: Session) -> identity.SignInStep:
        owner = identity.set_up(
            session, command, password_hash=password_hash, clock=platform.clock, vault=platform.vault
        )
        return identity.start_session(
            session, owner.id, factors=("password",), device=label, clock=platform.clock, vault=platform.vault
        )

    return here.write(work)


def _check(home: Path, code: str, command: identity.SetUp) -> None:
    """Raise one `Invalid` for the code and every field, so that all can be mended at once."""
    problems: dict[str, Sentence] = {}
    if not identity.is_set_up_code(home, code):
        problems["code"] = say("This is not the code that the terminal shows.")
    try:
        identity.check_set_up(command)
    except Invalid as error:
        for name, sentence in error.fields.items():
            problems["academy_name" if name.startswith("name") else name] = sentence
    if problems:
        raise Invalid(problems)


def _page(here: Edge, values: SetUpForm, *, refusal: Refused | None = None, status: int = 200) -> Response:
    page = SetUpPage(
        values=values.model_dump(exclude={"password"}),
        currencies=currency_choices(here.language),
        time_zones=time_zone_choices(),
        errors=errors_of(here, refusal) if refusal else {},
    )
    return render(here, page, status=status)


def _is_set_up(here: Edge) -> bool:
    return here.read(identity.academy) is not None
