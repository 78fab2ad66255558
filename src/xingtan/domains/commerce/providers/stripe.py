"""Stripe: cards and much else, on Stripe's own page; later charges by mandate.

1. A payment is a Checkout Session; a later charge is a PaymentIntent. Both carry our payment id as metadata, by which
   one whose answer was lost is found again.
2. Every call that moves money has an idempotency key; because Stripe forgets keys after a day, what may be older is
   looked for first.
3. Which buyer she is, Stripe learns on its own page only. 4. A mandate is ``customer:payment method``.
5. The fee is told where Stripe keeps it in the payment's own currency.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xingtan.core.clock import Clock
from xingtan.core.errors import say
from xingtan.core.ids import made_at
from xingtan.core.money import CURRENCIES, Money
from xingtan.domains.commerce.errors import PaymentRefused
from xingtan.domains.commerce.providers import (
    Ability,
    Dispute,
    Mandate,
    Notice,
    ProviderPayment,
    ProviderRefund,
    Start,
    Started,
)
from xingtan.domains.commerce.providers.answers import Answer, came, no_answer, own_id
from xingtan.domains.commerce.providers.stripe_notices import read_notice

if TYPE_CHECKING:
    from stripe import StripeClient

NAME = "stripe"
_OURS = "xingtan_payment"
_BY = "xingtan_by"
_KEY = "xingtan_refund"
_LONGER = timedelta(hours=1)
_KEYS_LIVE = timedelta(hours=12)
_MOST_PAGES = 20
_ON_A_PAGE = 100
_SEEN = ("latest_charge.balance_transaction", "payment_method")
_INQUIRIES = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")
_ON_ITS_WAY = ("processing", "requires_capture")
_UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """What an operator knows of her Stripe account. `base_url` is the academy's own."""

    secret_key: str
    webhook_secret: str
    api_base: str
    base_url: str
    timeout_s: float = 20.0


