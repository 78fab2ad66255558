"""Stripe's events: signed over the raw bytes, fresh, and read only for which payment they speak of."""

import json
import re
from datetime import UTC, datetime, timedelta

from xingtan.core.errors import Unavailable, say
from xingtan.domains.commerce.errors import NoticeRefused
from xingtan.domains.commerce.providers import Notice
from xingtan.domains.commerce.providers.answers import Answer, once_each, own_id

TOLERANCE = timedelta(seconds=300)
_LONGEST = 500_000
_LONGEST_HEADER = 2_000
_SENT = re.compile(r"(?:^|,)t=(?P<t>[0-9]{1,12})(?=,|$)")
_NAMED = ("checkout.session", "payment_intent", "charge", "refund")


def read_notice(signature: str, body: bytes, *, secret: str, at: datetime) -> Notice:
    """Return what a genuine, fresh event says; one of several signatures is enough, for secrets are rolled."""
    _must_be_signed(signature, body, secret=secret)
    sent = _SENT.findall(signature)
    if len(sent) != 1 or abs(at - datetime.fromtimestamp(int(sent[0]), UTC)) > TOLERANCE:
        raise NoticeRefused(say("This notice is too old."))
    try:
        event = Answer(json.loads(body, object_pairs_hook=once_each), provider="stripe")
        return _notice(event.text("id"), event.part("data").part("object"))
    except (ValueError, RecursionError, Unavailable):
        raise NoticeRefused(say("This notice cannot be read.")) from None


def _must_be_signed(signature: str, body: bytes, *, secret: str) -> None:
    from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415 - a house without Stripe needs none

    if len(body) > _LONGEST or len(signature) > _LONGEST_HEADER:
        raise NoticeRefused(say("This notice is not signed as it should be."))
    try:
        WebhookSignature.verify_header(body, signature, secret)
    except (SignatureVerificationError, ValueError):
        raise NoticeRefused(say("This notice is not signed as it should be.")) from None


def _notice(event_id: str, thing: Answer) -> Notice:
    kind = thing.text("object")
    metadata = thing.part("metadata") if kind in _NAMED and "metadata" in thing else None
    payment_id = own_id(metadata.text_or_none("xingtan_payment")) if metadata else None
    if payment_id is not None:
        return Notice(event_id, thing.text("id"), payment_id)
    if kind == "dispute" and "payment_intent" in thing:  # it does not carry our metadata
        return Notice(event_id, thing.text("payment_intent"), None)
    return Notice(event_id, "", None)
