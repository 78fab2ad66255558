"""Doing the deeds: each by the use cases that a page would call, on a stage where the clock stands at their instant.

1. What a deed needs to know of earlier ones it asks the database, so that a writing that was killed goes on.
2. What is refused is left: somebody who owns a work already does not buy it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.domains.commerce.affiliates import api as affiliates
from xingtan.domains.commerce.promotions import api as promotions
from xingtan.domains.identity import api as identity
from xingtan.sample.market import Market
from xingtan.sample.members import Deed
from xingtan.sample.shelves import Shelves

_LIVE = frozenset({"trialing", "active", "past_due", "paused"})
_WORDS = {"zh": "请看看我写的这几页。", "en": "Please look at these few pages of mine."}
LINK = "yue-du"
_DEPOSIT_BP = 3_000
FEE_BP = 60
"""What the sandbox keeps of what members pay by the checkout itself, in basis points."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where deeds are done: the stage, what is sold, and who is who."""

    stage: commerce.Stage
    shelves: Shelves
    market: Market
    people: Mapping[int, UUID]

    def viewer(self, number: int) -> Viewer:
        """Return the learner as she is signed in."""
        return identity.viewer_of(self.stage.session, self.people[number])

    def play(self, deed: Deed) -> None:
        """Let time pass until the deed, and do it."""
        self.stage.until(deed.at)
        if deed.who is None:
            _ACADEMY[deed.verb](self, deed)
        elif deed.who in self.people:
            _LEARNERS[deed.verb](self, self.viewer(deed.who), deed)


def _key(deed: Deed) -> str:
    return f"sample-{deed.who}-{deed.verb}-{int(deed.at.timestamp())}"


def _payer(deed: Deed) -> commerce.Payer:
    return commerce.Payer(str(deed.facts.get("card", "pays")))


def _place(scene: Scene, who: Viewer, deed: Deed, **more: object) -> None:
    facts, stage = deed.facts, scene.stage
    offer = scene.market.find(
        facts["subject"], str(facts["model"]), facts["term"], currency=facts["currency"]
    )  # fmt: skip
    if offer is None or who.person_id is None or not offer.is_live(stage.clock.now()):
        return
    command = commerce.PlaceOrder(who.person_id, offer.id, _key(deed), "sandbox", who.language, **more)  # type: ignore[arg-type]
    placed = stage.do(lambda session: commerce.place_order(session, command, clock=stage.clock))
    if placed is not None:
        stage.pay(placed.payment_id, _payer(deed))


def _buy(scene: Scene, who: Viewer, deed: Deed) -> None:
    more: dict[str, object] = {}
    if "code" in deed.facts:
        more["codes"] = (deed.facts["code"],)
    if deed.facts.get("by_link"):
        clock = scene.stage.clock
        scene.stage.do(lambda session: affiliates.count_click(session, LINK, clock=clock))
        more["click"] = affiliates.Click(LINK, clock.now() - timedelta(hours=2))
    _place(scene, who, deed, **more)


def _subscribe(scene: Scene, who: Viewer, deed: Deed) -> None:
    _place(scene, who, Deed(deed.at, deed.who, deed.verb, {"model": "subscription", **deed.facts}))


def _group(scene: Scene, who: Viewer, deed: Deed) -> None:
    product_id = scene.shelves.products[deed.facts["subject"]]
    found = commerce.open_groups(scene.stage.session, who, product_id, at=scene.stage.clock.now())
    if deed.facts["joins"] and not found:
        return
    facts = {"model": "group", "term": "", "currency": "CNY", **deed.facts}
    group_id = found[0].id if deed.facts["joins"] else None
    _place(scene, who, Deed(deed.at, deed.who, deed.verb, facts), group_id=group_id)


