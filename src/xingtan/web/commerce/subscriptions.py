"""My subscriptions: what they cost and until when; another plan, a pause, the end, another card. Two clicks each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Annotated, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from xingtan.core.clock import Clock
from xingtan.core.errors import Conflict, Invalid, NotFound, say
from xingtan.core.ids import private_id, public_id
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce import subscribing
from xingtan.web.commerce.checkout import to_provider
from xingtan.web.commerce.studio_orders import words_of
from xingtan.web.commerce.subscription_pages import (
    CancelPage,
    ChangePage,
    Choice,
    Errors,
    MySubscriptionsPage,
    SubscriptionPage,
)
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render

router = APIRouter()
Text = Annotated[str, Form()]
Asked = Annotated[str, Query(max_length=60)]
T = TypeVar("T")
Named = TypeVar("Named", subscribing.SubscriptionRow, subscribing.SubscriptionView)
_HERE = "/account/subscriptions"
_PAYING = "20/minute"


@router.get(_HERE)
def mine(here: EdgeDep) -> Response:
    """What I pay again and again, and the cards that I left."""
    here.require_person()
    with here.platform.database.reading() as session:
        names = _tier_names(session, here)
        rows = tuple(_named(one, names) for one in subscribing.my_subscriptions(session, here.viewer))
        methods = subscribing.payment_methods(session, here.viewer)
    page = MySubscriptionsPage(rows, {one.id: _public(one.id) for one in rows}, methods, _method_ids(methods))
    return render(here, page)


@router.get(_HERE + "/{sub}")
def one(here: EdgeDep, sub: str) -> Response:
    """One of them."""
    here.require_person()
    return render(here, _page(here, _private(sub)))


@router.get(_HERE + "/{sub}/change")
def change(here: EdgeDep, sub: str, offer: Asked = "", mode: Asked = "") -> Response:
    """Which plans there are; and what the chosen change comes to."""
    here.require_person()
    try:
        return render(here, _change_page(here, _private(sub), offer=offer, mode=mode))
    except (Invalid, Conflict) as error:
        page = _change_page(here, _private(sub), offer="", mode="", errors=words_of(here, error))
        return render(here, page, status=status_of(error))


@router.post(_HERE + "/{sub}/change")
def make_change(here: EdgeDep, sub: str, offer: Text = "", mode: Text = "", at: Text = "") -> Response:
    """Make the change as it was shown, and pay what is due for it."""
    here.require_person()
    sub_id = _private(sub)
    try:
        command = subscribing.ChangePlan(
            sub_id, private_id("offer", offer), cast("subscribing.Mode", mode), _instant(at)
        )
        changed = _write(
            here, lambda session: subscribing.change_plan(session, here.viewer, command, clock=_clock(here))
        )
    except (Invalid, Conflict) as error:
        page = _change_page(here, sub_id, offer="", mode="", errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    if changed.payment_id is not None and _charge(here, sub_id, changed.payment_id) == "succeeded":
        return _back(here, sub_id)
    return _pay(here, changed.order_number) if changed.order_number else _back(here, sub_id)


@router.get(_HERE + "/{sub}/cancel")
def leave(here: EdgeDep, sub: str) -> Response:
    """Why, and when."""
    here.require_person()
    return render(here, _cancel_page(here, _private(sub)))


@router.post(_HERE + "/{sub}/cancel")
def cancel(here: EdgeDep, sub: str, reason: Text = "", when: Text = "at_period_end") -> Response:
    """End it with what is paid for, or at once."""
    here.require_person()
    sub_id = _private(sub)
    command = subscribing.Cancel(sub_id, reason, cast("subscribing.When", when))
    try:
        payment_id = _write(
            here, lambda session: subscribing.cancel_subscription(session, here.viewer, command, clock=_clock(here))
        )
    except (Invalid, Conflict) as error:
        page = _cancel_page(here, sub_id, reason=reason, errors=words_of(here, error))
        return render(here, page, status=status_of(error))
    if payment_id is not None:
        _charge(here, sub_id, payment_id)
    return _back(here, sub_id)


@router.post(_HERE + "/{sub}/stay")
def stay(here: EdgeDep, sub: str) -> Response:
    """Take the offer to stay."""
    return _do(here, sub, lambda session, sub_id: subscribing.stay(session, here.viewer, sub_id, clock=_clock(here)))


@router.post(_HERE + "/{sub}/resume")
def resume(here: EdgeDep, sub: str) -> Response:
    """Go on after all; out of a pause by paying."""
    here.require_person()
    sub_id = _private(sub)
    try:
        payment_id = _write(
            here, lambda session: subscribing.resume_subscription(session, here.viewer, sub_id, clock=_clock(here))
        )
    except (Invalid, Conflict) as error:
        return render(here, _page(here, sub_id, errors=words_of(here, error)), status=status_of(error))
    if payment_id is not None:
        _charge(here, sub_id, payment_id)
    return _back(here, sub_id)


@router.post(_HERE + "/{sub}/pause")
def pause(here: EdgeDep, sub: str, until: Text = "") -> Response:
    """Pause from the end of what is paid for, until a day."""

    def work(session: Session, sub_id: UUID) -> None:
        day = _day(here, until)
        subscribing.pause_subscription(session, here.viewer, sub_id, until=day, clock=_clock(here))

    return _do(here, sub, work, until=until)


@router.post(_HERE + "/{sub}/method")
def method(here: EdgeDep, sub: str, method: Text = "") -> Response:
    """Let it be charged by another of my cards."""
    here.require_person()
    sub_id, method_id = _private(sub), private_id("method", method)
    payment_id = _write(
        here,
        lambda session: subscribing.choose_method(
            session, here.viewer, sub_id, method_id=method_id, clock=_clock(here)
        ),
    )
    if payment_id is not None:
        _charge(here, sub_id, payment_id)
    return _back(here, sub_id)


@router.post(_HERE + "/{sub}/pay")
def pay(here: EdgeDep, sub: str) -> Response:
    """Pay what is asked for, or the next period before its day, at a provider."""
    person_id = here.require_person()
    here.platform.limiter.check(_PAYING, "pay subscription", str(person_id))
    sub_id = _private(sub)
    try:
        number = _write(
            here, lambda session: subscribing.pay_subscription(session, here.viewer, sub_id, clock=_clock(here))
        )
    except (Invalid, Conflict) as error:
        return render(here, _page(here, sub_id, errors=words_of(here, error)), status=status_of(error))
    return _pay(here, number) if number is not None else _back(here, sub_id)


@router.post("/account/payment-methods/{method}/forget")
def forget(here: EdgeDep, method: str) -> Response:
    """Forget a card of mine."""
    here.require_person()
    method_id = private_id("method", method)
    _write(here, lambda session: subscribing.end_method(session, here.viewer, method_id, clock=_clock(here)))
    return RedirectResponse(here.url(_HERE), status_code=303)


def _do(here: Edge, sub: str, work: Callable[[Session, UUID], None], **values: str) -> Response:
    here.require_person()
    sub_id = _private(sub)
    try:
        _write(here, lambda session: work(session, sub_id))
    except (Invalid, Conflict) as error:
        return render(here, _page(here, sub_id, errors=words_of(here, error), **values), status=status_of(error))
    return _back(here, sub_id)


def _write(here: Edge, work: Callable[[Session], T]) -> T:
    return here.write(work)


def _clock(here: Edge) -> Clock:
    return here.platform.clock


def _charge(here: Edge, sub_id: UUID, payment_id: UUID) -> str:
    platform = here.platform
    providers = commerce.open_providers(platform)
    return subscribing.charge_subscription(platform.database, providers, sub_id, payment_id, clock=platform.clock)


def _pay(here: Edge, number: str) -> Response:
    """Send the buyer to the first provider that can be charged again; she may choose another on the order's page."""
    providers = commerce.open_providers(here.platform)
    chosen = next((name for name, one in providers.items() if "recurring" in one.abilities), next(iter(providers), ""))
    placed = here.write(
        lambda session: commerce.pay_again(session, here.viewer, number, provider=chosen, clock=here.platform.clock)
    )
    return to_provider(here, placed)


