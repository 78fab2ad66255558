"""Custom service from the first word to the last cent. On both databases."""

from datetime import timedelta

import pytest

from tests.domains.commerce.services.bureau import Bureau
from tests.domains.commerce.shop import Shop, yuan
from xingtan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM, Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.errors import KeyReused, QuoteGone, RefundTooLarge
from xingtan.domains.commerce.machines import SERVICE_REQUEST
from xingtan.infra.mail import MaildirMailer, SentLetter


def test_deposit_and_rest_are_earned_when_the_work_is_accepted(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.delivered(ann)
    assert shop.balances() == {"assets:provider:sandbox": 30000, "liability:deferred": -30000}
    bureau.take(ann, number)
    assert bureau.state(ann, number) == "accepted"
    assert shop.balances() == {"assets:provider:sandbox": 30000, "income:sales": -30000}
    due = bureau.look(ann, number).due
    assert due is not None
    assert (due.part, due.amount, due.is_asked) == ("balance", yuan("700"), True)
    bureau.pay(ann, number)
    assert bureau.state(ann, number) == "closed"
    assert shop.balances() == {"assets:provider:sandbox": 100000, "income:sales": -100000}
    assert not shop.faults()
    assert not shop.dead_jobs()


def test_all_at_once(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.delivered(ann, bureau.terms(deposit_bp=10_000))
    bureau.take(ann, number)
    assert bureau.state(ann, number) == "closed"
    assert bureau.look(ann, number).due is None
    assert shop.balances()["income:sales"] == -100000
    assert not shop.faults()


def test_the_rest_before_delivery(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.working(ann, bureau.terms(due="before"))
    with pytest.raises(Conflict):
        bureau.deliver(number)
    bureau.pay(ann, number)
    bureau.deliver(number)
    assert shop.balances()["liability:deferred"] == -100000
    bureau.take(ann, number)
    assert bureau.state(ann, number) == "closed"
    assert shop.balances()["income:sales"] == -100000
    assert not shop.faults()


def test_silence_accepts_after_a_reminder(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.delivered(ann, bureau.terms(deposit_bp=10_000))
    bureau.live_through(days=5, hours=2)
    assert bureau.state(ann, number) == "delivered"
    bureau.live_through(days=2)
    assert bureau.state(ann, number) == "closed"
    letters = _letters(shop)
    assert sum("will soon count as accepted" in subject for subject in letters) == 1
    assert not shop.faults()
    assert not shop.dead_jobs()


def test_no_day_earns_what_is_not_accepted(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.working(ann, bureau.terms(deliver=400))
    shop.pass_time(days=390)
    shop.drain()
    assert shop.balances()["liability:deferred"] == -30000
    assert bureau.state(ann, number) == "in_work"
    assert not shop.faults()


def test_a_quote_lapses_and_another_takes_its_place(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.ask(ann, bureau.product())
    bureau.quote(number, bureau.terms(valid=2))
    shop.pass_time(days=2)
    with pytest.raises(QuoteGone):
        bureau.accept(ann, number)
    bureau.live_through(minutes=30)
    assert bureau.state(ann, number) == "expired"
    bureau.quote(number, bureau.terms("800"))
    with pytest.raises(QuoteGone):
        bureau.accept(ann, number, quote=1)
    bureau.accept(ann, number, quote=2)
    assert bureau.state(ann, number) == "agreed"


def test_money_that_comes_after_the_quote_has_lapsed_still_counts(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.agreed(ann, bureau.terms(valid=2))
    placed = bureau.place(ann, number)
    reference = shop.present(placed.payment_id).rpartition("/")[2]
    shop.choose(reference, "never")
    bureau.live_through(days=4)
    assert bureau.state(ann, number) in {"deposit_paid", "expired"}
    commerce.ask(shop.platform.database, shop.providers, placed.payment_id, clock=shop.clock)  # type: ignore[arg-type]
    assert bureau.state(ann, number) == "deposit_paid"
    assert not shop.faults()


def test_a_second_payment_of_the_deposit_goes_back(shop: Shop, bureau: Bureau) -> None:
    """M7 for requests: the first order expires, a second one is paid, then the first one's money comes after all."""
    ann = shop.person()
    number = bureau.agreed(ann, bureau.terms(valid=30))
    first = bureau.place(ann, number)
    shop.present(first.payment_id)
    shop.pass_time(days=3, minutes=1)
    shop.drain()
    second = bureau.pay(ann, number)
    assert second != first.number
    shop.settle_again(first.payment_id, commerce.ProviderPayment(None, "succeeded", yuan("300")))
    assert shop.order(first.number).payments[0].state == "surplus"
    assert not shop.faults()


@pytest.mark.parametrize("leaves", ["learner", "academy"])
def test_who_leaves_before_the_work_begins_gives_all_back(shop: Shop, bureau: Bureau, leaves: str) -> None:
    ann = shop.person()
    number = bureau.agreed(ann)
    bureau.pay(ann, number)
    if leaves == "learner":
        bureau.leave(ann, number)
    else:
        bureau.decline(number)
    shop.drain()
    assert bureau.state(ann, number) == ("withdrawn" if leaves == "learner" else "declined")
    assert shop.balances() == {}
    assert not shop.faults()
    assert not shop.peer_differs()


def test_an_order_that_waits_ends_with_its_request(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.agreed(ann)
    placed = bureau.place(ann, number)
    reference = shop.present(placed.payment_id).rpartition("/")[2]
    bureau.leave(ann, number)
    assert shop.order(placed.number).state == "cancelled"
    shop.choose(reference, "success")
    shop.drain()
    assert shop.order(placed.number).payments[0].state == "returned"
    assert shop.balances() == {}
    assert not shop.faults()


def test_the_learner_leaves_work_that_has_begun_only_when_it_is_late(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.working(ann, bureau.terms(deliver=10))
    with pytest.raises(Conflict):
        bureau.leave(ann, number)
    assert not bureau.look(ann, number).may_leave
    shop.pass_time(days=10)
    assert bureau.look(ann, number).may_leave
    bureau.leave(ann, number)
    shop.drain()
    assert bureau.state(ann, number) == "withdrawn"
    assert shop.balances() == {}
    assert not shop.faults()


def test_a_dispute_is_mended_by_a_better_delivery(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.delivered(ann)
    bureau.dispute(ann, number, "Pages are missing.")
    view = bureau.look(ann, number)
    assert (view.state, view.messages[-1].text) == ("disputed", "Pages are missing.")
    bureau.live_through(days=9)
    assert bureau.state(ann, number) == "disputed", "silence accepts no dispute"
    bureau.deliver(number, "All ten pages.")
    bureau.take(ann, number)
    assert [one.number for one in bureau.look(ann, number).deliveries] == [1, 2]
    assert not shop.faults()


@pytest.mark.parametrize(("back", "income"), [("0", 100000), ("250", 75000), ("1000", 0)])
def test_a_dispute_is_settled_by_money(shop: Shop, bureau: Bureau, back: str, income: int) -> None:
    ann = shop.person()
    number = bureau.working(ann, bureau.terms(due="before"))
    bureau.pay(ann, number)
    bureau.deliver(number)
    bureau.dispute(ann, number)
    with pytest.raises(RefundTooLarge):
        bureau.settle(number, "1000.01")
    bureau.settle(number, back)
    shop.drain()
    assert bureau.state(ann, number) == "closed"
    balances = shop.balances()
    assert -(balances.get("income:sales", 0) + balances.get("income:refunds", 0)) == income
    assert balances.get("assets:provider:sandbox", 0) == income
    assert not shop.faults()
    assert not shop.peer_differs()


def test_money_that_staff_give_back_whole_closes_the_request(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.agreed(ann)
    order = bureau.pay(ann, number)
    bureau.begin(number)
    shop.refund(order)
    assert bureau.state(ann, number) == "closed"
    assert shop.balances() == {}
    assert not shop.faults()


def test_a_service_is_paid_from_the_wallet_too(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    pack = shop.offer(None, "500", model="top_up", terms={"title": "500"})  # type: ignore[arg-type]
    shop.buy(ann, pack)
    number = bureau.agreed(ann)
    shop.present(bureau.place(ann, number, provider="wallet").payment_id)
    assert bureau.state(ann, number) == "deposit_paid"
    bureau.leave(ann, number)
    shop.drain()
    assert shop.balances() == {"assets:provider:sandbox": 50000, "liability:wallet": -50000}
    assert not shop.faults()


def test_asking_twice_with_one_key_asks_once(shop: Shop, bureau: Bureau) -> None:
    ann, advice = shop.person(), bureau.product()
    first = bureau.ask(ann, advice, key="ask-only-once")
    assert bureau.ask(ann, advice, key="ask-only-once") == first
    with pytest.raises(KeyReused):
        bureau.ask(ann, advice, "Something else.", key="ask-only-once")


def test_only_what_is_offered_can_be_asked_for(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    with pytest.raises(Conflict):
        bureau.ask(ann, shop.product("tea"))
    with pytest.raises(Conflict):
        bureau.ask(ann, shop.product("old", kind="consulting", state="retired"))


@pytest.mark.parametrize("brief", ["", "  \n", "x" * 20_001])
def test_a_brief_that_is_none_is_refused(shop: Shop, bureau: Bureau, brief: str) -> None:
    with pytest.raises(Invalid) as refused:
        bureau.ask(shop.person(), bureau.product(), brief)
    assert "brief" in refused.value.fields


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("price", {"price": "0"}),
        ("deposit", {"deposit_bp": 0}),
        ("deposit", {"deposit_bp": 10_001}),
        ("deposit", {"deposit_bp": -1}),
        ("deposit", {"price": "0.01", "deposit_bp": 100}),
        ("balance_due", {"due": "never"}),
        ("valid_until", {"valid": 0}),
        ("valid_until", {"valid": 367}),
        ("deliver_by", {"deliver": 0}),
    ],
)
def test_terms_that_make_no_sense_are_refused(shop: Shop, bureau: Bureau, field: str, more: dict[str, object]) -> None:
    number = bureau.ask(shop.person(), bureau.product())
    with pytest.raises(Invalid) as refused:
        bureau.quote(number, bureau.terms(**more))  # type: ignore[arg-type]
    assert field in refused.value.fields


def test_nobody_else_sees_or_moves_it(shop: Shop, bureau: Bureau) -> None:
    ann, bob = shop.person(), shop.person("bob")
    number = bureau.delivered(ann)
    for move in (bureau.look, bureau.take, bureau.dispute, bureau.leave, bureau.accept, bureau.place):
        with pytest.raises(NotFound):
            move(bob, number)
    with pytest.raises(NotFound):
        bureau.say(bob, number, "Hello?")
    clock, vault = shop.clock, shop.platform.vault
    with pytest.raises(NotAllowed):
        shop.platform.database.read(lambda session: commerce.request(session, bob, number, at=clock.now(), vault=vault))
    with pytest.raises(NotAllowed):
        shop.platform.database.write(lambda session: commerce.begin_work(session, bob, number, clock=clock))
    assert bureau.state(ann, number) == "delivered"


def test_both_sides_write_and_each_hears_of_it(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.ask(ann, bureau.product())
    bureau.say(ann, number, "By Friday, please.")
    bureau.answer(number, "Gladly.")
    shop.drain()
    view = bureau.look(ann, number)
    assert [(one.author, one.text) for one in view.messages] == [
        ("learner", "By Friday, please."), ("academy", "Gladly."),
    ]  # fmt: skip
    assert any(subject == f"A message about {number}" for subject in _letters(shop))
    assert all("Gladly" not in body for body in _bodies(shop)), "what is said stands on the page alone"


def test_what_was_written_is_gone_with_the_person(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.delivered(ann)
    assert ann.person_id is not None
    person_id, vault = ann.person_id, shop.platform.vault
    shop.platform.database.write(lambda session: vault.destroy_key(session, person_id, at=shop.clock.now()))
    view = shop.platform.database.read(
        lambda session: commerce.request(session, SYSTEM, number, at=shop.clock.now(), vault=vault)
    )
    assert (view.brief, view.quotes[0].scope, view.deliveries[0].text) == ("", "", "")
    assert view.quotes[0].terms.price == yuan("1000")
    assert not shop.faults()


def test_a_stranger_asks_nothing(shop: Shop, bureau: Bureau) -> None:
    with pytest.raises(NotAllowed):
        bureau.ask(Viewer(), bureau.product())


def test_every_state_and_event() -> None:
    for state in SERVICE_REQUEST.states:
        for happened in SERVICE_REQUEST.events:
            if SERVICE_REQUEST.may(state, happened):
                assert SERVICE_REQUEST.after(state, happened) in SERVICE_REQUEST.states
            else:
                with pytest.raises(Conflict):
                    SERVICE_REQUEST.after(state, happened)
    assert SERVICE_REQUEST.final == {"closed", "declined", "withdrawn"}


def test_settling_needs_its_own_currency(shop: Shop, bureau: Bureau) -> None:
    ann = shop.person()
    number = bureau.delivered(ann)
    bureau.dispute(ann, number)
    with pytest.raises(Invalid):
        shop.platform.database.write(
            lambda session: commerce.settle_dispute(session, SYSTEM, number, back=Money(1, "USD"), clock=shop.clock)
        )
    assert timedelta(days=7) == commerce.ACCEPT_WITHIN


def _sent(shop: Shop) -> list[SentLetter]:
    mailer = shop.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    return mailer.letters(100)


def _letters(shop: Shop) -> list[str]:
    return [one.subject for one in _sent(shop)]


def _bodies(shop: Shop) -> list[str]:
    return [one.text for one in _sent(shop)]
