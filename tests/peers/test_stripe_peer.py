"""Our Stripe peer, judged: the official library asks it and two mocks by other hands the same questions.

Where they overlap, they answer alike. localstripe knows neither checkout sessions nor disputes, and lets more go back
than came; stripe-stateful-mock knows no payment intents and speaks an older version of the API.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from tests.fixtures.ports import free_port
from tests.fixtures.programs import ROOT, localstripe
from tests.peers.stripe_peer import KEY, StripePeer

Answers = dict[str, Any]
_LOCALSTRIPE = """
import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""
_STATEFUL = """
const {createExpressApp} = require("stripe-stateful-mock");
createExpressApp().listen(Number(process.argv[1]), "127.0.0.1");
"""


def client(url: str) -> StripeClient:
    return StripeClient(
        KEY, base_addresses={"api": url}, max_network_retries=0, http_client=stripe.RequestsClient(timeout=10)
    )


@pytest.fixture
def ours() -> Iterator[StripeClient]:
    with StripePeer() as peer:
        yield client(peer.url)


@contextmanager
def program(*command: str, port: int, cwd: Path) -> Iterator[StripeClient]:
    """Another's mock in a process of its own, in a folder where it may keep what it likes."""
    running = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(cwd), "NODE_PATH": str(ROOT / "node_modules"), "LOG_LEVEL": "SILENT"},
    )  # fmt: skip
    theirs = client(f"http://127.0.0.1:{port}")
    try:
        for _ in range(200):
            try:
                theirs.v1.customers.create({"email": "ready@example.org"})
                break
            except stripe.APIConnectionError:
                assert running.poll() is None, "the mock ended"
                time.sleep(0.1)
        yield theirs
    finally:
        running.terminate()
        running.wait(timeout=10)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[StripeClient]:
    python, port = localstripe(), free_port()
    assert python is not None
    with program(str(python), "-c", _LOCALSTRIPE, str(port), port=port, cwd=tmp_path) as theirs:
        yield theirs


@pytest.fixture
def stateful(tmp_path: Path) -> Iterator[StripeClient]:
    node, port = shutil.which("node"), free_port()
    assert node is not None
    with program(node, "-e", _STATEFUL, str(port), port=port, cwd=tmp_path) as theirs:
        yield theirs


def refusal(work: Callable[[], object]) -> Answers:
    with pytest.raises(stripe.StripeError) as caught:
        work()
    error = caught.value
    return {"error": type(error).__name__, "status": error.http_status, "code": error.code}


def some(thing: Any, *names: str) -> Answers:
    found = thing.to_dict()
    return {name: found[name] for name in names}


def intents(asked: StripeClient) -> Answers:
    """What the two know of payment intents and refunds by them."""
    said: Answers = {}
    buyer = asked.v1.customers.create({"email": "lily@example.org"})
    said["customer"] = some(buyer, "object") | {"prefix": buyer.id[:4]}
    card: Any = {
        "type": "card",
        "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"},
    }
    method = asked.v1.payment_methods.create(card)
    said["method"] = some(method, "object", "type") | {"last4": method.to_dict()["card"]["last4"]}
    attached = asked.v1.payment_methods.attach(method.id, {"customer": buyer.id})
    said["attached"] = attached.customer == buyer.id
    wanted: Any = {
        "amount": 1999, "currency": "eur", "customer": buyer.id, "payment_method": method.id, "confirm": True,
        "off_session": True, "metadata": {"xingtan_payment": "p1"},
    }  # fmt: skip
    paid = asked.v1.payment_intents.create(wanted)
    said["paid"] = some(paid, "object", "status", "amount", "currency", "metadata") | {"prefix": paid.id[:3]}
    said["again"] = some(asked.v1.payment_intents.retrieve(paid.id), "status", "amount", "metadata")
    waiting = asked.v1.payment_intents.create({"amount": 5, "currency": "eur"})
    said["waiting"] = some(waiting, "status", "latest_charge")
    said["unconfirmed"] = some(
        asked.v1.payment_intents.create({"amount": 5, "currency": "eur", "payment_method": method.id}), "status"
    )
    part = asked.v1.refunds.create({"payment_intent": paid.id, "amount": 500, "metadata": {"k": "v"}})
    said["refund"] = some(part, "object", "status", "amount", "currency", "payment_intent", "metadata")
    said["refund"]["payment_intent"] = part.payment_intent == paid.id
    found = asked.v1.refunds.list({"payment_intent": paid.id})
    said["refunds"] = {"count": len(found.data), "object": found.object, "has_more": found.has_more}
    said["unknown"] = refusal(lambda: asked.v1.payment_intents.retrieve("pi_unknown")) | {"code": None}
    said["nothing"] = refusal(lambda: asked.v1.payment_intents.create({"amount": 0, "currency": "eur"})) | {
        "code": None
    }
    return said


