"""P15, the role matrix: for each operation exactly the people who may use it, written down by hand."""

import pytest

from tests.web.api.conftest import ROLES, STAFF, House, problem
from xingtan.core.viewer import SYSTEM
from xingtan.domains.identity.api import SCOPES, ChangeRole, end_role, grant_role

EVERYONE = set(ROLES)
PEOPLE = EVERYONE - {"stranger"}
DRAFTS = {*STAFF, "owner"}
WRITERS = {"editor", "owner"}
TEACHERS = {"teacher", "support", "owner"}
SELLERS = {"support", "owner"}
COUNTERS = {"analyst", "owner"}
OWNER = {"owner"}

# operation → who may, the scope that a token needs ("": none will do for a token, "-": none is needed), and a call that
# changes nothing: a name or an id that nothing has, or a body that lacks everything.
MATRIX: dict[str, tuple[set[str], str, str]] = {
    "list_products": (EVERYONE, "-", "GET /products"),
    "get_product": (EVERYONE, "-", "GET /products/reading-numbers"),
    "get_contents": (EVERYONE, "-", "GET /products/reading-numbers/contents"),
    "list_topics": (EVERYONE, "-", "GET /topics"),
    "search": (EVERYONE, "-", "GET /search?q=numbers"),
    "get_offer": (EVERYONE, "-", "GET /offers/{offer}"),
    "get_lesson": (EVERYONE, "-", "GET /lessons/{preview}"),
    "get_lesson_file": (EVERYONE, "-", "GET /lessons/{preview}/files/{asset}"),
    "get_academy": (EVERYONE, "-", "GET /academy"),
    "get_draft": (DRAFTS, "read:catalog", "GET /products/reading-numbers/draft"),
    "get_lesson_draft": (DRAFTS, "read:catalog", "GET /lessons/{preview}/draft"),
    "list_offers": (DRAFTS, "read:catalog", "GET /products/reading-numbers/offers"),
    "get_asset": (DRAFTS, "read:catalog", "GET /assets/{asset}"),
    "get_asset_file": (DRAFTS, "read:catalog", "GET /assets/{asset}/file"),
    "export_product": (WRITERS, "write:catalog", "GET /products/no-such/export"),
    "plan_import": (WRITERS, "write:catalog", "POST /imports/dry-run"),
    "create_product": (WRITERS, "write:catalog", "POST /products"),
    "order_products": (WRITERS, "write:catalog", "POST /products/order"),
    "save_product": (WRITERS, "write:catalog", "PUT /products/no-such"),
    "restore_product_version": (WRITERS, "write:catalog", "POST /products/no-such/versions/1/restore"),
    "publish_product": (WRITERS, "write:catalog", "POST /products/no-such/publish"),
    "schedule_product": (WRITERS, "write:catalog", "POST /products/no-such/schedule"),
    "unschedule_product": (WRITERS, "write:catalog", "POST /products/no-such/unschedule"),
    "retire_product": (WRITERS, "write:catalog", "POST /products/no-such/retire"),
    "add_section": (WRITERS, "write:catalog", "POST /products/no-such/sections"),
    "save_section": (WRITERS, "write:catalog", "PUT /sections/{section}"),
    "remove_section": (WRITERS, "write:catalog", "DELETE /sections/{section}"),
    "add_lesson": (WRITERS, "write:catalog", "POST /sections/{section}/lessons"),
    "save_lesson": (WRITERS, "write:catalog", "PUT /lessons/{nothing}"),
    "publish_lesson": (WRITERS, "write:catalog", "POST /lessons/{nothing}/publish"),
    "move_lesson": (WRITERS, "write:catalog", "POST /lessons/{nothing}/move"),
    "restore_lesson_version": (WRITERS, "write:catalog", "POST /lessons/{nothing}/versions/1/restore"),
    "remove_lesson": (WRITERS, "write:catalog", "DELETE /lessons/{nothing}"),
    "save_topic": (WRITERS, "write:catalog", "PUT /topics/no-such"),
    "upload_asset": (WRITERS, "write:catalog", "POST /assets"),
    "start_import": (WRITERS, "write:catalog", "POST /imports"),
    "get_import": (WRITERS, "write:catalog", "GET /imports/{job}"),
    "make_offer": (WRITERS, "write:catalog", "POST /products/no-such/offers"),
    "retire_offer": (WRITERS, "write:catalog", "POST /offers/{no_offer}/retire"),
    "list_my_orders": (PEOPLE, "read:mine", "GET /me/orders"),
    "place_order": (PEOPLE, "write:mine", "POST /orders"),
    "pay_order": (PEOPLE, "write:mine", "POST /orders/0000-0000/pay"),
    "cancel_order": (PEOPLE, "write:mine", "POST /orders/0000-0000/cancel"),
    "get_order": (PEOPLE, "read:mine or read:orders or write:orders", "GET /orders/0000-0000"),
    "list_orders": (SELLERS, "read:orders", "GET /orders"),
    "preview_order": (PEOPLE, "write:mine", "POST /orders/preview"),
    "get_refund_rule": (EVERYONE, "-", "GET /refund-rule"),
    "set_refund_rule": (OWNER, "write:academy", "PUT /refund-rule"),
    "ask_order_back": (PEOPLE, "write:mine", "POST /orders/0000-0000/ask-back"),
    "list_refunds": (SELLERS, "read:orders", "GET /refunds"),
    "list_disputes": (SELLERS, "read:orders", "GET /disputes"),
    "list_open_payments": (SELLERS, "read:orders", "GET /reconciliation/payments"),
    "ask_providers": (SELLERS, "write:orders", "POST /reconciliation/ask"),
    "list_provider_sums": (COUNTERS, "read:numbers", "GET /reconciliation/sums"),
    "request_refund": (SELLERS, "write:orders", "POST /payments/{payment}/refunds"),
    "list_tiers": (EVERYONE, "-", "GET /tiers"),
    "get_tier": (EVERYONE, "-", "GET /tiers/no-such"),
    "list_plans": (EVERYONE, "-", "GET /plans"),
    "make_tier": (WRITERS, "write:catalog", "POST /tiers"),
    "save_tier": (WRITERS, "write:catalog", "PUT /tiers/{tier}"),
    "retire_tier": (WRITERS, "write:catalog", "POST /tiers/{tier}/retire"),
    "make_plan": (WRITERS, "write:catalog", "POST /plans"),
    "list_my_subscriptions": (PEOPLE, "read:mine", "GET /me/subscriptions"),
    "get_my_subscription": (PEOPLE, "read:mine", "GET /me/subscriptions/{subscription}"),
    "preview_change": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/change/preview"),
    "change_plan": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/change"),
    "cancel_my_subscription": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/cancel"),
    "resume_subscription": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/resume"),
    "pause_subscription": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/pause"),
    "pay_subscription": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/pay"),
    "choose_method": (PEOPLE, "write:mine", "POST /me/subscriptions/{subscription}/method"),
    "list_my_payment_methods": (PEOPLE, "read:mine", "GET /me/payment-methods"),
    "forget_payment_method": (PEOPLE, "write:mine", "DELETE /me/payment-methods/{method}"),
    "list_subscriptions": (SELLERS, "read:orders", "GET /subscriptions"),
    "get_subscription": (SELLERS, "read:orders", "GET /subscriptions/{subscription}"),
    "cancel_subscription": (SELLERS, "write:orders", "POST /subscriptions/{subscription}/cancel"),
    "list_my_wallets": (PEOPLE, "read:mine", "GET /me/wallets"),
    "list_my_wallet_entries": (PEOPLE, "read:mine", "GET /me/wallets/CNY/entries"),
    "withdraw": (PEOPLE, "write:mine", "POST /me/wallets/CNY/withdrawals"),
    "list_my_credits": (PEOPLE, "read:mine", "GET /me/credits"),
    "list_my_uses": (PEOPLE, "read:mine", "GET /me/uses"),
    "open_lesson_by_use": (PEOPLE, "write:mine", "POST /me/uses"),
    "reverse_use": (SELLERS, "write:orders", "POST /uses/{use}/reverse"),
    "get_group": (EVERYONE, "-", "GET /groups/no-such"),
    "list_my_groups": (PEOPLE, "read:mine", "GET /me/groups"),
    "list_groups": (SELLERS, "read:orders", "GET /groups"),
    "get_my_affiliate": (PEOPLE, "read:mine", "GET /me/affiliate"),
    "apply_as_affiliate": (PEOPLE, "write:mine", "POST /me/affiliate"),
    "list_my_commission": (PEOPLE, "read:mine", "GET /me/affiliate/statement"),
    "list_my_payouts": (PEOPLE, "read:mine", "GET /me/affiliate/payouts"),
    "list_affiliates": (COUNTERS, "read:numbers", "GET /affiliates"),
    "list_commission": (COUNTERS, "read:numbers", "GET /affiliates/{affiliate}/statement"),
    "decide_affiliate": (OWNER, "write:academy", "POST /affiliates/{affiliate}/decision"),
    "get_affiliate_program": (COUNTERS, "read:numbers", "GET /affiliate-program"),
    "set_affiliate_program": (OWNER, "write:academy", "PUT /affiliate-program"),
    "list_commission_rules": (COUNTERS, "read:numbers", "GET /commission-rules"),
    "make_commission_rule": (OWNER, "write:academy", "POST /commission-rules"),
    "end_commission_rule": (OWNER, "write:academy", "DELETE /commission-rules/{rule}"),
    "list_payouts": (COUNTERS, "read:numbers", "GET /payouts"),
    "draw_up_payouts": (OWNER, "write:academy", "POST /payout-batches"),
    "note_payout_paid": (OWNER, "write:academy", "POST /payouts/{payout}/paid"),
    "call_off_payout": (OWNER, "write:academy", "POST /payouts/{payout}/call-off"),
    "get_my_invitations": (PEOPLE, "read:mine", "GET /me/invitations"),
    "make_my_invitation": (PEOPLE, "write:mine", "POST /me/invitations"),
    "get_invitation_terms": (COUNTERS, "read:numbers", "GET /invitation-terms"),
    "set_invitation_terms": (OWNER, "write:academy", "PUT /invitation-terms"),
    "list_my_services": (PEOPLE, "read:mine", "GET /me/services"),
    "ask_for_service": (PEOPLE, "write:mine", "POST /me/services"),
    "get_my_service": (PEOPLE, "read:mine", "GET /me/services/0000-0000"),
    "write_service_message": (PEOPLE, "write:mine", "POST /me/services/0000-0000/messages"),
    "agree_to_quote": (PEOPLE, "write:mine", "POST /me/services/0000-0000/agree"),
    "pay_service": (PEOPLE, "write:mine", "POST /me/services/0000-0000/pay"),
    "accept_delivery": (PEOPLE, "write:mine", "POST /me/services/0000-0000/accept"),
    "dispute_delivery": (PEOPLE, "write:mine", "POST /me/services/0000-0000/dispute"),
    "leave_service": (PEOPLE, "write:mine", "POST /me/services/0000-0000/leave"),
    "list_services": (SELLERS, "read:orders", "GET /services"),
    "get_service": (SELLERS, "read:orders", "GET /services/0000-0000"),
    "quote_service": (WRITERS, "write:catalog", "POST /services/0000-0000/quotes"),
    "begin_service": (WRITERS, "write:catalog", "POST /services/0000-0000/begin"),
    "deliver_service": (WRITERS, "write:catalog", "POST /services/0000-0000/deliveries"),
    "decline_service": (WRITERS, "write:catalog", "POST /services/0000-0000/decline"),
    "settle_service": (SELLERS, "write:orders", "POST /services/0000-0000/settle"),
    "get_shelf": (PEOPLE, "read:mine", "GET /me/shelf"),
    "get_progress": (PEOPLE, "read:mine", "GET /lessons/{nothing}/progress"),
    "save_progress": (PEOPLE, "write:mine", "PUT /lessons/{nothing}/progress"),
    "complete_lesson": (PEOPLE, "write:mine", "POST /lessons/{nothing}/complete"),
    "list_my_notes": (PEOPLE, "read:mine", "GET /me/notes"),
    "list_lesson_notes": (PEOPLE, "read:mine", "GET /lessons/{nothing}/notes"),
    "write_note": (PEOPLE, "write:mine", "POST /lessons/{nothing}/notes"),
    "get_note": (PEOPLE, "read:mine", "GET /notes/{note}"),
    "change_note": (PEOPLE, "write:mine", "PUT /notes/{note}"),
    "delete_note": (PEOPLE, "write:mine", "DELETE /notes/{note}"),
    "list_attempts": (PEOPLE, "read:mine", "GET /lessons/{nothing}/attempts"),
    "start_attempt": (PEOPLE, "write:mine", "POST /lessons/{nothing}/attempts"),
    "submit_attempt": (PEOPLE, "write:mine", "POST /lessons/{nothing}/answers"),
    "get_attempt": (PEOPLE, "read:mine", "GET /attempts/{attempt}"),
    "get_statistics": (TEACHERS, "read:people", "GET /lessons/{nothing}/statistics"),
    "get_me": (PEOPLE, "read:mine", "GET /me"),
    "save_profile": (PEOPLE, "write:mine", "PUT /me"),
    "list_sessions": (PEOPLE, "read:mine", "GET /me/sessions"),
    "end_session": (PEOPLE, "write:mine", "DELETE /me/sessions/{session}"),
    "end_other_sessions": (PEOPLE, "write:mine", "DELETE /me/sessions"),
    "list_consents": (PEOPLE, "read:mine", "GET /me/consents"),
    "save_consent": (PEOPLE, "write:mine", "PUT /me/consents/analytics"),
    "list_tokens": (PEOPLE, "", "GET /me/tokens"),
    "make_token": (PEOPLE, "", "POST /me/tokens"),
    "revoke_token": (PEOPLE, "", "DELETE /me/tokens/{token}"),
    "list_people": (TEACHERS, "read:people", "GET /people"),
    "get_person": (TEACHERS, "read:people", "GET /people/{person}"),
    "grant_role": (OWNER, "", "PUT /people/{person}/roles/editor"),
    "end_role": (OWNER, "", "DELETE /people/{person}/roles/editor"),
    "save_academy": (OWNER, "write:academy", "PUT /academy"),
    "list_acts": (OWNER, "read:academy", "GET /audit"),
    "list_jobs": (OWNER, "read:academy", "GET /jobs"),
    "get_job": (OWNER, "read:academy", "GET /jobs/{job}"),
    "revive_job": (OWNER, "", "POST /jobs/{job}/revive"),
    "list_webhook_events": (OWNER, "read:academy", "GET /webhook-events"),
    "list_webhooks": (OWNER, "read:academy", "GET /webhooks"),
    "make_webhook": (OWNER, "write:academy", "POST /webhooks"),
    "get_webhook": (OWNER, "read:academy", "GET /webhooks/{webhook}"),
    "save_webhook": (OWNER, "write:academy", "PUT /webhooks/{webhook}"),
    "remove_webhook": (OWNER, "write:academy", "DELETE /webhooks/{webhook}"),
    "pause_webhook": (OWNER, "write:academy", "POST /webhooks/{webhook}/pause"),
    "resume_webhook": (OWNER, "write:academy", "POST /webhooks/{webhook}/resume"),
    "rotate_webhook_secret": (OWNER, "write:academy", "POST /webhooks/{webhook}/secret"),
    "try_webhook": (OWNER, "write:academy", "POST /webhooks/{webhook}/test"),
    "list_webhook_messages": (OWNER, "read:academy", "GET /webhooks/{webhook}/messages"),
    "get_webhook_message": (OWNER, "read:academy", "GET /webhooks/{webhook}/messages/{message}"),
    "replay_webhook_message": (OWNER, "write:academy", "POST /webhooks/{webhook}/messages/{message}/replay"),
    "replay_webhook": (OWNER, "write:academy", "POST /webhooks/{webhook}/replay"),
    "list_holdings": ({"support", "owner"}, "read:people", "GET /people/{person}/holdings"),
    "give_access": ({"support", "owner"}, "write:people", "POST /people/{person}/holdings"),
    "take_back_access": ({"support", "owner"}, "write:people", "DELETE /people/{person}/holdings/{entitlement}"),
    "end_sessions_of": ({"support", "owner"}, "write:people", "DELETE /people/{person}/sessions"),
    "list_letters": ({"owner"}, "", "GET /mail"),
    "get_letter": ({"owner"}, "", "GET /mail/no-such"),
    "get_live": (PEOPLE, "read:mine", "GET /products/no-such/live"),
    "open_feed": (PEOPLE, "write:mine", "POST /products/no-such/feed"),
    "renew_feed": (PEOPLE, "write:mine", "POST /products/no-such/feed/renew"),
    "export_my_data": (PEOPLE, "read:mine", "GET /me/data"),
    "get_sales": (COUNTERS, "read:numbers", "GET /numbers/sales?first=2026-03-01"),
    "get_activity": (COUNTERS, "read:numbers", "GET /numbers/activity?first=2026-03-01"),
    "get_business": (COUNTERS, "read:numbers", "GET /numbers/business?first=2026-03-01"),
    "list_number_rows": (SELLERS, "read:orders", "GET /numbers/business/mrr?first=2026-03-01&currency=CNY"),
    "list_balances": (COUNTERS, "read:numbers", "GET /books/balances"),
    "list_coupons": (DRAFTS, "read:catalog", "GET /coupons"),
    "make_coupon": (WRITERS, "write:catalog", "POST /coupons"),
    "get_coupon": (DRAFTS, "read:catalog", "GET /coupons/{coupon}"),
    "get_coupon_sales": (COUNTERS, "read:numbers", "GET /coupons/{coupon}/sales"),
    "pause_coupon": (WRITERS, "write:catalog", "POST /coupons/{coupon}/pause"),
    "resume_coupon": (WRITERS, "write:catalog", "POST /coupons/{coupon}/resume"),
    "end_coupon": (WRITERS, "write:catalog", "POST /coupons/{coupon}/end"),
    "list_code_batches": (DRAFTS, "read:catalog", "GET /code-batches"),
    "make_code_batch": (WRITERS, "write:catalog", "POST /code-batches"),
    "make_codes": (WRITERS, "write:catalog", "POST /code-batches/{batch}/codes"),
    "pause_code_batch": (WRITERS, "write:catalog", "POST /code-batches/{batch}/pause"),
    "resume_code_batch": (WRITERS, "write:catalog", "POST /code-batches/{batch}/resume"),
    "end_code_batch": (WRITERS, "write:catalog", "POST /code-batches/{batch}/end"),
    "redeem_code": (PEOPLE, "write:mine", "POST /redeem"),
    "list_my_gifts": (PEOPLE, "read:mine", "GET /me/gifts"),
    "place_gift": (PEOPLE, "write:mine", "POST /gifts"),
    "send_gift": (PEOPLE, "write:mine", "POST /gifts/{gift}/send"),
    "take_back_gift": (PEOPLE, "write:mine", "POST /gifts/{gift}/take-back"),
    "claim_gift": (PEOPLE, "write:mine", "POST /gift-claims"),
    "list_add_ons": (DRAFTS, "read:catalog", "GET /add-ons"),
    "make_add_on": (WRITERS, "write:catalog", "POST /add-ons"),
    "end_add_on": (WRITERS, "write:catalog", "DELETE /add-ons/{add_on}"),
    "list_purchasing_power": (DRAFTS, "read:catalog", "GET /purchasing-power"),
    "set_purchasing_power": (WRITERS, "write:catalog", "PUT /purchasing-power/IN"),
    "list_abandoned_checkouts": (SELLERS, "read:orders", "GET /abandoned-checkouts"),
    "list_entries": (COUNTERS, "read:numbers", "GET /books/entries"),
}


