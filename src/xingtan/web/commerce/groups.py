"""Buying together: a group's own page, one's own groups, and all of them in the studio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from xingtan.core.ids import public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.web.edge import EdgeDep
from xingtan.web.render import render

router = APIRouter()
studio = APIRouter()
Code = Annotated[str, Path(max_length=24)]
STATES = ("open", "complete", "failed")


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A group as it is now. `is_open`: one can still join. `own`: the language in which the thing is written."""

    template: ClassVar[str] = "commerce/groups/group.html"
    group: commerce.GroupView
    is_open: bool
    slug: str
    own: str
    offer_id: str
    link: str


@dataclass(frozen=True, slots=True)
class MyGroupsPage:
    """The groups in which the reader has or had a place."""

    template: ClassVar[str] = "commerce/groups/my_groups.html"
    groups: Sequence[commerce.GroupView]


@dataclass(frozen=True, slots=True)
class StudioGroupsPage:
    """Everybody's newest groups."""

    template: ClassVar[str] = "commerce/groups/studio_groups.html"
    groups: Sequence[commerce.GroupView]
    states: Sequence[str]
    state: str


@dataclass(frozen=True, slots=True)
class Member:
    """Who has a place, by which order; `name` is empty for somebody whose account is closed."""

    name: str
    number: str
    state: str


@dataclass(frozen=True, slots=True)
class StudioGroupPage:
    """One group with its places, first come first."""

    template: ClassVar[str] = "commerce/groups/studio_group.html"
    group: commerce.GroupView
    members: Sequence[Member]


@router.get("/groups")
def mine(here: EdgeDep) -> Response:
    """The reader's groups."""
    here.require_person()
    return render(here, MyGroupsPage(here.read(lambda session: commerce.my_groups(session, here.viewer))))


@router.get("/groups/{code}")
def group(here: EdgeDep, code: Code) -> Response:
    """A group, for whoever has its link: what is left, until when, and the way in."""
    with here.reading() as session:
        found = commerce.group_by_code(session, here.viewer, code)
        card = catalog.find_products(session, [found.product_id]).get(found.product_id)
    page = GroupPage(
        group=found, is_open=found.is_open(here.platform.clock.now()), slug=card.slug if card else "",
        own=card.language if card else here.language, offer_id=public_id("offer", found.offer_id),
        link=here.absolute(f"/groups/{found.code}"),
    )  # fmt: skip
    return render(here, page)


@studio.get("/studio/groups")
def all_groups(here: EdgeDep, state: Annotated[str, Query(max_length=16)] = "") -> Response:
    """Everybody's groups, newest first."""
    here.require(Permission.ORDERS_READ)
    wanted = state if state in STATES else None
    found = here.read(lambda session: commerce.groups(session, here.viewer, state=wanted))
    return render(here, StudioGroupsPage(found, STATES, wanted or ""))


@studio.get("/studio/groups/{code}")
def one_group(here: EdgeDep, code: Code) -> Response:
    """One group and who is in it."""
    here.require(Permission.ORDERS_READ)
    with here.reading() as session:
        found = commerce.group_by_code(session, here.viewer, code)
        places = commerce.group_members(session, here.viewer, found.id)
        names: Mapping[UUID, str] = identity.names_of(
            session, (person for person, _, _ in places), vault=here.platform.vault
        )
        numbers = commerce.order_numbers(session, [order for _, order, _ in places])
    members = tuple(Member(names.get(person, ""), numbers[order], state) for person, order, state in places)
    return render(here, StudioGroupPage(found, members))
