"""Payment notices: verified, kept once, and then only a reason to ask the provider."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.commerce.conversation import provider_named
from xingtan.domains.commerce.providers import SETTLE_PAYMENT, Providers
from xingtan.infra.inbox import receive


def receive_notice(
    session: Session, providers: Providers, name: str, *, headers: Mapping[str, str], body: bytes, clock: Clock
) -> bool:
    """Keep a genuine notice and have its payment asked about; return False for one that was received before.

    `NoticeRefused`, and nothing stored, when its signature, age or form is not right. It moves no money by itself. A
    genuine notice that speaks of no payment is taken and forgotten.
    """
    notice = provider_named(providers, name).verify_notice(headers, body)
    if notice.payment_id is None and not notice.reference:
        return False
    payment_id = str(notice.payment_id) if notice.payment_id else None
    return receive(
        session, f"payments:{name}", notice.external_id, body=body, job=SETTLE_PAYMENT,
        args={"payment_id": payment_id, "provider": name, "reference": notice.reference}, at=clock.now(),
    )  # fmt: skip


def named_payment(providers: Providers, args: Mapping[str, Any]) -> UUID | None:
    """Return the payment that a kept notice speaks of, asking the provider where the notice did not say."""
    if args["payment_id"] is not None:
        return UUID(args["payment_id"])
    return provider_named(providers, args["provider"]).payment_of(args["reference"])
