"""What another house answered, read strictly or not at all.

An answer that lacks something, says it in another form, or speaks of another account or payment moves nothing: it
counts as none (`Unavailable`), and the provider is asked again. Fields that nobody asked for are passed over.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from uuid import UUID

import structlog

from xingtan.core.errors import Unavailable, say
from xingtan.core.money import CURRENCIES, MAX_MINOR, Money

_log = structlog.get_logger("commerce")
_YUAN = re.compile(r"(?P<yuan>0|[1-9][0-9]{0,10})\.(?P<fen>[0-9]{2})")
_MOST_BYTES = 1_000_000
_BASE_64 = re.compile(r"[A-Za-z0-9+/]{4,2000}={0,2}")


def no_answer(provider: str, why: object) -> Unavailable:
    """Return the error for a provider that did not answer, or not so that it can be understood; logged."""
    _log.warning("a provider gave no usable answer", provider=provider, why=str(why)[:200])
    return Unavailable(say("The payment provider does not answer."))


class Answer:
    """A JSON object of a provider's, read field by field."""

    def __init__(self, found: object, *, provider: str) -> None:
        if not isinstance(found, Mapping):
            raise no_answer(provider, "an answer that is no object")
        self._found: Mapping[str, Any] = found
        self._provider = provider

    def __contains__(self, name: str) -> bool:
        """Say whether the field is there and not null."""
        return self._found.get(name) is not None

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self._found.get(name)
        return value if isinstance(value, str) and value else self._refuse(name)

    def text_or_none(self, name: str) -> str | None:
        """Return a text that may be missing."""
        return self.text(name) if self._found.get(name) not in (None, "") else None

    def whole(self, name: str) -> int:
        """Return a whole number from 0 to the largest amount."""
        value = self._found.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_MINOR:
            self._refuse(name)
        return value

    def is_true(self, name: str) -> bool:
        """Say whether the field is there and true."""
        return self._found.get(name) is True

    def money(self, name: str) -> Money:
        """Return an amount in minor units whose currency, one that we know, stands beside it."""
        currency = self.text("currency").upper()
        if currency not in CURRENCIES:
            self._refuse("currency")
        return Money(self.whole(name), currency)

    def part(self, name: str) -> "Answer":
        """Return an object inside."""
        return Answer(self._found.get(name), provider=self._provider)

    def parts(self, name: str) -> Sequence["Answer"]:
        """Return a list of objects inside."""
        value = self._found.get(name)
        if not isinstance(value, list):
            self._refuse(name)
        return [Answer(one, provider=self._provider) for one in value]

    def yuan(self, name: str) -> Money:
        """Return an amount that is written as ``12.30``."""
        match = _YUAN.fullmatch(self.text(name))
        minor = int(match["yuan"] + match["fen"]) if match is not None else MAX_MINOR + 1
        return Money(minor, "CNY") if minor <= MAX_MINOR else self._refuse(name)

    def must_say(self, name: str, wanted: str) -> None:
        """Refuse an answer that speaks of another account or payment."""
        if self.text(name) != wanted:
            self._refuse(name)

    def _refuse(self, name: str) -> NoReturn:
        raise no_answer(self._provider, f"an answer whose {name} is not right")


def came(amount: Money, *, provider: str) -> Money:
    """Return what a buyer paid; nothing, called a payment, is no answer."""
    if not amount:
        raise no_answer(provider, "a payment of nothing")
    return amount


def parse(raw: bytes | str, *, provider: str) -> Answer:
    """Return the JSON object in `raw`; one that names a field twice is refused, for two readers might differ."""
    if len(raw) > _MOST_BYTES:
        raise no_answer(provider, "an answer that is too long")
    try:
        return Answer(json.loads(raw, object_pairs_hook=once_each), provider=provider)
    except (ValueError, RecursionError) as error:
        raise no_answer(provider, error) from None


def once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a mapping; `ValueError` for a name that comes twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a name comes twice"
        raise ValueError(msg)
    return found


def own_id(value: object) -> UUID | None:
    """Return the payment id that a provider kept for us, None for what is none of ours."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def is_base64(signature: str) -> bool:
    """Say whether a signature is written strictly; the libraries skip whatever is no letter of base 64."""
    return len(signature) % 4 == 0 and _BASE_64.fullmatch(signature) is not None