def charges(asked: StripeClient) -> Answers:
    """What the two know of charges, refunds beyond what came, and idempotency."""
    said: Answers = {}
    wanted: Any = {"amount": 2000, "currency": "usd", "source": "tok_visa"}
    paid = asked.v1.charges.create(wanted, {"idempotency_key": "key-1"})
    said["paid"] = some(paid, "object", "status", "amount", "currency", "amount_refunded", "refunded", "paid")
    again = asked.v1.charges.create(wanted, {"idempotency_key": "key-1"})
    said["same"] = again.id == paid.id
    said["other"] = refusal(lambda: asked.v1.charges.create({**wanted, "amount": 1}, {"idempotency_key": "key-1"}))
    part = asked.v1.refunds.create({"charge": paid.id, "amount": 500})
    said["part"] = some(part, "object", "status", "amount", "currency")
    said["too much"] = refusal(lambda: asked.v1.refunds.create({"charge": paid.id, "amount": 1501}))
    rest = asked.v1.refunds.create({"charge": paid.id})
    said["rest"] = some(rest, "amount")
    said["once more"] = refusal(lambda: asked.v1.refunds.create({"charge": paid.id}))
    said["after"] = some(asked.v1.charges.retrieve(paid.id), "amount_refunded", "refunded")
    said["declined"] = refusal(lambda: asked.v1.charges.create({**wanted, "source": "tok_chargeDeclined"}))
    said["unknown"] = refusal(lambda: asked.v1.refunds.create({"charge": "ch_unknown"}))
    return said


@pytest.mark.localstripe
def test_it_answers_as_localstripe_does(ours: StripeClient, local: StripeClient) -> None:
    assert intents(ours) == intents(local)


@pytest.mark.stripe_mock
def test_it_answers_as_the_stateful_mock_does(ours: StripeClient, stateful: StripeClient) -> None:
    assert charges(ours) == charges(stateful)


def test_it_knows_what_neither_mock_knows(ours: StripeClient) -> None:
    wanted: Any = {
        "mode": "payment", "success_url": "https://academy.example", "client_reference_id": "p1",
        "line_items": [{
            "quantity": 1,
            "price_data": {"currency": "cny", "unit_amount": 19900, "product_data": {"name": "Tea"}},
        }],
    }  # fmt: skip
    opened = ours.v1.checkout.sessions.create(wanted)
    assert some(opened, "object", "status", "payment_status", "amount_total", "currency", "payment_intent") == {
        "object": "checkout.session", "status": "open", "payment_status": "unpaid", "amount_total": 19900,
        "currency": "cny", "payment_intent": None,
    }  # fmt: skip
    assert ours.v1.checkout.sessions.expire(opened.id).status == "expired"
    assert refusal(lambda: ours.v1.checkout.sessions.expire(opened.id))["status"] == 400


def test_it_knows_only_its_own_key(ours: StripeClient) -> None:
    with StripePeer() as peer:
        stranger = StripeClient("sk_test_other", base_addresses={"api": peer.url}, max_network_retries=0)
        assert refusal(lambda: stranger.v1.customers.create({}))["error"] == "AuthenticationError"