def _back(here: Edge, sub_id: UUID) -> Response:
    return RedirectResponse(here.url(f"{_HERE}/{_public(sub_id)}"), status_code=303)


def _public(sub_id: UUID) -> str:
    return public_id("subscription", sub_id)


def _private(sub: str) -> UUID:
    return private_id("subscription", sub)


def _method_ids(methods: tuple[subscribing.MethodView, ...]) -> dict[UUID, str]:
    return {one.id: public_id("method", one.id) for one in methods}


def _own(session: Session, here: Edge, sub_id: UUID) -> subscribing.SubscriptionView:
    found = subscribing.subscription(session, here.viewer, sub_id)
    if found.person_id != here.person_id:  # staff have the studio
        raise NotFound(say("There is no such subscription."))
    return _named(found, _tier_names(session, here))


def _tier_names(session: Session, here: Edge) -> dict[UUID, str]:
    return {tier.id: tier.name_in(here.language) for tier in subscribing.tiers(session, with_retired=True)}


def _named(one: Named, names: Mapping[UUID, str]) -> Named:
    """Return the subscription under its tier's name in the reader's language."""
    return replace(one, title=names.get(one.tier_id, one.title)) if one.tier_id is not None else one


def _page(here: Edge, sub_id: UUID, *, errors: Errors | None = None, **values: str) -> SubscriptionPage:
    with here.platform.database.reading() as session:
        sub = _own(session, here, sub_id)
        methods = subscribing.payment_methods(session, here.viewer)
        choices = subscribing.change_choices(session, here.viewer, sub_id, clock=here.platform.clock)
        following = subscribing.plan_of_offer(session, sub.next_offer_id) if sub.next_offer_id else None
        days = subscribing.policy_of(session).pause_days_at_most
    return SubscriptionPage(
        sub, _public(sub.id), methods, _method_ids(methods), following, bool(choices), days, values, errors or {}
    )


