"""A Stripe of our own on the loopback, as far as a checkout needs one; judged by the official library and two mocks."""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from tests.peers.line import Call, Peer, Reply, as_json

KEY, SECRET = "sk_test_xingtan", "whsec_xingtan"
Thing = dict[str, Any]
_CREATED = re.compile(r"created\[(gte|lte)\]")
_DECLINES = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card"),
    "pm_card_authenticationRequired": ("authentication_required", "authentication_required"),
}


class Refusal(Exception):
    def __init__(self, status: int = 400, **error: object) -> None:
        self.status, self.error = status, {"type": "invalid_request_error", "message": "no", **error}


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """``a[b][0]=c`` → {"a": {"b": {"0": "c"}}}, lists as mappings of places."""
    found: Thing = {}
    for name, value in pairs:
        *way, last = re.findall(r"[^\[\]]+", name) if "[]" not in name else [*re.findall(r"[^\[\]]+", name), value]
        at = found
        for step in way:
            at = at.setdefault(step, {})
        at[last] = value
    return found


def values(found: Mapping[str, str] | None) -> list[str]:
    return list((found or {}).values())


class StripePeer(Peer):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.things: dict[str, Thing] = {}
        self.kept: dict[str, tuple[str, Reply]] = {}
        self.fee = lambda minor: (minor * 29 + 500) // 1000 + 30
        self.settles_in: str | None = None
        self.refunds_are = "succeeded"
        self.keeps_500 = False

    # the API

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return as_json({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}, 401)
        key = call.headers.get("idempotency-key") if call.method == "POST" else None
        fingerprint = f"{call.path} {call.body.decode()}"
        if key in self.kept:
            known, reply = self.kept[key]
            if known != fingerprint:
                error = {"type": "idempotency_error", "message": "Keys for idempotent requests can only be used with the same parameters they were first used with."}  # fmt: skip  # noqa: E501
                return as_json({"error": error}, 400)
            return Reply(reply.body, reply.status, {**reply.headers, "Idempotent-Replayed": "true"})
        try:
            reply = as_json(self._do(call))
        except Refusal as refusal:
            reply = as_json({"error": refusal.error}, refusal.status)
            if refusal.status == 400:
                return reply  # what was not begun is not kept
        if self.keeps_500 and key is not None:  # it was done, broke down after it, and says so as long as it is asked
            reply = as_json({"error": {"type": "api_error", "message": "broken"}}, 500)
        if key is not None:
            self.kept[key] = (fingerprint, reply)
        return reply

    def _do(self, call: Call) -> Thing:
        pairs = parse_qsl((call.query if call.method == "GET" else call.body.decode()), keep_blank_values=True)
        params = nested(pairs)
        parts = call.path.strip("/").split("/")[1:]
        verb = f"{call.method} {'/'.join('*' if '_' in part and part in self.things else part for part in parts)}"
        doing = self._verbs().get(verb)
        if doing is None:
            raise self._missing(parts)
        named = next((part for part in parts if part in self.things), "")
        return self._expanded(doing(named, params), values(params.get("expand")))

    def _verbs(self) -> Mapping[str, Callable[[str, Thing], Thing]]:
        return {
            "POST checkout/sessions": self._make_session,
            "GET checkout/sessions/*": self._read,
            "POST checkout/sessions/*/expire": lambda name, _: self.expire(name),
            "POST payment_intents": self._make_intent,
            "GET payment_intents/*": self._read,
            "GET payment_intents": lambda _, params: self._list("payment_intent", params),
            "GET payment_intents/search": self._search,
            "POST refunds": self._make_refund,
            "GET refunds/*": self._read,
            "GET refunds": lambda _, params: self._list("refund", params),
            "GET disputes": lambda _, params: self._list("dispute", params),
            "POST customers": lambda _, params: self._add("cus", "customer", email=params.get("email")),
            "GET customers/*": self._read,
            "POST payment_methods": lambda _, __: self._card("visa", "4242"),
            "POST payment_methods/*/attach": self._attach,
            "POST charges": self._make_charge,
            "GET charges/*": self._read,
        }

    def _missing(self, parts: list[str]) -> Refusal:
        kinds = {"sessions": "session", "payment_intents": "intent"}
        param = next((kinds[part] for part in parts if part in kinds), "id")
        return Refusal(404, code="resource_missing", param=param, message=f"No such {param}: '{parts[-1]}'")

    def _read(self, name: str, _params: Thing) -> Thing:
        return self.things[name]

    def _add(self, prefix: str, kind: str, **fields: object) -> Thing:
        name = f"{prefix}_{secrets.token_hex(12)}"
        self.things[name] = {"id": name, "object": kind, "created": int(time.time()), "livemode": False, **fields}
        return self.things[name]

    def _expanded(self, thing: Thing, paths: list[str]) -> Thing:
        found = dict(thing)
        for path in paths:
            first, _, rest = path.partition(".")
            value = found.get(first)
            if isinstance(value, str) and value in self.things:
                found[first] = dict(self.things[value])
            if rest and isinstance(found.get(first), dict):
                found[first] = self._expanded(found[first], [rest])
        return found

    def _list(self, kind: str, params: Thing) -> Thing:
        found = [one for one in reversed(self.things.values()) if one["object"] == kind]
        if "payment_intent" in params:
            found = [one for one in found if one["payment_intent"] == params["payment_intent"]]
        span = params.get("created", {})
        found = [one for one in found if int(span.get("gte", 0)) <= one["created"] <= int(span.get("lte", 1 << 40))]
        if "starting_after" in params:
            found = found[[one["id"] for one in found].index(params["starting_after"]) + 1 :]
        limit = int(params.get("limit", 10))
        return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": f"/v1/{kind}s"}

    def _search(self, _name: str, params: Thing) -> Thing:
        match = re.fullmatch(r"metadata\['(\w+)'\]:'([\w-]+)'", params["query"])
        assert match is not None
        found = [
            one for one in self.things.values()
            if one["object"] == "payment_intent" and one["metadata"].get(match[1]) == match[2]
        ]  # fmt: skip
        return {"object": "search_result", "data": found, "has_more": False, "url": "/v1/payment_intents/search"}

    def _make_session(self, _name: str, params: Thing) -> Thing:
        items = [one["price_data"] for one in params["line_items"].values()]
        total = sum(self._amount(one["unit_amount"]) for one in items)
        session = self._add(
            "cs_test", "checkout.session", status="open", payment_status="unpaid", mode=params["mode"],
            amount_total=total, currency=items[0]["currency"], client_reference_id=params.get("client_reference_id"),
            metadata=params.get("metadata", {}), payment_intent=None, customer=None, wanted=params,
        )  # fmt: skip
        session["url"] = f"https://checkout.stripe.com/c/pay/{session['id']}#fid"
        return session

    @staticmethod
    def _amount(text: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,7}", text):
            raise Refusal(param="amount", code="parameter_invalid_integer", message="Invalid integer")
        return int(text)

    def _make_intent(self, _name: str, params: Thing) -> Thing:
        intent = self._add(
            "pi", "payment_intent", amount=self._amount(params["amount"]), amount_received=0,
            currency=params["currency"], status="requires_payment_method", metadata=params.get("metadata", {}),
            customer=params.get("customer"), payment_method=params.get("payment_method"), latest_charge=None,
            description=params.get("description"), setup_future_usage=params.get("setup_future_usage"),
            last_payment_error=None,
        )  # fmt: skip
        for kind, param in (("customer", "customer"), ("payment_method", "payment_method")):
            if intent[param] and intent[param] not in self.things and intent[param] not in _DECLINES:
                raise Refusal(code="resource_missing", param=param, message=f"No such {kind}: '{intent[param]}'")
        if params.get("confirm") == "true":
            self._confirm(intent)
        elif intent["payment_method"]:
            intent["status"] = "requires_confirmation"
        return intent

    def _confirm(self, intent: Thing) -> None:
        method = self.things.get(intent["payment_method"], {})
        declines = _DECLINES.get(method.get("behaves", intent["payment_method"]))
        if declines is None:
            self._capture(intent)
            return
        error = {"type": "card_error", "code": declines[0], "decline_code": declines[1], "message": "declined"}
        intent.update(status="requires_payment_method", last_payment_error=error)
        raise Refusal(402, **error, payment_intent=dict(intent))

    def _capture(self, intent: Thing) -> None:
        currency = self.settles_in or intent["currency"]
        kept = self._add("txn", "balance_transaction", fee=self.fee(intent["amount"]), currency=currency)
        charge = self._add(
            "ch", "charge", amount=intent["amount"], currency=intent["currency"], payment_intent=intent["id"],
            balance_transaction=kept["id"], disputed=False, amount_refunded=0, refunded=False, status="succeeded",
            metadata=dict(intent["metadata"]), paid=True, captured=True,
        )  # fmt: skip
        intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
        intent["last_payment_error"] = None

    def _make_charge(self, _name: str, params: Thing) -> Thing:
        intent = self._make_intent("", {"amount": params["amount"], "currency": params["currency"]})
        if params.get("source") == "tok_chargeDeclined":
            raise Refusal(402, type="card_error", code="card_declined", decline_code="generic_decline")
        self._capture(intent)
        return self.things[intent["latest_charge"]]

    def _make_refund(self, _name: str, params: Thing) -> Thing:
        charge = self._charge_of(params)
        left = charge["amount"] - charge["amount_refunded"]
        if left == 0:
            raise Refusal(code="charge_already_refunded", message="Charge has already been refunded.")
        if charge["disputed"]:
            raise Refusal(code="charge_disputed", message="Charge has been charged back.")
        amount = self._amount(params["amount"]) if "amount" in params else left
        if amount > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise Refusal(param="amount", message=message)
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return self._add(
            "re", "refund", amount=amount, currency=charge["currency"], charge=charge["id"],
            payment_intent=charge["payment_intent"], metadata=params.get("metadata", {}), status=self.refunds_are,
            failure_reason=None,
        )  # fmt: skip

    def _charge_of(self, params: Thing) -> Thing:
        if "charge" in params:
            if params["charge"] not in self.things:
                raise Refusal(404, code="resource_missing", param="charge")
            return self.things[params["charge"]]
        intent = self.things.get(params["payment_intent"])
        if intent is None:
            raise Refusal(404, code="resource_missing", param="payment_intent")
        if intent["latest_charge"] is None:
            raise Refusal(code="payment_intent_unexpected_state", message="no successful charge to refund")
        return self.things[intent["latest_charge"]]

    def _card(self, brand: str, last4: str, **more: object) -> Thing:
        card = {"brand": brand, "last4": last4, "exp_month": 12, "exp_year": 2034}
        return self._add("pm", "payment_method", type="card", card=card, customer=None, **more)

    def _attach(self, name: str, params: Thing) -> Thing:
        self.things[name]["customer"] = params["customer"]
        return self.things[name]

    # what the buyer, her bank and time do

    def pay(self, session_id: str, *, behaves: str = "") -> Thing:
        """The buyer pays on Stripe's page; `behaves` is how the card does later."""
        session = self.things[session_id]
        wanted = session["wanted"].get("payment_intent_data", {})
        card = self._card("visa", "4242", behaves=behaves)
        customer = self._add("cus", "customer")["id"] if session["wanted"].get("customer_creation") else None
        intent = self._make_intent("", {
            "amount": str(session["amount_total"]), "currency": session["currency"], "payment_method": card["id"],
            "metadata": wanted.get("metadata", {}), **({"customer": customer} if customer else {}),
            "setup_future_usage": wanted.get("setup_future_usage"),
        })  # fmt: skip
        self._capture(intent)
        session.update(status="complete", payment_status="paid", payment_intent=intent["id"], customer=customer)
        return intent

    def expire(self, session_id: str) -> Thing:
        session = self.things[session_id]
        if session["status"] != "open":
            raise Refusal(message="Only Checkout Sessions with a status in [open] can be expired.")
        session["status"] = "expired"
        return session

    def dispute(self, intent_id: str, *, status: str = "needs_response") -> Thing:
        charge = self.things[self.things[intent_id]["latest_charge"]]
        charge["disputed"] = True
        return self._add(
            "dp", "dispute", amount=charge["amount"] - charge["amount_refunded"], currency=charge["currency"],
            charge=charge["id"], payment_intent=intent_id, status=status, metadata={},
        )  # fmt: skip

    def received(self) -> int:
        """What Stripe holds by its own books: paid less given back."""
        charges = [one for one in self.things.values() if one["object"] == "charge"]
        return sum(one["amount"] - one["amount_refunded"] for one in charges)

    # what it tells

    def event(self, kind: str, thing: Thing, *, at: float, secret: str = SECRET) -> tuple[dict[str, str], bytes]:
        """A signed event: its headers and its raw bytes."""
        plain = {name: value for name, value in thing.items() if name != "wanted"}
        found = {
            "id": f"evt_{secrets.token_hex(12)}", "object": "event", "api_version": "2026-10-28.endive",
            "created": int(at), "type": kind, "livemode": False, "data": {"object": plain},
        }  # fmt: skip
        body = json.dumps(found, indent=2).encode()
        return {"stripe-signature": sign(body, at=at, secret=secret)}, body


def sign(body: bytes, *, at: float, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={digest}"
