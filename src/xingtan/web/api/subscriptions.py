"""Subscriptions: one's own, changed, paused, cancelled; everybody's for staff; tiers and their plans."""

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, NotFound, say
from xingtan.core.viewer import Permission
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.web.api.caller import PUBLIC_READ, READ_MINE, WRITE_MINE, Ask, AskDep, staff
from xingtan.web.api.fields import MethodPath, Name, SubscriptionPath, TierPath, Word, id_in_query
from xingtan.web.api.operations import operation, operations
from xingtan.web.api.paging import Cursor, Limit, Page, read_cursor, sliced, write_cursor
from xingtan.web.api.subscription_schemas import (
    Asked,
    CancelIn,
    ChangeIn,
    MethodIn,
    MethodOut,
    PauseIn,
    PlanIn,
    PlanOut,
    PreviewOut,
    State,
    SubscriptionLine,
    SubscriptionOut,
    TierIn,
    TierOut,
)

router = operations("subscriptions")

_READS = staff("read:orders", Permission.ORDERS_READ)
_CANCELS = staff("write:orders", Permission.ORDERS_REFUND)
_WRITES = staff("write:catalog", Permission.CATALOG_WRITE)


@operation(router, "GET", "/tiers", PUBLIC_READ)
def list_tiers(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[TierOut]:
    """Memberships on sale, in their order."""
    return sliced(ask.read(subscribing.tiers), cursor=cursor, limit=limit, show=TierOut.of)


@operation(router, "GET", "/tiers/{slug}", PUBLIC_READ)
def get_tier(ask: AskDep, slug: Name) -> TierOut:
    """One membership."""
    return TierOut.of(ask.read(lambda session: subscribing.tier_by_slug(session, slug)))


@operation(router, "GET", "/plans", PUBLIC_READ)
def list_plans(
    ask: AskDep, product: Word | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[PlanOut]:  # fmt: skip
    """Plans on sale: of the memberships, or of one product; the cheapest a month first."""
    product_id = id_in_query("product", product)
    currency = ask.here.request.app.state.academy.view(ask.viewer.language).currency
    found = ask.read(
        lambda session: subscribing.plans_on_sale(session, currency=currency, at=ask.clock.now(), product_id=product_id)
    )
    return sliced(found, cursor=cursor, limit=limit, show=PlanOut.of)


@operation(router, "POST", "/tiers", _WRITES, status=201)
def make_tier(ask: AskDep, body: TierIn) -> TierOut:
    """Make a membership."""
    return _save(ask, body, None)


@operation(router, "PUT", "/tiers/{tier}", _WRITES)
def save_tier(ask: AskDep, tier: TierPath, body: TierIn) -> TierOut:
    """Change a membership; what it opens anew is open to its members within seconds."""
    return _save(ask, body, tier)


@operation(router, "POST", "/tiers/{tier}/retire", _WRITES)
def retire_tier(ask: AskDep, tier: TierPath) -> TierOut:
    """Take a membership off sale; members go on."""
    return TierOut.of(ask.write(lambda session: subscribing.retire_tier(session, ask.viewer, tier, clock=ask.clock)))


@operation(router, "POST", "/plans", _WRITES, status=201)
def make_plan(ask: AskDep, body: PlanIn) -> PlanOut:
    """Put a plan on sale. It takes the place of the one with the same interval; subscribers keep theirs."""
    if (body.tier_id is None) == (body.product_id is None):
        raise Invalid.of("tier_id", say("Name either a membership or a product."))
    command = _plan(body)

    def work(session: Session) -> PlanOut:
        if body.tier_id is not None:
            subscribing.tier(session, body.tier_id)
        else:
            commerce.goods(session, body.product_id or UUID(int=0))
        made = commerce.make_offer(session, ask.viewer, command, clock=ask.clock)
        return PlanOut.of(subscribing.plan_of_offer(session, made.id))

    return ask.write(work)


@operation(router, "GET", "/me/subscriptions", READ_MINE)
def list_my_subscriptions(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[SubscriptionLine]:
    """One's own subscriptions, those that go on first."""
    found = ask.read(lambda session: subscribing.my_subscriptions(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=SubscriptionLine.of)


@operation(router, "GET", "/me/subscriptions/{subscription}", READ_MINE)
def get_my_subscription(ask: AskDep, subscription: SubscriptionPath) -> SubscriptionOut:
    """One of them."""
    return SubscriptionOut.of(_mine(ask, subscription))


@operation(router, "POST", "/me/subscriptions/{subscription}/change/preview", WRITE_MINE, also=(409,))
def preview_change(ask: AskDep, subscription: SubscriptionPath, body: ChangeIn) -> PreviewOut:
    """What a change of plan comes to, to the minor unit."""
    command = _change(ask, subscription, body)
    return PreviewOut.of(
        ask.read(lambda session: subscribing.preview_change(session, ask.viewer, command, clock=ask.clock))
    )


@operation(router, "POST", "/me/subscriptions/{subscription}/change", WRITE_MINE, also=(409,))
def change_plan(ask: AskDep, subscription: SubscriptionPath, body: ChangeIn) -> Asked:
    """Change the plan as it was shown; what is due is charged, or waits to be paid."""
    command = _change(ask, subscription, body)
    changed = ask.write(lambda session: subscribing.change_plan(session, ask.viewer, command, clock=ask.clock))
    return _asked(ask, subscription, changed.payment_id)


@operation(router, "POST", "/me/subscriptions/{subscription}/cancel", WRITE_MINE, also=(409,))
def cancel_my_subscription(ask: AskDep, subscription: SubscriptionPath, body: CancelIn) -> Asked:
    """End it with what is paid for, or at once."""
    _mine(ask, subscription)
    command = subscribing.Cancel(subscription, body.reason, body.when)
    payment_id = ask.write(
        lambda session: subscribing.cancel_subscription(session, ask.viewer, command, clock=ask.clock)
    )
    return _asked(ask, subscription, payment_id)


@operation(router, "POST", "/me/subscriptions/{subscription}/resume", WRITE_MINE, also=(409,))
def resume_subscription(ask: AskDep, subscription: SubscriptionPath) -> Asked:
    """Take a cancellation or a coming pause back, or come back from a pause."""
    payment_id = ask.write(
        lambda session: subscribing.resume_subscription(session, ask.viewer, subscription, clock=ask.clock)
    )
    return _asked(ask, subscription, payment_id)


@operation(router, "POST", "/me/subscriptions/{subscription}/pause", WRITE_MINE, also=(409,))
def pause_subscription(ask: AskDep, subscription: SubscriptionPath, body: PauseIn) -> Asked:
    """Pause from the end of what is paid for."""
    ask.write(
        lambda session: subscribing.pause_subscription(
            session, ask.viewer, subscription, until=body.until, clock=ask.clock
        )
    )
    return _asked(ask, subscription, None)


@operation(router, "POST", "/me/subscriptions/{subscription}/pay", WRITE_MINE, also=(409,))
def pay_subscription(ask: AskDep, subscription: SubscriptionPath) -> Asked:
    """Get the order for the next payment, to be paid like any other."""
    ask.write(lambda session: subscribing.pay_subscription(session, ask.viewer, subscription, clock=ask.clock))
    return _asked(ask, subscription, None)


@operation(router, "POST", "/me/subscriptions/{subscription}/method", WRITE_MINE, also=(409,))
def choose_method(ask: AskDep, subscription: SubscriptionPath, body: MethodIn) -> Asked:
    """Let it be charged by another payment method of one's own."""
    payment_id = ask.write(
        lambda session: subscribing.choose_method(
            session, ask.viewer, subscription, method_id=body.method, clock=ask.clock
        )
    )
    return _asked(ask, subscription, payment_id)


@operation(router, "GET", "/me/payment-methods", READ_MINE)
def list_my_payment_methods(ask: AskDep, cursor: Cursor = None, limit: Limit = 50) -> Page[MethodOut]:
    """The payment methods that one has left here."""
    found = ask.read(lambda session: subscribing.payment_methods(session, ask.viewer))
    return sliced(found, cursor=cursor, limit=limit, show=_method)


@operation(router, "DELETE", "/me/payment-methods/{method}", WRITE_MINE, status=204)
def forget_payment_method(ask: AskDep, method: MethodPath) -> None:
    """Forget a payment method; what it would pay is asked for by letter."""
    ask.write(lambda session: subscribing.end_method(session, ask.viewer, method, clock=ask.clock))


@operation(router, "GET", "/subscriptions", _READS)
def list_subscriptions(
    ask: AskDep, *, state: State | None = None, person: Word | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[SubscriptionLine]:
    """Everybody's subscriptions, newest first."""
    only = subscribing.SubscriptionFilter(state=state, person_id=id_in_query("person", person))
    after = _after(cursor)
    page = ask.read(lambda session: subscribing.subscriptions(session, ask.viewer, only=only, after=after, limit=limit))
    following = write_cursor(page.next_after.hex) if page.next_after is not None else None
    return Page(items=[SubscriptionLine.of(row) for row in page.rows], next=following)


@operation(router, "GET", "/subscriptions/{subscription}", _READS)
def get_subscription(ask: AskDep, subscription: SubscriptionPath) -> SubscriptionOut:
    """One of them."""
    return SubscriptionOut.of(ask.read(lambda session: subscribing.subscription(session, ask.viewer, subscription)))


@operation(router, "POST", "/subscriptions/{subscription}/cancel", _CANCELS, also=(409,))
def cancel_subscription(ask: AskDep, subscription: SubscriptionPath, body: CancelIn) -> SubscriptionOut:
    """End somebody's subscription."""
    command = subscribing.Cancel(subscription, body.reason, body.when)

    def work(session: Session) -> SubscriptionOut:
        subscribing.cancel_subscription(session, ask.viewer, command, clock=ask.clock)
        return SubscriptionOut.of(subscribing.subscription(session, ask.viewer, subscription))

    return ask.write(work)


def _mine(ask: Ask, subscription_id: UUID) -> subscribing.SubscriptionView:
    found = ask.read(lambda session: subscribing.subscription(session, ask.viewer, subscription_id))
    if found.person_id != ask.person_id:
        raise NotFound(say("There is no such subscription."))
    return found


def _asked(ask: Ask, subscription_id: UUID, payment_id: UUID | None) -> Asked:
    """Charge what is to be charged, and return the subscription as it is then."""
    if payment_id is not None:
        platform = ask.platform
        providers = commerce.open_providers(platform)
        subscribing.charge_subscription(platform.database, providers, subscription_id, payment_id, clock=platform.clock)
    found = _mine(ask, subscription_id)
    return Asked(subscription=SubscriptionOut.of(found), order_number=found.open_order)


def _change(ask: Ask, subscription_id: UUID, body: ChangeIn) -> subscribing.ChangePlan:
    return subscribing.ChangePlan(subscription_id, body.offer, body.mode, body.at or ask.clock.now())


def _method(one: subscribing.MethodView) -> MethodOut:
    return MethodOut(id=one.id, provider=one.provider, label=one.label)


def _after(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    (text,) = read_cursor(cursor, kinds=(str,))
    try:
        return UUID(hex=text)
    except ValueError:
        raise Invalid.of("cursor", say("This cursor is not one of ours.")) from None


def _save(ask: Ask, body: TierIn, tier_id: UUID | None) -> TierOut:
    rules = [subscribing.RuleView(one.kind, one.word, one.product_id) for one in body.rules]
    perks = [subscribing.PerkView(one.code, _texts(one.labels.items())) for one in body.perks]
    names, summaries = _texts(body.names.items()), _texts(body.summaries.items())
    command = subscribing.SaveTier(body.slug, names, rules, summaries, perks, body.discount_bp, body.position, tier_id)
    write: Callable[[Session], subscribing.TierView] = lambda session: subscribing.save_tier(  # noqa: E731 - typed
        session, ask.viewer, command, clock=ask.clock
    )
    return TierOut.of(ask.write(write))


def _texts(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return dict(pairs)


def _plan(body: PlanIn) -> commerce.MakeOffer:
    model: commerce.OfferModel = "subscription" if body.count is None else "instalments"
    terms: dict[str, object] = {"interval": body.interval}
    if body.count is not None:
        terms["count"] = body.count
    if body.trial is not None:
        terms |= {"trial": body.trial, "card": body.card}
    if body.intro_price is not None:
        terms["intro"] = {"minor": body.intro_price.money.minor, "periods": body.intro_periods}
    subscribing.plan_of(model, body.price.money, terms)
    return commerce.MakeOffer(body.product_id, model, body.price.money, terms=terms, tier_id=body.tier_id)
