"""The door of learning."""

from xingtan.domains.learning.errors import NotBought, NotReleased
from xingtan.domains.learning.events import LessonCompleted, LessonProgressed, LessonStarted, NoteWritten, QuizAnswered
from xingtan.domains.learning.exports import export_learning
from xingtan.domains.learning.lessons import access_of, held_products, held_since, lesson_access, require_open
from xingtan.domains.learning.queries.notes import all_notes, lesson_notes, one_note
from xingtan.domains.learning.queries.progress import (
    learner_count,
    lesson_states,
    lessons_in_progress,
    new_learners,
    product_progress,
    progress_of,
    resume_of,
    resume_point,
    shelf,
)
from xingtan.domains.learning.queries.quizzes import attempt, attempts, item_statistics
from xingtan.domains.learning.rules.export import notes_markdown
from xingtan.domains.learning.use_cases.feeds import feed_audience, feed_owner, feed_token, renew_feed_token
from xingtan.domains.learning.use_cases.notes import ChangeNote, WriteNote, change_note, delete_note, write_note
from xingtan.domains.learning.use_cases.past import (
    PastAttempt,
    PastProgress,
    keep_past_attempts,
    keep_past_progress,
)
from xingtan.domains.learning.use_cases.progress import CompleteLesson, SaveProgress, complete_lesson, save_progress
from xingtan.domains.learning.use_cases.quizzes import StartAttempt, SubmitAttempt, start_attempt, submit_attempt
from xingtan.domains.learning.views import (
    Access,
    Anchor,
    AnswerView,
    AttemptLine,
    AttemptView,
    ItemStatistic,
    LessonState,
    NoteOfLesson,
    NoteView,
    Position,
    ProductProgress,
    ResumePoint,
    ShelfItem,
)

__all__ = [
    "Access",
    "Anchor",
    "AnswerView",
    "AttemptLine",
    "AttemptView",
    "ChangeNote",
    "CompleteLesson",
    "ItemStatistic",
    "LessonCompleted",
    "LessonProgressed",
    "LessonStarted",
    "LessonState",
    "NotBought",
    "NotReleased",
    "NoteOfLesson",
    "NoteView",
    "NoteWritten",
    "PastAttempt",
    "PastProgress",
    "Position",
    "ProductProgress",
    "QuizAnswered",
    "ResumePoint",
    "SaveProgress",
    "ShelfItem",
    "StartAttempt",
    "SubmitAttempt",
    "WriteNote",
    "access_of",
    "all_notes",
    "attempt",
    "attempts",
    "change_note",
    "complete_lesson",
    "delete_note",
    "export_learning",
    "feed_audience",
    "feed_owner",
    "feed_token",
    "held_products",
    "held_since",
    "item_statistics",
    "keep_past_attempts",
    "keep_past_progress",
    "learner_count",
    "lesson_access",
    "lesson_notes",
    "lesson_states",
    "lessons_in_progress",
    "new_learners",
    "notes_markdown",
    "one_note",
    "product_progress",
    "progress_of",
    "renew_feed_token",
    "require_open",
    "resume_of",
    "resume_point",
    "save_progress",
    "shelf",
    "start_attempt",
    "submit_attempt",
    "write_note",
]
