"""Payment notices: verified, kept once, and then only a reason to ask the provider."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from xingtan.core.clock import Clock
from xingtan.domains.commerce.conversation import provider_named
from xingtan.domains.commerce.providers import Providers
from xingtan.infra.inbox import receive

SETTLE_PAYMENT = "commerce.settle_payment"


def receive_notice(
    session: Session, providers: Providers, name: str, *, headers: Mapping[str, str], body: bytes, clock: Clock
) -> bool:
    """Keep a genuine notice and have its payment asked about; return False for one that was received before.

    `NoticeRefused`, and nothing stored, when its signature, age or form is not right. It moves no money by itself.
    """
    notice = provider_named(providers, name).verify_notice(headers, body)
    return receive(
        session, f"payments:{name}", notice.external_id, body=body, job=SETTLE_PAYMENT,
        args={"payment_id": str(notice.payment_id)}, at=clock.now(),
    )  # fmt: skip
