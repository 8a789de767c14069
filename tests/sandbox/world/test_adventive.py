"""Adventive's Worker and Mailgun: an invoice e-mail that does not arrive, and how it does after all."""

from typing import Any

import httpx
import pytest

from tests.kit.loopback import loopback
from tests.kit.world import RunningWorld

METRICS = "/hosts/adventive/metrics"


def call(env: dict[str, str], verb: str, path: str, **more: Any) -> httpx.Response:
    headers = {
        "CF-Access-Client-Id": env["ADVENTIVE_ACCESS_CLIENT_ID"],
        "CF-Access-Client-Secret": env["ADVENTIVE_ACCESS_CLIENT_SECRET"],
        **more.pop("headers", {}),
    }
    return loopback.request(verb, f"{env['ADVENTIVE_URL']}{path}", headers=headers, timeout=20, **more)


def mails(env: dict[str, str], event: str, invoice: str) -> list[dict[str, Any]]:
    url = f"{env['MAILGUN_URL']}/v3/{env['MAILGUN_DOMAIN']}/events"
    params = {"event": event, "user-variables": f'{{"invoice_id":"{invoice}"}}', "limit": "300"}
    items: list[dict[str, Any]] = loopback.get(url, params=params, auth=("api", env["MAILGUN_API_KEY"])).json()["items"]
    return items


def delivery(env: dict[str, str], invoice: str) -> dict[str, Any]:
    found: dict[str, Any] = call(env, "GET", f"/admin/invoices/{invoice}/delivery").json()
    return found


def test_the_exporters_counters_stand_at_zero_in_peace(world: RunningWorld) -> None:
    names = ("adventive_mailgun_failed_total", "adventive_pdf_render_failed_total")

    assert [world.metric(METRICS, name) for name in names] == [0, 0]
    assert world.metric(METRICS, "adventive_health_stripe_connected") == 1
    assert world.metric(METRICS, "probe_success") == 1


def test_a_missing_pdf_fails_the_mail_and_moves_the_counters(world: RunningWorld, env: dict[str, str]) -> None:
    details = world.start("suppress-invoice-email")

    found = delivery(env, details["invoice_id"])

    assert (found["pdf"], found["email"]) == ("missing", "failed")
    assert call(env, "HEAD", f"/r2/{details['pdf_key']}").status_code == 404
    assert len(mails(env, "failed", details["invoice_id"])) == 1
    assert world.metric(METRICS, "adventive_mailgun_failed_total") == 1
    assert world.metric(METRICS, "adventive_invoice_undelivered", invoice_id=details["invoice_id"]) == 1


def test_the_stripe_invoice_names_the_pdf(world: RunningWorld, env: dict[str, str]) -> None:
    details = world.start("suppress-invoice-email")

    headers = {"Authorization": f"Bearer {env['STRIPE_API_KEY']}"}
    metadata = loopback.get(f"{env['STRIPE_API_URL']}/v1/invoices/{details['invoice_id']}", headers=headers).json()[
        "metadata"
    ]

    assert details["pdf_key"] == f"{metadata['acct_id']}/{metadata['inv_uuid']}.pdf"


