"""What a person takes along of groups, commission and invitations."""

from tests.domains.commerce.referrals.test_referrals import Circle
from tests.domains.commerce.shop import Shop
from xingtan.domains.commerce import api as commerce


def test_my_data_holds_my_invitations_and_nobody_elses_name(shop: Shop) -> None:
    circle = Circle(shop)
    circle.buy(shop.person("ben"), circle.tea, circle.code)
    mia = circle.mia.person_id
    assert mia is not None
    found = circle.read(lambda session: commerce.export_part(session, mia, clock=shop.clock, vault=shop.platform.vault))
    assert found["invitations"]["code"] == circle.code
    assert [one["state"] for one in found["invitations"]["friends"]] == ["waiting"]
    assert (found["affiliate"], found["groups"]) == (None, [])
    assert "ben" not in repr(found).casefold()