def _change_page(here: Edge, sub_id: UUID, *, offer: str, mode: str, errors: Errors | None = None) -> ChangePage:
    at = here.platform.clock.now()
    with here.platform.database.reading() as session:
        sub = _own(session, here, sub_id)
        found = subscribing.change_choices(session, here.viewer, sub_id, clock=here.platform.clock)
        names = _tier_names(session, here)
        preview = None
        if offer:
            command = subscribing.ChangePlan(
                sub_id, private_id("offer", offer), cast("subscribing.Mode", mode or "at_period_end"), at
            )
            preview = subscribing.preview_change(session, here.viewer, command, clock=here.platform.clock)
    choices = [
        Choice(
            public_id("offer", one.offered.offer.id), names.get(one.offered.offer.tier_id or sub_id, sub.title),
            one.offered.plan, one.modes,
        )
        for one in found
    ]  # fmt: skip
    chosen = mode or ("at_period_end" if offer else "")
    return ChangePage(sub, _public(sub_id), choices, offer, chosen, preview, at.isoformat(), errors or {})


def _cancel_page(here: Edge, sub_id: UUID, *, reason: str = "", errors: Errors | None = None) -> CancelPage:
    with here.platform.database.reading() as session:
        sub = _own(session, here, sub_id)
        save = subscribing.save_offer_of(session)
    is_offered = sub.state == "active" and sub.kind == "subscription" and not sub.was_saved
    values = {"reason": reason}
    return CancelPage(
        sub, _public(sub_id), subscribing.CANCEL_REASONS, save if is_offered else None, values, errors or {}
    )


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Conflict(say("Some time has passed. Please look at what it comes to once more."))
    return found


def _day(here: Edge, text: str) -> datetime:
    zone = ZoneInfo(here.request.app.state.academy.view(here.language).time_zone)
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=zone).date()
        return datetime.combine(day, time(12), tzinfo=zone).astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        raise Invalid.of("until", say("Write a day, such as 2026-11-22.")) from None
