"""Stripe through the official library, against a peer of our own."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.commerce.providers.starts import NOW, PRICE, a_start
from tests.peers.line import FAULTS, NOT_DONE
from tests.peers.stripe_peer import KEY, SECRET, StripePeer, sign
from xingtan.core.clock import ManualClock
from xingtan.core.errors import Unavailable
from xingtan.core.money import Money
from xingtan.domains.commerce.errors import NoticeRefused, PaymentRefused
from xingtan.domains.commerce.providers import Dispute, Start
from xingtan.domains.commerce.providers.stripe import Stripe, StripeAccount
from xingtan.infra.db import new_id

AT = NOW.timestamp()


@pytest.fixture
def peer() -> Iterator[StripePeer]:
    with StripePeer() as running:
        yield running


@pytest.fixture
def stripe(peer: StripePeer, clock: ManualClock) -> Stripe:
    return Stripe(StripeAccount(KEY, SECRET, peer.url, "https://academy.example", timeout_s=0.25), clock=clock)


def paid(stripe: Stripe, peer: StripePeer, **more: Any) -> tuple[Start, str, str]:
    start = a_start(**more)
    reference = stripe.start(start).reference
    return start, reference, peer.pay(reference)["id"]


def with_mandate(stripe: Stripe, peer: StripePeer, behaves: str = "") -> str:
    start = a_start(wants_mandate=True)
    reference = stripe.start(start).reference
    peer.pay(reference, behaves=behaves)
    mandate = stripe.query(start.payment_id, reference).mandate
    assert mandate is not None
    return mandate.reference


def test_a_payment_is_opened_once_paid_and_told_with_its_fee(stripe: Stripe, peer: StripePeer) -> None:
    start = a_start(expires_at=NOW + timedelta(minutes=30))
    started = stripe.start(start)
    assert started.redirect_url.startswith("https://checkout.stripe.com/")
    assert stripe.start(start) == started
    assert stripe.query(start.payment_id, started.reference).status == "open"
    peer.pay(started.reference)
    seen = stripe.query(start.payment_id, started.reference)
    assert (seen.status, seen.received, seen.fee) == ("succeeded", PRICE, Money(607, "CNY"))
    assert (seen.mandate, seen.disputes, seen.reference) == (None, (), started.reference)


def test_nothing_of_the_buyer_is_told(stripe: Stripe, peer: StripePeer) -> None:
    stripe.start(a_start(payer_ip="203.0.113.9", wants_mandate=True))
    assert b"203.0.113.9" not in peer.calls[0].body
    assert b"email" not in peer.calls[0].body


def test_a_fee_in_another_currency_is_not_told(stripe: Stripe, peer: StripePeer) -> None:
    peer.settles_in = "eur"
    start, reference, _ = paid(stripe, peer)
    assert stripe.query(start.payment_id, reference).fee is None


def test_a_session_that_ran_out_has_failed(stripe: Stripe, peer: StripePeer) -> None:
    start = a_start()
    reference = stripe.start(start).reference
    peer.expire(reference)
    seen = stripe.query(start.payment_id, reference)
    assert (seen.status, seen.failure_code) == ("failed", "abandoned")


def test_the_same_payment_with_another_amount_is_refused(stripe: Stripe) -> None:
    start = a_start()
    stripe.start(start)
    other = Start(start.payment_id, Money(1, "CNY"), start.description, start.return_path, start.language)
    with pytest.raises(PaymentRefused):
        stripe.start(other)


def test_a_mandate_is_charged_once_per_payment(stripe: Stripe, peer: StripePeer) -> None:
    mandate = with_mandate(stripe, peer)
    start = a_start()
    first = stripe.charge(start, mandate)
    assert (first.status, first.received) == ("succeeded", PRICE)
    assert stripe.charge(start, mandate) == first
    assert peer.received() == 2 * PRICE.minor


def test_a_charge_is_once_even_after_stripe_forgot_its_key(
    stripe: Stripe, peer: StripePeer, clock: ManualClock
) -> None:
    mandate = with_mandate(stripe, peer)
    start = a_start()
    first = stripe.charge(start, mandate)
    peer.kept.clear()
    clock.set(clock.now() + timedelta(days=3650))
    assert stripe.charge(start, mandate).reference == first.reference
    assert peer.received() == 2 * PRICE.minor


@pytest.mark.parametrize(
    ("behaves", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_a_card_that_says_no_is_an_answer(stripe: Stripe, peer: StripePeer, behaves: str, code: str) -> None:
    mandate, start = with_mandate(stripe, peer, behaves), a_start()
    seen = stripe.charge(start, mandate)
    assert (seen.status, seen.failure_code) == ("failed", code)
    assert stripe.query(start.payment_id, seen.reference) == seen
    assert stripe.query(start.payment_id, None) == seen


def test_a_mandate_that_is_no_more_is_refused(stripe: Stripe) -> None:
    with pytest.raises(PaymentRefused):
        stripe.charge(a_start(), "cus_gone:pm_gone")


def test_refunds_go_once_per_key_and_never_beyond_what_came(stripe: Stripe, peer: StripePeer) -> None:
    start, reference, _ = paid(stripe, peer)
    part = Money(5000, "CNY")
    for _ in range(2):
        assert stripe.refund(start.payment_id, reference, amount=part, key="refund-1").status == "succeeded"
    peer.kept.clear()  # a day later
    assert stripe.refund(start.payment_id, reference, amount=part, key="refund-1").status == "succeeded"
    assert peer.received() == PRICE.minor - part.minor
    assert stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-2").status == "failed"
    with pytest.raises(PaymentRefused):
        stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1")
    assert peer.received() == PRICE.minor - part.minor


def test_a_refund_on_its_way_is_pending_until_it_is_there(stripe: Stripe, peer: StripePeer) -> None:
    start, reference, _ = paid(stripe, peer)
    peer.refunds_are = "pending"
    assert stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "pending"
    refund = next(one for one in peer.things.values() if one["object"] == "refund")
    refund["status"] = "succeeded"
    assert stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "succeeded"
    refund.update(status="failed", failure_reason="lost_or_stolen_card")
    failed = stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1")
    assert (failed.status, failed.failure_code) == ("failed", "lost_or_stolen_card")


def test_disputes_are_told_and_inquiries_are_not(stripe: Stripe, peer: StripePeer) -> None:
    start, reference, intent = paid(stripe, peer)
    inquiry = peer.dispute(intent, status="warning_needs_response")
    assert stripe.query(start.payment_id, reference).disputes == ()
    inquiry["status"] = "needs_response"
    for theirs, ours in (("needs_response", "open"), ("under_review", "open"), ("won", "won"), ("lost", "lost")):
        inquiry["status"] = theirs
        assert stripe.query(start.payment_id, reference).disputes == (Dispute(inquiry["id"], ours, PRICE),)
    assert stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1").failure_code == "charge_disputed"


# faults


@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_through_a_bad_line_opens_one_session(stripe: Stripe, peer: StripePeer, fault: str) -> None:
    start = a_start()
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        stripe.start(start)
    reference = stripe.start(start).reference
    assert len([one for one in peer.things.values() if one["object"] == "checkout.session"]) == 1
    assert stripe.query(start.payment_id, reference).status == "open"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_query_through_a_bad_line_says_nothing(stripe: Stripe, peer: StripePeer, fault: str) -> None:
    start, reference, _ = paid(stripe, peer)
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        stripe.query(start.payment_id, reference)
    assert stripe.query(start.payment_id, reference).status == "succeeded"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_charge_through_a_bad_line_is_found_or_was_never_made(stripe: Stripe, peer: StripePeer, fault: str) -> None:
    mandate, start = with_mandate(stripe, peer), a_start()
    peer.faults.append(fault)
    with pytest.raises(Unavailable):
        stripe.charge(start, mandate)
    seen = stripe.query(start.payment_id, None)
    assert seen.status == ("absent" if fault in NOT_DONE else "succeeded")
    assert stripe.charge(start, mandate).status == "succeeded"
    assert peer.received() == 2 * PRICE.minor


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_through_a_bad_line_goes_once(stripe: Stripe, peer: StripePeer, fault: str) -> None:
    start, reference, intent = paid(stripe, peer)
    peer.faults.extend(["", "", fault])  # the session, the list, then the refund itself
    with pytest.raises(Unavailable):
        stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1")
    assert peer.received() == (PRICE.minor if fault in NOT_DONE else 0)
    assert stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1").status == "succeeded"
    assert peer.received() == 0
    assert intent


def test_a_500_that_stripe_keeps_repeating_hides_no_refund_and_no_charge(stripe: Stripe, peer: StripePeer) -> None:
    mandate, start = with_mandate(stripe, peer), a_start()
    _, reference, _ = old = paid(stripe, peer)
    peer.keeps_500 = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            stripe.charge(start, mandate)
    assert stripe.query(start.payment_id, None).status == "succeeded"
    with pytest.raises(Unavailable):
        stripe.refund(old[0].payment_id, reference, amount=PRICE, key="refund-1")
    assert stripe.refund(old[0].payment_id, reference, amount=PRICE, key="refund-1").status == "succeeded"
    assert peer.received() == 2 * PRICE.minor


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_received": -1}, {"amount_received": 0}, {"amount_received": 10**13},
        {"amount_received": 1.5}, {"amount_received": "19900"},
        {"amount_received": None}, {"amount_received": True}, {"currency": "xxx"}, {"currency": None}, {"status": 7},
        {"metadata": {"xingtan_payment": "another"}}, {"latest_charge": None}, {"metadata": []},
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_none(stripe: Stripe, peer: StripePeer, wrong: dict[str, Any]) -> None:
    start, reference, intent = paid(stripe, peer)
    peer.things[intent].update(wrong)
    with pytest.raises(Unavailable):
        stripe.query(start.payment_id, reference)


def test_another_amount_is_told_as_it_came(stripe: Stripe, peer: StripePeer) -> None:
    start, reference, intent = paid(stripe, peer)
    peer.things[intent].update(amount_received=1, currency="usd", news="unknown fields are passed over")
    assert stripe.query(start.payment_id, reference).received == Money(1, "USD")


def test_a_wrong_key_is_no_answer(peer: StripePeer, clock: ManualClock) -> None:
    stranger = Stripe(StripeAccount("sk_test_other", SECRET, peer.url, "https://academy.example"), clock=clock)
    with pytest.raises(Unavailable):
        stranger.start(a_start())


def test_what_stripe_has_forgotten_is_no_failure(stripe: Stripe) -> None:
    with pytest.raises(Unavailable):
        stripe.query(new_id(), "cs_test_of_another_account")
    assert stripe.query(new_id(), None).status == "absent"


# notices


def test_an_event_names_the_payment(stripe: Stripe, peer: StripePeer) -> None:
    start, reference, intent = paid(stripe, peer)
    for kind, name in (("checkout.session.completed", reference), ("payment_intent.succeeded", intent)):
        notice = stripe.verify_notice(*peer.event(kind, peer.things[name], at=AT))
        assert (notice.payment_id, notice.reference) == (start.payment_id, name)
    stripe.refund(start.payment_id, reference, amount=PRICE, key="refund-1")
    refund = next(one for one in peer.things.values() if one["object"] == "refund")
    assert stripe.verify_notice(*peer.event("refund.updated", refund, at=AT)).payment_id == start.payment_id


def test_a_dispute_is_traced_to_its_payment(stripe: Stripe, peer: StripePeer) -> None:
    start, _, intent = paid(stripe, peer)
    notice = stripe.verify_notice(*peer.event("charge.dispute.created", peer.dispute(intent), at=AT))
    assert (notice.payment_id, notice.reference) == (None, intent)
    assert stripe.payment_of(notice.reference) == start.payment_id


def test_news_of_something_else_is_thanked_for_and_forgotten(stripe: Stripe, peer: StripePeer) -> None:
    thing = {"id": "cus_1", "object": "customer"}
    notice = stripe.verify_notice(*peer.event("customer.created", thing, at=AT))
    assert (notice.payment_id, notice.reference) == (None, "")


def test_two_signatures_of_which_one_is_right_are_enough(stripe: Stripe, peer: StripePeer) -> None:
    start, reference, _ = paid(stripe, peer)
    headers, body = peer.event("checkout.session.completed", peer.things[reference], at=AT)
    rolled = headers["stripe-signature"].replace("v1=", f"v1={'0' * 64},v1=", 1)
    assert stripe.verify_notice({"stripe-signature": rolled}, body).payment_id == start.payment_id


def _bad_headers(body: bytes) -> dict[str, str]:
    good = sign(body, at=AT)
    t, v1 = good.split(",")
    return {
        "none": "", "without v1": t, "without t": v1, "v0 alone": good.replace("v1=", "v0="),
        "two wrong": f"{t},v1={'0' * 64},v1={'1' * 64}", "another secret": sign(body, at=AT, secret="whsec_other"),
        "a moment past": sign(body, at=AT - 301), "old": sign(body, at=AT - 86_400), "future": sign(body, at=AT + 301),
        "two times": f"t={int(AT) - 900},{good}", "no number": good.replace("t=", "t=x"), "NUL": "\0",
        "far away": sign(body, at=10**14), "minus": sign(body, at=-5), "long": good + ",v1=0" * 1000,
        "full width": good.replace("t=1", "t=１"),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(_bad_headers(b"")))
def test_a_signature_that_is_not_right_is_refused(stripe: Stripe, peer: StripePeer, name: str) -> None:
    _, body = peer.event("checkout.session.completed", {"id": "cs_1", "object": "checkout.session"}, at=AT)
    with pytest.raises(NoticeRefused):
        stripe.verify_notice({"stripe-signature": _bad_headers(body)[name]}, body)


def test_a_body_that_was_written_anew_is_refused(stripe: Stripe, peer: StripePeer) -> None:
    headers, body = peer.event("customer.created", {"id": "cus_1", "object": "customer"}, at=AT)
    with pytest.raises(NoticeRefused):
        stripe.verify_notice(headers, json.dumps(json.loads(body)).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b"\xff\xfe", b'{"id": 1}', b'{"id": "evt", "data": {}}', b"[" * 200_000,
        b'{"id": "evt", "id": "evt2", "data": {"object": {"id": "a", "object": "charge"}}}', b"1e400" * 3,
        b'{"id": "evt", "data": {"object": {"id": "a", "object": "charge", "metadata": "text"}}}', b"x" * 600_000,
    ],
)  # fmt: skip
def test_a_signed_body_that_makes_no_sense_is_refused(stripe: Stripe, body: bytes) -> None:
    with pytest.raises(NoticeRefused):
        stripe.verify_notice({"stripe-signature": sign(body, at=AT)}, body)


def test_the_metadata_of_another_shop_is_not_ours(stripe: Stripe, peer: StripePeer) -> None:
    thing = {"id": "pi_1", "object": "payment_intent", "metadata": {"xingtan_payment": "../../etc"}}
    notice = stripe.verify_notice(*peer.event("payment_intent.succeeded", thing, at=AT))
    assert (notice.payment_id, notice.reference) == (None, "")
