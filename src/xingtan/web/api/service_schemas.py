"""Requests for a service, their quotes, messages and deliveries, as programs read and write them."""

from typing import Annotated, Literal

from pydantic import Field

from xingtan.domains.commerce import api as commerce
from xingtan.web.api.fields import Amount, AmountIn, At, In, Instant, Out, PersonId, ProductId, Whole

Text = Annotated[str, Field(min_length=1, max_length=20_000)]
RequestState = Literal[
    "requested", "quoted", "agreed", "expired", "deposit_paid", "in_work", "delivered", "disputed", "accepted",
    "closed", "declined", "withdrawn",
]  # fmt: skip


class ServiceIn(In):
    """What is to be done, and which product offers it."""

    product: ProductId
    brief: Text


class TextIn(In):
    """A few words."""

    text: Text


class QuoteIn(In):
    """What would be done, for how much, by when. `deposit_bp`: the share paid first, in basis points."""

    scope: Text
    price: AmountIn
    deposit_bp: Whole = 10_000
    balance_due: Literal["before", "after"] = "after"
    deliver_by: Instant
    valid_until: Instant


class AgreeIn(In):
    """The number of the quote that was read."""

    quote: Whole


class SettleIn(In):
    """How much of what was paid goes back."""

    back: AmountIn


class ServiceSummary(Out):
    """A request as lists show it."""

    number: str
    person_id: PersonId
    product_id: ProductId
    state: str
    price: Amount | None
    deliver_by: At | None
    created_at: At
    updated_at: At

    @classmethod
    def of(cls, row: commerce.RequestRow) -> "ServiceSummary":
        """Return the request as lists show it."""
        return cls(
            number=row.number, person_id=row.person_id, product_id=row.product_id, state=row.state,
            price=Amount.of_any(row.price), deliver_by=row.deliver_by, created_at=row.created_at,
            updated_at=row.updated_at,
        )  # fmt: skip


class ServiceMoved(Out):
    """A request that has moved on, and where it is now."""

    number: str
    state: str


class Quote(Out):
    """A quote; `first` is paid first, `rest` before delivery or after acceptance."""

    number: int
    scope: str
    price: Amount
    first: Amount
    rest: Amount
    balance_due: str
    deliver_by: At
    valid_until: At
    accepted_at: At | None


class Message(Out):
    """A few words by the ``learner`` or the ``academy``."""

    author: str
    text: str
    at: At


class Delivery(Out):
    """What was handed over."""

    number: int
    text: str
    file_name: str | None
    at: At


class Due(Out):
    """What is to be paid next; `is_asked`: now."""

    part: str
    amount: Amount
    is_asked: bool


class Service(ServiceSummary):
    """A request with everything that belongs to it. `orders` are the numbers of its orders."""

    brief: str
    quotes: list[Quote]
    messages: list[Message]
    deliveries: list[Delivery]
    orders: list[str]
    due: Due | None
    may_leave: bool
    accepted_by_silence_at: At | None

    @classmethod
    def of_view(cls, view: commerce.RequestView) -> "Service":
        """Return the request as programs read it."""
        return cls(
            number=view.number, person_id=view.person_id, product_id=view.product_id, state=view.state,
            price=Amount.of_any(view.quote.terms.price if view.quote else None), deliver_by=view.deliver_by,
            created_at=view.created_at, updated_at=view.updated_at, brief=view.brief,
            quotes=[
                Quote(
                    number=one.number, scope=one.scope, price=Amount.of(one.terms.price), first=Amount.of(one.first),
                    rest=Amount.of(one.rest), balance_due=one.terms.balance_due, deliver_by=one.terms.deliver_by,
                    valid_until=one.terms.valid_until, accepted_at=one.accepted_at,
                )
                for one in view.quotes
            ],
            messages=[Message(author=one.author, text=one.text, at=one.at) for one in view.messages],
            deliveries=[
                Delivery(number=one.number, text=one.text, file_name=one.file_name or None, at=one.at)
                for one in view.deliveries
            ],
            orders=[one.order_number for one in view.paid],
            due=Due(part=view.due.part, amount=Amount.of(view.due.amount), is_asked=view.due.is_asked)
            if view.due else None,
            may_leave=view.may_leave, accepted_by_silence_at=view.accepted_by_silence_at,
        )  # fmt: skip
