"""A group's page tells the truth, lets people in, and shows nobody who else is in it."""

from collections.abc import Callable

import pytest

from tests.fixtures.web import Academy, Browser
from tests.web.commerce.conftest import Buyer
from xingtan.core.ids import public_id
from xingtan.core.money import Money
from xingtan.core.viewer import SYSTEM
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity

Open = Callable[[identity.PersonView], Browser]


@pytest.fixture
def deal(academy: Academy) -> str:
    """Return the public id of a price for two people."""
    command = commerce.MakeOffer(
        academy.course.id, "group", Money(9_900, "CNY"), terms={"size": 2, "hours": 24}
    )  # fmt: skip
    clock = academy.platform.clock
    return public_id("offer", academy.write(lambda s: commerce.make_offer(s, SYSTEM, command, clock=clock)).id)


def _code(academy: Academy) -> str:
    (group,) = academy.read(lambda session: commerce.groups(session, SYSTEM))
    return group.code


def test_from_the_product_to_a_complete_group(
    buyer: Buyer, deal: str, client: Browser, owner: Browser, open_browser: Open
) -> None:
    academy = buyer.academy
    page = client.get("/en/works/reading-numbers").text
    assert "each, when 2 people buy together within 24 hours" in page
    assert f"/en/checkout/{deal}" in page
    buyer.buy(deal)
    code = _code(academy)
    shown = client.get(f"/en/groups/{code}").text
    assert "1 place is left." in shown
    assert f"/checkout/{deal}?group={code}" in shown
    assert academy.learner.name not in shown
    assert f"/en/groups/{code}" in client.get("/en/works/reading-numbers").text
    mine = buyer.browser.get(f"/en/groups/{code}").text
    assert "You have a place in it." in mine
    assert "Join this group" not in mine
    assert "1 of 2 paid" in buyer.browser.get("/en/groups").text
    second = Buyer(open_browser(academy.other), academy)
    second.buy(f"{deal}?group={code}", offer=deal, group=code)
    assert "Everybody in it has it." in client.get(f"/en/groups/{code}").text
    assert "Complete" in owner.get("/en/studio/groups?state=complete").text
    assert academy.learner.name in owner.get(f"/en/studio/groups/{code}").text


def test_a_group_that_is_over_says_so(buyer: Buyer, deal: str, academy: Academy, client: Browser) -> None:
    buyer.buy(deal)
    code = _code(academy)
    academy.platform.clock.advance(hours=25)  # type: ignore[attr-defined]
    academy.work()
    page = client.get(f"/zh/groups/{code}").text
    assert "没有成团" in page
    assert "参加这个团" not in page


def test_strangers_learners_and_wrong_links(client: Browser, learner: Browser) -> None:
    assert "/sign-in" in client.get("/groups").headers["location"]
    assert client.get("/groups/nothing").status_code == 404
    assert client.get("/groups/" + "x" * 200).status_code in {404, 422}
    assert learner.get("/studio/groups").status_code == 403
    assert learner.get("/studio/groups/nothing").status_code == 403
    assert "No groups yet" in learner.get("/en/groups").text
