"""What a person takes along: all that is hers, and nothing of anybody else's."""

import json
from typing import Any

from tests.domains.commerce.promotions.stall import Stall
from tests.domains.commerce.services.bureau import Bureau
from tests.domains.commerce.shop import Shop
from tests.domains.commerce.wallets.purser import Purser
from xingtan.core.ids import public_id
from xingtan.core.viewer import Viewer
from xingtan.domains.commerce import api as commerce
from xingtan.domains.commerce.promotions import api as promotions


def part_of(shop: Shop, who: Viewer) -> dict[str, Any]:
    assert who.person_id is not None
    person_id, vault = who.person_id, shop.platform.vault
    found = shop.platform.database.read(
        lambda session: commerce.export_part(session, person_id, clock=shop.clock, vault=vault)
    )
    plain: dict[str, Any] = json.loads(json.dumps(found))  # a file is plain data
    return plain


def test_everything_of_hers_and_nothing_of_his(shop: Shop) -> None:
    stall, purser, bureau = Stall(shop), Purser(shop), Bureau(shop)
    ann, bob, tea, ink = shop.person(), shop.person("bob"), shop.product(), shop.product("ink")
    offer = shop.offer(tea)
    stall.coupon("SPRING")
    stall.pay(stall.gift(ann, offer, promotions.Letter("bob@example.org", "For you."), codes=("spring",)))
    stall.claim(bob, stall.gifts(ann)[0].token)
    (code,) = stall.codes(stall.batch(ink, 1, days=30))
    stall.redeem(ann, code)
    purser.fill(ann, "100", bonus=500)
    number = bureau.agreed(ann)
    bureau.say(ann, number, "When will it be?")
    mine, his = part_of(shop, ann), part_of(shop, bob)
    (gift,) = mine["gifts_given"]
    assert (gift["to"], gift["words"], gift["state"]) == ("bob@example.org", "For you.", "claimed")
    assert gift["product"] == public_id("product", tea)
    assert mine["gifts_claimed"] == his["gifts_given"] == []
    assert [one["product"] for one in his["gifts_claimed"]] == [public_id("product", tea)]
    assert [(one["product"], one["days"]) for one in mine["codes_redeemed"]] == [(public_id("product", ink), 30)]
    reductions = [it for one in mine["orders"] for line in one["lines"] for it in line["reductions"]]
    assert [(one["kind"], one["label"]) for one in reductions] == [("coupon", "SPRING")]
    (wallet,) = mine["wallets"]
    assert wallet["balance"] == {"paid": "100.00 CNY", "bonus": "5.00 CNY"}
    assert len(wallet["lines"]) == len(purser.lines(ann))
    (service,) = mine["services"]
    assert (service["number"], service["asked_for"]) == (number, "Read my tea plan.")
    assert [one["text"] for one in service["messages"]] == ["When will it be?"]
    assert [one["scope"] for one in service["quotes"]] == ["Ten pages of notes."]
    assert his["wallets"] == his["services"] == his["codes_redeemed"] == his["orders"] == []


def test_uses_are_all_there(shop: Shop) -> None:
    purser = Purser(shop)
    ann, ink = shop.person(), shop.product("ink")
    purser.fill(ann, "100")
    purser.per_use(ink, "3")
    purser.open(ann, purser.lesson(ink))
    (use,) = part_of(shop, ann)["uses"]
    assert (use["product"], use["amount"], use["paid_by"]) == (public_id("product", ink), "3.00 CNY", "wallet")
    lines = part_of(shop, ann)["wallets"][0]["lines"]
    assert lines[-1]["after"]["paid"] == "97.00 CNY"
