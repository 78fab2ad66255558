"""The kinds of values in requests and answers: ids, instants, money, texts."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from xingtan.core import money
from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.ids import PREFIXES, private_id, public_id

_LETTERS = "[0-9a-hjkmnp-tv-z]{26}"
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_LONGEST_PATH = 200


class In(BaseModel):
    """A request's part: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """An answer's part."""

    model_config = ConfigDict(frozen=True)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("unstorable", "NUL cannot be kept")
    return text


Line = Annotated[str, StringConstraints(max_length=500)]
ShortText = Annotated[str, StringConstraints(max_length=2_000)]
LongText = Annotated[str, StringConstraints(max_length=1_000_000)]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict(), Field(ge=-(2**31), le=2**31 - 1)]
Word = Annotated[str, Query(max_length=200), AfterValidator(_storable)]
"""A word in a query string."""
Name = Annotated[str, Path(max_length=_LONGEST_PATH), AfterValidator(_storable)]
"""A name in a path: a slug, a number, a purpose."""
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""A count in a path, such as a version's number."""


def _bounded(at: datetime) -> datetime:
    if not _FIRST_YEAR < at.year < _LAST_YEAR:
        raise PydanticCustomError("far_away", "between the years 2000 and 2200")
    return at.astimezone(UTC)


def _bounded_day(day: date) -> date:
    if not _FIRST_YEAR < day.year < _LAST_YEAR:
        raise PydanticCustomError("far_away", "between the years 2000 and 2200")
    return day


def _text_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "write it as text")
    return value


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_text_only),
    AfterValidator(_bounded),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T08:00:00Z"]}),
]
"""An instant in RFC 3339 with its zone."""
At = AwareDatetime
"""An instant in an answer."""
Day = Annotated[
    date,
    BeforeValidator(_text_only),
    AfterValidator(_bounded_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-01"]}),
]
"""A calendar day of the academy's zone."""


def _schema(kind: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{PREFIXES[kind]}_{_LETTERS}$"})


def _in_path(kind: str) -> BeforeValidator:
    def read(text: Any) -> UUID:
        return private_id(kind, str(text))  # NotFound passes through pydantic and becomes a 404

    return BeforeValidator(read)


def _in_body(kind: str) -> BeforeValidator:
    def read(text: Any) -> UUID:
        if isinstance(text, UUID):  # in an answer; no JSON holds one
            return text
        try:
            return private_id(kind, text if isinstance(text, str) else "")
        except NotFound:
            raise PydanticCustomError("not_an_id", "an id of ours, of the right kind") from None

    return BeforeValidator(read)


def _shown(kind: str) -> PlainSerializer:
    show: Callable[[UUID], str] = lambda value: public_id(kind, value)  # noqa: E731 - one line, in one place
    return PlainSerializer(show, return_type=str)


AssetPath = Annotated[UUID, Path(), _in_path("asset"), _schema("asset")]
AttemptPath = Annotated[UUID, Path(), _in_path("attempt"), _schema("attempt")]
EntitlementPath = Annotated[UUID, Path(), _in_path("entitlement"), _schema("entitlement")]
JobPath = Annotated[UUID, Path(), _in_path("job"), _schema("job")]
LessonPath = Annotated[UUID, Path(), _in_path("lesson"), _schema("lesson")]
NotePath = Annotated[UUID, Path(), _in_path("note"), _schema("note")]
OfferPath = Annotated[UUID, Path(), _in_path("offer"), _schema("offer")]
PaymentPath = Annotated[UUID, Path(), _in_path("payment"), _schema("payment")]
PersonPath = Annotated[UUID, Path(), _in_path("person"), _schema("person")]
SectionPath = Annotated[UUID, Path(), _in_path("section"), _schema("section")]
SessionPath = Annotated[UUID, Path(), _in_path("session"), _schema("session")]
TokenPath = Annotated[UUID, Path(), _in_path("token"), _schema("token")]

AssetId = Annotated[UUID, _in_body("asset"), _shown("asset"), _schema("asset")]
AttemptId = Annotated[UUID, _shown("attempt"), _schema("attempt")]
EntitlementId = Annotated[UUID, _shown("entitlement"), _schema("entitlement")]
EntryId = Annotated[UUID, _shown("entry"), _schema("entry")]
JobId = Annotated[UUID, _shown("job"), _schema("job")]
LessonId = Annotated[UUID, _in_body("lesson"), _shown("lesson"), _schema("lesson")]
NoteId = Annotated[UUID, _shown("note"), _schema("note")]
OfferId = Annotated[UUID, _in_body("offer"), _shown("offer"), _schema("offer")]
OrderId = Annotated[UUID, _shown("order"), _schema("order")]
PaymentId = Annotated[UUID, _shown("payment"), _schema("payment")]
PersonId = Annotated[UUID, _in_body("person"), _shown("person"), _schema("person")]
ProductId = Annotated[UUID, _in_body("product"), _shown("product"), _schema("product")]
RefundId = Annotated[UUID, _shown("refund"), _schema("refund")]
SectionId = Annotated[UUID, _in_body("section"), _shown("section"), _schema("section")]
SessionId = Annotated[UUID, _shown("session"), _schema("session")]
TokenId = Annotated[UUID, _shown("token"), _schema("token")]
VersionId = Annotated[UUID, _in_body("version"), _shown("version"), _schema("version")]


def id_in_query(kind: str, text: str | None, *, field: str | None = None) -> UUID | None:
    """Return the id in a query string; `Invalid` when it is none of that kind."""
    if text is None:
        return None
    try:
        return private_id(kind, text)
    except NotFound:
        raise Invalid.of(field or kind, say("This is not an id of ours.")) from None


class Amount(Out):
    """Money: `minor` units (fen, cents) of `currency`; `amount` is the same in plain decimals."""

    minor: int
    currency: str
    amount: str

    @classmethod
    def of(cls, value: money.Money) -> "Amount":
        """Return `value` as programs read it."""
        return cls(minor=value.minor, currency=value.currency, amount=value.major())

    @classmethod
    def of_any(cls, value: money.Money | None) -> "Amount | None":
        """Return `value` as programs read it; None for None."""
        return None if value is None else cls.of(value)


class AmountIn(In):
    """Money, in whole minor units. `amount` may repeat it in decimals, and must then agree."""

    minor: Annotated[int, Strict(), Field(ge=0, le=money.MAX_MINOR)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[str, StringConstraints(max_length=20)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> "AmountIn":
        if self.currency not in money.CURRENCIES:
            raise PydanticCustomError("unknown_currency", "a currency of ISO 4217 that is charged here")
        if self.amount is not None and self.amount != self.money.major():
            raise PydanticCustomError("amounts_disagree", "amount and minor have to say the same")
        return self

    @property
    def money(self) -> money.Money:
        """Return the amount."""
        return money.Money(self.minor, self.currency)
