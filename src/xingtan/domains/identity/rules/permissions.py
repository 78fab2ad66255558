"""Which role may do what, and how far a token's scope reaches. A learner has no role and needs no permission."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from xingtan.core.viewer import Permission


class Role(StrEnum):
    """What a person is for the academy."""

    OWNER = "owner"
    EDITOR = "editor"
    TEACHER = "teacher"
    SUPPORT = "support"
    ANALYST = "analyst"


PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.EDITOR: frozenset({Permission.CATALOG_READ, Permission.CATALOG_WRITE, Permission.CONTENT_USE}),
    Role.TEACHER: frozenset({Permission.CATALOG_READ, Permission.CONTENT_USE, Permission.LEARNERS_READ}),
    Role.SUPPORT: frozenset(
        {
            Permission.CATALOG_READ,
            Permission.LEARNERS_READ,
            Permission.ORDERS_READ,
            Permission.ORDERS_REFUND,
            Permission.PEOPLE_READ,
            Permission.PEOPLE_WRITE,
        }
    ),
    Role.ANALYST: frozenset({Permission.CATALOG_READ, Permission.NUMBERS_READ}),
}

SCOPES: Mapping[str, frozenset[Permission]] = {
    "read:mine": frozenset(),
    "write:mine": frozenset(),
    "read:catalog": frozenset({Permission.CATALOG_READ, Permission.CONTENT_USE}),
    "write:catalog": frozenset({Permission.CATALOG_READ, Permission.CATALOG_WRITE, Permission.CONTENT_USE}),
    "read:orders": frozenset({Permission.ORDERS_READ}),
    "write:orders": frozenset({Permission.ORDERS_READ, Permission.ORDERS_REFUND}),
    "read:people": frozenset({Permission.PEOPLE_READ, Permission.LEARNERS_READ}),
    "write:people": frozenset({Permission.PEOPLE_READ, Permission.PEOPLE_WRITE}),
    "read:numbers": frozenset({Permission.NUMBERS_READ}),
    "read:academy": frozenset({Permission.OPERATE, Permission.MAIL_READ}),
    "write:academy": frozenset({Permission.SETTINGS_WRITE}),
}
"""A token may do what its scopes *and* its person's roles allow."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Return everything that a person with these roles may do."""
    return frozenset().union(*(PERMISSIONS[Role(role)] for role in roles))


def permissions_within(roles: Iterable[str], scopes: Iterable[str]) -> frozenset[Permission]:
    """Return what a token with `scopes` may do in the name of a person with `roles`."""
    reach: frozenset[Permission] = frozenset().union(*(SCOPES[scope] for scope in scopes))
    return permissions_of(roles) & reach
