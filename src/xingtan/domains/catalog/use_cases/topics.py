"""Topics: named, ordered, made when a product first speaks of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xingtan.core.errors import Invalid, say
from xingtan.core.viewer import Permission, Viewer
from xingtan.domains.catalog.models import Topic
from xingtan.domains.catalog.rules.checks import checked_names, tidy
from xingtan.domains.catalog.rules.slugs import is_slug, slug_of
from xingtan.domains.catalog.views import TopicView
from xingtan.infra.db import new_id

_MOST = 30


@dataclass(frozen=True, slots=True)
class SaveTopic:
    """A topic's names by language; `slug` says which, and makes it when it is new."""

    slug: str
    names: Mapping[str, str] = field(default_factory=dict)
    position: int | None = None


def save_topic(session: Session, command: SaveTopic, *, viewer: Viewer) -> TopicView:
    """Make or rename a topic and return it."""
    viewer.require(Permission.CATALOG_WRITE)
    if not is_slug(command.slug):
        raise Invalid.of("slug", say("An address has lower-case letters, digits and hyphens only."))
    names = checked_names(command.names)
    row = session.scalar(select(Topic).where(Topic.slug == command.slug))
    if row is None:
        row = _new(session, command.slug, names)
    row.names = names
    row.position = row.position if command.position is None else command.position
    session.flush()
    return TopicView(row.id, row.slug, row.names)


def topic_ids(session: Session, words: Sequence[str], *, language: str) -> list[UUID]:
    """Return the ids of the topics that `words` (slugs or names) mean, in their order; unknown ones are made."""
    tidied = [word for word in dict.fromkeys(map(tidy, words)) if word]
    if len(tidied) > _MOST or any(len(word) > 80 for word in tidied):  # noqa: PLR2004 - as wide as the column
        raise Invalid.of("topics", say("At most %(limit)s topics, each of at most 80 characters.", limit=_MOST))
    rows = session.scalars(select(Topic)).all()
    known = {key: row.id for row in rows for key in (row.slug, *row.names.values())}
    found: list[UUID] = []
    for word in tidied:
        slug = word if is_slug(word) else slug_of(word)
        topic_id = known.get(word) or known.get(slug)
        if topic_id is None:
            topic_id = known[slug] = _new(session, slug, {language: word}).id
        if topic_id not in found:
            found.append(topic_id)
    return found


def _new(session: Session, slug: str, names: dict[str, str]) -> Topic:
    last = session.scalar(select(func.max(Topic.position)))
    row = Topic(id=new_id(), slug=slug, names=names, position=(last or 0) + 1)
    session.add(row)
    session.flush()
    return row