def _give(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage, facts = scene.stage, deed.facts
    offer = scene.market.find(facts["subject"], "once", "", currency=facts["currency"])
    if offer is None or who.person_id is None:
        return
    order = commerce.PlaceOrder(who.person_id, offer.id, _key(deed), "sandbox", who.language)
    command = commerce.PlaceGift(order, promotions.Letter(message="❦"), 30)
    vault = stage.platform.vault
    placed = stage.do(lambda session: commerce.place_gift(session, command, clock=stage.clock, vault=vault))
    if placed is not None:
        stage.pay(placed.payment_id, _payer(deed))


def _claim(scene: Scene, who: Viewer, deed: Deed) -> None:
    """Claim the newest gift of a friend, who has passed its link on."""
    stage = scene.stage
    giver = Viewer(scene.people.get(deed.facts["from"]))
    gifts = promotions.my_gifts(stage.session, giver, vault=stage.platform.vault) if giver.person_id else ()
    if gifts:
        stage.do(lambda session: promotions.claim_gift(session, who, gifts[0].token, clock=stage.clock))


def _redeem(scene: Scene, who: Viewer, deed: Deed) -> None:
    """Use the first code of a batch that was made for a shop with which the academy works."""
    stage, product_id = scene.stage, scene.shelves.products.get(deed.facts["work"])
    if product_id is None:
        return

    def work(session: Session) -> None:
        command = promotions.MakeBatch("书店赠阅", product_id, 3, days=None)
        batch = promotions.make_batch(session, SYSTEM, command, clock=stage.clock)
        codes = promotions.make_codes(session, SYSTEM, batch.id, clock=stage.clock)
        promotions.redeem(session, who, codes[0], clock=stage.clock)

    stage.do(work)


def _use(scene: Scene, who: Viewer, deed: Deed) -> None:
    key = deed.facts["work"]
    parts = [part.key for part in scene.shelves.world.works[key].parts if not part.is_preview]
    lesson = scene.shelves.lessons[key, parts[deed.facts["place"] % len(parts)]]
    stage, at = scene.stage, commerce.AtLesson(lesson.lesson_id, seconds=1.0)
    stage.do(lambda session: commerce.open_by_use(session, who, at, currency="CNY", clock=stage.clock))


def _withdraw(scene: Scene, who: Viewer, deed: Deed) -> None:
    command, stage = commerce.Withdraw("CNY", None, _key(deed)), scene.stage
    stage.do(lambda session: commerce.withdraw(session, who, command, clock=stage.clock))


# subscriptions


def _mine(scene: Scene, who: Viewer) -> UUID | None:
    rows = subscribing.my_subscriptions(scene.stage.session, who)
    return next((row.id for row in rows if row.state in _LIVE), None)


def _cancel(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage, sub = scene.stage, _mine(scene, who)
    if sub is not None:
        command = subscribing.Cancel(sub, deed.facts["reason"], deed.facts["when"])
        payment = stage.do(lambda session: subscribing.cancel_subscription(session, who, command, clock=stage.clock))
        stage.charge(sub, payment)


def _pause(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage, sub = scene.stage, _mine(scene, who)
    if sub is not None:
        until = subscribing.subscription(stage.session, who, sub).period_ends_at + timedelta(days=deed.facts["days"])
        stage.do(lambda session: subscribing.pause_subscription(session, who, sub, until=until, clock=stage.clock))


def _resume(scene: Scene, who: Viewer, _deed: Deed) -> None:
    stage = scene.stage
    rows = subscribing.my_subscriptions(stage.session, who)
    sub = next((row.id for row in rows if row.state == "cancelled"), None)
    if sub is not None:
        payment = stage.do(lambda session: subscribing.resume_subscription(session, who, sub, clock=stage.clock))
        stage.charge(sub, payment)


def _stay(scene: Scene, who: Viewer, _deed: Deed) -> None:
    stage, sub = scene.stage, _mine(scene, who)
    if sub is not None:
        stage.do(lambda session: subscribing.stay(session, who, sub, clock=stage.clock))


def _upgrade(scene: Scene, who: Viewer, _deed: Deed) -> None:
    """Go over to the dearest plan that there is, paying the rest of the time at once."""
    stage, sub = scene.stage, _mine(scene, who)
    if sub is None:
        return
    choices = subscribing.change_choices(stage.session, who, sub, clock=stage.clock)
    able = [one for one in choices if "prorate_now" in one.modes]
    if not able:
        return
    offer = max(able, key=lambda one: one.offered.plan.monthly.minor).offered.offer
    command = subscribing.ChangePlan(sub, offer.id, "prorate_now", stage.clock.now())
    changed = stage.do(lambda session: subscribing.change_plan(session, who, command, clock=stage.clock))
    if changed is not None:
        stage.charge(sub, changed.payment_id)


def _pay_due(scene: Scene, who: Viewer, deed: Deed) -> None:
    """Pay by hand what no charge could bring, with another card."""
    stage, sub = scene.stage, _mine(scene, who)
    if sub is None or subscribing.subscription(stage.session, who, sub).due_since is None:
        return
    number = stage.do(lambda session: subscribing.pay_subscription(session, who, sub, clock=stage.clock))
    if number is not None:
        _pay_again(scene, who, number, deed)


def _pay_again(scene: Scene, who: Viewer, number: str, deed: Deed) -> None:
    stage = scene.stage
    placed = stage.do(
        lambda session: commerce.pay_again(session, who, number, provider="sandbox", clock=stage.clock)
    )  # fmt: skip
    if placed is not None:
        stage.pay(placed.payment_id, _payer(deed))


# money that goes back


def _kept_payments(scene: Scene, who: Viewer) -> Iterator[tuple[UUID, Money]]:
    """Yield what she paid lately in the sandbox and the academy still keeps, the newest first."""
    for row in commerce.my_orders(scene.stage.session, who, limit=10).orders:
        payment = commerce.order(scene.stage.session, SYSTEM, row.number).kept_payment
        if payment is not None and payment.provider == "sandbox" and row.placed_at <= scene.stage.clock.now():
            yield payment.id, row.total


def _refund(scene: Scene, who: Viewer, deed: Deed) -> None:
    found = next(_kept_payments(scene, who), None)
    if found is None:
        return
    payment_id, total = found
    amount = total.share(deed.facts["share_bp"]) if deed.facts["share_bp"] < 10_000 else None  # noqa: PLR2004 - all
    command, stage = commerce.RequestRefund(payment_id, amount, "goodwill", _key(deed)), scene.stage
    stage.do(lambda session: commerce.request_refund(session, SYSTEM, command, clock=stage.clock))


def _charge_back(scene: Scene, who: Viewer, deed: Deed) -> None:
    for payment_id, _ in _kept_payments(scene, who):
        if scene.stage.act_at_sandbox(payment_id, deed.facts["act"]):
            return


# affiliates


def _apply(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage = scene.stage

    def work(session: Session, code: str) -> UUID:
        found = affiliates.apply(session, who, code=code, about="我写读书笔记。", clock=stage.clock)
        affiliates.decide(session, SYSTEM, found, "approved", clock=stage.clock)
        return found

    if stage.do(lambda session: work(session, LINK)) is None:  # somebody has this word already
        stage.do(lambda session: work(session, f"{LINK}-{deed.who}"))


def _pay_affiliates(scene: Scene, _deed: Deed) -> None:
    stage = scene.stage

    def work(session: Session) -> None:
        batch = affiliates.draw_up(session, SYSTEM, clock=stage.clock)
        for payout in affiliates.payouts(session, SYSTEM):
            if payout.batch_id == batch:
                affiliates.note_paid(
                    session, SYSTEM, payout.id, reference=f"T{stage.clock.now():%Y%m%d}", clock=stage.clock
                )

    stage.do(work)


# custom service


def _ask(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage, product_id = scene.stage, scene.shelves.products[deed.facts["work"]]
    command = commerce.AskForService(product_id, _WORDS[who.language], who.language, _key(deed))
    vault = stage.platform.vault
    stage.do(lambda session: commerce.ask_for_service(session, who, command, clock=stage.clock, vault=vault))


def _request(scene: Scene, number: int) -> str:
    rows = commerce.my_requests(scene.stage.session, scene.viewer(number))
    if not rows:
        msg = "nothing was asked for"
        raise NotFound(msg)
    return rows[0].number


def _of(work: Callable[[Session, Scene, Deed, str], object]) -> Callable[[Scene, Deed], None]:
    """Return a deed of the academy about the newest request of the learner whom the deed names."""

    def play(scene: Scene, deed: Deed) -> None:
        if deed.facts["of"] in scene.people:
            scene.stage.do(lambda session: work(session, scene, deed, _request(scene, deed.facts["of"])))

    return play


def _quote(session: Session, scene: Scene, deed: Deed, number: str) -> object:
    stage, now = scene.stage, scene.stage.clock.now()
    price = Money(deed.facts["yuan"] * 100, "CNY")
    terms = commerce.Terms(price, _DEPOSIT_BP, "after", now + timedelta(days=14), now + timedelta(days=7))
    command = commerce.MakeQuote("逐页批注，附一封信。", terms)
    return commerce.make_quote(session, SYSTEM, number, command, clock=stage.clock, vault=stage.platform.vault)


def _begin(session: Session, scene: Scene, _deed: Deed, number: str) -> None:
    commerce.begin_work(session, SYSTEM, number, clock=scene.stage.clock)


def _deliver(session: Session, scene: Scene, _deed: Deed, number: str) -> None:
    stage = scene.stage
    command = commerce.Deliver("批注与信都在这里。")
    commerce.deliver(session, SYSTEM, number, command, clock=stage.clock, vault=stage.platform.vault)


def _settle(session: Session, scene: Scene, deed: Deed, number: str) -> None:
    stage = scene.stage
    back = Money(10_000, "CNY").share(deed.facts["share_bp"])
    commerce.settle_dispute(session, SYSTEM, number, back=back, clock=stage.clock)


def _accept(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage = scene.stage
    clock = stage.clock
    stage.do(
        lambda session: commerce.accept_quote(
            session, who, _request(scene, deed.who or 0), quote_number=1, clock=clock
        )
    )  # fmt: skip
    _pay_service(scene, who, deed)


def _pay_service(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage = scene.stage
    placed = stage.do(
        lambda session: commerce.pay_service(
            session, who, _request(scene, deed.who or 0), provider="sandbox", clock=stage.clock
        )
    )
    if placed is not None:
        stage.pay(placed.payment_id, _payer(deed))


def _take(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage = scene.stage
    stage.do(
        lambda session: commerce.accept_delivery(session, who, _request(scene, deed.who or 0), clock=stage.clock)
    )  # fmt: skip


def _complain(scene: Scene, who: Viewer, deed: Deed) -> None:
    stage, reason = scene.stage, _WORDS[who.language]
    stage.do(
        lambda session: commerce.dispute_delivery(
            session, who, _request(scene, deed.who or 0), reason=reason, clock=stage.clock,
            vault=stage.platform.vault,
        )
    )  # fmt: skip


_LEARNERS: Mapping[str, Callable[[Scene, Viewer, Deed], None]] = {
    "buy": _buy, "subscribe": _subscribe, "group": _group, "give": _give, "claim": _claim, "redeem": _redeem,
    "use": _use,
    "withdraw": _withdraw, "cancel": _cancel, "pause": _pause, "resume": _resume, "stay": _stay,
    "upgrade": _upgrade, "pay_due": _pay_due, "refund": _refund, "charge_back": _charge_back, "apply": _apply,
    "ask": _ask, "accept": _accept, "pay_rest": _pay_service, "take": _take, "complain": _complain,
}  # fmt: skip
_ACADEMY: Mapping[str, Callable[[Scene, Deed], None]] = {
    "pay_affiliates": _pay_affiliates, "quote": _of(_quote), "begin": _of(_begin), "deliver": _of(_deliver),
    "settle": _of(_settle),
}  # fmt: skip
VERBS = frozenset({*_LEARNERS, *_ACADEMY})
"""What can be done."""
