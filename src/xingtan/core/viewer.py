"""Who is asking: the person (or nobody) behind a question, and what that person may do.

Every query that returns something owned or restricted takes a `Viewer`. Permissions are fixed words; which role has
which is a table in the identity domain.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from xingtan.core.errors import NotAllowed, say


class Permission(StrEnum):
    """What staff may be allowed to do. A learner needs none of these."""

    CATALOG_READ = "catalog.read"  # see drafts and retired products
    CATALOG_WRITE = "catalog.write"  # create, edit, publish, import, export
    CONTENT_USE = "content.use"  # open paid lessons without buying
    LEARNERS_READ = "learners.read"  # progress and answers of learners
    ORDERS_READ = "orders.read"
    ORDERS_REFUND = "orders.refund"
    PEOPLE_READ = "people.read"  # names and addresses
    PEOPLE_WRITE = "people.write"  # grant access, end sessions
    ROLES_WRITE = "roles.write"
    NUMBERS_READ = "numbers.read"  # sales and behaviour in sums
    MAIL_READ = "mail.read"
    SETTINGS_WRITE = "settings.write"
    OPERATE = "operate"  # jobs, dead letters, backups


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who asks. `person_id` is None for a stranger; `scopes` narrow an API token (None: not narrowed)."""

    person_id: UUID | None = None
    permissions: frozenset[Permission] = frozenset()
    language: str = "en"

    @property
    def is_stranger(self) -> bool:
        """Say whether nobody is signed in."""
        return self.person_id is None

    @property
    def is_staff(self) -> bool:
        """Say whether this person has any permission beyond a learner's."""
        return bool(self.permissions)

    def may(self, permission: Permission) -> bool:
        """Say whether this person has `permission`."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise `NotAllowed` unless this person has `permission`."""
        if permission not in self.permissions:
            raise NotAllowed(say("Your role does not allow this."))

    def require_person(self) -> UUID:
        """Return the signed-in person's id, or raise `NotAllowed`."""
        if self.person_id is None:
            raise NotAllowed(say("Please sign in first."))
        return self.person_id


STRANGER = Viewer()
SYSTEM = Viewer(permissions=frozenset(Permission))
