"""The world's own API: what can be broken, what happened, how it begins again."""

from tests.kit.loopback import loopback
from tests.kit.world import RunningWorld

NAMES = {
    "ACCRUE_READ_DSN",
    "ACCRUE_URL",
    "ACCRUE_TOKEN",
    "STRIPEMETER_READ_DSN",
    "STRIPEMETER_URL",
    "STRIPEMETER_API_KEY",
    "STRIPEMETER_WORKER_URL",
    "ADVENTIVE_URL",
    "ADVENTIVE_ACCESS_CLIENT_ID",
    "ADVENTIVE_ACCESS_CLIENT_SECRET",
    "MAILGUN_URL",
    "MAILGUN_API_KEY",
    "AIVO_READ_DSN",
    "AIVO_WRITE_DSN",
    "AIVO_PAYMENTS_URL",
    "AIVO_BILLING_URL",
    "AIVO_ENTITLEMENTS_URL",
    "STRIPE_API_KEY",
    "STRIPE_WRITE_KEY",
    "STRIPE_API_URL",
}


def test_the_environment_names_all_that_a_bot_needs_at_this_address(world: RunningWorld) -> None:
    environment = world.environment()

    assert set(environment) >= NAMES
    assert all(value.startswith(world.base) for name, value in environment.items() if name.endswith("_URL"))


def test_the_database_urls_are_told_by_name(world: RunningWorld) -> None:
    assert set(world.world.dsns) == {"ACCRUE_READ_DSN", "STRIPEMETER_READ_DSN", "AIVO_READ_DSN", "AIVO_WRITE_DSN"}
    assert all(dsn.startswith("postgresql+psycopg://countersign_") for dsn in world.world.dsns.values())


def test_planted_private_values_are_known_and_found(world: RunningWorld, env: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {env['STRIPE_API_KEY']}"}
    customer = loopback.get(f"{env['STRIPE_API_URL']}/v1/customers?limit=1", headers=headers).json()["data"][0]
    invoice = loopback.get(f"{env['STRIPE_API_URL']}/v1/invoices?limit=1", headers=headers).json()["data"][0]

    found = world.leaked(f"mail to {customer['email']}, see {invoice['invoice_pdf']}, db {env['ACCRUE_READ_DSN']}")

    assert customer["email"] in found
    assert "-secret" in found
    assert len(found) >= 3
    assert world.leaked(f"{customer['id']} {invoice['id']} paid 4900 usd") == []


def test_scenarios_are_listed_in_words_and_none_runs_at_first(world: RunningWorld) -> None:
    listed = world.scenarios()

    assert {"dead-letter-webhooks", "usage-drift", "suppress-invoice-email", "downgrade-wave"} <= set(listed)
    assert {entry["system"] for entry in listed.values()} == {"accrue", "stripemeter", "adventive", "aivo"}
    assert not any(entry["running"] for entry in listed.values())
    assert all(entry["title"] and entry["about"].endswith(".") for entry in listed.values())


def test_every_scenario_runs_and_a_reset_ends_it(world: RunningWorld) -> None:
    for _ in range(2):
        for scenario in world.scenarios():
            world.start(scenario)
            assert world.scenarios()[scenario]["running"], scenario
        world.reset()

        assert not any(entry["running"] for entry in world.scenarios().values())
    assert world.effects() == []


def test_a_parameter_it_does_not_know_is_refused(world: RunningWorld) -> None:
    for scenario in world.scenarios():
        answer = loopback.post(f"{world.base}/world/scenarios/{scenario}", json={"nonsense": 1})

        assert (answer.status_code, "nonsense" in answer.json()["details"][0]) == (422, True), scenario
    assert not any(entry["running"] for entry in world.scenarios().values())


def test_an_unknown_scenario_is_404_and_names_the_known(world: RunningWorld) -> None:
    answer = loopback.post(f"{world.base}/world/scenarios/none")

    assert (answer.status_code, answer.json()["known"]) == (404, list(world.scenarios()))


def test_a_body_that_is_not_json_is_400(world: RunningWorld) -> None:
    answer = loopback.post(f"{world.base}/world/faults", content=b"{")

    assert answer.status_code == 400


def test_a_counted_fault_spares_metrics_and_ends_after_its_count(world: RunningWorld) -> None:
    world.arm("accrue", "error500", count=2)
    health, metrics = f"{world.base}/hosts/accrue/health", f"{world.base}/hosts/accrue/metrics"

    answers = [loopback.get(url).status_code for url in (metrics, health, metrics, health, health)]

    assert answers == [200, 500, 200, 500, 200]
    assert loopback.get(f"{world.base}/world/faults").json() == []


def test_a_fault_may_be_narrowed_to_a_method_and_a_path(world: RunningWorld) -> None:
    world.arm("aivo", "rate_limit", seconds=60, method="PUT", path="/flags/")
    url = f"{world.base}/hosts/aivo/payments/internal/flags/dunning"

    read, write = loopback.get(url), loopback.put(url, json={"enabled": False})

    assert (read.status_code, write.status_code) == (200, 429)
    assert world.effects("aivo") == []


def test_clearing_faults_ends_them(world: RunningWorld) -> None:
    world.arm("adventive", "hang", seconds=60)

    world.disarm()

    assert loopback.get(f"{world.base}/hosts/adventive/health", timeout=5).status_code == 200


def test_a_fault_that_does_not_exist_is_refused(world: RunningWorld) -> None:
    answer = loopback.post(f"{world.base}/world/faults", json={"target": "accrue", "kind": "meteor"})

    assert answer.status_code == 422


def test_after_a_reset_options_and_faults_are_the_defaults(world: RunningWorld) -> None:
    world.set_options(stripemeter_replay=False)
    world.arm("stripe", "error500", seconds=60)

    world.reset()

    assert loopback.get(f"{world.base}/world/options").json()["stripemeter_replay"] is True
    assert loopback.get(f"{world.base}/world/faults").json() == []


NEIGHBOURS = (
    ("dead-letter-webhooks", "dead-letter-portal-checkout", "grow-dlq"),
    ("usage-drift", "small-drift", "late-usage"),
    ("suppress-invoice-email", "fail-rendering"),
    ("subscriptions-out-of-sync", "subscriptions-out-of-sync-many"),
)


def test_a_break_says_that_it_is_happening_and_says_it_of_no_neighbour(world: RunningWorld) -> None:
    """Of what leaves rows of the same kind, one after the other: each lights alone when its turn comes."""
    for at in range(max(map(len, NEIGHBOURS))):
        begun = [family[at] for family in NEIGHBOURS if at < len(family)]
        before = {name for family in NEIGHBOURS for name in family[:at]}
        for name in begun:
            world.start(name)

        lit = {name for name, each in world.scenarios().items() if each["running"]}

        assert lit == before | {*begun}
