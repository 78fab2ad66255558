"""Messages on their way: signed, kept, tried again, given up, replayed, and never lost."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from tests.domains.webhooks.conftest import Post
from tests.domains.webhooks.receiver import Receiver, answers, cuts, never_ends, receiving, silent, speaks_no_http
from xingtan.core.errors import Conflict
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.audit import api as audit
from xingtan.domains.commerce.events import OrderExpired, OrderPaid
from xingtan.domains.identity import api as identity
from xingtan.domains.webhooks import api as webhooks
from xingtan.domains.webhooks import delivery
from xingtan.domains.webhooks.models import Attempt, Endpoint, Message
from xingtan.domains.webhooks.rules.schedule import JITTER, PAUSES_S
from xingtan.infra.db import new_id
from xingtan.infra.fetching import Limits
from xingtan.infra.jobs import Job
from xingtan.infra.mail import MaildirMailer


def test_a_paid_order_arrives_once_signed_and_with_public_ids_only(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url, ["order.paid", "order.expired"])
    order, person, product = new_id(), new_id(), new_id()
    post.tell(OrderPaid(order, "7K3F-9QXM", person, (product,), Money(19_900, "CNY")))
    post.work()
    (arrived,) = receiver.arrived
    payload = arrived.verified(made.secret)
    assert payload.keys() == {"type", "timestamp", "data"}
    assert payload["type"] == "order.paid"
    assert payload["timestamp"].endswith("Z")
    assert payload["data"] == {
        "order_id": public_id("order", order), "person_id": public_id("person", person),
        "product_ids": [public_id("product", product)], "number": "7K3F-9QXM",
        "total": {"minor": 19_900, "currency": "CNY", "amount": "199.00"},
    }  # fmt: skip
    (message,) = post.messages()
    assert arrived.id == public_id("message", message.id)
    assert arrived.headers["content-type"] == "application/json"
    assert (message.state, message.attempts, message.next_at) == ("delivered", 1, None)
    (attempt,) = post.attempts()
    assert (attempt.status, attempt.failure, attempt.number) == (204, None, 1)
    post.clock.advance(days=4)
    post.work()
    assert len(receiver.arrived) == 1


def test_the_foreign_library_signs_as_we_do_and_refuses_what_was_changed(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    post.tell()
    post.work()
    arrived = receiver.last()
    theirs = Webhook(made.secret).sign(arrived.id, post.clock.now(), arrived.body.decode())
    assert arrived.headers["webhook-signature"] == theirs
    changes = (
        (arrived.body + b" ", arrived.headers),
        (arrived.body, arrived.headers | {"webhook-id": "msg_other"}),
        (arrived.body, arrived.headers | {"webhook-timestamp": str(int(arrived.headers["webhook-timestamp"]) + 1)}),
    )
    for body, headers in changes:
        with pytest.raises(WebhookVerificationError):
            Webhook(made.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        arrived.verified(post.endpoint(receiver.url).secret)


def test_each_endpoint_hears_what_it_chose_and_under_an_id_of_its_own(post: Post) -> None:
    with receiving() as one, receiving() as two:
        post.endpoint(one.url, ["order.cancelled", "order.expired"])
        post.endpoint(two.url, ["order.expired"])
        post.tell()
        expired = post.tell(OrderExpired(new_id(), new_id()))
        post.work()
        assert len(one.arrived) == 2
        assert len(two.arrived) == 1
        ids = {it.id for it in (*one.arrived, *two.arrived)}
    assert len(ids) == 3
    assert len([row for row in post.messages() if row.event_id == expired]) == 2


def test_the_same_event_told_twice_is_one_message(post: Post, receiver: Receiver) -> None:
    post.endpoint(receiver.url)
    event_id = post.tell()
    post.work()
    spread = post.read(lambda s: s.scalars(select(Job).where(Job.kind == "webhooks.spread")).one())
    assert spread.args["event_id"] == str(event_id)
    post.write(lambda s: webhooks.TRANSACTIONAL["webhooks.spread"](s, post.platform, spread.args))
    post.work()
    assert len(post.messages()) == len(receiver.arrived) == 1


def test_a_failing_message_is_tried_ten_times_by_the_schedule_then_given_up(post: Post, receiver: Receiver) -> None:
    receiver.behave = answers(500, body=b"no \xff\x00 today")
    made = post.endpoint(receiver.url)
    post.tell()
    post.work()
    for pause in PAUSES_S:
        waited = post.until_next().total_seconds()
        assert pause <= waited <= pause * (1 + JITTER)
        post.work()
    (message,) = post.messages()
    assert (message.state, message.attempts) == ("failed", 10)
    assert len({it.id for it in receiver.arrived}) == 1
    assert len({it.body for it in receiver.arrived}) == 1
    assert len({it.headers["webhook-timestamp"] for it in receiver.arrived}) == 10
    assert {row.answer for row in post.attempts()} == {"no \ufffd\ufffd today"}
    assert [row.number for row in post.attempts()] == list(range(1, 11))
    post.clock.advance(days=1)
    post.work()
    assert len(receiver.arrived) == 10
    assert post.row(made.endpoint.id).state == "active"


FAULTS = {
    "redirect": (answers(302, headers={"Location": "http://127.0.0.1:9/"}), 302, None),
    "not found": (answers(404), 404, None),
    "cut": (cuts, None, "connection"),
    "silent": (silent, None, "time"),
    "not HTTP": (speaks_no_http, None, "protocol"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_is_noted_and_tried_again(
    post: Post, receiver: Receiver, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LIMITS", Limits(time_s=0.5))
    made = post.endpoint(receiver.url)
    receiver.behave, status, failure = FAULTS[fault]
    post.tell()
    post.work()
    (attempt,) = post.attempts()
    assert (attempt.status, attempt.failure) == (status, failure)
    assert post.messages()[0].state == "waiting"
    receiver.behave = answers(200)
    post.until_next()
    post.work()
    assert post.messages()[0].state == "delivered"
    assert len(receiver.arrived) == 2
    assert receiver.last().verified(made.secret)["type"] == "order.cancelled"
    assert post.row(made.endpoint.id).failing_since is None


def test_an_answer_without_end_is_a_success_of_which_the_beginning_is_kept(post: Post, receiver: Receiver) -> None:
    receiver.behave = never_ends
    post.endpoint(receiver.url)
    post.tell()
    post.work()
    (attempt,) = post.attempts()
    assert (attempt.status, len(attempt.answer)) == (200, delivery.LIMITS.body_bytes)


def test_nobody_listening_is_a_miss_and_the_endpoint_rests_ever_longer(post: Post) -> None:
    with receiving() as gone:
        url = gone.url
    made = post.endpoint(url)
    for _ in range(3):
        post.tell()
    post.work()
    assert len(post.attempts()) == 1  # the others wait until the endpoint has rested
    rests = []
    for _ in range(4):
        row = post.row(made.endpoint.id)
        rests.append((row.rests_until - post.clock.now()).total_seconds())
        post.clock.set(row.rests_until)
        post.work()
    assert rests == [5, 10, 20, 40]
    assert post.row(made.endpoint.id).misses == 5


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_heeded_for_the_whole_endpoint(post: Post, receiver: Receiver, status: int) -> None:
    receiver.behave = answers(status, headers={"Retry-After": "120"})
    post.endpoint(receiver.url)
    post.tell()
    post.tell()
    post.work()
    receiver.behave = answers(200)
    post.clock.advance(seconds=119)
    post.work()
    assert len(receiver.arrived) == 1
    post.clock.advance(seconds=1)
    post.work()
    assert {row.state for row in post.messages()} == {"delivered"}


def test_both_secrets_sign_for_a_day_after_a_rotation(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    rotated = post.change(webhooks.rotate_secret, made.endpoint.id, vault=post.platform.vault)
    assert rotated.secret != made.secret
    post.tell()
    post.work()
    for secret in (made.secret, rotated.secret):
        assert receiver.last().verified(secret)
    post.clock.advance(hours=24)
    post.tell()
    post.work()
    assert receiver.last().headers["webhook-signature"].count("v1,") == 1
    assert Webhook(rotated.secret).sign(
        receiver.last().id, post.clock.now(), receiver.last().body.decode()
    ) == receiver.last().headers["webhook-signature"]  # fmt: skip


def test_no_secret_is_readable_in_the_database(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    rows = post.read(lambda s: s.execute(select(Endpoint.__table__)).all())
    told = post.read(lambda s: [one.details for one in audit.entries(s, SYSTEM)])
    for secret in (made.secret, made.secret.removeprefix("whsec_")):
        assert secret not in repr(rows)
        assert secret not in repr(told)


def test_what_waited_through_a_pause_is_sent_on_resuming(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    post.change(webhooks.pause_endpoint, made.endpoint.id)
    post.tell()
    post.work()
    post.clock.advance(days=3)
    post.work()
    assert receiver.arrived == []
    with pytest.raises(Conflict):
        post.change(webhooks.pause_endpoint, made.endpoint.id)
    with pytest.raises(Conflict):
        post.change(webhooks.send_test, made.endpoint.id)
    post.change(webhooks.resume_endpoint, made.endpoint.id)
    post.work()
    assert len(receiver.arrived) == 1


def _fail_until_off(post: Post, receiver: Receiver) -> webhooks.MadeEndpoint:
    receiver.behave = answers(500)
    made = post.endpoint(receiver.url)
    for _ in range(6):
        post.tell()
        post.work()
        post.clock.advance(days=1)
    return made


def test_after_five_days_of_failure_it_is_turned_off_and_every_owner_gets_one_letter(
    post: Post, receiver: Receiver, owner: identity.PersonView
) -> None:
    made = _fail_until_off(post, receiver)
    row = post.row(made.endpoint.id)
    assert (row.state, row.off_reason) == ("off", "failing")
    tried = len(receiver.arrived)
    post.tell()
    post.clock.advance(days=1)
    post.work()
    assert len(receiver.arrived) == tried
    mailer = post.platform.mailer
    assert isinstance(mailer, MaildirMailer)
    (letter,) = mailer.letters(10)
    assert "kong@example.org" in letter.to
    assert "Webhook" in letter.subject
    assert receiver.url in letter.text
    assert f"/zh/studio/webhooks/{public_id('webhook', made.endpoint.id)}" in letter.text
    receiver.behave = answers(200)
    post.change(webhooks.resume_endpoint, made.endpoint.id)
    post.work()
    assert {message.state for message in post.messages()} <= {"delivered", "failed"}
    assert post.row(made.endpoint.id).state == "active"


def test_a_success_in_between_keeps_it_on(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    for day in range(12):
        receiver.behave = answers(200 if day % 4 == 3 else 500)
        post.tell()
        post.work()
        post.clock.advance(days=1)
    assert post.row(made.endpoint.id).state == "active"


def test_gone_turns_it_off_at_once(post: Post, receiver: Receiver, owner: identity.PersonView) -> None:
    receiver.behave = answers(410)
    made = post.endpoint(receiver.url)
    post.tell()
    post.tell()
    post.work()
    assert len(receiver.arrived) == 1
    assert (post.row(made.endpoint.id).state, post.row(made.endpoint.id).off_reason) == ("off", "gone")


def test_one_message_is_replayed_under_its_old_id(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    post.tell()
    post.work()
    (message,) = post.messages()
    post.change(webhooks.replay_message, made.endpoint.id, message.id)
    with pytest.raises(Conflict):  # it waits already
        post.change(webhooks.replay_message, made.endpoint.id, message.id)
    post.work()
    assert [it.id for it in receiver.arrived] == [public_id("message", message.id)] * 2
    assert [row.number for row in post.attempts()] == [1, 2]


def test_everything_that_failed_since_a_moment_is_replayed(post: Post, receiver: Receiver) -> None:
    receiver.behave = answers(400)
    made = post.endpoint(receiver.url)
    began = post.clock.now()
    post.tell()
    post.work()
    post.clock.advance(minutes=1)
    later = post.clock.now()
    post.tell()
    post.work()
    while any(message.state == "waiting" for message in post.messages()):
        post.until_next()
        post.work()
    assert {message.state for message in post.messages()} == {"failed"}
    receiver.behave = answers(200)
    replay = webhooks.replay_failed
    assert post.change(replay, made.endpoint.id, since=post.clock.now()) == 0
    assert post.change(replay, made.endpoint.id, since=later) == 1
    post.work()
    assert [message.state for message in post.messages()] == ["failed", "delivered"]
    assert post.change(replay, made.endpoint.id, since=began) == 1
    post.work()
    assert [message.state for message in post.messages()] == ["delivered", "delivered"]


def test_a_test_message_says_what_it_is(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    post.change(webhooks.send_test, made.endpoint.id)
    post.work()
    payload = receiver.last().verified(made.secret)
    assert payload["type"] == webhooks.TEST == "webhook.test"
    assert payload["data"] == {"webhook_id": public_id("webhook", made.endpoint.id)}


def test_a_thousand_waiting_messages_are_waited_for_by_one_job(post: Post) -> None:
    with receiving() as gone:
        url = gone.url
    post.endpoint(url)
    for _ in range(40):
        post.tell()
    post.work()
    waiting = post.read(
        lambda s: s.scalars(select(Job).where(Job.kind == "webhooks.deliver", Job.state == "queued")).all()
    )
    assert len(waiting) == 1
    assert len(post.messages()) == 40


def test_old_messages_are_forgotten_with_their_log(post: Post, receiver: Receiver) -> None:
    post.endpoint(receiver.url)
    post.tell()
    post.work()
    post.clock.advance(days=29)
    post.tell()
    post.work()
    post.clock.advance(days=2)
    post.write(lambda s: webhooks.TRANSACTIONAL["webhooks.tidy"](s, post.platform, {}))
    assert len(post.messages()) == len(post.attempts()) == 1


def test_a_removed_endpoint_leaves_nothing_and_its_secret_opens_no_more(post: Post, receiver: Receiver) -> None:
    made = post.endpoint(receiver.url)
    post.tell()
    post.work()
    post.change(webhooks.remove_endpoint, made.endpoint.id, vault=post.platform.vault)
    for table in (Endpoint, Message, Attempt):
        assert post.read(lambda s, table=table: s.scalars(select(table)).all()) == []
    post.tell()
    assert post.work() > 0
    assert len(receiver.arrived) == 1


class Killed(BaseException):
    """The process dies here."""


def test_killed_between_the_request_and_its_note_it_is_sent_again_under_the_same_id(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.endpoint(receiver.url)
    post.tell()
    sending = delivery.send

    def die(*args: object, **more: object) -> None:
        sending(*args, **more)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(delivery, "send", die)
    with pytest.raises(Killed):
        post.work()
    monkeypatch.setattr(delivery, "send", sending)
    assert len(receiver.arrived) == 1
    assert post.messages()[0].state == "waiting"
    assert post.attempts() == []
    post.work()
    assert len(receiver.arrived) == 1  # the dead process's lease and hold are not over
    post.clock.advance(minutes=6)
    post.work()
    assert len({it.id for it in receiver.arrived}) == 1
    assert len(receiver.arrived) == 2
    assert post.messages()[0].state == "delivered"


def test_a_stranded_message_is_found_by_the_sweep(post: Post, receiver: Receiver) -> None:
    post.endpoint(receiver.url)
    post.tell()
    job = "webhooks.deliver"
    post.work(most=1)  # spread only
    post.write(lambda s: s.query(Job).filter(Job.kind == job).delete())
    post.work()
    assert receiver.arrived == []
    post.clock.advance(minutes=11)
    post.write(lambda s: webhooks.TRANSACTIONAL["webhooks.sweep"](s, post.platform, {}))
    post.work()
    assert len(receiver.arrived) == 1


def test_two_workers_never_speak_to_an_endpoint_at_once(post: Post, receiver: Receiver) -> None:
    inside, most, guard = 0, 0, threading.Lock()

    def behave(request: object) -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        answers(200)(request)  # type: ignore[arg-type]
        with guard:
            inside -= 1

    receiver.behave = behave
    made = post.endpoint(receiver.url)
    for _ in range(20):
        post.tell()
    post.work(most=20)  # spread only: deliveries come after
    threads = [
        threading.Thread(target=delivery.deliver_due, args=(post.platform, made.endpoint.id)) for _ in range(4)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    post.work()
    assert most == 1
    assert len(receiver.arrived) == 20
    assert len({it.id for it in receiver.arrived}) == 20


def test_a_pause_of_the_schedule_is_never_cut_short(post: Post, receiver: Receiver) -> None:
    receiver.behave = answers(500)
    post.endpoint(receiver.url)
    post.tell()
    post.work()
    post.clock.advance(seconds=4)
    post.tell()
    post.work()
    assert [row.attempts for row in post.messages()] == [1, 1]
    assert post.messages()[0].next_at - post.clock.now() >= timedelta(seconds=1)