class Stripe:
    """Stripe as the academy sees it: a `PaymentProvider`."""

    name = NAME
    abilities: frozenset[Ability] = frozenset({"recurring", "partial_refund", "disputes"})
    currencies = frozenset(CURRENCIES) - {"KWD"}  # three decimals, of which Stripe wants the last to be 0
    hosts: tuple[str, ...] = ("https://checkout.stripe.com",)
    thanks = "{}"

    def __init__(self, account: StripeAccount, *, clock: Clock) -> None:
        self._account, self._clock = account, clock

    def start(self, start: Start) -> Started:
        """Open a Checkout Session and return Stripe's page."""
        options: Any = {"idempotency_key": f"start-{start.payment_id}"}
        params: Any = self._session(start)
        answer = self._call(lambda stripe: stripe.v1.checkout.sessions.create(params, options))
        return Started(answer.text("id"), answer.text("url"))

    def _session(self, start: Start) -> Mapping[str, Any]:
        back = self._account.base_url + start.return_path
        ours = {_OURS: str(start.payment_id), _BY: "page"}
        intent: dict[str, Any] = {"metadata": ours, "description": start.description}
        item = {
            "currency": start.amount.currency.lower(), "unit_amount": start.amount.minor,
            "product_data": {"name": start.description},
        }  # fmt: skip
        params: dict[str, Any] = {
            "mode": "payment", "client_reference_id": str(start.payment_id),
            "line_items": [{"quantity": 1, "price_data": item}], "success_url": back, "cancel_url": back,
            "locale": "zh" if start.language.startswith("zh") else "en", "payment_intent_data": intent,
            "metadata": ours, "adaptive_pricing": {"enabled": False},
        }  # fmt: skip
        if start.wants_mandate:
            intent["setup_future_usage"], params["customer_creation"] = "off_session", "always"
        if start.expires_at is not None:  # Stripe asks for half an hour at least
            params["expires_at"] = int((start.expires_at + _LONGER).timestamp())
        return params

    def query(self, payment_id: UUID, reference: str | None) -> ProviderPayment:
        """Return what Stripe knows of the payment."""
        if reference is None:
            found = self._find(payment_id)
            return self._of_intent(found) if found is not None else ProviderPayment(None, "absent")
        if reference.startswith("pi_"):
            return self._of_intent(self._intent(reference, payment_id))
        session = self._own_session(reference, payment_id)
        if "payment_intent" in session:
            seen = self._of_intent(self._intent(session.text("payment_intent"), payment_id), reference=reference)
            if seen.status == "succeeded":
                return seen
        if session.text("status") == "expired":
            return ProviderPayment(reference, "failed", failure_code="abandoned")
        return ProviderPayment(reference, "open")

    def charge(self, start: Start, mandate: str) -> ProviderPayment:
        """Charge the kept card without the buyer; a card that says no is an answer, not an error."""
        known = self._find(start.payment_id) if self._is_old(start.payment_id) else None
        if known is not None:
            return self._of_intent(known)
        customer, _, method = mandate.partition(":")
        params: Any = {
            "amount": start.amount.minor, "currency": start.amount.currency.lower(), "customer": customer,
            "payment_method": method, "off_session": True, "confirm": True, "error_on_requires_action": True,
            "description": start.description, "metadata": {_OURS: str(start.payment_id), _BY: "mandate"},
            "expand": list(_SEEN),
        }  # fmt: skip
        options: Any = {"idempotency_key": f"charge-{start.payment_id}"}
        answer = self._call(lambda stripe: stripe.v1.payment_intents.create(params, options))
        return _declined(answer) if "decline" in answer else self._of_intent(answer)

    def refund(self, payment_id: UUID, reference: str, *, amount: Money, key: str) -> ProviderRefund:
        """Give money back, once per `key`, however old the key is."""
        intent = reference
        if not reference.startswith("pi_"):
            intent = self._own_session(reference, payment_id).text("payment_intent")
        known = next((one for one in self._refunds(intent) if _kept(one, _KEY) == key), None)
        if known is None:
            metadata = {_OURS: str(payment_id), _KEY: key}
            params: Any = {"payment_intent": intent, "amount": amount.minor, "metadata": metadata}
            options: Any = {"idempotency_key": key}
            known = self._call(lambda stripe: stripe.v1.refunds.create(params, options))
        if "refused" in known:
            return ProviderRefund("failed", failure_code=known.text("refused"))
        if known.money("amount") != amount:
            raise PaymentRefused(say("The provider has given another amount back under this key."))
        return _refund(known)

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what an event says when one of its signatures and its age are right."""
        return read_notice(
            headers.get("stripe-signature", ""), body, secret=self._account.webhook_secret, at=self._clock.now()
        )

    def payment_of(self, reference: str) -> UUID | None:
        """Return our payment of a PaymentIntent."""
        answer = self._call(lambda stripe: stripe.v1.payment_intents.retrieve(reference))
        return own_id(_kept(answer, _OURS))

    def _own_session(self, reference: str, payment_id: UUID) -> Answer:
        session = self._call(lambda stripe: stripe.v1.checkout.sessions.retrieve(reference))
        session.must_say("client_reference_id", str(payment_id))
        return session

    def _intent(self, reference: str, payment_id: UUID) -> Answer:
        params: Any = {"expand": list(_SEEN)}
        answer = self._call(lambda stripe: stripe.v1.payment_intents.retrieve(reference, params))
        answer.part("metadata").must_say(_OURS, str(payment_id))
        return answer

    def _of_intent(self, intent: Answer, *, reference: str | None = None) -> ProviderPayment:
        own, status = reference or intent.text("id"), intent.text("status")
        if status in _ON_ITS_WAY or (status in _UNPAID and _kept(intent, _BY) == "page"):
            return ProviderPayment(own, "open")
        if status != "succeeded":
            return ProviderPayment(own, "failed", failure_code=_failure(intent))
        charge = intent.part("latest_charge")
        received = came(intent.money("amount_received"), provider=NAME)
        return ProviderPayment(
            own, "succeeded", received, fee=_fee(charge, received), mandate=_mandate(intent),
            disputes=tuple(self._disputes(intent.text("id"))) if charge.is_true("disputed") else (),
        )  # fmt: skip

    def _disputes(self, intent: str) -> Iterator[Dispute]:
        params: Any = {"payment_intent": intent, "limit": _ON_A_PAGE}
        for one in self._call(lambda stripe: stripe.v1.disputes.list(params)).parts("data"):
            status = one.text("status")
            if status in _INQUIRIES:
                continue
            if status == "won":
                yield Dispute(one.text("id"), "won", one.money("amount"))
            else:
                yield Dispute(one.text("id"), "lost" if status == "lost" else "open", one.money("amount"))

    def _refunds(self, intent: str) -> Sequence[Answer]:
        params: Any = {"payment_intent": intent, "limit": _ON_A_PAGE}
        return self._call(lambda stripe: stripe.v1.refunds.list(params)).parts("data")

    def _find(self, payment_id: UUID) -> Answer | None:
        """Return the PaymentIntent of a payment whose answer was lost.

        Search lags behind by up to a minute, and the list does not: between them nothing is overlooked.
        """
        query: Any = {"query": f"metadata['{_OURS}']:'{payment_id}'", "limit": 1}
        found = self._call(lambda stripe: stripe.v1.payment_intents.search(query)).parts("data")
        listed = found or [one for one in self._listed(payment_id) if _kept(one, _OURS) == str(payment_id)]
        return self._intent(listed[0].text("id"), payment_id) if listed else None

    def _listed(self, payment_id: UUID) -> Iterator[Answer]:
        last: str | None = None
        for _page in range(_MOST_PAGES):
            rows = self._page(made_at(payment_id), after=last)
            yield from rows
            if len(rows) < _ON_A_PAGE:
                return
            last = rows[-1].text("id")
        raise no_answer(NAME, "more payments in an hour than can be looked through")

    def _page(self, made: datetime, *, after: str | None) -> Sequence[Answer]:
        span = {"gte": int((made - _LONGER).timestamp()), "lte": int((made + _LONGER).timestamp())}
        params: Any = {"created": span, "limit": _ON_A_PAGE, **({"starting_after": after} if after else {})}
        return self._call(lambda stripe: stripe.v1.payment_intents.list(params)).parts("data")

    def _is_old(self, payment_id: UUID) -> bool:
        return self._clock.now() - made_at(payment_id) > _KEYS_LIVE

    def _call(self, work: Callable[["StripeClient"], Any]) -> Answer:
        return call(_client(self._account), work)


@lru_cache(maxsize=4)
def _client(account: StripeAccount) -> "StripeClient":
    import stripe  # noqa: PLC0415 - half a second that only a house with Stripe pays

    return stripe.StripeClient(
        account.secret_key, base_addresses={"api": account.api_base}, max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=account.timeout_s),
    )  # fmt: skip


def call(client: "StripeClient", work: Callable[["StripeClient"], Any]) -> Answer:
    """Return Stripe's answer; `Unavailable` when nobody can say what was done, `PaymentRefused` when nothing was.

    A card that says no, and a refund that cannot be, are answers: fields ``decline`` and ``refused``.
    """
    import stripe  # noqa: PLC0415 - as above

    try:
        return Answer(work(client).to_dict(), provider=NAME)
    except stripe.CardError as error:
        return _decline(error)
    except stripe.IdempotencyError:
        raise PaymentRefused(say("This payment was opened before with another amount.")) from None
    except stripe.InvalidRequestError as error:
        return _refusal(error)
    except Exception as error:  # noqa: BLE001 - whatever else the library meets on its way, nobody knows what was done
        raise no_answer(NAME, f"{type(error).__name__}: {error}") from None


def _decline(error: Any) -> Answer:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    found = Answer(body, provider=NAME).part("error")
    code = found.text_or_none("decline_code") or found.text_or_none("code") or "card_declined"
    intent = found.part("payment_intent").text("id") if "payment_intent" in found else None
    return Answer({"decline": code, "id": intent}, provider=NAME)


_UNREFUNDABLE = ("charge_already_refunded", "charge_disputed", "amount_too_large", "refund_disputed_payment")


def _refusal(error: Any) -> Answer:
    if error.http_status == 409:  # noqa: PLR2004 - another call with the same key is under way
        raise no_answer(NAME, error)
    if error.param == "amount" or error.code in _UNREFUNDABLE:
        return Answer({"refused": error.code or "refused"}, provider=NAME)
    if error.code == "resource_missing" and error.param in {"id", "intent", "session"}:
        raise no_answer(NAME, "it does not know what it has named itself: is this the right account?")
    raise PaymentRefused(say("The provider refused this payment.")) from None


def _declined(answer: Answer) -> ProviderPayment:
    return ProviderPayment(answer.text_or_none("id"), "failed", failure_code=answer.text("decline")[:60])


def _failure(intent: Answer) -> str:
    if "last_payment_error" not in intent:
        return "authentication_required" if intent.text("status") == "requires_action" else "abandoned"
    error = intent.part("last_payment_error")
    return (error.text_or_none("decline_code") or error.text_or_none("code") or "card_declined")[:60]


def _refund(found: Answer) -> ProviderRefund:
    status = found.text("status")
    if status == "succeeded":
        return ProviderRefund("succeeded")
    if status in {"failed", "canceled"}:
        return ProviderRefund("failed", failure_code=(found.text_or_none("failure_reason") or status)[:60])
    return ProviderRefund("pending")


def _fee(charge: Answer, received: Money) -> Money | None:
    if "balance_transaction" not in charge:
        return None
    kept = charge.part("balance_transaction")
    if kept.text("currency").upper() != received.currency:
        return None
    return min(Money(kept.whole("fee"), received.currency), received)  # what is beyond is no part of this payment


def _mandate(intent: Answer) -> Mandate | None:
    if intent.text_or_none("setup_future_usage") != "off_session" or "customer" not in intent:
        return None
    method = intent.part("payment_method")
    label = "••••"
    if "card" in method:
        card = method.part("card")
        label = f"{card.text('brand').title()} •••• {card.text('last4')}"
    return Mandate(f"{intent.text('customer')}:{method.text('id')}", label[:40])


def _kept(found: Answer, name: str) -> str | None:
    return found.part("metadata").text_or_none(name) if "metadata" in found else None
