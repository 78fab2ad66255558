"""What insight writes down when it hears news. Each handler runs in a job whose «done» commits with its rows."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from xingtan.core.event import Event
from xingtan.core.ids import public_id
from xingtan.domains.commerce.events import OrderPaid, OrderRefunded
from xingtan.domains.identity.events import PersonRegistered
from xingtan.domains.insight.recording import record_at_once
from xingtan.domains.insight.rules.verbs import Deed, Object, Verb
from xingtan.domains.learning.events import LessonCompleted, LessonProgressed, LessonStarted, NoteWritten, QuizAnswered
from xingtan.infra.vault import Vault

HEARD: tuple[type[Event], ...] = (
    OrderPaid,
    OrderRefunded,
    PersonRegistered,
    LessonStarted,
    LessonProgressed,
    LessonCompleted,
    QuizAnswered,
    NoteWritten,
)
"""The news that `write_down` understands."""


def write_down(session: Session, event: Event, *, vault: Vault, occurred_at: datetime) -> int:
    """Write the rows of one piece of news, under the consent of the person whom it is about; return how many."""
    deeds = _DEEDS[type(event)](event)
    return record_at_once(session, event.person_id, deeds, vault=vault, at=occurred_at)  # type: ignore[attr-defined]


def _paid(event: OrderPaid) -> tuple[Deed, ...]:
    return tuple(
        Deed(Verb.PURCHASED, Object.PRODUCT, public_id("product", one), one, {"is_free": not event.total})
        for one in event.product_ids
    )


def _refunded(event: OrderRefunded) -> tuple[Deed, ...]:
    return tuple(
        Deed(Verb.REFUNDED, Object.PRODUCT, public_id("product", one), one, {"is_full": event.is_full})
        for one in event.product_ids
    )


def _registered(_event: PersonRegistered) -> tuple[Deed, ...]:
    return (Deed(Verb.REGISTERED, Object.ACADEMY, "academy"),)


def _started(event: LessonStarted) -> tuple[Deed, ...]:
    return (Deed(Verb.STARTED, Object.LESSON, public_id("lesson", event.lesson_id), event.product_id),)


def _progressed(event: LessonProgressed) -> tuple[Deed, ...]:
    lesson = public_id("lesson", event.lesson_id)
    return (Deed(Verb.PROGRESSED, Object.LESSON, lesson, event.product_id, {"fraction": event.quarters / 4}),)


def _completed(event: LessonCompleted) -> tuple[Deed, ...]:
    return (Deed(Verb.COMPLETED, Object.LESSON, public_id("lesson", event.lesson_id), event.product_id),)


def _answered(event: QuizAnswered) -> tuple[Deed, ...]:
    lesson = public_id("lesson", event.lesson_id)
    return tuple(
        Deed(
            Verb.ANSWERED,
            Object.QUESTION,
            key,
            event.product_id,
            {"lesson": lesson} | ({} if is_correct is None else {"is_correct": is_correct}),
        )
        for key, is_correct in event.questions
    )


def _noted(event: NoteWritten) -> tuple[Deed, ...]:
    lesson = public_id("lesson", event.lesson_id)
    return (Deed(Verb.NOTED, Object.LESSON, lesson, event.product_id, {"kind": event.note_kind}),)


_DEEDS: Mapping[type[Event], Callable[..., tuple[Deed, ...]]] = {
    OrderPaid: _paid,
    OrderRefunded: _refunded,
    PersonRegistered: _registered,
    LessonStarted: _started,
    LessonProgressed: _progressed,
    LessonCompleted: _completed,
    QuizAnswered: _answered,
    NoteWritten: _noted,
}
