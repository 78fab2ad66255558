"""The real providers at their peers' counters, in words that fit all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from tests.domains.commerce.shop import Shop
from tests.peers import alipay_peer, stripe_peer, wechat_peer
from tests.peers.alipay_peer import AlipayPeer
from tests.peers.keys import key_pair
from tests.peers.line import Peer
from tests.peers.stripe_peer import StripePeer
from tests.peers.wechat_peer import WeChatPeer
from xingtan.domains.commerce import api as commerce
from xingtan.infra.platform import Platform

Told = tuple[Mapping[str, str], bytes]


class Counter(Protocol):
    """A provider's counter: its peer, the settings that lead to it, and what a buyer does there."""

    name: str
    peer: Peer
    asks_before_refund: int
    """How many calls come before the one that moves money back."""

    def settings(self, folder: Path) -> Mapping[str, object]: ...

    def pay(self, payment: commerce.PaymentView) -> None: ...

    def pay_wrongly(self, payment: commerce.PaymentView) -> None: ...

    def notice(self, payment: commerce.PaymentView, *, at: datetime) -> Told: ...

    def received(self) -> int: ...


class StripeCounter:
    name, asks_before_refund = "stripe", 2

    def __init__(self) -> None:
        self.peer = StripePeer()

    def settings(self, folder: Path) -> Mapping[str, object]:
        return {
            "stripe_secret_key": stripe_peer.KEY, "stripe_webhook_secret": stripe_peer.SECRET,
            "stripe_gateway": self.peer.url,
        }  # fmt: skip

    def _session(self, payment: commerce.PaymentView) -> str:
        sessions = [one for one in self.peer.things.values() if one["object"] == "checkout.session"]
        return str(next(one["id"] for one in sessions if one["client_reference_id"] == str(payment.id)))

    def pay(self, payment: commerce.PaymentView) -> None:
        self.peer.pay(self._session(payment))

    def pay_wrongly(self, payment: commerce.PaymentView) -> None:
        self.peer.pay(self._session(payment))["amount_received"] -= 1

    def notice(self, payment: commerce.PaymentView, *, at: datetime) -> Told:
        session = self.peer.things[self._session(payment)]
        return self.peer.event("checkout.session.completed", session, at=at.timestamp())

    def received(self) -> int:
        return self.peer.received()


class AlipayCounter:
    name, asks_before_refund = "alipay", 0

    def __init__(self) -> None:
        self.peer = AlipayPeer()

    def settings(self, folder: Path) -> Mapping[str, object]:
        return {
            "alipay_app_id": alipay_peer.APP_ID, "alipay_seller_id": alipay_peer.SELLER_ID,
            "alipay_private_key_file": kept(folder, "merchant", key_pair("alipay merchant").private_pem),
            "alipay_public_key_file": kept(folder, "public", key_pair("alipay").public_pem),
            "alipay_gateway": f"{self.peer.url}/gateway.do",
        }  # fmt: skip

    def pay(self, payment: commerce.PaymentView) -> None:
        assert payment.redirect_url is not None
        self.peer.pay(payment.redirect_url)

    def pay_wrongly(self, payment: commerce.PaymentView) -> None:
        self.pay(payment)
        self.peer.trades[payment.id.hex]["total_amount"] = "0.01"

    def notice(self, payment: commerce.PaymentView, *, at: datetime) -> Told:
        return {}, self.peer.notice(self.peer.trades[payment.id.hex], at=at)

    def received(self) -> int:
        return self.peer.received()


class WeChatCounter:
    name, asks_before_refund = "wechat", 1

    def __init__(self) -> None:
        self.peer = WeChatPeer()

    def settings(self, folder: Path) -> Mapping[str, object]:
        return {
            "wechat_mchid": wechat_peer.MCHID, "wechat_appid": wechat_peer.APPID,
            "wechat_private_key_file": kept(folder, "merchant", key_pair("wechat merchant").private_pem),
            "wechat_public_key_file": kept(folder, "public", key_pair("wechat").public_pem),
            "wechat_cert_serial": wechat_peer.SERIAL, "wechat_api_key": wechat_peer.API_KEY,
            "wechat_public_key_id": wechat_peer.KEY_ID, "wechat_gateway": self.peer.url,
        }  # fmt: skip

    def pay(self, payment: commerce.PaymentView) -> None:
        self.peer.pay(payment.id.hex)

    def pay_wrongly(self, payment: commerce.PaymentView) -> None:
        self.pay(payment)
        self.peer.changes = {"amount": {"total": 1, "currency": "CNY"}}

    def notice(self, payment: commerce.PaymentView, *, at: datetime) -> Told:
        return self.peer.notice(payment.id.hex, at=at)

    def received(self) -> int:
        return self.peer.received()


COUNTERS: Mapping[str, type[Counter]] = {"stripe": StripeCounter, "alipay": AlipayCounter, "wechat": WeChatCounter}


def kept(folder: Path, name: str, pem: str) -> Path:
    path = folder / f"{name}.pem"
    path.write_text(pem)
    return path


def with_settings(platform: Platform, changes: Mapping[str, object]) -> Platform:
    """The platform as an operator with these settings would have opened it."""
    known = platform.settings.model_dump()
    return replace(platform, settings=type(platform.settings)(**{**known, **changes}))


@dataclass
class Street(Shop):
    """A shop whose buyers go to one provider's counter."""

    counter: Any = None

    def order_at_counter(self, price: str = "199") -> tuple[commerce.OrderView, UUID]:
        """Place an order to be paid there; return it and the product. Nobody has been told yet."""
        buyer, product = self.person(), self.product()
        assert buyer.person_id is not None
        offer = self.offer(product, price)
        command = commerce.PlaceOrder(buyer.person_id, offer.id, self.key(), self.counter.name, "en")
        placed = self.platform.database.write(lambda session: commerce.place_order(session, command, clock=self.clock))
        self.buyer = buyer
        return self.order(placed.number), product

    def payment(self, number: str) -> commerce.PaymentView:
        return self.order(number).payments[-1]

    def tell(self, told: Told) -> bool:
        headers, body = told
        return self.platform.database.write(
            lambda session: commerce.receive_notice(
                session, self.providers, self.counter.name, headers=headers, body=body, clock=self.clock
            )
        )

    def reconcile(self, **span: float) -> None:
        """Let time pass, and ask about everything whose time has come."""
        self.pass_time(**span)
        commerce.reconcile(self.platform.database, self.providers, clock=self.clock)

    def held_there(self) -> int:
        """What our books say that the provider holds, its fee put back."""
        balances = self.balances()
        return balances.get(f"assets:provider:{self.counter.name}", 0) + balances.get("expense:fees", 0)
