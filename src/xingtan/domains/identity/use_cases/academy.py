"""The academy's first day, and its settings afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.core.errors import Invalid, NotFound, Sentence, say
from xingtan.core.viewer import SYSTEM, Permission, Viewer
from xingtan.domains.audit.api import Action, note_action
from xingtan.domains.identity.errors import AlreadySetUp
from xingtan.domains.identity.events import AcademyChanged
from xingtan.domains.identity.models import ACADEMY_ID, Academy, Credential
from xingtan.domains.identity.rules.academy import ACCENTS, LANGUAGES, LONGEST_ABOUT, academy_problems, collected
from xingtan.domains.identity.rules.addresses import parse_address
from xingtan.domains.identity.rules.names import parse_line
from xingtan.domains.identity.rules.passwords import password_problem
from xingtan.domains.identity.rules.permissions import Role
from xingtan.domains.identity.use_cases.people import Register, register
from xingtan.domains.identity.use_cases.roles import ChangeRole, grant_role
from xingtan.domains.identity.views import PersonView
from xingtan.infra.outbox import emit
from xingtan.infra.vault import Vault

_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class SetUp:
    """Open the academy. Without a password the owner signs in by link."""

    name: Mapping[str, str]
    owner_name: str
    owner_email: str
    language: str
    currency: str
    time_zone: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class SaveAcademy:
    """Change the academy's settings; texts are ``{"zh": …, "en": …}``."""

    name: Mapping[str, str]
    tagline: Mapping[str, str]
    about_md: Mapping[str, str]
    language: str
    currency: str
    time_zone: str
    legal_name: str = ""
    contact: str = ""
    accent: str = field(default="apricot")


def check_set_up(command: SetUp) -> None:
    """Raise one `Invalid` that names every field of the set-up that does not hold."""
    problems: dict[str, Sentence] = {}
    for one in (lambda: parse_line(command.owner_name, field="owner_name"),
                lambda: parse_address(command.owner_email, field="owner_email")):  # fmt: skip
        problems |= _problems_of(one)
    if command.password is not None:
        problem = password_problem(command.password, email=command.owner_email)
        problems |= {"password": problem} if problem else {}
    basics = academy_problems(
        name=command.name, language=command.language, currency=command.currency, time_zone=command.time_zone
    )
    collected(problems, basics, *_line_problems("name", command.name))


def set_up(session: Session, command: SetUp, *, password_hash: str | None, clock: Clock, vault: Vault) -> PersonView:
    """Open the academy with its owner, and return the owner; `AlreadySetUp` when it is open.

    `password_hash` is the hash of the command's password, made before the transaction; None when it has none.
    """
    if session.get(Academy, ACADEMY_ID) is not None:
        raise AlreadySetUp
    check_set_up(command)
    now = clock.now()
    session.add(
        Academy(
            id=ACADEMY_ID,
            name=_trimmed(command.name),
            tagline={},
            about_md={},
            language=command.language,
            currency=command.currency,
            time_zone=command.time_zone,
            legal_name="",
            contact="",
            accent=ACCENTS[0],
            set_up_at=now,
        )
    )
    session.flush()
    newcomer = Register(command.owner_email, command.owner_name, command.language, is_confirmed=True)
    owner = register(session, newcomer, clock=clock, vault=vault)
    if password_hash is not None:
        session.add(Credential(person_id=owner.id, password_hash=password_hash, changed_at=now))
    grant_role(session, ChangeRole(owner.id, Role.OWNER), viewer=SYSTEM, clock=clock)
    note_action(session, Action("academy.set_up", "academy", None, owner.id), clock=clock)
    emit(session, AcademyChanged(), at=now)
    return owner


def save_academy(session: Session, command: SaveAcademy, *, viewer: Viewer, clock: Clock) -> None:
    """Change the settings; every page of every reader follows. `Invalid` names each field that does not hold."""
    viewer.require(Permission.SETTINGS_WRITE)
    row = session.get(Academy, ACADEMY_ID, with_for_update=True)
    if row is None:
        raise NotFound(say("The academy has not been set up yet."))
    _check_settings(command)
    row.name, row.tagline, row.about_md = map(_trimmed, (command.name, command.tagline, command.about_md))
    row.language, row.currency, row.time_zone = command.language, command.currency, command.time_zone
    row.legal_name, row.contact, row.accent = command.legal_name.strip(), command.contact.strip(), command.accent
    note_action(session, Action("academy.saved", "academy", None, viewer.person_id), clock=clock)
    emit(session, AcademyChanged(), at=clock.now())


def _check_settings(command: SaveAcademy) -> None:
    basics = academy_problems(
        name=command.name, language=command.language, currency=command.currency, time_zone=command.time_zone
    )
    more: dict[str, Sentence] = {}
    if command.accent not in ACCENTS:
        more["accent"] = say("Choose one of the colours on the list.")
    if command.contact.strip():
        more |= _problems_of(lambda: parse_address(command.contact, field="contact"))
    more |= _problems_of(
        lambda: parse_line(command.legal_name, field="legal_name", longest=_LONGEST_LINE, required=False)
    )
    for language, text in command.about_md.items():
        if len(text) > LONGEST_ABOUT:
            more[f"about_{language}"] = say("This is too long; at most %(longest)s characters.", longest=LONGEST_ABOUT)
    collected(basics, more, *_line_problems("name", command.name), *_line_problems("tagline", command.tagline))


def _line_problems(name: str, texts: Mapping[str, str]) -> list[dict[str, Sentence]]:
    """Return what is wrong with each language's line, as ``name_zh`` → sentence."""
    return [_line_problem(f"{name}_{language}", text) for language, text in texts.items()]


def _line_problem(field_name: str, text: str) -> dict[str, Sentence]:
    return _problems_of(lambda: parse_line(text, field=field_name, longest=_LONGEST_LINE, required=False))


def _problems_of(parse: Callable[[], object]) -> dict[str, Sentence]:
    try:
        parse()
    except Invalid as error:
        return error.fields
    return {}


def _trimmed(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: texts[language].strip() for language in LANGUAGES if texts.get(language, "").strip()}
