"""A typed page in, a response out.

A page is a frozen dataclass with a `template`; its fields are all that the template sees beside the globals `_`, `url`,
`static`, `money`, `date`, `datetime_`, `relative`, `number`, and the names `page`, `reader` and `academy`.

`render` answers one person and must not be stored by anyone else. `render_public` answers every stranger alike: it is
rendered without a viewer, and the page cache in front of the application may keep it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from xingtan.core.errors import Sentence
from xingtan.core.money import CURRENCIES, Money
from xingtan.domains.identity import api as identity
from xingtan.web.edge import Edge, Reader
from xingtan.web.folding import FoldingEnvironment, sentence_folder
from xingtan.web.forgery import give_form_cookie, prepare_form_cookie
from xingtan.web.language import Language
from xingtan.web.static_files import static_url
from xingtan.web.translations import in_words, speaker

PUBLIC = "x-xingtan-public"
"""The internal header by which a page tells the page cache that it is the same for every stranger."""

_WEB = Path(__file__).parent
_LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
_now: ContextVar[Edge] = ContextVar("edge of the page being rendered")


class Page(Protocol):
    """A frozen dataclass that names its template, e.g. ``catalog/product.html``."""

    template: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def render(here: Edge, page: Page, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page for this one reader; stored by nobody."""
    prepare_form_cookie(here)
    html = to_html(here, page, reader=here.reader)
    response = HTMLResponse(html, status_code=status, headers={"Cache-Control": "private, no-store", **(headers or {})})
    give_form_cookie(here, response)
    return response


def render_public(here: Edge, page: Page, *, status: int = 200) -> Response:
    """Return a page that every stranger sees alike; for a signed-in reader it is `render`."""
    if here.signed_in is not None:
        return render(here, page, status=status)
    return HTMLResponse(to_html(here, page, reader=_stranger(here)), status_code=status, headers={PUBLIC: "1"})


def _stranger(here: Edge) -> Reader:
    return Reader(
        language=here.language, theme="auto", is_signed_in=False, name="", may_open_studio=False, csrf_token="",
        permissions=frozenset(), path=here.path, query=here.request.url.query,
    )  # fmt: skip


def to_html(here: Edge, page: Page, *, reader: Reader) -> str:
    """Return the page's HTML."""
    context = {field.name: getattr(page, field.name) for field in fields(page)}
    token = _now.set(here)
    try:
        return (
            environment(here.language)
            .get_template(page.template)
            .render(context, page=page, reader=reader, academy=here.request.app.state.academy.view(here.language))
            .replace("\x00", "\ufffd")  # somebody may have typed it; HTML has no NUL
        )
    finally:
        _now.reset(token)


@cache
def environment(language: Language) -> Environment:
    """Return the Jinja environment that speaks `language`; undefined names are errors, everything is escaped."""
    rooms = {
        folder.parent.name: FileSystemLoader(folder) for folder in sorted(_WEB.glob("*/templates")) if folder.is_dir()
    }
    made = FoldingEnvironment(
        foldable={"_": sentence_folder(speaker(language).gettext), "static": static_url},
        loader=ChoiceLoader([PrefixLoader(rooms), FileSystemLoader(_WEB / "templates")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    made.install_gettext_translations(speaker(language), newstyle=True)  # type: ignore[attr-defined]
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    locale = _LOCALES[language]
    made.globals.update(
        url=lambda path: _now.get().url(path),
        absolute=lambda path: _now.get().absolute(path),
        static=static_url,
        money=lambda amount: money_text(amount, language),
        date=lambda value: format_date(_local(value), "long", locale=locale) if value else "",
        datetime_=lambda value: datetime_text(value.astimezone(_zone()), locale) if value else "",
        relative=lambda value: _relative(value, locale) if value else "",
        number=lambda value: format_decimal(value, locale=locale),
        say=lambda sentence: in_words(sentence, language) if isinstance(sentence, Sentence) else sentence,
    )
    return made


def money_text(amount: Money, language: str) -> str:
    """Return an amount as people write it: ``¥199`` or ``US$15.50``; round amounts without decimals."""
    decimals = CURRENCIES[amount.currency]
    is_round = amount.minor % 10**decimals == 0
    return format_currency(
        _decimal(amount), amount.currency, "¤#,##0" if is_round else None, locale=_LOCALES[language],
        currency_digits=not is_round,
    )  # fmt: skip


def _decimal(amount: Money) -> Decimal:
    return Decimal(amount.major())


def datetime_text(value: datetime, locale: str) -> str:
    """Return a day and the minute, e.g. ``Nov 22, 2026, 11:21 AM``; what is read by people needs no seconds."""
    between = " " if locale.startswith("zh") else ", "
    return f"{format_date(value, 'medium', locale=locale)}{between}{format_time(value, 'short', locale=locale)}"


def _zone() -> ZoneInfo:
    view: identity.AcademyView | None = _now.get().request.app.state.academy.current()
    return ZoneInfo(view.time_zone if view else "UTC")


def _local(value: datetime | date) -> datetime | date:
    return value.astimezone(_zone()) if isinstance(value, datetime) else value


def _relative(value: datetime, locale: str) -> str:
    now = _now.get().platform.clock.now()
    return format_timedelta(value - now, add_direction=True, locale=locale)