def address(house: House, call: str) -> tuple[str, str]:
    method, _, path = call.partition(" ")
    kinds = (
        "asset",
        "section",
        "payment",
        "use",
        "subscription",
        "tier",
        "method",
        "note",
        "attempt",
        "session",
        "token",
        "job",
        "person",
        "entitlement",
        "webhook",
        "message",
        "coupon",
        "batch",
        "gift",
        "add_on",
        "affiliate",
        "rule",
        "payout",
    )
    names = {kind: house.id(kind) for kind in kinds}
    names |= {"preview": house.preview, "nothing": house.id("lesson"), "no_offer": house.id("offer")}
    return method, path.format(offer=house.id("offer", house.academy.offer.id), **names)


def body_for(method: str) -> dict[str, object]:
    return {"json": {}} if method in {"POST", "PUT"} else {}


def described(house: House) -> set[str]:
    paths = house.call("GET", "/openapi.json", "stranger").json()["paths"]
    return {operation["operationId"] for methods in paths.values() for operation in methods.values()}


def test_the_matrix_has_every_operation(house: House) -> None:
    assert set(MATRIX) == described(house)


@pytest.mark.parametrize("operation", MATRIX)
def test_exactly_these_may(house: House, operation: str) -> None:
    allowed, _, call = MATRIX[operation]
    method, path = address(house, call)
    found = {}
    for role in ROLES:
        answer = house.call(method, path, role, **body_for(method))
        assert answer.status_code < 500, answer.text
        found[role] = answer.status_code
        if answer.status_code == 401:
            assert (role, answer.headers["www-authenticate"]) == ("stranger", "Bearer")
            assert problem(answer) == (401, "sign-in-first")
        elif answer.status_code == 403:
            assert role != "stranger"
            assert problem(answer) == (403, "not-allowed")
    assert {role for role, status in found.items() if status not in (401, 403)} == allowed, found


