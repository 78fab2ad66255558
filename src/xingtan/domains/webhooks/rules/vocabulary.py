"""The data map: which events are public, and which of their facts. What is not written here is not sent.

1. A fact is an id in its public form, an amount, or a plain word, number or flag. There are no names, no addresses, no
   texts that people wrote: a person is an id.
2. A type, once published, keeps its facts: some may be added, none goes or changes its meaning.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from xingtan.core.errors import Invalid, say
from xingtan.core.ids import PREFIXES, public_id
from xingtan.core.money import Money

TEST = "webhook.test"
MONEY, PLAIN = "money", "plain"


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An event that programs may hear: its public `type`, the `kind` that the house tells, and fact → form.

    A form is the kind of an id (``order``), ``money`` or ``plain``. A list of values becomes a list.
    """

    type: str
    kind: str
    facts: Mapping[str, str]


def _ids(*kinds: str) -> dict[str, str]:
    return {f"{kind}_id": kind for kind in kinds}


_BOUGHT = _ids("order", "person") | {"product_ids": "product"}
_AT_LESSON = _ids("person", "product", "lesson")

_EVENTS = (
    PublicEvent("order.placed", "commerce.order_placed", _BOUGHT | {"total": MONEY}),
    PublicEvent("order.paid", "commerce.order_paid", _BOUGHT | {"number": PLAIN, "total": MONEY}),
    PublicEvent("order.expired", "commerce.order_expired", _ids("order", "person")),
    PublicEvent("order.cancelled", "commerce.order_cancelled", _ids("order", "person")),
    PublicEvent(
        "order.refunded",
        "commerce.order_refunded",
        _BOUGHT | _ids("refund") | {"number": PLAIN, "amount": MONEY, "is_full": PLAIN},
    ),
    PublicEvent("payment.failed", "commerce.payment_failed", _ids("payment", "order", "person") | {"reason": PLAIN}),
    PublicEvent(
        "payment.held", "commerce.payment_held", _ids("payment", "order") | {"wanted": MONEY, "received": MONEY}
    ),
    PublicEvent("payment.returned", "commerce.payment_returned", _ids("payment", "order") | {"amount": MONEY}),
    PublicEvent("price.made", "commerce.offer_made", _ids("offer", "product")),
    PublicEvent("price.retired", "commerce.offer_retired", _ids("offer", "product")),
    PublicEvent(
        "access.granted",
        "entitlements.granted",
        _ids("entitlement", "person", "product") | {"source_kind": PLAIN},
    ),
    PublicEvent(
        "access.ended",
        "entitlements.ended",
        _ids("entitlement", "person", "product") | {"source_kind": PLAIN},
    ),
    PublicEvent("person.registered", "identity.person_registered", _ids("person")),
    PublicEvent("product.published", "catalog.product_published", _ids("product", "version")),
    PublicEvent("product.changed", "catalog.product_changed", _ids("product")),
    PublicEvent("product.retired", "catalog.product_retired", _ids("product")),
    PublicEvent("lesson.published", "catalog.lesson_published", _ids("product", "lesson", "version")),
    PublicEvent("lesson.removed", "catalog.lesson_removed", _ids("product", "lesson")),
    PublicEvent("lesson.started", "learning.lesson_started", _AT_LESSON),
    PublicEvent("lesson.completed", "learning.lesson_completed", _AT_LESSON),
    PublicEvent(
        "quiz.answered",
        "learning.quiz_answered",
        _AT_LESSON | _ids("attempt") | {"points": PLAIN, "max_points": PLAIN},
    ),
)

PUBLIC: Mapping[str, PublicEvent] = MappingProxyType({event.type: event for event in _EVENTS})
"""Public type → what it is, in the order in which people read it."""

BY_KIND: Mapping[str, PublicEvent] = MappingProxyType({event.kind: event for event in _EVENTS})


def _amount(value: Mapping[str, Any]) -> dict[str, Any]:
    amount = Money(value["minor"], value["currency"])
    return {"minor": amount.minor, "currency": amount.currency, "amount": amount.major()}


def _form(form: str) -> Callable[[Any], Any]:
    if form in PREFIXES:
        return lambda value: public_id(form, UUID(value))
    return _amount if form == MONEY else lambda value: value


def data_of(event: PublicEvent, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of an event that the house told, as programs read them."""
    data: dict[str, Any] = {}
    for name, form in event.facts.items():
        show, value = _form(form), payload[name]
        data[name] = [show(one) for one in value] if isinstance(value, list) else show(value)
    return data


def body_of(kind: str, *, at: datetime, data: Mapping[str, Any]) -> str:
    """Return the payload ``{type, timestamp, data}`` as the text that is sent and signed."""
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    payload = {"type": kind, "timestamp": timestamp, "data": data}
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def chosen_types(types: Sequence[str]) -> list[str]:
    """Return the chosen types, each once, in the order of the vocabulary; `Invalid` for none, or for one unknown."""
    wanted = set(types)
    if not wanted or not wanted <= PUBLIC.keys():
        raise Invalid.of("events", say("Choose at least one event from the list."))
    return [known for known in PUBLIC if known in wanted]