def test_resending_before_the_pdf_is_there_writes_to_nobody(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = world.start("suppress-invoice-email")["invoice_id"]

    answer = call(env, "POST", "/admin/resend-invoice", json={"invoice_id": invoice}).json()

    assert (answer["email"], answer["reason"]) == ("suppressed", "pdf_missing")
    assert len(mails(env, "delivered", invoice)) == 1, "only the one from before the trouble"
    assert [e["action"] for e in world.effects("adventive")] == ["invoice.email_withheld"]


def test_rendering_then_resending_delivers(world: RunningWorld, env: dict[str, str]) -> None:
    details = world.start("suppress-invoice-email")
    body = {"invoice_id": details["invoice_id"]}

    rendered = call(env, "POST", "/admin/render-pdf", json=body).json()
    sent = call(env, "POST", "/admin/resend-invoice", json=body, headers={"Idempotency-Key": "r-1"}).json()

    assert (rendered["pdf"], rendered["key"]) == ("present", details["pdf_key"])
    assert (sent["pdf"], sent["email"], sent["reason"]) == ("present", "delivered", None)
    assert call(env, "HEAD", f"/r2/{details['pdf_key']}").status_code == 200
    assert len(mails(env, "delivered", details["invoice_id"])) == 2
    assert world.metric(METRICS, "adventive_invoice_undelivered", invoice_id=details["invoice_id"]) is None
    assert not world.scenarios()["suppress-invoice-email"]["running"]
    assert [(e["action"], e["idempotency_key"]) for e in world.effects("adventive")] == [
        ("invoice.pdf_rendered", None),
        ("invoice.email_sent", "r-1"),
    ]


def test_a_resend_repeated_under_its_key_sends_one_mail(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = world.start("suppress-invoice-email")["invoice_id"]
    call(env, "POST", "/admin/render-pdf", json={"invoice_id": invoice})

    for _ in range(2):
        call(env, "POST", "/admin/resend-invoice", json={"invoice_id": invoice}, headers={"Idempotency-Key": "k"})

    assert len(world.effects("adventive", "invoice.email_sent")) == 1


def test_a_render_that_fails_is_500_and_counted(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = world.start("suppress-invoice-email")["invoice_id"]
    world.arm("adventive", "pdf_render", count=1)

    answer = call(env, "POST", "/admin/render-pdf", json={"invoice_id": invoice})

    assert answer.status_code == 500
    assert world.metric(METRICS, "adventive_pdf_render_failed_total") == 2
    assert delivery(env, invoice)["pdf"] == "missing"


def test_a_suppressed_recipient_is_known_to_mailgun_and_refused_again(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = world.start("suppress-invoice-email", variant="suppressed_recipient")["invoice_id"]
    failed = mails(env, "failed", invoice)[0]
    url = f"{env['MAILGUN_URL']}/v3/{env['MAILGUN_DOMAIN']}/suppressions/bounces/{failed['recipient']}"

    listed = loopback.get(url, auth=("api", env["MAILGUN_API_KEY"]))
    before = delivery(env, invoice)
    again = call(env, "POST", "/admin/resend-invoice", json={"invoice_id": invoice}).json()

    assert failed["reason"] == "suppress-bounce"
    assert listed.json()["address"] == failed["recipient"]
    assert (before["pdf"], before["email"]) == ("present", "suppressed")
    assert again["email"] == "suppressed"
    assert [e["action"] for e in world.effects("adventive")] == ["invoice.email_refused"]


@pytest.mark.parametrize("name", ["bounces", "unsubscribes", "complaints"])
def test_an_address_on_no_list_is_404(world: RunningWorld, env: dict[str, str], name: str) -> None:
    url = f"{env['MAILGUN_URL']}/v3/{env['MAILGUN_DOMAIN']}/{name}/nobody@example.com"

    assert loopback.get(url, auth=("api", env["MAILGUN_API_KEY"])).status_code == 404


def test_doors_are_locked(world: RunningWorld, env: dict[str, str]) -> None:
    events = f"{env['MAILGUN_URL']}/v3/{env['MAILGUN_DOMAIN']}/events"

    assert loopback.get(f"{env['ADVENTIVE_URL']}/admin/reconcile").status_code == 403
    assert call(env, "GET", "/admin/reconcile", headers={"CF-Access-Client-Secret": "x"}).status_code == 403
    assert loopback.get(events, auth=("api", "wrong")).status_code == 401
    assert loopback.get(events).status_code == 401
    assert loopback.get(f"{env['ADVENTIVE_URL']}/health").json()["stripe_connected"] is True


def test_reconciling_is_a_get_that_does_something(world: RunningWorld, env: dict[str, str]) -> None:
    answer = call(env, "GET", "/admin/reconcile?detail=true").json()

    assert answer == {"status": "clean", "accounts_checked": 60, "drift_count": 0, "drifts": []}
    assert [e["action"] for e in world.effects("adventive")] == ["reconcile.run"]


def test_lost_usage_drifts_until_it_is_posted_whole(world: RunningWorld, env: dict[str, str]) -> None:
    lost = world.start("lose-usage", units=1200)
    slot = {name: lost[name] for name in ("account_id", "period", "usage_type")}
    before = call(env, "GET", "/admin/reconcile/last").json()

    posted = call(env, "POST", "/usage", json={**slot, "quantity": 1200}).json()
    again = call(env, "GET", "/admin/reconcile").json()

    assert (before["status"], before["drift_count"], before["drifts"][0]["missing"]) == ("drift", 1, 1200)
    assert posted["status"] == "recorded"
    assert again["drift_count"] == 0
    assert world.metric(METRICS, "adventive_reconcile_drift_count") == 0


def test_asking_what_the_last_reconciliation_found_does_none(world: RunningWorld, env: dict[str, str]) -> None:
    first = call(env, "GET", "/admin/reconcile/last").json()

    assert call(env, "GET", "/admin/reconcile/last").json() == first
    assert world.effects("adventive") == []


def test_undelivered_invoices_are_listed_without_their_recipients(world: RunningWorld, env: dict[str, str]) -> None:
    broken = world.start("fail-rendering", count=2)["invoice_ids"]

    listed = call(env, "GET", "/admin/deliveries")

    assert {each["invoice_id"] for each in listed.json()["undelivered"]} == set(broken)
    assert world.leaked(listed.text) == []
    assert world.metric(METRICS, "adventive_invoice_pdf_missing", invoice_id=broken[0]) == 1


def test_usage_of_one_account_period_and_type_is_taken_once(world: RunningWorld, env: dict[str, str]) -> None:
    body = {"account_id": "1001", "period": "2026-10", "usage_type": "ST", "quantity": 5}

    answers = [call(env, "POST", "/usage", json={**body, "quantity": n}).json()["status"] for n in (5, 7)]

    assert answers == ["recorded", "duplicate"]


def test_an_unknown_invoice_is_404(world: RunningWorld, env: dict[str, str]) -> None:
    for path in ("/admin/render-pdf", "/admin/resend-invoice"):
        assert call(env, "POST", path, json={"invoice_id": "in_none"}).status_code == 404
        assert call(env, "POST", path, json={"invoice_id": "../etc"}).status_code == 400


def test_each_start_takes_another_invoice_also_once_the_last_is_mended(
    world: RunningWorld, env: dict[str, str]
) -> None:
    taken = []
    for _ in range(20):
        taken.append(world.start("suppress-invoice-email")["invoice_id"])
        for path in ("/admin/render-pdf", "/admin/resend-invoice"):
            call(env, "POST", path, json={"invoice_id": taken[-1]})

    assert world.scenarios()["suppress-invoice-email"]["running"] is False
    assert len(set(taken)) == 20