@pytest.mark.parametrize("operation", MATRIX)
def test_a_token_reaches_exactly_this_far(house: House, operation: str) -> None:
    _, wanted, call = MATRIX[operation]
    method, path = address(house, call)
    found = {}
    for scope in SCOPES:
        answer = house.call(method, path, token=owners_token(house, scope), **body_for(method))
        found[scope] = answer.status_code
        if answer.status_code == 403:
            assert problem(answer)[1] == ("session-needed" if not wanted else "scope-missing")
    passed = {scope for scope, status in found.items() if status not in (401, 403)}
    expected = set(SCOPES) if wanted == "-" else set(filter(None, wanted.split(" or ")))
    assert passed == expected, found


_tokens: dict[tuple[int, str], str] = {}


def owners_token(house: House, scope: str) -> str:
    key = id(house), scope
    if key not in _tokens:
        _tokens[key] = house.academy.token(house.academy.owner, scope)
    return _tokens[key]


def test_a_token_loses_what_its_person_loses(house: House) -> None:
    person = house.academy.person("Ephemera")
    academy, clock = house.academy, house.clock
    change = ChangeRole(person.id, "support")
    academy.write(lambda session: grant_role(session, change, viewer=SYSTEM, clock=clock))
    token = academy.token(person, "read:orders")
    assert house.call("GET", "/orders", token=token).status_code == 200
    academy.write(lambda session: end_role(session, change, viewer=SYSTEM, clock=clock))
    assert problem(house.call("GET", "/orders", token=token)) == (403, "not-allowed")


def test_no_token_has_more_than_its_person(house: House) -> None:
    answer = house.call("POST", "/me/tokens", "learner", json={"label": "x", "scopes": ["write:catalog"]})
    assert problem(answer) == (422, "invalid")
    assert "scopes" in answer.json()["errors"]
