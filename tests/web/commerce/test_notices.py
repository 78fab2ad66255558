"""The door for payment notices: genuine ones are kept once, everything else is refused and moves nothing."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.models import Payment, SandboxPayment
from xingtan.domains.commerce.providers.sandbox import SIGNATURE_HEADER, sign
from xingtan.infra.inbox import InboxMessage


def _secret(academy: Academy) -> bytes:
    return academy.platform.vault.derive("sandbox notices")


def _body(academy: Academy, event: str = "evt_1") -> bytes:
    with academy.platform.database.reading() as session:
        payment = session.scalars(select(Payment)).one()
        return json.dumps(
            {
                "id": event,
                "type": "payment.succeeded",
                "reference": payment.provider_reference,
                "payment": str(payment.id),
            }
        ).encode()


def _kept(academy: Academy) -> int:
    return academy.read(lambda s: s.scalar(select(func.count()).select_from(InboxMessage)) or 0)


def _state(academy: Academy) -> str:
    return academy.read(lambda s: commerce.orders(s, SYSTEM).orders[0].state)


def _send(client: Browser, body: bytes, signature: str | None, *, provider: str = "sandbox") -> int:
    headers = {} if signature is None else {SIGNATURE_HEADER: signature}
    return int(client.post(f"/webhooks/{provider}", content=body, headers=headers).status_code)


@pytest.fixture
def now(academy: Academy) -> datetime:
    return academy.platform.clock.now()


def test_a_genuine_notice_is_kept_once_and_believed_only_when_the_provider_says_the_same(
    buyer: Buyer, client: Browser, academy: Academy, now: datetime
) -> None:
    placed = buyer.place()
    body = _body(academy)
    signature = sign(_secret(academy), body, at=now)
    # The notice claims success, and the provider, asked again, knows of none: a lie moves nothing.
    assert _send(client, body, signature) == 200
    assert _send(client, body, signature) == 200
    assert _kept(academy) == 1
    academy.work()
    assert _state(academy) == "placed"
    buyer.choose(placed.headers["location"], "never")
    other = _body(academy, "evt_2")
    assert _send(client, other, sign(_secret(academy), other, at=now)) == 200
    academy.work()
    assert _state(academy) == "paid"
    with academy.platform.database.reading() as session:
        assert all(one.handled_at for one in session.scalars(select(InboxMessage)))


def test_a_notice_is_heard_for_five_minutes(buyer: Buyer, client: Browser, academy: Academy, now: datetime) -> None:
    buyer.place()
    for age_s in (-301, 301, 86_400, -86_400, 30 * 86_400):
        body = _body(academy, f"evt_{age_s}")
        assert _send(client, body, sign(_secret(academy), body, at=now - timedelta(seconds=age_s))) == 403
    assert _kept(academy) == 0
    for age_s in (-300, 0, 300):
        body = _body(academy, f"evt_{age_s}")
        assert _send(client, body, sign(_secret(academy), body, at=now - timedelta(seconds=age_s))) == 200


def test_forged_notices_are_refused(buyer: Buyer, client: Browser, academy: Academy, now: datetime) -> None:
    placed = buyer.place()
    buyer.choose(placed.headers["location"], "never")
    body = _body(academy)
    good = sign(_secret(academy), body, at=now)
    timestamp, _, digest = good.partition(",v1=")
    forged = (
        None, "", "t=1", digest, f"v1={digest}", f"{timestamp}", f"{timestamp},v0={digest}", f"{timestamp},v1=",
        f"{timestamp},v1={digest[:-1]}", f"{timestamp},v1={'0' * 64}", f"t=0,v1={digest}", good.upper(),
        f"{good},{good}",
        f"{timestamp},v1={digest},v1={'0' * 64}", sign(b"another secret", body, at=now), "x" * 40_000,
    )  # fmt: skip
    for signature in forged:
        assert _send(client, body, signature) == 403, signature
    assert _send(client, body + b" ", good) == 403
    assert _send(client, json.dumps(json.loads(body), indent=1).encode(), good) == 403
    assert _send(client, b"", good) == 403
    assert _send(client, body, good, provider="stripe") == 404
    assert client.get("/webhooks/sandbox").status_code == 405
    assert _kept(academy) == 0
    assert _state(academy) == "placed"


NONSENSE = (
    b"", b"{}", b"[]", b"null", b"not json", b'{"id": 1}', b'{"id": "a", "reference": "b", "payment": "c"}',
    b"[" * 9000,
    b"\xff\xfe", b'{"id": "e", "payment": ["x"], "reference": {}}', b"x" * 20_000,
)  # fmt: skip


def test_signed_nonsense_is_refused(client: Browser, academy: Academy, now: datetime) -> None:
    for body in NONSENSE:
        assert _send(client, body, sign(_secret(academy), body, at=now)) == 403, body[:50]
    assert _kept(academy) == 0


def test_a_notice_about_nothing_of_ours_is_kept_and_changes_nothing(
    client: Browser, academy: Academy, now: datetime
) -> None:
    body = json.dumps({"id": "evt_x", "reference": "sbx_x", "payment": "01890000-0000-7000-8000-000000000000"}).encode()
    assert _send(client, body, sign(_secret(academy), body, at=now)) == 200
    academy.work()
    assert _kept(academy) == 1


def test_where_the_sandbox_is_off_neither_counter_nor_notices_exist(
    buyer: Buyer, client: Browser, academy: Academy, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = buyer.place().headers["location"]
    body = _body(academy)
    monkeypatch.setattr(academy.platform.settings, "sandbox_payments", False)
    assert buyer.browser.get(sandbox).status_code == 404
    assert buyer.browser.submit(sandbox, {"choice": "success"}).status_code == 404
    assert _send(client, body, sign(_secret(academy), body, at=now)) == 404
    with academy.platform.database.reading() as session:
        assert session.scalars(select(SandboxPayment)).one().state == "open"


def test_a_guessed_counter_is_not_found(learner: Browser) -> None:
    for reference in ("sbx_unknown", "' OR 1=1", "x" * 3000):
        assert learner.get(f"/sandbox/pay/{reference}").status_code == 404
        assert learner.submit(f"/sandbox/pay/{reference}", {"choice": "success"}).status_code == 404


def test_an_unknown_choice_is_refused(buyer: Buyer) -> None:
    sandbox = buyer.place().headers["location"]
    for choice in ("", "paid", "x" * 40_000):
        assert buyer.browser.submit(sandbox, {"choice": choice}).status_code == 422


def test_the_counter_decides_once(buyer: Buyer) -> None:
    sandbox = buyer.place().headers["location"]
    buyer.choose(sandbox)
    assert buyer.browser.submit(sandbox, {"choice": "declined"}).status_code == 409
    assert "over already" in buyer.browser.get(sandbox).text
